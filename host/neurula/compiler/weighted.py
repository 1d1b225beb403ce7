"""Synapses of one row that differ in their contribution: one list with a byte of weight each, where that is smaller."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurula_npu.schema import WEIGHT_STEP_MAX

Ints = NDArray[np.int64]
ZERO = 128  # the byte of weight 0
WEIGHT_MAX = 127


def weigh_rows(
    row: Ints, step: Ints, in_long_run: NDArray[np.bool_], bytes_apart: NDArray[np.float64]
) -> tuple[Ints, NDArray[np.uint8]]:
    """Chooses the synapses that go into weighted lists. Synapses come row by row.

    step: what each adds to an input word, contribution and one hit; bytes_apart: its share of what lists would take
    otherwise. Returns per synapse the contribution of one unit of weight (0: not weighted), and
    its byte. A row is weighted when the contributions have a common divisor of which none is more than 127 times.
    """
    unit = np.zeros(len(row), np.int64)
    weight = np.zeros(len(row), np.uint8)
    free = np.flatnonzero(~in_long_run)
    if not len(free):
        return unit, weight
    contribution = step[free] - 1
    begins = np.flatnonzero(np.r_[True, row[free][1:] != row[free][:-1]])
    counts = np.diff(np.r_[begins, len(free)])
    divisor = np.maximum(1, np.gcd.reduceat(np.abs(contribution), begins))
    largest = np.maximum.reduceat(np.abs(contribution), begins) // divisor
    together = 12 + (counts + 1) // 2 * 4 + (counts + 3) // 4 * 4
    apart = np.add.reduceat(bytes_apart[free], begins)
    chosen = (largest <= WEIGHT_MAX) & (divisor <= WEIGHT_STEP_MAX) & (together < apart)
    taken = np.repeat(chosen, counts)
    of_row = np.repeat(divisor, counts)
    unit[free[taken]] = of_row[taken]
    weight[free[taken]] = (contribution[taken] // of_row[taken] + ZERO).astype(np.uint8)
    return unit, weight
