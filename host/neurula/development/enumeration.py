"""From products of axis relations to arrays of voxel pairs, in order: source voxel by source voxel, then by target.

Everything is broadcasting over the six axes (source x, y, z, target x, y, z). Work goes on in boxes of the source area,
which bounds the room that it takes. A box with one regular product is written straight into the connectome; where the
products are in order, gaps are squeezed out; otherwise the pairs are ticked off or sorted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurula.development.morphologies.growth import Box, Growth, Indices, Product, Relation
from neurula.genome.model import Triple

BOX_CANDIDATES = 1 << 19  # voxel pairs of one box: a few megabytes while they are worked on
DENSE = 16  # where one in so many possible pairs is joined, ticking them off is faster than sorting
Integers = NDArray[np.int32] | NDArray[np.int64]
Room = tuple[NDArray[np.int32], NDArray[np.int32]]  # where source and target neurons are written


@dataclass(frozen=True, slots=True)
class Patch:
    """A product inside a box, ready to broadcast over the six axes.

    sources, targets: voxel coordinates by axis. inside: None where every combination is a pair, otherwise which are.
    """

    sources: tuple[Indices, Indices, Indices]
    targets: tuple[Indices, Indices, Indices]
    inside: NDArray[np.bool_] | None

    @property
    def shape(self) -> tuple[int, ...]:
        return np.broadcast_shapes(*(a.shape for a in (*self.sources, *self.targets)))


def candidates(product: Product, source: Triple) -> int:
    """Upper bound of the voxel pairs that the product joins. Takes no room."""
    return product.candidates(_whole(source))


def write_pairs(growth: Growth, source: Triple, target: Triple, neurons_per_voxel: tuple[int, int], room: Room) -> int:
    """Writes the neuron indices of every joined voxel pair to the start of the two arrays; returns how many.

    Every neuron of a source voxel reaches the last neuron of the target voxel (FEAGI's released engine).
    The arrays hold a candidate of each product, or each voxel pair once, times neurons_per_voxel[0].
    """
    written = 0
    for box in _boxes(growth.products, source):
        here = [_patch(p, box, target) for p in growth.products if p.candidates(box)]
        rest = room[0][written:], room[1][written:]
        if len(here) == 1 and here[0].inside is None:
            written += _write_regular(here[0], source, target, neurons_per_voxel, rest)
        elif growth.ordered or len(here) == 1:
            written += _write_voxels(*_squeezed(here, box, source, target), neurons_per_voxel, rest)
        else:
            written += _write_voxels(*_united(here, box, source, target), neurons_per_voxel, rest)
    return written


def _whole(dims: Triple) -> Box:
    return (0, dims[0]), (0, dims[1]), (0, dims[2])


def _boxes(products: Sequence[Product], source: Triple) -> Iterator[Box]:
    """Cuts the source area into boxes that follow each other in raster order, each of few candidates."""
    regular = len(products) == 1 and all(r.complete for r in products[0].relations)
    waiting = [_whole(source)]
    while waiting:
        box = waiting.pop()
        size = sum(p.candidates(box) for p in products)
        axis = next((a for a in range(3) if box[a][1] - box[a][0] > 1), None)
        if size and (regular or size <= BOX_CANDIDATES or axis is None):
            yield box
        elif size and axis is not None:
            first, stop = box[axis]
            middle = (first + stop) // 2
            lower, upper = list(box), list(box)
            lower[axis], upper[axis] = (first, middle), (middle, stop)
            waiting += [(upper[0], upper[1], upper[2]), (lower[0], lower[1], lower[2])]


def _patch(product: Product, box: Box, target: Triple) -> Patch:
    sources: list[Indices] = [np.empty(0, np.int32)] * 3
    targets: list[Indices] = []
    inside: NDArray[np.bool_] | None = None
    for axis, (relation, source_axis) in enumerate(zip(product.relations, product.source_axes, strict=True)):
        indices, reached, kept = _rows(relation, box[source_axis], target[axis])
        shape = [1] * 6
        shape[source_axis] = len(indices)
        sources[source_axis] = indices.reshape(shape)
        shape[3 + axis] = reached.shape[1]
        targets.append(reached.reshape(shape))
        if kept is not None:
            inside = kept.reshape(shape) if inside is None else inside & kept.reshape(shape)
    return Patch((sources[0], sources[1], sources[2]), (targets[0], targets[1], targets[2]), inside)


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


def _write_regular(patch: Patch, source: Triple, target: Triple, neurons_per_voxel: tuple[int, int], room: Room) -> int:
    per_source, per_target = neurons_per_voxel
    shape = (*patch.shape, per_source)
    made = math.prod(shape)
    x, y, z = _raster(patch.sources, source, per_source)
    inside_voxel = z[..., None] + np.arange(per_source, dtype=np.int32)
    np.add((x + y)[..., None], inside_voxel, out=room[0][:made].reshape(shape))
    x, y, z = _raster(patch.targets, target, per_target)
    last = z + np.int32(per_target - 1)
    np.add((x + y)[..., None], last[..., None], out=room[1][:made].reshape(shape))
    return made


def _write_voxels(voxels: Integers, reached: Integers, neurons_per_voxel: tuple[int, int], room: Room) -> int:
    per_source, per_target = neurons_per_voxel
    made = len(voxels) * per_source
    if per_source == 1:
        room[0][:made] = voxels
    else:
        first = voxels.astype(np.int32) * np.int32(per_source)
        np.add(first[:, None], np.arange(per_source, dtype=np.int32), out=room[0][:made].reshape(-1, per_source))
    last = reached.astype(np.int32, copy=False)
    if per_target > 1:
        last = last * np.int32(per_target) + np.int32(per_target - 1)
    room[1][:made].reshape(-1, per_source)[...] = last[:, None]
    return made


def _squeezed(patches: Sequence[Patch], box: Box, source: Triple, target: Triple) -> tuple[Integers, Integers]:
    """Source and target voxels of patches that, one after the other, give every source voxel ascending targets."""
    widths = [math.prod(p.shape[3:]) for p in patches]
    sizes = [stop - first for first, stop in box]
    table = np.full((*sizes, sum(widths)), -1, np.int32)
    column = 0
    for patch, width in zip(patches, widths, strict=True):
        x, y, z = _raster(patch.targets, target)
        made = (x + y) + z
        if patch.inside is not None:
            made = np.where(patch.inside, made, np.int32(-1))
        where = [
            slice(int(s.flat[0]) - box[a][0], int(s.flat[-1]) + 1 - box[a][0]) for a, s in enumerate(patch.sources)
        ]
        made = np.broadcast_to(made, patch.shape).reshape(*patch.shape[:3], width)
        table[where[0], where[1], where[2], column : column + width] = made
        column += width
    rows = table.reshape(math.prod(sizes), column)  # column is 0 where no voxel of the box has a target
    kept = rows >= 0
    first = _first_voxel(box, source)
    voxels = np.arange(first, first + len(rows), dtype=np.int32)
    return np.repeat(voxels, np.count_nonzero(kept, axis=1)), rows[kept]


def _united(patches: Sequence[Patch], box: Box, source: Triple, target: Triple) -> tuple[Integers, Integers]:
    """Source and target voxels of any patches, every pair once."""
    volume = math.prod(target)
    pairs = math.prod(stop - first for first, stop in box) * volume
    dtype: type = np.int32 if pairs < 1 << 31 else np.int64
    found = [_keys(p, box, source, target, dtype) for p in patches]
    united: NDArray[Any]
    if pairs <= DENSE * sum(len(keys) for keys in found):
        joined = np.zeros(pairs, np.bool_)
        for keys in found:
            joined[keys] = True
        united = np.flatnonzero(joined).astype(dtype)
    else:
        united = np.concatenate(found)
        united.sort(kind="stable")  # merges runs: the keys of each patch ascend already
        fresh = np.ones(len(united), np.bool_)
        fresh[1:] = united[1:] != united[:-1]
        united = united[fresh]
    voxels = united // dtype(volume)
    return voxels + dtype(_first_voxel(box, source)), united - voxels * dtype(volume)


def _keys(patch: Patch, box: Box, source: Triple, target: Triple, dtype: type) -> NDArray[Any]:
    """(source voxel - first voxel of the box) * voxels of the target + target voxel, of every pair."""
    relative = [s - np.int32(box[a][0]) for a, s in enumerate(patch.sources)]
    terms = _raster(relative, source, math.prod(target), dtype) + _raster(patch.targets, target, 1, dtype)
    total = sum(sorted(terms, key=lambda t: t.size), start=np.zeros((1,) * 6, dtype))
    return total.ravel() if patch.inside is None else total[np.broadcast_to(patch.inside, total.shape)]


def _first_voxel(box: Box, dims: Triple) -> int:
    (x, _), (y, _), (z, _) = box
    return (x * dims[1] + y) * dims[2] + z
