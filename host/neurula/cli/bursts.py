"""The burst loop of `neurula run`: one runtime, or two in lockstep that must agree on the whole state."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from neurula.cli.files import open_output
from neurula.cli.raster import Raster
from neurula.errors import VerificationFailed

if TYPE_CHECKING:
    from neurula.cli.brains import Compiled
    from neurula.cli.progress import Progress
    from neurula.runtimes import BurstResult, Runtime, Stimulus
    from neurula.runtimes.stimulus import AreaGeometry
    from neurula_npu import Image


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run and where the results go; stimuli by burst number, None = not wanted."""

    runtime: str
    bursts: int
    stimuli: dict[int, Stimulus]
    compare: str | None
    firmware: str | None
    spikes: str | None
    hashes: str | None
    threads: int = 1


@dataclass(slots=True)
class Tally:
    """What a run showed so far. seconds: of the bursts alone."""

    raster: Raster
    bursts: int = 0
    last_hash: int = 0
    seconds: float = 0.0


def run_bursts(plan: Plan, loaded: Compiled, geometry: Sequence[AreaGeometry], width: int, progress: Progress) -> Tally:
    """Runs the plan. width: of the raster, characters. Raises VerificationFailed V101 at the first difference."""
    names = [area.name or area.id for area in geometry]
    neurons = [area.dims[0] * area.dims[1] * area.dims[2] * area.per_voxel for area in geometry]
    tally = Tally(Raster(names, neurons, plan.bursts, width))
    with ExitStack() as stack:
        spikes = stack.enter_context(open_output(plan.spikes)) if plan.spikes is not None else None
        hashes = stack.enter_context(open_output(plan.hashes)) if plan.hashes is not None else None
        results = open_results(plan, loaded, stack, progress)
        began = time.perf_counter()
        for result in results:
            tally.bursts, tally.last_hash = result.number, result.state_hash
            for area, fired in result.fired:
                tally.raster.add(result.number, area, len(fired))
            record(result, geometry, spikes, hashes)
            progress("running", result.number / plan.bursts)
        tally.seconds = time.perf_counter() - began
    return tally


def open_results(plan: Plan, loaded: Compiled, stack: ExitStack, progress: Progress) -> Iterator[BurstResult]:
    """The bursts of the plan's runtime, or of both runtimes compared."""
    from neurula.runtimes import LOCAL, open_runtime

    def opened(name: str, threads: int = 1) -> Runtime:
        progress(f"opening {name}", 0.0)
        return stack.enter_context(
            closing(open_runtime(name, loaded.data, firmware=None if name in LOCAL else plan.firmware, threads=threads))
        )

    first = opened(plan.runtime, plan.threads)
    if plan.compare is None:
        return first.run(plan.bursts, plan.stimuli)
    return in_lockstep(first, opened(plan.compare), plan, loaded.image)


def in_lockstep(first: Runtime, second: Runtime, plan: Plan, image: Image) -> Iterator[BurstResult]:
    """Steps both runtimes; yields while they agree in state and spikes."""
    pairs = zip(first.run(plan.bursts, plan.stimuli), second.run(plan.bursts, plan.stimuli), strict=True)
    for left, right in pairs:
        if left != right:
            raise disagreement(first, second, left, right, image)
        yield left


def disagreement(
    first: Runtime, second: Runtime, left: BurstResult, right: BurstResult, image: Image
) -> VerificationFailed:
    """The error that names the first neuron and field in which two runtimes differ."""
    from neurula.runtimes.difference import first_difference

    found = first_difference(image, first.state(), second.state())
    if found is not None:
        what = str(found)
    elif left.fired != right.fired:
        what = "they report different spikes of the same state"
    else:
        what = "they report different hashes or burst numbers of the same state"
    return VerificationFailed("V101", f"{first.name} and {second.name} disagree: {what}", where=f"burst {left.number}")


def record(
    result: BurstResult, geometry: Sequence[AreaGeometry], spikes: IO[bytes] | None, hashes: IO[bytes] | None
) -> None:
    """One line a burst into the files that are wanted."""
    from neurula.runtimes.spikes import spike_line

    if spikes is not None:
        # a lone surrogate in an area's id becomes \udxxx, which is how JSON writes it
        spikes.write(spike_line(result, geometry).encode("utf-8", "backslashreplace") + b"\n")
    if hashes is not None:
        hashes.write(json.dumps({"burst": result.number, "hash": f"{result.state_hash:08x}"}).encode() + b"\n")
