"""A number along a row of voxels: the three ways in which a column of an area says how much."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from neurula.robot.coders.voxels import EXACT, clamp


class Column(Protocol):
    """Numbers from 0 to 1 <-> places 0 to depth - 1. step: by how much decoding may differ."""

    @property
    def depth(self) -> int: ...

    @property
    def step(self) -> float: ...

    def places(self, value: float) -> list[int]:
        """Where a number fires: at least one place."""
        ...

    def value(self, places: Iterable[int]) -> float:
        """What places mean, of which there is at least one."""
        ...


@dataclass(frozen=True, slots=True)
class Linear:
    """One place a number, level k of depth meaning k / depth. Place 0 is 1.0 (FEAGI's linear percentage), with `rising` the last is.

    There is no level 0: zero fires the lowest level, as every sensor that is there must fire somewhere.
    """

    depth: int
    rising: bool = False

    @property
    def step(self) -> float:
        return 1 / self.depth

    def places(self, value: float) -> list[int]:
        level = max(1, math.ceil(clamp(value, 0, 1) * self.depth - EXACT))
        return [level - 1 if self.rising else self.depth - level]

    def value(self, places: Iterable[int]) -> float:
        taken = list(places)
        mean = sum(taken) / len(taken)
        return (mean + 1) / self.depth if self.rising else 1 - mean / self.depth


@dataclass(frozen=True, slots=True)
class Fractional:
    """The binary digits of a number: place z fires for 2^-(z+1) (FEAGI's fractional percentage). Zero fires the last digit."""

    depth: int

    @property
    def step(self) -> float:
        return 0.5**self.depth

    def places(self, value: float) -> list[int]:
        left = clamp(value, 0, 1)
        found = []
        for place in range(self.depth):
            left *= 2
            if left >= 1 - EXACT:
                left -= 1
                found.append(place)
        return found or [self.depth - 1]

    def value(self, places: Iterable[int]) -> float:
        return min(1.0, sum(0.5 ** (place + 1) for place in set(places)))


@dataclass(frozen=True, slots=True)
class Scale:
    """A pointer: the first place is 0, the last is 1, and the middle one, where there is one, exactly 0.5. depth: at least 2."""

    depth: int

    @property
    def step(self) -> float:
        return 1 / (self.depth - 1)

    def places(self, value: float) -> list[int]:
        return [math.floor(clamp(value, 0, 1) * (self.depth - 1) + 0.5 + EXACT)]

    def value(self, places: Iterable[int]) -> float:
        taken = list(places)
        return sum(taken) / len(taken) / (self.depth - 1)
