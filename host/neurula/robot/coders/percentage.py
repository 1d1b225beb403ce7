"""One to many numbers, each along a column of its own: percentages from 0 to 1, and signed ones from -1 to 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from neurula.robot.coders.columns import Column
from neurula.robot.coders.voxels import Size, Voxel, inside

Numbers = float | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Percentage:
    """Numbers from 0 to 1. Component i stands at x = i, row by row where there are several rows; its column runs along z.

    flat: the column runs along y instead (FEAGI's lidar and hearing areas). A single component is a plain number.
    """

    column: Column
    components: int = 1
    rows: int = 1
    flat: bool = False

    @property
    def size(self) -> Size:
        across = self.components // self.rows
        return (across, self.column.depth, 1) if self.flat else (across, self.rows, self.column.depth)

    @property
    def step(self) -> float:
        return self.column.step

    def encode(self, value: Any) -> list[Voxel]:
        voxels: list[Voxel] = []
        across = self.components // self.rows
        for i, number in enumerate(parts_of(value, self.components)):
            x, y = i % across, i // across
            voxels += ((x, place, 0, 1.0) if self.flat else (x, y, place, 1.0) for place in self.column.places(number))
        return voxels

    def decode(self, voxels: Iterable[Voxel], held: Any = None) -> Any:
        fired: list[list[int]] = [[] for _ in range(self.components)]
        across = self.components // self.rows
        for x, y, z, _ in inside(voxels, self.size):
            fired[x if self.flat else x + y * across].append(y if self.flat else z)
        return joined([self.column.value(places) if places else None for places in fired], held)


@dataclass(frozen=True, slots=True)
class Signed:
    """Numbers from -1 to 1, in two columns each: x even for the positive part, odd for the negative. Zero fires the least of both."""

    column: Column
    components: int = 1

    @property
    def size(self) -> Size:
        return 2 * self.components, 1, self.column.depth

    @property
    def step(self) -> float:
        return self.column.step

    def encode(self, value: Any) -> list[Voxel]:
        voxels: list[Voxel] = []
        for i, number in enumerate(parts_of(value, self.components)):
            if not number < 0:
                voxels += ((2 * i, 0, place, 1.0) for place in self.column.places(number))
            if not number > 0:
                voxels += ((2 * i + 1, 0, place, 1.0) for place in self.column.places(-number))
        return voxels

    def decode(self, voxels: Iterable[Voxel], held: Any = None) -> Any:
        fired: list[list[int]] = [[] for _ in range(2 * self.components)]
        for x, _, z, _ in inside(voxels, self.size):
            fired[x].append(z)
        found: list[float | None] = []
        for i in range(self.components):
            plus, minus = fired[2 * i], fired[2 * i + 1]
            number = (self.column.value(plus) if plus else 0.0) - (self.column.value(minus) if minus else 0.0)
            found.append(number if plus or minus else None)
        return joined(found, held)


def parts_of(value: Any, components: int) -> Sequence[float]:
    """The numbers of a value: itself where there is one component. ValueError for another number of components."""
    numbers: Sequence[float] = (float(value),) if components == 1 and not hasattr(value, "__len__") else tuple(map(float, value))
    if len(numbers) != components:
        raise ValueError(f"{components} numbers belong here, not {len(numbers)}")
    return numbers


def joined(found: Sequence[float | None], held: Any) -> Any:
    """The components that were found, the others as they were held (0 without); `held` if none was found."""
    if all(number is None for number in found):
        return held
    kept = [0.0] * len(found) if held is None else parts_of(held, len(found))
    numbers = tuple(old if new is None else new for new, old in zip(found, kept, strict=True))
    return numbers[0] if len(numbers) == 1 else numbers
