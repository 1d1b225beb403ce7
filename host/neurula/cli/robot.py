"""`neurula robot`: does a robot fit a brain, and which kinds of sensors and motors there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurula.cli.options import AsJson
from neurula.cli.output import counted, print_json, print_table, problems_json, say
from neurula.cli.verbs import plain_app

if TYPE_CHECKING:
    from neurula.robot import BoundRobot, BrainShape, Kind

app = plain_app(help="Check the sensors and motors of a robot against a brain, list their kinds.", no_args_is_help=True)


@app.command()
def check(
    robot: Annotated[str, typer.Argument(metavar="ROBOT.toml", help="The file that names sensors and motors.")],
    brain: Annotated[str, typer.Argument(metavar="GENOME|BRAIN.nrl", help="A genome or an image.")],
    as_json: AsJson = False,
) -> None:
    """Check whether every sensor and motor of a robot has its place in a brain. Nothing is run."""
    from neurula.robot import read_mapping
    from neurula.robot.binding import try_bind

    shape = shape_of_file(brain)
    bound, problems = try_bind(read_mapping(robot), shape)
    failed = any(problem.severity == "error" for problem in problems)
    if as_json:
        print_json({"ok": not failed, "problems": problems_json(problems), "devices": devices_json(bound)})
    else:
        print_devices(bound)
        rows = [(p.severity, p.code, p.path, p.message, p.remedy) for p in problems]
        if rows:
            print_table(("", "code", "where", "what", "what to try"), rows)
            areas = ", ".join(f"{area.id} {'x'.join(map(str, area.dims))}" for area in shape.areas if area.group in ("IPU", "OPU"))
            say(f"inputs and outputs of the {shape.source}: {areas or 'none'}")
        say(counted(len(rows), "problem") if rows else f"{bound.mapping.name} fits the {shape.source}: no problems")
    if failed:
        raise typer.Exit(4)


@app.command("kinds")
def list_kinds(as_json: AsJson = False) -> None:
    """List the kinds of sensors and motors, the areas that they live in, and the voxels of one channel."""
    from neurula.robot import kinds

    if as_json:
        print_json({"kinds": [kind_json(kind) for kind in kinds().values()]})
        return
    for way in ("sensor", "motor"):
        rows = [kind_row(kind) for kind in kinds().values() if kind.way == way]
        print_table(("kind", "what it is", "range", "areas: voxels of a channel, coding"), rows, title=f"[{way}s.NAME]")
    say("An area is found by its id; area = \"...\" names another. docs/ROBOTS.md explains the codings.")


def shape_of_file(path: str) -> BrainShape:
    """The areas of a genome or of an image. NeurulaError if it is neither."""
    from neurula.cli.brains import IMAGE_MAGIC, load_image
    from neurula.cli.files import magic_of
    from neurula.genome import read_genome
    from neurula.robot import shape_of_genome, shape_of_image

    return shape_of_image(load_image(path).image) if magic_of(path) == IMAGE_MAGIC else shape_of_genome(read_genome(path))


def devices_json(bound: BoundRobot) -> list[dict[str, Any]]:
    """Where each device that fits is."""
    return [
        {
            "name": device.name, "kind": device.kind.name, "way": device.device.way, "range": list(device.range), "unit": device.kind.unit,
            "parts": [
                {"part": part.name, "area": bound.shape.areas[part.area].id, "first": [part.x, 0, 0], "size": list(part.coder.size),
                 "coding": part.coding or part.family}
                for part in device.parts
            ],
        }
        for device in bound.devices
    ]  # fmt: skip


def print_devices(bound: BoundRobot) -> None:
    """A table of what fits."""
    from neurula.robot.families import CODINGS

    rows = []
    for device in devices_json(bound):
        for part in device["parts"]:
            low, high = device["range"]
            name = device["name"] + (f" ({part['part']})" if part["part"] else "")
            x, width = part["first"][0], part["size"][0]
            columns = f"x {x}" if width == 1 else f"x {x} to {x + width - 1}"
            span = range_text(low, high, device["unit"]) if part["coding"] in CODINGS else ""
            rows.append((name, device["kind"], part["area"], columns, part["coding"], span))
    if rows:
        print_table(("device", "kind", "area", "voxels", "coding", "range"), rows)


def kind_json(kind: Kind) -> dict[str, Any]:
    """Everything about a kind."""
    parts = [
        {"part": part.name, "areas": [
            {"ids": list(layout.ids), "size": list(layout.size), "value": layout.family, "coding": layout.coding,
             "numbers": layout.components, "frame": layout.frame}
            for layout in part.layouts
        ]}
        for part in kind.parts
    ]  # fmt: skip
    return {
        "name": kind.name, "way": kind.way, "about": kind.about, "range": list(kind.range), "unit": kind.unit,
        "frames": list(kind.frames), "parts": parts,
    }  # fmt: skip


def kind_row(kind: Kind) -> tuple[str, str, str, str]:
    """A line of the table of kinds."""
    from neurula.robot.families import CODINGS

    low, high = kind.range
    shown = [
        f"{part.name + ' ' if part.name else ''}{'/'.join(layout.ids)}: {'x'.join(map(str, layout.size))} {layout.coding or layout.family}"
        for part in kind.parts
        for layout in part.layouts
    ]
    ranged = kind.parts[0].layouts[0].coding in CODINGS
    return kind.name, kind.about, range_text(low, high, kind.unit) if ranged else "", "\n".join(shown)


def range_text(low: float, high: float, unit: str) -> str:
    return f"{low:g} to {high:g} {unit}".strip()
