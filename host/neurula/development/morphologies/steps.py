"""Fixed steps along x with y and z kept: lateral_pairs_x (neighbours in pairs) and block_connection (tens to one)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurula.development.morphologies.growth import Growth, Product, Relation, same
from neurula.genome.model import Triple

BLOCK = 10  # voxels of the source for one of the target: FEAGI's block_connection knows no other size


def grow_lateral_pairs_x(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """x even -> x + 1, x odd -> x - 1: 0 and 1 are partners, 2 and 3, and so on."""
    partners = Relation(0, source[0], 1, lambda i: (i ^ 1)[:, None], source[0])
    return _keeping_y_and_z(partners, source, target)


def grow_block_connection(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """x -> x // 10."""
    stop = min(source[0], target[0] * BLOCK)
    blocks = Relation(0, stop, 1, lambda i: (i // BLOCK)[:, None], stop, complete=True)
    return _keeping_y_and_z(blocks, source, target)


def _keeping_y_and_z(x: Relation, source: Triple, target: Triple) -> Growth:
    return Growth((Product((x, same(source[1], target[1]), same(source[2], target[2]))),))


FUNCTIONS = {"lateral_pairs_x": grow_lateral_pairs_x, "block_connection": grow_block_connection}
