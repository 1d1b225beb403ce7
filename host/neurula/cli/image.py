"""`neurula image`: looks into images, verifies them, compares two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurula.cli.brains import load_image
from neurula.cli.options import AsJson, ImageFile
from neurula.cli.output import counted, print_json, print_table, say
from neurula.cli.verbs import plain_app
from neurula.errors import VerificationFailed

if TYPE_CHECKING:
    from neurula_npu import Image

app = plain_app(help="Look into images, verify them, compare two.", no_args_is_help=True)


@app.command()
def info(image: ImageFile, as_json: AsJson = False) -> None:
    """Show an image's header, sections and areas."""
    from neurula.cli.build import headline, image_json
    from neurula.compiler.sizes import measure

    parsed = load_image(image).image
    sizes = measure(parsed)
    header = read_header(parsed)
    if as_json:
        print_json({**image_json(sizes), "header": header, "sections": sections_of(parsed), "areas": areas_of(parsed)})
        return
    say(headline(sizes))
    print_table(("header", ">value"), [(name, header_text(name, value)) for name, value in header.items()])
    print_table(
        ("section", ">offset", ">bytes"),
        [(s["tag"], f"{s['offset']:,}", f"{s['bytes']:,}") for s in sections_of(parsed)],
    )
    columns = ("area", "id", ">voxels", ">neurons", ">threshold", ">units per 1.0", "keeps", ">RAM", ">synapse bytes")
    rows = [
        (
            a["name"],
            a["id"],
            "x".join(map(str, a["dims"])),
            f"{a['neurons']:,}",
            f"{a['threshold']:g}",
            f"{a['scale']:,.6g}",
            " ".join(a["state"]) or "-",
            f"{sum(size.ram.values()):,}",
            f"{sum(size.image.values()):,}",
        )
        for a, size in zip(areas_of(parsed), sizes.areas, strict=True)
    ]
    print_table(columns, rows)


@app.command()
def verify(image: ImageFile, as_json: AsJson = False) -> None:
    """Check everything that a runtime checks before it runs an image: checksums, bounds, every row and target."""
    from neurula_npu import Brain, ImageError

    loaded = load_image(image)
    try:
        brain = Brain(loaded.data)
    except ImageError as error:
        raise VerificationFailed(error.code, error.message, where=f"{image}, byte {error.at}") from None
    parsed = brain.image
    if as_json:
        print_json(
            {"bytes": len(loaded.data), "neurons": parsed.neurons, "synapses": parsed.synapses, "rows": parsed.rows}
        )
        return
    parts = counted(parsed.neurons, "neuron"), counted(parsed.synapses, "synapse"), counted(parsed.rows, "row")
    say(f"{image} is sound: {', '.join(parts)}")


@app.command()
def diff(
    left: ImageFile,
    right: Annotated[str, typer.Argument(metavar="OTHER.nrl", help="The image to compare it with.")],
    as_json: AsJson = False,
) -> None:
    """Tell in which fields of which areas and synapse groups two images differ. Being different is no failure."""
    from neurula.compiler.comparison import compare_images

    first, second = load_image(left), load_image(right)
    found = compare_images(first.image, second.image)
    if as_json:
        rows = [{"place": d.place, "field": d.field, "left": d.left, "right": d.right} for d in found]
        print_json({"identical": first.data == second.data, "differences": rows})
    elif found:
        print_table(
            ("where", "field", "left", "right"), [(d.place, d.field, shown(d.left), shown(d.right)) for d in found]
        )
        say(counted(len(found), "difference"))
    else:
        say("identical" if first.data == second.data else "the same brain, laid out differently")


def shown(value: int | str | None) -> str:
    return "-" if value is None else str(value)


def read_header(image: Image) -> dict[str, int]:
    """The header's words by name."""
    from neurula_npu.schema import RECORDS

    names = RECORDS["HEADER"]
    return {name: int.from_bytes(image.data[4 * i : 4 * i + 4], "little") for i, name in enumerate(names)}


def header_text(name: str, value: int) -> str:
    """A word of the header for a person."""
    if name == "magic":
        return value.to_bytes(4, "little").decode("ascii")
    return f"{value:#010x}" if name == "fingerprint" else f"{value:,}"


def sections_of(image: Image) -> list[dict[str, Any]]:
    return [{"tag": tag, "offset": offset, "bytes": size} for tag, (offset, size) in {**image.sections, **image.optional}.items()]


def areas_of(image: Image) -> list[dict[str, Any]]:
    """Every area in the genome's units: where its fixed point is undone, the value that the image really has."""
    from neurula.compiler.report import STATE_NAMES
    from neurula.compiler.sizes import records_of

    columns = records_of(image, "AREA", "AREA")
    areas = []
    for index, (area_id, name) in enumerate(image.names()):
        words = {field: int(column[index]) for field, column in columns.items()}
        scale = words["scale_num"] / words["scale_den"]
        areas.append(
            {
                "id": area_id,
                "name": name,
                "dims": [words["width"], words["height"], words["depth"]],
                "neurons_per_voxel": words["per_voxel"],
                "neurons": words["neurons"],
                "threshold": words["threshold"] / scale / words["gain"],
                "scale": scale,
                "state": [kept for field, kept in STATE_NAMES.items() if words[field]],
                "words": words,
            }
        )
    return areas
