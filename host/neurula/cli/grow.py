"""`neurula grow`: develops a genome into a brain."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurula.cli.brains import Grown, Recipe, grow_file
from neurula.cli.files import is_ordinary, require_output, write_output
from neurula.cli.options import AsEngine, AsJson, GenomeFile, Lenient, Memory, Seed
from neurula.cli.output import counted, print_json, print_table, problems_json, say, warn_of
from neurula.cli.progress import Progress
from neurula.errors import UsageError

if TYPE_CHECKING:
    from neurula.development import Connectome, Development


def grow(
    genome: GenomeFile,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="BRAIN.npz", help="Write the grown brain here.")
    ] = None,
    plot: Annotated[
        str | None, typer.Option("--plot", metavar="GRAPH.svg", help="Draw the areas and their wiring here.")
    ] = None,
    seed: Seed = 0,
    as_engine: AsEngine = False,
    lenient: Lenient = False,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Grow the neurons and synapses that a genome describes, and list them by area."""
    import time
    from pathlib import Path

    if output is not None:
        require_output(output, genome)
        if not is_ordinary(Path(output)):
            raise UsageError("U203", "a brain is written to a regular file only", where=output)
    if plot is not None:
        require_output(plot, genome, output)
    from neurula.development import save_connectome

    began = time.perf_counter()
    with Progress() as progress:
        grown = grow_file(genome, Recipe(seed=seed, as_engine=as_engine, lenient=lenient, most_bytes=memory), progress)
        seconds = time.perf_counter() - began
        if output is not None:
            progress("writing", 0.9)
            save_connectome(output, grown.connectome)
        if plot is not None:
            progress("drawing", 0.9)
            write_output(plot, plot_wiring(grown).encode("utf-8"))
    areas = describe_areas(grown.connectome)
    added = [a for a in areas if a["added"]]
    total = {
        "areas": len(areas) - len(added),
        "neurons": grown.connectome.neurons - sum(a["neurons"] for a in added),
        "synapses": grown.connectome.synapses,
        "added_areas": len(added),
        "added_neurons": sum(a["neurons"] for a in added),
    }
    if as_json:
        problems = problems_json(grown.problems)
        how = {"seconds": round(seconds, 6), **describe_development(grown.development)}
        how["memory_links"] = describe_memory(grown.connectome)
        print_json({**total, **how, "per_area": areas, "problems": problems, "output": output, "plot": plot})
        return
    warn_of(grown.problems)
    columns = ("area", "id", ">voxels", ">neurons", ">outgoing", ">incoming")
    rows = [
        (
            a["name"],
            a["id"],
            "x".join(map(str, a["dims"])),
            f"{a['neurons']:,}",
            f"{a['outgoing']:,}",
            f"{a['incoming']:,}",
        )
        for a in areas
    ]
    print_table(columns, rows)
    also = f" (and {counted(len(added), 'core area')} that the genome does not write)" if added else ""
    say(
        f"{counted(total['areas'], 'area')}, {counted(total['neurons'], 'neuron')}, "
        f"{counted(total['synapses'], 'synapse')}{also} in {seconds:.2f} s"
    )
    if grown.development is not None:
        print_stages(grown.development)
    for link in describe_memory(grown.connectome):
        say(f"memory area {link['memory_area']} {link['kind']} {link['other_area']}")
    for written in (output, plot):
        if written is not None:
            say(f"wrote {written}")


def describe_development(development: Development | None) -> dict[str, Any]:
    """How it grew: the four stages with what there was at the end of each, the memory that was announced, the regions."""
    if development is None:
        return {"stages": [], "announced_bytes": 0, "regions": []}
    return {
        "stages": [asdict(stage) for stage in development.stages],
        "announced_bytes": development.announced_bytes,
        "regions": [{"id": r.id, "title": r.title, "parent": r.parent, "areas": list(r.areas)} for r in development.regions],
    }


def describe_memory(connectome: Connectome) -> list[dict[str, str]]:
    """Who watches, plays back or associates whom, by the ids of the areas."""
    from neurula.development import memory_links

    ids = [grown.area.id for grown in connectome.areas]
    links = memory_links(connectome)
    return [{"kind": link.kind, "memory_area": ids[link.memory_area], "other_area": ids[link.other_area]} for link in links]


def print_stages(development: Development) -> None:
    """The stages as a table, and the memory."""
    rows = [
        (s.stage, f"{s.areas:,}", f"{s.voxels:,}", f"{s.neurons:,}", f"{s.synapses:,}", f"{s.milliseconds:,.1f}")
        for s in development.stages
    ]
    print_table(("stage", ">areas", ">voxels", ">neurons", ">synapses", ">ms"), rows)
    say(f"up to {development.announced_bytes / 1e6:,.1f} MB of memory for the synapses")


def plot_wiring(grown: Grown) -> str:
    """SVG of the areas that the genome writes and of what grew between them; core areas only where they are connected."""
    from neurula.drawing import draw_svg, wiring_of
    from neurula.drawing.graph import inhibits

    connectome = grown.connectome
    synapses: dict[tuple[str, str, bool], int] = {}
    for bundle in connectome.bundles:
        source, target = (connectome.areas[n].area for n in (bundle.source_area, bundle.target_area))
        key = (source.id, target.id, inhibits(source, bundle.rule))
        synapses[key] = synapses.get(key, 0) + bundle.stop - bundle.start
    areas = [grown_area.area for grown_area in connectome.areas if not grown_area.added]
    return draw_svg(wiring_of(grown.title, areas, synapses))


def describe_areas(connectome: Connectome) -> list[dict[str, Any]]:
    """Per area: id, name, group, dims, neurons, first neuron id, synapses that leave and reach it, whether it was added."""
    outgoing = [0] * len(connectome.areas)
    incoming = [0] * len(connectome.areas)
    for bundle in connectome.bundles:
        outgoing[bundle.source_area] += bundle.stop - bundle.start
        incoming[bundle.target_area] += bundle.stop - bundle.start
    return [
        {
            "id": grown.area.id,
            "name": grown.area.name,
            "group": grown.area.group,
            "dims": list(grown.area.dims),
            "neurons": grown.neurons,
            "first_neuron": grown.first_neuron,
            "outgoing": outgoing[i],
            "incoming": incoming[i],
            "added": grown.added,
        }
        for i, grown in enumerate(connectome.areas)
    ]
