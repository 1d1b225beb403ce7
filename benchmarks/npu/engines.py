"""Who runs the workload: our NPU, C written by hand in several layouts, numba. Each is stepped from one Python process."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from networks import Network

from neurula_npu import Brain

HERE = Path(__file__).parent
CELLS = 1  # area of the image
LAYOUTS = {"three bytes": 0, "four bytes": 1, "six bytes": 2}


@dataclass
class Engine:
    """run(bursts): that many more bursts. potentials(): those of the cells, to compare. bytes_per_synapse: what rows take."""

    name: str
    run: Callable[[int], object]
    potentials: Callable[[], np.ndarray]
    bytes_per_synapse: float


class Parameters(ctypes.Structure):
    """`network` of hand_written.c."""

    _fields_ = [
        *((name, ctypes.c_int32) for name in ("cells", "fan_out", "turns")),
        *((name, ctypes.c_void_p) for name in ("targets", "weights", "members", "starts")),
        *((name, ctypes.c_int32) for name in ("count_bits", "unit", "drive", "gain", "threshold", "retention")),
    ]


def npu(network: Network, image: bytes) -> Engine:
    brain = Brain(image)
    brain.step([(0, 0)])

    def potentials() -> np.ndarray:
        at, neurons = brain.area_field(CELLS, "potentials_at"), brain.area_field(CELLS, "neurons")
        return np.frombuffer(brain.state(), np.int32, neurons, at)

    return Engine("neurula", brain.run, potentials, len(image) / network.targets.size)


def library() -> ctypes.CDLL:
    """hand_written.c as the build machine's compiler makes it for this very processor."""
    target = Path(tempfile.mkdtemp()) / "hand_written.so"
    flags = ["-O3", "-march=native", "-funroll-loops", "-fwrapv", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, str(HERE / "hand_written.c"), "-o", str(target)], check=True)
    loaded = ctypes.CDLL(str(target))
    loaded.machine_new.restype = loaded.machine_potentials.restype = ctypes.c_void_p
    loaded.machine_bytes.restype = ctypes.c_size_t
    loaded.machine_run.restype = ctypes.c_int64
    for function in (loaded.machine_run, loaded.machine_free, loaded.machine_bytes, loaded.machine_potentials):
        function.argtypes = [ctypes.c_void_p] + ([ctypes.c_int] if function is loaded.machine_run else [])
    return loaded


def hand_written(network: Network, image: bytes, c: ctypes.CDLL) -> list[Engine]:
    """Every layout that can hold the network, with and without rows fetched ahead."""
    fields = Brain(image).area_field
    unit = fields(CELLS, "scale_num") // fields(CELLS, "scale_den")
    members = np.argsort(network.groups, kind="stable").astype(np.int32)
    starts = np.searchsorted(np.sort(network.groups), np.arange(network.turns + 1)).astype(np.int32)
    arrays = [np.ascontiguousarray(a) for a in (network.targets, network.weights, members, starts)]
    constants = (fields(CELLS, "count_bits"), unit, network.drive * unit)
    parameters = Parameters(
        network.cells, network.fan_out, network.turns, *(a.ctypes.data for a in arrays), *constants,
        *(fields(CELLS, name) for name in ("gain", "threshold", "retention")),
    )
    engines = []
    for layout, number in LAYOUTS.items():
        if network.cells > 65536 and layout == "six bytes":
            continue
        for ahead in (0, 1):
            machine = c.machine_new(ctypes.byref(parameters), number, ahead)
            c.machine_run(machine, 1)

            def run(bursts: int, machine: int = machine) -> None:
                c.machine_run(machine, bursts)

            def potentials(machine: int = machine, keep: list[np.ndarray] = arrays) -> np.ndarray:
                return np.ctypeslib.as_array((ctypes.c_int32 * network.cells).from_address(c.machine_potentials(machine)))

            name = f"C, {layout}" + (", ahead" if ahead else "")
            engines.append(Engine(name, run, potentials, c.machine_bytes(machine) / network.targets.size))
    return engines


def in_numba(network: Network, image: bytes) -> Engine | None:
    """The same in numba, where it is installed."""
    try:
        from in_numba import make_runner
    except ImportError:
        return None
    fields = Brain(image).area_field
    unit = fields(CELLS, "scale_num") // fields(CELLS, "scale_den")
    constants = [fields(CELLS, name) for name in ("count_bits", "gain", "threshold", "retention")]
    run, potential = make_runner(network, unit, network.drive * unit, *constants)
    run(1)
    return Engine("numba", run, lambda: potential, 3.0 if network.cells <= 65536 else 5.0)
