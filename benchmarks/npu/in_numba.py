"""The workload in numba: typed arrays, loops compiled by LLVM for this processor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from networks import Network


@numba.njit(cache=False, fastmath=False)
def bursts(count, state, targets, weights, members, starts, inputs, potentials, fired, constants):
    k, unit, drive, gain, threshold, retention = constants
    mask = (1 << k) - 1
    top = np.int32(0x3FFFFFFF)
    for _ in range(count):
        if state[1]:
            step = np.int32((drive << k) + 1)
            for i in range(starts[state[0]], starts[state[0] + 1]):
                inputs[members[i]] += step
            state[0] = (state[0] + 1) % (len(starts) - 1)
        state[1] = 1
        scale = np.int32(unit << k)
        for s in range(state[2]):
            cell = fired[s]
            row, weight = targets[cell], weights[cell]
            for i in range(len(row)):
                inputs[row[i]] += np.int32(weight[i]) * scale + np.int32(1)
        found = 0
        for i in range(len(inputs)):
            a = inputs[i]
            if a & mask:
                inputs[i] = 0
                v = potentials[i]
                c = a >> k
                if c > 0:
                    v = min(top, np.int32(v + c * gain))
                if v >= threshold:
                    fired[found] = i
                    found += 1
                    potentials[i] = 0
                else:
                    potentials[i] = np.int32((np.int64(v) * retention + (1 << 21)) >> 22)
        state[2] = found


def make_runner(network: Network, unit: int, drive: int, k: int, *rest: int) -> tuple[Callable[[int], None], np.ndarray[Any, Any]]:
    kind = np.uint16 if network.cells <= 65536 else np.int32
    targets, weights = network.targets.astype(kind), network.weights
    members = np.argsort(network.groups, kind="stable").astype(np.int32)
    starts = np.searchsorted(np.sort(network.groups), np.arange(network.turns + 1)).astype(np.int32)
    inputs, potentials, fired = (np.zeros(network.cells + 1, np.int32)[: network.cells] for _ in range(3))
    state = np.zeros(3, np.int64)
    constants = (k, unit, drive, *rest)

    def run(count: int) -> None:
        bursts(count, state, targets, weights, members, starts, inputs, potentials, fired, constants)

    return run, potentials
