"""Layers of the source area that repeat: those along x whose targets are the same but for a step along the target's axis.

Most rules join layer after layer in the same way: one of each kind is worked out, the others are that one and two additions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurula.development.morphologies.growth import Box, Indices, Product
from neurula.genome.model import Triple

FEWEST = 1 << 11  # candidates of a layer; smaller ones are faster together
WORTH = 16  # there must be so many times more candidates than targets that are looked at along x ...
WORTH_EACH = 512  # ... and than products at each x


@dataclass(frozen=True, slots=True)
class Slab:
    """A layer x. alike: equal for layers that differ only in `step`, the first index that they reach along `axis` of the target."""

    x: int
    alike: bytes
    axis: int
    step: int


def repeated_slabs(products: Sequence[Product], source: Triple, target: Triple, most: int) -> list[Slab] | None:
    """The layers that join anything, in their order; None where it is not worth while: too few repeat, they are too small, or one
    of each kind has more than `most` candidates in all."""
    axes = {p.source_axes.index(0) for p in products}
    whole: Box = (0, source[0]), (0, source[1]), (0, source[2])
    candidates = sum(p.candidates(whole) for p in products)
    if source[0] < 2 or len(axes) != 1 or not source[0] * FEWEST <= candidates <= source[0] * most:
        return None
    axis = axes.pop()
    relations = [p.relations[axis] for p in products]
    if source[0] * max(WORTH * sum(r.width for r in relations), WORTH_EACH * len(relations)) > candidates:
        return None
    reached: list[list[tuple[int, Indices]]] = [[] for _ in range(source[0])]
    for number, relation in enumerate(relations):
        first, stop = max(0, relation.first), min(source[0], relation.stop)
        rows = relation.targets(np.arange(first, stop, dtype=np.int32))
        for x, row in zip(range(first, stop), rows, strict=True):
            inside = row[(row >= 0) & (row < target[axis])]
            if len(inside):
                reached[x].append((number, inside))
    slabs = [_slab(x, axis, parts) for x, parts in enumerate(reached) if parts]
    kinds = len({slab.alike for slab in slabs})
    each = candidates // max(1, len(slabs))
    if each < FEWEST or 2 * kinds > len(slabs) or kinds * each > most:
        return None
    return slabs


def _slab(x: int, axis: int, parts: list[tuple[int, Indices]]) -> Slab:
    step = min(int(row[0]) for _, row in parts)  # rows ascend
    alike = b"".join(number.to_bytes(4, "little") + len(row).to_bytes(4, "little") + (row - step).tobytes() for number, row in parts)
    return Slab(x, alike, axis, step)
