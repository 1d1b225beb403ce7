"""A product of axis relations inside a box of the source area: its synapses by broadcasting over six axes.

The axes are source x, y, z and target x, y, z. A regular product is written straight into the arrays; of one with gaps, or of
products that are in order, what exists is picked out; otherwise the pairs are ticked off or sorted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurula.development.arrays import Places, SynapseArrays
from neurula.development.morphologies.growth import Box, Indices, Product, Relation
from neurula.genome.model import Triple

DENSE = 16  # where one in so many possible pairs is joined, ticking them off is faster than sorting
Integers = NDArray[np.int32] | NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Patch:
    """A product inside a box, ready to broadcast over the six axes.

    sources, targets: voxel coordinates by axis. inside: by target axis, None where every combination is a pair, otherwise which are.
    """

    sources: tuple[Indices, Indices, Indices]
    targets: tuple[Indices, Indices, Indices]
    inside: tuple[NDArray[np.bool_] | None, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return np.broadcast_shapes(*(a.shape for a in (*self.sources, *self.targets)))

    @property
    def regular(self) -> bool:
        return all(axis is None for axis in self.inside)

    def reached(self, dims: Triple, scale: int = 1, dtype: type = np.int32) -> list[Integers]:
        """Terms by target axis: their sum is the raster index times scale, or negative where there is no pair."""
        terms = _raster(self.targets, dims, scale, dtype)
        none = dtype(-(1 << (np.iinfo(dtype).bits - 3)))  # three of them do not overflow
        return [t if i is None else np.where(i, t, none) for t, i in zip(terms, self.inside, strict=True)]


def patch_of(product: Product, box: Box, target: Triple) -> Patch:
    sources: list[Indices] = [np.empty(0, np.int32)] * 3
    targets: list[Indices] = []
    inside: list[NDArray[np.bool_] | None] = []
    for axis, (relation, source_axis) in enumerate(zip(product.relations, product.source_axes, strict=True)):
        indices, reached, kept = _rows(relation, box[source_axis], target[axis])
        shape = [1] * 6
        shape[source_axis] = len(indices)
        sources[source_axis] = indices.reshape(shape)
        shape[3 + axis] = reached.shape[1]
        targets.append(reached.reshape(shape))
        inside.append(None if kept is None else kept.reshape(shape))
    return Patch((sources[0], sources[1], sources[2]), (targets[0], targets[1], targets[2]), tuple(inside))


def _rows(
    relation: Relation, within: tuple[int, int], target: int
) -> tuple[Indices, Indices, NDArray[np.bool_] | None]:
    """Source indices [n], targets [n, k], and which of these exist (None: all)."""
    first, stop = max(within[0], relation.first), min(within[1], relation.stop)
    indices = np.arange(first, stop, dtype=np.int32)
    targets = relation.targets(indices)
    if relation.complete:
        return indices, targets, None
    inside = (targets >= 0) & (targets < target)
    used = inside.any(axis=0)
    if not used.all():
        targets, inside = targets[:, used], inside[:, used]
    return indices, targets, None if inside.all() else inside


def _raster(coordinates: Sequence[Indices], dims: Triple, scale: int = 1, dtype: type = np.int32) -> list[Integers]:
    """The terms whose sum is the raster index times scale."""
    strides = dims[1] * dims[2] * scale, dims[2] * scale, scale
    return [c.astype(dtype) * dtype(s) for c, s in zip(coordinates, strides, strict=True)]


def _halves(terms: Sequence[Integers]) -> tuple[Integers, Integers]:
    """Two terms with the same sum as the three. The last two are added first, for long inner loops, unless that is most of the work."""
    x, y, z = terms
    inner = math.prod(np.broadcast_shapes(y.shape, z.shape))
    if 4 * inner <= math.prod(np.broadcast_shapes(x.shape, y.shape, z.shape)):
        return x, np.add(y, z, order="C")
    return np.add(x, y, order="C"), z


def _voxels_of(patch: Patch, source: Triple) -> NDArray[Any]:
    """int32: the raster indices of the patch's source voxels."""
    x, y, z = _raster(patch.sources, source)
    voxels: NDArray[Any] = np.add(x, y + z, order="C").ravel()
    return voxels


def write_regular(
    patch: Patch, source: Triple, target: Triple, neurons_per_voxel: tuple[int, int], arrays: SynapseArrays
) -> Places:
    per_source, per_target = neurons_per_voxel
    shape = patch.shape
    places = arrays.places(math.prod(shape) * per_source)
    voxels = _voxels_of(patch, source)
    from_neurons = places[0].reshape(len(voxels), -1, per_source)
    _spread(voxels[:, None], per_source, from_neurons)
    first, second = _halves(_raster(patch.targets, target, per_target))
    to_neurons = places[1].reshape(*shape, per_source)
    np.add(first, second + np.int32(per_target - 1), out=to_neurons[..., 0])
    for k in range(1, per_source):
        to_neurons[..., k] = to_neurons[..., 0]
    return places


