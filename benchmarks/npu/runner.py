"""One engine in a process of its own: python runner.py ENGINE FOLDER. Imports nothing that its engine does not need.

Reads a line from its input and answers with one JSON line: `run N` (so many bursts, seconds of processor time), `potentials FILE`
(writes those of the cells as int32, if it has them), `spikes` (of the cells, since the start, if it counts them).
"""

from __future__ import annotations

import json
import mmap
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Runner = tuple[Callable[[int], object], Callable[[], Any] | None, Callable[[], int] | None, float]
LAYOUTS = {"three bytes": 0, "four bytes": 1, "six bytes": 2}


def neurula(folder: Path, about: dict[str, Any], threads: str = "one thread") -> Runner:
    from neurula_npu import Brain

    brain = Brain.open(folder / "image.nrl", threads=1 if threads == "one thread" else 2)
    brain.step([(0, 0)])

    def potentials() -> bytes:
        at = brain.area_field(1, "potentials_at")
        return brain.state()[at : at + 4 * about["cells"]]

    return brain.run, potentials, None, about["image_bytes"] / about["synapses"]


def hand_written(folder: Path, about: dict[str, Any], layout: str, ahead: str) -> Runner:
    """hand_written.c, which benchmarks/npu/processes.py has compiled."""
    import ctypes

    class Parameters(ctypes.Structure):
        """`network` of hand_written.c."""

        _fields_ = [
            *((name, ctypes.c_int32) for name in ("cells", "fan_out", "turns")),
            *((name, ctypes.c_void_p) for name in ("targets", "weights", "members", "starts")),
            *((name, ctypes.c_int32) for name in ("count_bits", "unit", "drive", "gain", "threshold", "retention")),
        ]

    maps = {}
    for name in ("targets.i4", "weights.i1", "members.i4", "starts.i4"):
        with (folder / name).open("rb") as file:
            maps[name.split(".")[0]] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    values = {**about, **{name: ctypes.addressof(ctypes.c_char.from_buffer(m)) for name, m in maps.items()}}
    c = ctypes.CDLL(str(folder.parent / "hand_written.so"))
    c.machine_new.restype = c.machine_potentials.restype = ctypes.c_void_p
    c.machine_bytes.restype = ctypes.c_size_t
    c.machine_run.restype = ctypes.c_int64
    parameters = Parameters(*(values[name] for name, _ in Parameters._fields_))
    machine = ctypes.c_void_p(c.machine_new(ctypes.byref(parameters), LAYOUTS[layout], ahead == "ahead"))
    bytes_per_synapse = c.machine_bytes(machine) / about["synapses"]
    for name in ("targets", "weights"):
        maps[name].madvise(mmap.MADV_DONTNEED)  # packed: what follows needs the machine's rows alone
    c.machine_run(machine, 1)

    def run(bursts: int, keep: Any = maps) -> None:
        c.machine_run(machine, bursts)

    def potentials() -> bytes:
        return ctypes.string_at(c.machine_potentials(machine), 4 * about["cells"])

    return run, potentials, None, bytes_per_synapse


def numba(folder: Path, about: dict[str, Any]) -> Runner:
    from in_numba import make_runner

    return make_runner(folder, about)


def nest(folder: Path, about: dict[str, Any]) -> Runner:
    from in_nest import make_runner

    return make_runner(folder, about)


ENGINES: dict[str, Callable[..., Runner]] = {"neurula": neurula, "C": hand_written, "numba": numba, "NEST": nest}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what engines print by themselves is no answer
    name, *options = sys.argv[1].split(", ")
    folder = Path(sys.argv[2])
    about = json.loads((folder / "about.json").read_text())
    if name == "C":
        options = [options[0], options[1] if len(options) > 1 else ""]
    run, potentials, spikes, bytes_per_synapse = ENGINES[name](folder, about, *options)
    print(json.dumps({"bytes_per_synapse": bytes_per_synapse}), file=answers, flush=True)
    for line in sys.stdin:
        word, _, argument = line.strip().partition(" ")
        answer: dict[str, Any] = {}
        if word == "run":
            began, started = time.perf_counter(), time.process_time()
            run(int(argument))
            answer = {"seconds": time.process_time() - started, "wall_s": time.perf_counter() - began}
        elif word == "potentials" and potentials is not None:
            Path(argument).write_bytes(potentials())
            answer = {"written": True}
        elif word == "spikes" and spikes is not None:
            answer = {"spikes": spikes()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
