"""`neurula run`: bursts of a brain on a runtime, its spikes to a file and to the screen."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurula.cli.brains import Compiled, Recipe, load_brain
from neurula.cli.bursts import Plan, Tally, run_bursts
from neurula.cli.files import STDOUT, require_output
from neurula.cli.options import AsEngine, AsJson, KeepAll, Lenient, NeuronIds, Seed
from neurula.cli.output import PIPE_WIDTH, counted, is_unicode, print_json, problems_json, say, warn_of, write_error
from neurula.cli.progress import Progress
from neurula.errors import UsageError

if TYPE_CHECKING:
    from neurula.runtimes.stimulus import AreaGeometry

BURSTS_DEFAULT = 100
BURSTS_BY_STIMULUS_MAX = 1_000_000  # a longer run must be asked for
BURSTS_MAX = (1 << 31) - 1


def run(
    brain: Annotated[str, typer.Argument(metavar="GENOME|BRAIN.nrl", help="A genome, a grown BRAIN.npz or an image.")],
    runtime: Annotated[
        str,
        typer.Option(
            "--runtime",
            metavar="NAME",
            help="reference, npu, npu-pure, micropython, micropython32, sim:BOARD, core:CORE.",
        ),
    ] = "npu",
    bursts: Annotated[
        int | None,
        typer.Option("--bursts", min=1, max=BURSTS_MAX, help="How many; default: as far as the stimulus goes, or 100."),
    ] = None,
    stimulus: Annotated[
        str | None, typer.Option("--stimulus", metavar="FILE", help="JSON list of what to force and inject.")
    ] = None,
    spikes: Annotated[
        str | None, typer.Option("--spikes", metavar="FILE", help="Write spikes as JSON lines; - is standard output.")
    ] = None,
    hashes: Annotated[
        str | None, typer.Option("--hashes", metavar="FILE", help="Write the state's hash per burst as JSON lines.")
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option("--compare", metavar="RUNTIME", help="Run this runtime too and stop at the first difference."),
    ] = None,
    firmware: Annotated[
        str | None,
        typer.Option("--firmware", metavar="FILE", help="Boot this file instead of the one that `make boards` built."),
    ] = None,
    threads: Annotated[
        int, typer.Option("--threads", min=0, max=2, help="Of npu: 2 lets a second one help with large bursts, 0 where it can.")
    ] = 1,
    neuron_ids: NeuronIds = None,
    keep_all: KeepAll = False,
    seed: Seed = 0,
    as_engine: AsEngine = False,
    lenient: Lenient = False,
    raster: Annotated[bool, typer.Option("--raster/--no-raster", help="Draw the spikes at the end.")] = True,
    as_json: AsJson = False,
) -> None:
    """Run a brain: a genome is grown and compiled first, an image runs as it is."""
    require_outputs((spikes, hashes), as_json, (brain, stimulus, neuron_ids, firmware))
    from pathlib import Path

    from neurula.runtimes.stimulus import areas_named, geometry_of, read_stimulus, resolve

    entries = [] if stimulus is None else read_stimulus(Path(stimulus))
    length = bursts or bursts_of(entries)
    with Progress() as progress:
        loaded = load_brain(brain, Recipe(seed, keep_all, as_engine, neuron_ids, lenient), areas_named(entries), progress)
        geometry = geometry_of(loaded.image)
        plan = Plan(runtime, length, resolve(entries, geometry), compare, firmware, spikes, hashes, threads)
        tally = run_bursts(plan, loaded, geometry, shutil.get_terminal_size((PIPE_WIDTH, 24)).columns, progress)
    if as_json:
        print_json(answer_json(plan, loaded, geometry, tally))
        return
    warn_of(loaded.problems)
    taken = STDOUT in (spikes, hashes)
    picture = tally.raster.lines(is_unicode(sys.stderr if taken else sys.stdout)) if raster else []
    for line in [*picture, *summary(plan, tally)]:
        (write_error if taken else say)(line)


def require_outputs(outputs: Sequence[str | None], as_json: bool, inputs: Sequence[str | None]) -> None:
    """Raises UsageError if an output cannot be written (U203, U204) or two would share standard output (U205)."""
    if outputs.count(STDOUT) + as_json > 1:
        raise UsageError("U205", "two outputs would share standard output", where=" ".join(filter(None, outputs)))
    files = [path for path in outputs if path not in (None, STDOUT)]
    if len(set(files)) < len(files):
        raise UsageError("U205", "two outputs would be written to one file", where=str(files[0]))
    for path in files:
        require_output(str(path), *inputs)


def bursts_of(entries: Sequence[Mapping[str, Any]]) -> int:
    """As far as the stimulus goes; BURSTS_DEFAULT without one. UsageError U202 if that is too far to be meant."""
    last = max((int(entry["burst"]) for entry in entries), default=BURSTS_DEFAULT)
    if last > BURSTS_BY_STIMULUS_MAX:
        raise UsageError("U202", f"the stimulus goes to burst {last:,}: say with --bursts how many shall run")
    return last


def answer_json(plan: Plan, loaded: Compiled, geometry: Sequence[AreaGeometry], tally: Tally) -> dict[str, Any]:
    """What a run showed, for scripts."""
    spikes = tally.raster.spikes
    return {
        "runtime": plan.runtime,
        "bursts": tally.bursts,
        "neurons": loaded.image.neurons,
        "synapses": loaded.image.synapses,
        "spikes": sum(spikes),
        "seconds": round(tally.seconds, 6),
        "hash": f"{tally.last_hash:08x}",
        "per_area": [{"id": area.id, "name": area.name, "spikes": spikes[i]} for i, area in enumerate(geometry)],
        "compared_with": plan.compare,
        "problems": problems_json(loaded.problems),
    }


def summary(plan: Plan, tally: Tally) -> list[str]:
    """What a run showed, for a person."""
    rate = f", {tally.bursts / tally.seconds:,.0f} bursts a second" if tally.seconds else ""
    lines = [
        f"{counted(tally.bursts, 'burst')} on {plan.runtime}: {counted(sum(tally.raster.spikes), 'spike')}{rate}, "
        f"state hash {tally.last_hash:08x}"
    ]
    if plan.compare is not None:
        lines.append(
            f"{plan.runtime} and {plan.compare} had the same state after each of {counted(tally.bursts, 'burst')}"
        )
    lines += [f"wrote {path}" for path in (plan.spikes, plan.hashes) if path not in (None, STDOUT)]
    return lines
