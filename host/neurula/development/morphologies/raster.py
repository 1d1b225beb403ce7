"""Raster order, x fastest, then y, then z: sweeper goes on to the next voxel, last_to_first closes the ring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurula.development.morphologies.growth import Growth, Product, Relation, same, shift, to_index
from neurula.genome.model import Triple


def grow_last_to_first(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """The last voxel of the source -> voxel 0, 0, 0 of the target."""
    x, y, z = (_last_to_first(s, t) for s, t in zip(source, target, strict=True))
    return Growth((Product((x, y, z)),))


def grow_sweeper(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """Every voxel -> the next voxel in raster order of the source area; the last has none."""
    along_x = Product((_next(source[0], target[0]), same(source[1], target[1]), same(source[2], target[2])))
    to_next_row = Product(
        (_last_to_first(source[0], target[0]), _next(source[1], target[1]), same(source[2], target[2]))
    )
    to_next_layer = Product(
        (_last_to_first(source[0], target[0]), _last_to_first(source[1], target[1]), _next(source[2], target[2]))
    )
    return Growth((along_x, to_next_row, to_next_layer), ordered=True)


def _next(source: int, target: int) -> Relation:
    return shift(1, source - 1, target)


def _last_to_first(source: int, target: int) -> Relation:
    return to_index(0, source - 1, source, target)


FUNCTIONS = {"last_to_first": grow_last_to_first, "sweeper": grow_sweeper}
