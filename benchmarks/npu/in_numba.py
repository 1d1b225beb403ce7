"""The workload in numba: typed arrays, loops compiled by LLVM for this processor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np


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


def make_runner(folder: Path, about: dict[str, Any]) -> tuple[Callable[[int], object], Callable[[], Any], None, float]:
    kind = np.uint16 if about["cells"] <= 65536 else np.int32
    shape = (about["cells"], about["fan_out"])
    targets = np.fromfile(folder / "targets.i4", np.int32).astype(kind).reshape(shape)
    weights = np.fromfile(folder / "weights.i1", np.int8).reshape(shape)
    members, starts = (np.fromfile(folder / name, np.int32) for name in ("members.i4", "starts.i4"))
    inputs, potentials, fired = (np.zeros(about["cells"] + 1, np.int32)[: about["cells"]] for _ in range(3))
    state = np.zeros(3, np.int64)
    constants = tuple(about[name] for name in ("count_bits", "unit", "drive", "gain", "threshold", "retention"))

    def run(count: int) -> None:
        bursts(count, state, targets, weights, members, starts, inputs, potentials, fired, constants)

    run(1)
    return run, potentials.tobytes, None, (targets.itemsize + 1.0)
