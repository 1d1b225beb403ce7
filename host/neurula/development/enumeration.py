"""From products of axis relations to arrays of synapses, in order: source voxel by source voxel, then by target.

Work goes on in pieces of the source area, which bounds the room that it takes: in layers along x where these repeat (slabs.py),
in boxes otherwise (patches.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from neurula.development.arrays import Places, SynapseArrays
from neurula.development.morphologies.growth import Box, Growth, Product, Scatter
from neurula.development.patches import chosen, patch_of, picked, squeezed, united, write_regular, write_voxels
from neurula.development.slabs import Slab, repeated_slabs
from neurula.genome.model import Triple

BOX_CANDIDATES = 1 << 18  # voxel pairs of one box: a few megabytes while they are worked on
Thin = Callable[[Places], int]  # moves the synapses that stay to the front; returns how many


def candidates(product: Product, source: Triple) -> int:
    """Upper bound of the voxel pairs that the product joins. Takes no room."""
    return product.candidates(_whole(source))


def write_pairs(
    growth: Growth, source: Triple, target: Triple, neurons_per_voxel: tuple[int, int], arrays: SynapseArrays, thin: Thin | None = None
) -> None:
    """Adds the neuron indices of every joined voxel pair, piece by piece; thin: leaves out some of each piece.

    Every neuron of a source voxel reaches the last neuron of the target voxel (FEAGI's released engine).
    """
    slabs = repeated_slabs(growth.products, source, target, BOX_CANDIDATES)
    if slabs is not None:
        made = _write_slabs(slabs, growth, source, target, neurons_per_voxel, arrays)
    elif growth.scatter is not None:
        made = _write_scattered(growth.scatter, math.prod(source), neurons_per_voxel, arrays)
    else:
        boxes = _boxes(growth.products, source)
        made = (_write_box(box, live, growth.ordered, source, target, neurons_per_voxel, arrays) for box, live in boxes)
    for places in made:
        arrays.keep(len(places[0]) if thin is None else thin(places))


def _write_scattered(
    scatter: Scatter, source_voxels: int, neurons_per_voxel: tuple[int, int], arrays: SynapseArrays
) -> Iterator[Places]:
    step = max(1, BOX_CANDIDATES // max(1, scatter.width))
    for first in range(0, source_voxels, step):
        voxels = np.arange(first, min(first + step, source_voxels), dtype=np.int32)
        reached = scatter.targets(voxels)
        if not scatter.ascending:
            reached.sort(axis=1)
        sources = np.repeat(voxels, np.count_nonzero(reached >= 0, axis=1))
        yield write_voxels(sources, chosen(reached), neurons_per_voxel, arrays)


def _write_box(
    box: Box,
    products: Sequence[Product],
    ordered: bool,
    source: Triple,
    target: Triple,
    neurons_per_voxel: tuple[int, int],
    arrays: SynapseArrays,
) -> Places:
    """products: those with candidates in the box; ordered: as in Growth."""
    here = [patch_of(p, box, target) for p in products]
    if len(here) == 1 and here[0].regular:
        return write_regular(here[0], source, target, neurons_per_voxel, arrays)
    if len(here) == 1:
        return write_voxels(*picked(here[0], source, target), neurons_per_voxel, arrays)
    if ordered:
        return write_voxels(*squeezed(here, box, source, target), neurons_per_voxel, arrays)
    return write_voxels(*united(here, box, source, target), neurons_per_voxel, arrays)


def _write_slabs(
    slabs: Sequence[Slab], growth: Growth, source: Triple, target: Triple, neurons_per_voxel: tuple[int, int], arrays: SynapseArrays
) -> Iterator[Places]:
    """The first of every kind as a box, the others moved to where they belong."""
    known: dict[bytes, Places] = {}
    voxels = source[1] * source[2], math.prod(target[slabs[0].axis + 1 :])
    strides = [v * per for v, per in zip(voxels, neurons_per_voxel, strict=True)]
    for slab in slabs:
        moves = np.int32(slab.x * strides[0]), np.int32(slab.step * strides[1])
        alike = known.get(slab.alike)
        if alike is None:
            box = (slab.x, slab.x + 1), *_whole(source)[1:]
            live = [p for p in growth.products if p.candidates(box)]
            places = _write_box(box, live, growth.ordered, source, target, neurons_per_voxel, arrays)
            known[slab.alike] = places[0] - moves[0], places[1] - moves[1]
        else:
            places = arrays.places(len(alike[0]))
            for neurons, move, out in zip(alike, moves, places, strict=True):
                np.add(neurons, move, out=out)
        yield places


def _whole(dims: Triple) -> Box:
    return (0, dims[0]), (0, dims[1]), (0, dims[2])


def _boxes(products: Sequence[Product], source: Triple) -> Iterator[tuple[Box, tuple[Product, ...]]]:
    """Cuts the source area into boxes that follow each other in raster order, each of few candidates; with the products that
    have candidates there."""
    waiting = [(_whole(source), tuple(products))]
    while waiting:
        box, above = waiting.pop()
        sizes = [p.candidates(box) for p in above]
        live = tuple(p for p, size in zip(above, sizes, strict=True) if size)
        axis = next((a for a in range(3) if box[a][1] - box[a][0] > 1), None)
        if live and (sum(sizes) <= BOX_CANDIDATES or axis is None):
            yield box, live
        elif live and axis is not None:
            first, stop = box[axis]
            middle = (first + stop) // 2
            lower, upper = list(box), list(box)
            lower[axis], upper[axis] = (first, middle), (middle, stop)
            waiting += [((upper[0], upper[1], upper[2]), live), ((lower[0], lower[1], lower[2]), live)]

