"""The workload in NEST: neurons with delta synapses, a resolution and a delay of one burst, a thread, bursts exchanged one by one."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from os import sysconf
from pathlib import Path
from typing import Any

import nest
import numpy as np
from numpy.typing import NDArray

CHUNK = 10_000  # cells connected in one call
LEAK = 0.25


def make_runner(folder: Path, about: dict[str, Any]) -> tuple[Callable[[int], object], None, Callable[[], int], float]:
    cells, fan_out, turns, drive = (about[name] for name in ("cells", "fan_out", "turns", "drive_plain"))
    nest.ResetKernel()
    nest.resolution, nest.local_num_threads = 1.0, 1
    law = {"tau_m": -1 / log(1 - LEAK), "C_m": 1.0, "E_L": 0.0, "V_reset": 0.0, "V_m": 0.0, "V_th": drive / 2, "t_ref": 1.0}
    cell = nest.Create("iaf_psc_delta", cells, params=law)[0].global_id
    pacers = nest.Create("iaf_psc_delta", turns, params=law)
    pacer = pacers[0].global_id
    before = resident()
    targets = np.fromfile(folder / "targets.i4", np.int32).reshape(cells, fan_out)
    weights = np.fromfile(folder / "weights.i1", np.int8).reshape(cells, fan_out)
    for first in range(0, cells, CHUNK):
        part = slice(first, first + CHUNK)
        sources = np.repeat(np.arange(cell + first, cell + first + len(targets[part])), fan_out)
        connect(sources, cell + targets[part].ravel(), weights[part].ravel())
    ring = np.arange(turns)
    connect(pacer + ring, pacer + (ring + 1) % turns, np.full(turns, drive))
    connect(pacer + np.fromfile(folder / "groups.i4", np.int32), cell + np.arange(cells), np.full(cells, drive))
    del targets, weights
    pacers[0].V_m = float(drive)
    nest.Prepare()
    fired = 0

    def run(bursts: int) -> None:
        nonlocal fired
        nest.Run(float(bursts))
        fired += int(nest.local_spike_counter) - bursts  # counted from the call on; a pacemaker fires in every burst

    def spikes() -> int:
        return fired

    run(1)
    return run, None, spikes, (resident() - before) / about["synapses"]


def connect(sources: NDArray[Any], targets: NDArray[Any], weights: NDArray[Any]) -> None:
    spec = {"synapse_model": "static_synapse", "weight": weights.astype(np.float64), "delay": np.ones(len(sources))}
    nest.Connect(sources.astype(np.int64), targets.astype(np.int64), "one_to_one", spec)


def resident() -> int:
    """Bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * sysconf("SC_PAGE_SIZE")
