"""What coders speak: voxels of one channel, and the contract that every coder keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

Voxel = tuple[int, int, int, float]  # x, y, z inside the channel's block, and the potential (in) or the share that fired (out)
Size = tuple[int, int, int]
EXACT = 1e-9  # what a product of two decimal fractions may be off: 0.3 * 10 means 3


class Coder(Protocol):
    """Turns the value of one channel into voxels of its block and back; all coders are frozen.

    size: the block along x, y, z. encode never leaves it; decode ignores what lies outside of it and what has no potential.
    decode(encode(v)) differs from v by at most one step of the quantisation, over the whole range.
    """

    @property
    def size(self) -> Size: ...

    def encode(self, value: Any) -> list[Voxel]:
        """The voxels of a value; values out of range count as the nearer end."""
        ...

    def decode(self, voxels: Iterable[Voxel], held: Any = None) -> Any:
        """The value of the voxels that fired. What says nothing stays as `held`; None if nothing was held either."""
        ...


def inside(voxels: Iterable[Voxel], size: Size) -> Iterator[Voxel]:
    """The voxels that lie in the block and carry something; NaN carries nothing."""
    w, h, d = size
    return (v for v in voxels if 0 <= v[0] < w and 0 <= v[1] < h and 0 <= v[2] < d and v[3] > 0)


def clamp(value: float, low: float, high: float) -> float:
    """The nearest number of the range; NaN counts as `low`."""
    return high if value > high else value if value > low else low
