"""The four stages of development: what each of them made, who watches them, and who may stop them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from neurula.errors import DevelopmentCancelled

STAGES = ("corticogenesis", "voxelogenesis", "neurogenesis", "synaptogenesis")
_PERCENT_AT_START = {"corticogenesis": 0, "voxelogenesis": 1, "neurogenesis": 2, "synaptogenesis": 4}
_PERCENT_AT_END = {"corticogenesis": 1, "voxelogenesis": 2, "neurogenesis": 4, "synaptogenesis": 100}


@dataclass(frozen=True, slots=True)
class StageStatistics:
    """What there was at the end of a stage, and how long the stage took. areas: core areas that were added included."""

    stage: str
    areas: int
    voxels: int
    neurons: int
    synapses: int
    milliseconds: float


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """How far development is. fraction: of the stage, 0 to 1; percent: of the whole, 0 to 100; the counts: what there is so
    far; announced_bytes: the most memory that synaptogenesis takes, 0 until it is known, known before it is taken."""

    stage: str
    fraction: float
    percent: int
    areas: int
    voxels: int
    neurons: int
    synapses: int
    announced_bytes: int
    milliseconds: float


Progress = Callable[[ProgressEvent], None]
Cancelled = Callable[[], bool]


class Watch:
    """Times the stages, tells of their progress, and stops them: DevelopmentCancelled D107 as soon as `cancelled` says so,
    which is asked at both ends of every stage and after every mapping rule."""

    def __init__(self, progress: Progress | None = None, cancelled: Cancelled | None = None) -> None:
        self._progress = progress
        self._cancelled = cancelled
        self._counts = {"areas": 0, "voxels": 0, "neurons": 0, "synapses": 0}
        self._announced_bytes = 0
        self._stage = STAGES[0]
        self._began = time.perf_counter()
        self._finished: list[StageStatistics] = []

    @property
    def finished(self) -> tuple[StageStatistics, ...]:
        """The stages that ended, in their order."""
        return tuple(self._finished)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """One of STAGES, from its beginning to its end."""
        self._stage = name
        began = time.perf_counter()
        self.tell(0.0)
        yield
        milliseconds = (time.perf_counter() - began) * 1000
        self._finished.append(StageStatistics(name, **self._counts, milliseconds=milliseconds))
        self.tell(1.0)

    def announce(self, announced_bytes: int) -> None:
        """Memory that is going to be taken."""
        self._announced_bytes = announced_bytes
        self.tell(0.0)

    def count(self, **counts: int) -> None:
        """areas, voxels, neurons, synapses: what there is now."""
        self._counts |= counts

    def tell(self, fraction: float) -> None:
        """fraction of the present stage, 0 to 1. Raises DevelopmentCancelled."""
        if self._cancelled is not None and self._cancelled():
            message = f"the development was stopped during {self._stage}, at {fraction:.0%} of it"
            raise DevelopmentCancelled("D107", message, remedy="Grow the genome again; nothing was kept.")
        if self._progress is not None:
            first, last = _PERCENT_AT_START[self._stage], _PERCENT_AT_END[self._stage]
            percent = first + int(fraction * (last - first))
            milliseconds = (time.perf_counter() - self._began) * 1000
            self._progress(
                ProgressEvent(
                    self._stage, fraction, percent, **self._counts, announced_bytes=self._announced_bytes, milliseconds=milliseconds
                )
            )
