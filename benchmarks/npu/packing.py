"""Large networks as images: rows packed a few hundred cells at a time, everything else by the compiler from a part of the synapses.

The compiler as a whole wants all synapses at once, and a hundred million are too many for it. Rows are its own (`build_rows`); the
fixed point of an area follows from the most that arrives at one neuron, so the neurons that receive most stand for all of them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from networks import CELLS, WEIGHT_MAX, Network, lowered
from numpy.typing import NDArray

from neurula.compiler import write_image
from neurula.compiler.program import Program
from neurula.compiler.rows import Keys, build_rows
from neurula_npu.schema import ROWS_EACH

CHUNK = 500  # cells; their synapses fit into the cache


def image_of(network: Network) -> bytes:
    """The same bytes as those of the network lowered whole."""
    return write_image(program_of(network))


def program_of(network: Network) -> Program:
    """Raises AssertionError where the compiler would pack the cells' rows in another way than each for itself."""
    part = lowered(network, telling(network))
    *others, group = part.groups
    assert group.area == CELLS
    first = int(np.asarray(group.rows).min())  # row of the cells; those before are of the pacemakers
    begin = int(part.directory[first:].min())
    words, starts = pack(network, part)
    return replace(
        part, groups=(*others, replace(group, rows_kind=ROWS_EACH, rows=first)),
        directory=np.concatenate([part.directory[:first], starts + begin]), rows=np.concatenate([part.rows[: begin // 4], words]),
        synapses=network.targets.size + network.turns + network.cells,
    )


def telling(network: Network) -> NDArray[np.int64]:
    """Places of synapses from which the compiler chooses what it would from all: those to the neurons at which most arrive, in
    number and in sum, one of every weight, and one of every cell."""
    targets, weights = network.targets.ravel(), network.weights.ravel()
    hits = np.bincount(targets, minlength=network.cells)
    sums = np.bincount(targets, np.abs(weights.astype(np.int16)), minlength=network.cells)
    kept = np.isin(targets, [hits.argmax(), sums.argmax()])
    kept[np.unique(weights[: 1 << 20], return_index=True)[1]] = True
    kept[:: network.fan_out] = True
    return np.flatnonzero(kept)


def pack(network: Network, program: Program) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The rows of the cells: their words, and where each begins, bytes."""
    scale = program.areas[CELLS].scale
    weights = np.arange(-WEIGHT_MAX, WEIGHT_MAX + 1)
    none = np.zeros(len(weights), np.int64)
    keys = Keys((weights * int(scale.input_scale) << scale.count_bits) + 1, none, none, none)
    words, starts, size = [], [], 0
    for first in range(0, network.cells, CHUNK):
        targets = network.targets[first : first + CHUNK]
        source = np.repeat(np.arange(first, first + len(targets)), network.fan_out)
        key = network.weights[first : first + CHUNK].ravel().astype(np.int64) + WEIGHT_MAX
        rows = build_rows(
            first + len(targets), source, targets.ravel().astype(np.int64) + network.turns, key, keys, plastic=False, weights_at=0
        )
        assert len(rows.starts) == len(targets), "rows are shared"
        words.append(rows.words)
        starts.append(rows.starts + size)
        size += rows.words.nbytes
    return np.concatenate(words), np.concatenate(starts)
