"""`neurula run`: bursts of a brain on a runtime, its spikes to a file and to the screen."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from neurula.cli.brains import Compiled, Recipe, load_brain
from neurula.cli.files import STDOUT, open_output, require_output
from neurula.cli.options import AsEngine, AsJson, KeepAll, Seed
from neurula.cli.output import PIPE_WIDTH, counted, is_unicode, print_json, problems_json, say, warn_of, write_error
from neurula.cli.progress import Progress
from neurula.cli.raster import Raster
from neurula.errors import UsageError, VerificationFailed

if TYPE_CHECKING:
    from neurula.runtimes import BurstResult, Runtime, Stimulus
    from neurula.runtimes.stimulus import AreaGeometry
    from neurula_npu import Image

BURSTS_DEFAULT = 100
BURSTS_BY_STIMULUS_MAX = 1_000_000  # a longer run must be asked for
BURSTS_MAX = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run and where the results go."""

    runtime: str
    bursts: int
    stimuli: dict[int, Stimulus]
    compare: str | None
    firmware: str | None
    spikes: str | None
    hashes: str | None


@dataclass(slots=True)
class Tally:
    """What a run showed. bursts: how many ran."""

    raster: Raster
    bursts: int = 0
    last_hash: int = 0
    seconds: float = 0.0


def run(
    brain: Annotated[str, typer.Argument(metavar="GENOME|BRAIN.nrl", help="A genome, a grown BRAIN.npz or an image.")],
    runtime: Annotated[
        str, typer.Option("--runtime", metavar="NAME", help="reference, npu, npu-pure, micropython, micropython32, sim:BOARD or core:CORE.")
    ] = "npu",
    bursts: Annotated[
        int | None, typer.Option("--bursts", min=1, max=BURSTS_MAX, help="How many; default: as far as the stimulus goes, or 100.")
    ] = None,
    stimulus: Annotated[str | None, typer.Option("--stimulus", metavar="FILE", help="JSON list of what to force and inject.")] = None,
    spikes: Annotated[str | None, typer.Option("--spikes", metavar="FILE", help="Write spikes as JSON lines; - is standard output.")] = None,
    hashes: Annotated[str | None, typer.Option("--hashes", metavar="FILE", help="Write the state's hash per burst as JSON lines.")] = None,
    compare: Annotated[
        str | None, typer.Option("--compare", metavar="RUNTIME", help="Run this runtime too and stop at the first difference.")
    ] = None,
    firmware: Annotated[
        str | None, typer.Option("--firmware", metavar="FILE", help="Boot this file instead of the one that `make boards` built.")
    ] = None,
    neuron_ids: Annotated[
        str | None, typer.Option("--neuron-ids", metavar="FILE", help="JSON {area id: first neuron id}, to share another engine's chance.")
    ] = None,
    keep_all: KeepAll = False,
    seed: Seed = 0,
    as_engine: AsEngine = False,
    raster: Annotated[bool, typer.Option("--raster/--no-raster", help="Draw the spikes at the end.")] = True,
    as_json: AsJson = False,
) -> None:
    """Run a brain: a genome is grown and compiled first, an image runs as it is."""
    outputs = require_outputs(spikes, hashes, as_json, (brain, stimulus, neuron_ids))
    from neurula.runtimes.stimulus import areas_named, geometry_of, read_stimulus, resolve

    entries = [] if stimulus is None else read_stimulus_file(stimulus)
    length = bursts or bursts_of(entries, stimulus)
    with Progress() as progress:
        loaded = load_brain(brain, Recipe(seed, keep_all, as_engine, neuron_ids), areas_named(entries), progress)
        geometry = geometry_of(loaded.image)
        plan = Plan(runtime, length, resolve(entries, geometry), compare, firmware, *outputs)
        tally = execute(plan, loaded, geometry, progress)
    if as_json:
        print_json(answer(plan, loaded, geometry, tally))
        return
    warn_of(loaded.problems)
    show = write_error if spikes == STDOUT or hashes == STDOUT else say
    if raster:
        for line in tally.raster.lines(is_unicode()):
            show(line)
    show(summary(plan, tally))


read_stimulus_file = None
