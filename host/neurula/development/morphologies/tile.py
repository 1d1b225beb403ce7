"""Composites: `tile` folds the source onto the target or repeats it there; others apply a mapper to each tile.

tile, as in FEAGI's released engine, which looks at neither src_seed nor src_pattern nor the mapper: a source with more
voxels than the target is folded (index modulo the target's size, per axis), any other is repeated over the target.
Another composite (FEAGI's Python engine): from index 0 on, take `on` tiles of the size src_seed, skip `off`, and so on
along each axis; of the tiles that fit, each is mapped by mapper_morphology as if it were the source area.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from neurula.development.morphologies.growth import Growth, Indices, Product, Relation
from neurula.genome.model import Triple

Mapper = Callable[[Triple, Triple], Growth]  # source dims, target dims


def grow_tile(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """Folds or repeats."""
    axis = _fold if math.prod(source) > math.prod(target) else _repeat
    x, y, z = (axis(s, t) for s, t in zip(source, target, strict=True))
    return Growth((Product((x, y, z)),))


def grow_composite(parameters: Mapping[str, Any], source: Triple, target: Triple, mapper: Mapper) -> Growth:
    """Applies the mapper to each tile of the source area."""
    seed: Any = parameters.get("src_seed")
    pattern: Any = parameters.get("src_pattern")
    if not _is_seed(seed) or not _is_tile_pattern(pattern):
        return Growth(remarks=("its src_seed or src_pattern is not of the form that a composite needs, so it joins nothing",))
    size = (seed[0], seed[1], seed[2])
    inner = mapper(size, target)
    if inner.one_at_random or inner.learning or (inner.scatter is not None and not inner.products):
        return Growth(remarks=("its mapper morphology cannot be applied to tiles, so it joins nothing",))
    products = []
    for product in inner.products:
        axes = zip(product.relations, product.source_axes, strict=True)
        x, y, z = (_tiled(r, size[a], source[a], pattern[a]) for r, a in axes)
        products.append(Product((x, y, z), product.source_axes))
    return Growth(tuple(products), remarks=inner.remarks)


def _fold(source: int, target: int) -> Relation:
    return Relation(0, source, 1, lambda i: (i % np.int32(target))[:, None], source, complete=True)


def _repeat(source: int, target: int) -> Relation:
    width = -(-target // source)

    def rows(i: Indices) -> Indices:
        starts = np.arange(0, width * source, source, dtype=np.int32)
        return i[:, None] + starts

    stop = min(source, target)
    return Relation(0, stop, width, rows, target)


def _tiled(inner: Relation, size: int, source: int, on_off: tuple[int, int]) -> Relation:
    tiles, (on, off) = source // size, on_off

    def rows(i: Indices) -> Indices:
        tile, within = np.divmod(i, np.int32(size))
        reached = inner.targets(within)
        taken = (tile % (on + off) < on) & (within >= inner.first) & (within < inner.stop)
        return np.where(taken[:, None], reached, np.int32(-1))

    return Relation(0, tiles * size, inner.width, rows, tiles * inner.pairs)


def _is_seed(value: object) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 3 and all(type(v) is int and v > 0 for v in value)


def _is_tile_pattern(value: object) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 3 and all(_is_on_off(v) for v in value)


def _is_on_off(value: object) -> bool:
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(type(v) is int for v in value):
        return False
    return bool(value[0] >= 1 and value[1] >= 0)


FUNCTIONS = {"tile": grow_tile}
