"""One of several: a class, an identity; and a place on a plane."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from neurula.robot.coders.columns import Scale
from neurula.robot.coders.percentage import parts_of
from neurula.robot.coders.voxels import Size, Voxel, clamp, inside


@dataclass(frozen=True, slots=True)
class Choice:
    """Whole numbers from 0: the voxel of that index fires, counted along y, then z, then x. Decoding takes the strongest."""

    width: int
    height: int
    depth: int

    @property
    def size(self) -> Size:
        return self.width, self.height, self.depth

    def encode(self, value: Any) -> list[Voxel]:
        _, h, d = self.size
        index = int(clamp(int(value), 0, self.width * h * d - 1))
        return [(index // (h * d), index % h, index // h % d, 1.0)]

    def decode(self, voxels: Iterable[Voxel], held: Any = None) -> Any:
        _, h, d = self.size
        found = [(-p, (x * d + z) * h + y) for x, y, z, p in inside(voxels, self.size)]
        return min(found)[1] if found else held


@dataclass(frozen=True, slots=True)
class Place:
    """A point (x, y) of a plane, both from 0 to 1, at any depth: one voxel in, the middle of what fired out."""

    width: int
    height: int
    depth: int = 1

    @property
    def size(self) -> Size:
        return self.width, self.height, self.depth

    @property
    def step(self) -> float:
        return 1 / (min(self.width, self.height) - 1)

    def encode(self, value: Any) -> list[Voxel]:
        x, y = parts_of(value, 2)
        return [(Scale(self.width).places(x)[0], Scale(self.height).places(y)[0], 0, 1.0)]

    def decode(self, voxels: Iterable[Voxel], held: Any = None) -> Any:
        fired = list(inside(voxels, self.size))
        weight = sum(p for *_, p in fired)
        if not weight:
            return held
        x = sum(v[0] * v[3] for v in fired) / weight
        y = sum(v[1] * v[3] for v in fired) / weight
        return x / (self.width - 1), y / (self.height - 1)
