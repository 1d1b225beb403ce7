"""What a bridge knows about itself while it runs: rates, spikes of the last seconds, values, the link."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neurula.bridge.bodies import LinkQuality
from neurula.bridge.brains import Outcome
from neurula.link.wire import Stats
from neurula.runtimes.stimulus import AreaGeometry

COLUMNS = 240  # of the raster: more than a terminal has
NOTES = 5
RATE_S = 1.0  # over which rates are taken


@dataclass(frozen=True, slots=True)
class AreaMeter:
    """One area. rate_hz: of one neuron, mean of the last second; strip: spikes by column, the newest last."""

    id: str
    name: str
    neurons: int
    spikes: int
    rate_hz: float
    strip: tuple[int, ...]


class Meters:
    """Counts as bursts come. Another thread may read it: what it sees may be a burst old, and nothing worse."""

    def __init__(self, areas: Sequence[AreaGeometry], rate_hz: float, column_s: float = 0.1) -> None:
        """column_s: of the raster, per_column bursts."""
        self.areas, self.rate_hz = areas, rate_hz
        self.bursts = self.burst = self.spikes = self.overruns = 0
        self.seconds = 0.0
        self.late_s = 0.0
        self.sensed: dict[str, Any] = {}
        self.motors: Mapping[str, Any] = {}
        self.links: list[LinkQuality] = []
        self.stats: Stats | None = None
        self.notes: deque[tuple[float, str]] = deque(maxlen=NOTES)
        self.per_column = max(1, round(column_s * rate_hz))
        self._columns: deque[list[int]] = deque(maxlen=COLUMNS)
        self._totals = [0] * len(areas)
        self._recent: deque[tuple[tuple[int, int], ...]] = deque(maxlen=max(1, round(RATE_S * rate_hz)))
        self._in_second = [0] * len(areas)

    def add(self, outcome: Outcome, seconds: float) -> None:
        """One burst, so many seconds after the first."""
        if self.bursts % self.per_column == 0:
            self._columns.append([0] * len(self.areas))
        column, totals, second = self._columns[-1], self._totals, self._in_second
        if len(self._recent) == self._recent.maxlen:
            for area, count in self._recent[0]:
                second[area] -= count
        counts = tuple((area, len(neurons)) for area, neurons in outcome.fired)
        for area, count in counts:
            column[area] += count
            totals[area] += count
            second[area] += count
            self.spikes += count
        self._recent.append(counts)
        self.bursts += 1
        self.burst, self.seconds, self.motors = outcome.burst, seconds, outcome.motors
        self.sensed.update(outcome.sensed)

    def note(self, seconds: float, text: str) -> None:
        self.notes.append((seconds, text))

    @property
    def column_s(self) -> float:
        """Of the raster."""
        return self.per_column / self.rate_hz

    def area_meters(self) -> list[AreaMeter]:
        """All areas, in the order of the brain."""
        columns = list(self._columns)
        known_s = max(1, len(self._recent)) / self.rate_hz
        return [
            AreaMeter(area.id, area.name, size_of(area), self._totals[i], self._in_second[i] / known_s / max(1, size_of(area)),
                      tuple(column[i] for column in columns))
            for i, area in enumerate(self.areas)
        ]  # fmt: skip


def size_of(area: AreaGeometry) -> int:
    """Neurons of an area."""
    return math.prod(area.dims) * area.per_voxel
