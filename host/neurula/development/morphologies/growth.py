"""The form in which every morphology says which voxels connect: unions of products of three axis relations.

An axis relation joins the indices of one axis of the source area to indices of one axis of the target area. A product
joins two voxels when all three of its relations hold. A morphology returns a `Growth`: a union of products.
Relations are lazy, so that a rule can be counted before any room is taken for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurula.genome.model import Triple

Indices = NDArray[np.int32]
Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]  # first, stop of the source voxels along x, y, z


@dataclass(frozen=True, slots=True)
class Relation:
    """Source index i, for first <= i < stop, reaches the row targets(i).

    targets: int32[n] -> int32[n, width], ascending in each row; what lies outside the target axis is dropped,
    -1 is none.
    pairs: upper bound of the number of joined indices. complete: no target is ever dropped.
    """

    first: int
    stop: int
    width: int
    targets: Callable[[Indices], Indices]
    pairs: int
    complete: bool = False

    def pairs_within(self, first: int, stop: int) -> int:
        """Upper bound of the pairs whose source index lies in first:stop."""
        rows = min(stop, self.stop) - max(first, self.first)
        return min(self.pairs, rows * self.width) if rows > 0 else 0


@dataclass(frozen=True, slots=True)
class Product:
    """relations[k] joins the source axis source_axes[k] to the target axis k; each source axis occurs once."""

    relations: tuple[Relation, Relation, Relation]
    source_axes: Triple = (0, 1, 2)

    def candidates(self, box: Box) -> int:
        """Upper bound of the voxel pairs whose source lies in the box."""
        return math.prod(r.pairs_within(*box[a]) for r, a in zip(self.relations, self.source_axes, strict=True))


@dataclass(frozen=True, slots=True)
class Scatter:
    """Source voxel i (its raster index) reaches the row targets(i), for a rule whose axes cannot be told apart, or with so many
    products that this is faster.

    targets: int32[n] -> int32[n, width], raster indices of target voxels, each once in a row; -1 is none. ascending: those that
    are not -1 ascend in every row.
    """

    width: int
    targets: Callable[[Indices], Indices]
    ascending: bool = False


@dataclass(frozen=True, slots=True)
class Growth:
    """What a morphology joins: the union of its products, each voxel pair once; without products, what its scatter says; if
    there are both they say the same.

    ordered: no pair is in two products, and from product to product the targets of a source voxel ascend.
    one_at_random: instead, every source neuron reaches one voxel of the whole target area, drawn by chance.
    remarks: what of the morphology could not be used, a sentence each. learning: synapses come only with learning.
    """

    products: tuple[Product, ...] = ()
    ordered: bool = False
    one_at_random: bool = False
    remarks: tuple[str, ...] = ()
    learning: bool = False
    scatter: Scatter | None = None


def shift(offset: int, source: int, target: int) -> Relation:
    """i -> i + offset where that is inside the target axis."""
    first, stop = max(0, -offset), min(source, target - offset)
    return _one_target(first, stop, lambda i: i + np.int32(offset))


def same(source: int, target: int) -> Relation:
    """i -> i."""
    return shift(0, source, target)


def to_index(index: int, first: int, stop: int, target: int) -> Relation:
    """Every i of first:stop -> index; nothing when the index is outside the target axis."""
    if not 0 <= index < target:
        return NOTHING
    return _one_target(first, stop, lambda i: np.full(i.shape, index, np.int32))


def to_every(first: int, stop: int, target: int) -> Relation:
    """Every i of first:stop -> all indices of the target axis."""

    def rows(i: Indices) -> Indices:
        return np.broadcast_to(np.arange(target, dtype=np.int32), (len(i), target))

    return Relation(first, stop, target, rows, max(0, stop - first) * target, complete=True)


def _one_target(first: int, stop: int, move: Callable[[Indices], Indices]) -> Relation:
    return Relation(first, stop, 1, lambda i: move(i)[:, None], max(0, stop - first), complete=True)


NOTHING = Relation(0, 0, 0, lambda i: np.empty((len(i), 0), np.int32), 0, complete=True)
