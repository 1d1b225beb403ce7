"""Numbers by what they change (FEAGI's incremental frames): silence means that nothing has changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from neurula.robot.coders.percentage import Signed, parts_of
from neurula.robot.coders.voxels import EXACT, Size, Voxel, clamp


@dataclass(frozen=True, slots=True)
class Increment:
    """Numbers from low to 1 (low: 0 or -1), sent as signed differences to what the receiver knows; at most 1 a burst.

    The sender keeps the number that the receiver has worked out, so that roundings do not add up: a number that stands still
    arrives within one step in at most four bursts, and then nothing fires.
    """

    signed: Signed
    low: float = 0.0

    @property
    def size(self) -> Size:
        return self.signed.size

    @property
    def step(self) -> float:
        return self.signed.step

    def encode(self, value: Any, known: Any = None) -> list[Voxel]:
        """known: what the receiver holds, None at its start (which counts as 0)."""
        wanted = parts_of(value, self.signed.components)
        held = [0.0] * len(wanted) if known is None else parts_of(known, len(wanted))
        changes = [clamp(new, self.low, 1) - old for new, old in zip(wanted, held, strict=True)]
        moved = {i for i, change in enumerate(changes) if abs(change) > self.step / 2 + EXACT}
        return [v for v in self.signed.encode(changes) if v[0] // 2 in moved]

    def decode(self, voxels: Iterable[Voxel], held: Any = None) -> Any:
        change = self.signed.decode(voxels)
        if change is None:
            return held
        changes = parts_of(change, self.signed.components)
        old = [0.0] * len(changes) if held is None else parts_of(held, len(changes))
        numbers = tuple(clamp(a + b, self.low, 1) for a, b in zip(old, changes, strict=True))
        return numbers[0] if len(numbers) == 1 else numbers
