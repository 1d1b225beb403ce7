"""Numbers without depth: how strongly a voxel is driven, and what share of its neurons fires."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from neurula.robot.coders.percentage import joined, parts_of
from neurula.robot.coders.voxels import Size, Voxel, clamp, inside


@dataclass(frozen=True, slots=True)
class Rate:
    """Numbers from 0 to 1 (signed: from -1 to 1, in two voxels each) as the potential of one voxel; silence means 0.

    Nothing is quantised. Reading a brain this way means something over several bursts only: who reads takes their mean.
    """

    components: int = 1
    signed: bool = False

    @property
    def size(self) -> Size:
        return self.components * (2 if self.signed else 1), 1, 1

    def encode(self, value: Any) -> list[Voxel]:
        voxels = []
        for i, number in enumerate(parts_of(value, self.components)):
            x = (2 * i + (number < 0)) if self.signed else i
            share = clamp(abs(number) if self.signed else number, 0, 1)
            if share > 0:
                voxels.append((x, 0, 0, share))
        return voxels

    def decode(self, voxels: Iterable[Voxel], held: Any = None) -> Any:
        shares = [0.0] * self.size[0]
        for x, _, _, p in inside(voxels, self.size):
            shares[x] = min(1.0, p)
        numbers = [shares[2 * i] - shares[2 * i + 1] if self.signed else shares[i] for i in range(self.components)]
        return joined(numbers, None)