def write_voxels(
    voxels: Integers, reached: Integers, neurons_per_voxel: tuple[int, int], arrays: SynapseArrays
) -> Places:
    per_source, per_target = neurons_per_voxel
    places = arrays.places(len(voxels) * per_source)
    _spread(voxels, per_source, places[0].reshape(-1, per_source))
    last = reached.astype(np.int32, copy=False)
    if per_target > 1:
        last = last * np.int32(per_target) + np.int32(per_target - 1)
    to_neurons = places[1].reshape(-1, per_source)
    for k in range(per_source):
        to_neurons[:, k] = last
    return places


def _spread(voxels: Integers, per_voxel: int, neurons: NDArray[np.int32]) -> None:
    """Writes the neurons of each voxel along the last axis; a slice at a time, because that axis is short."""
    first = voxels if per_voxel == 1 else voxels * voxels.dtype.type(per_voxel)
    for k in range(per_voxel):
        neurons[..., k] = first
        if k:
            neurons[..., k] += np.int32(k)


def picked(patch: Patch, source: Triple, target: Triple) -> tuple[Integers, Integers]:
    """Source and target voxels of a patch with gaps."""
    counts: Any = 1
    for reached, inside, axis in zip(patch.targets, patch.inside, (3, 4, 5), strict=True):
        of_axis = reached.shape[axis] if inside is None else np.count_nonzero(inside, axis=axis, keepdims=True)
        counts = counts * of_axis
    counts = np.broadcast_to(counts, (*patch.shape[:3], 1, 1, 1)).ravel()
    return np.repeat(_voxels_of(patch, source), counts), chosen(_total(patch, target))


def _total(patch: Patch, target: Triple) -> Integers:
    """Target voxels of the patch's whole shape, negative where there is no pair."""
    first, second = _halves(patch.reached(target, dtype=_narrowest(math.prod(target))))
    return np.add(first, second, order="C")


def chosen(numbers: Integers) -> Integers:
    """Those that are not negative, in their order. (An index is faster than a mask: it does not care how long its runs are.)"""
    return numbers.ravel().take(np.flatnonzero(numbers >= 0))


def _narrowest(stop: int) -> type:
    """The integers in which numbers below stop have room for the mark of what does not exist."""
    return np.int32 if stop <= 1 << 29 else np.int64


def squeezed(patches: Sequence[Patch], box: Box, source: Triple, target: Triple) -> tuple[Integers, Integers]:
    """Source and target voxels of patches that, one after the other, give every source voxel ascending targets."""
    widths = [math.prod(p.shape[3:]) for p in patches]
    sizes = [stop - first for first, stop in box]
    table: Integers = np.full((*sizes, sum(widths)), -1, _narrowest(math.prod(target)))
    column = 0
    for patch, width in zip(patches, widths, strict=True):
        where = [
            slice(int(s.flat[0]) - box[a][0], int(s.flat[-1]) + 1 - box[a][0]) for a, s in enumerate(patch.sources)
        ]
        made = np.broadcast_to(_total(patch, target), patch.shape).reshape(*patch.shape[:3], width)
        table[where[0], where[1], where[2], column : column + width] = made
        column += width
    rows = table.reshape(math.prod(sizes), column)  # column is 0 where no voxel of the box has a target
    first_voxel = _first_voxel(box, source)
    voxels = np.arange(first_voxel, first_voxel + len(rows), dtype=np.int32)
    return np.repeat(voxels, np.count_nonzero(rows >= 0, axis=1)), chosen(rows)


def united(patches: Sequence[Patch], box: Box, source: Triple, target: Triple) -> tuple[Integers, Integers]:
    """Source and target voxels of any patches, every pair once."""
    volume = math.prod(target)
    pairs = math.prod(stop - first for first, stop in box) * volume
    dtype = _narrowest(pairs)
    found = [_keys(p, box, source, target, dtype) for p in patches]
    once: NDArray[Any]
    if pairs <= DENSE * sum(len(keys) for keys in found):
        joined = np.zeros(pairs, np.bool_)
        for keys in found:
            joined[keys] = True
        once = np.flatnonzero(joined).astype(dtype)
    else:
        once = np.concatenate(found)
        once.sort(kind="stable")  # merges runs: the keys of each patch ascend already
        fresh = np.ones(len(once), np.bool_)
        fresh[1:] = once[1:] != once[:-1]
        once = once[fresh]
    voxels = once // dtype(volume)
    return voxels + dtype(_first_voxel(box, source)), once - voxels * dtype(volume)


def _keys(patch: Patch, box: Box, source: Triple, target: Triple, dtype: type) -> NDArray[Any]:
    """(source voxel - first voxel of the box) * voxels of the target + target voxel, of every pair."""
    relative = [s - np.int32(box[a][0]) for a, s in enumerate(patch.sources)]
    terms = _raster(relative, source, math.prod(target), dtype) + patch.reached(target, 1, dtype)
    total = sum(sorted(terms, key=lambda t: t.size), start=np.zeros((1,) * 6, dtype))
    return total.ravel() if patch.regular else chosen(total)


def _first_voxel(box: Box, dims: Triple) -> int:
    (x, _), (y, _), (z, _) = box
    return (x * dims[1] + y) * dims[2] + z
