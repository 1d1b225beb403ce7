"""Switches: a voxel fires while it is on, and silence means off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from neurula.robot.coders.percentage import parts_of
from neurula.robot.coders.voxels import Size, Voxel, inside

HALF = 0.5


@dataclass(frozen=True, slots=True)
class Boolean:
    """On or off: one voxel, or a grid of them row by row. A number counts as on from one half; every depth of the voxel reads as on."""

    width: int = 1
    height: int = 1
    depth: int = 1

    @property
    def size(self) -> Size:
        return self.width, self.height, self.depth

    def encode(self, value: Any) -> list[Voxel]:
        numbers = parts_of(value, self.width * self.height)
        return [(i % self.width, i // self.width, 0, 1.0) for i, number in enumerate(numbers) if number >= HALF]

    def decode(self, voxels: Iterable[Voxel], held: Any = None) -> Any:
        on = [False] * (self.width * self.height)
        for x, y, _, _ in inside(voxels, self.size):
            on[x + y * self.width] = True
        return on[0] if len(on) == 1 else tuple(on)
