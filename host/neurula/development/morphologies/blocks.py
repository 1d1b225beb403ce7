"""block_to_block in its second reading, under a name of its own: nothing is dropped at the border.

block_to_block itself joins equal indices and drops those that the target has not (the vector 0, 0, 0: FEAGI's released engine, and
the totals that genomes declare). One of FEAGI's older engines moved them to the border instead where a genome defined
block_to_block as a function; no known genome does, so that reading is for whoever asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurula.development.morphologies.growth import Growth, Product, Relation
from neurula.genome.model import Triple


def grow_block_to_block_clamped(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """i -> min(i, D - 1) on each axis."""
    x, y, z = (_clamped(s, t) for s, t in zip(source, target, strict=True))
    return Growth((Product((x, y, z)),))


def _clamped(source: int, target: int) -> Relation:
    last = np.int32(target - 1)
    return Relation(0, source, 1, lambda i: np.minimum(i, last)[:, None], source, complete=True)


FUNCTIONS = {"block_to_block_clamped": grow_block_to_block_clamped}
