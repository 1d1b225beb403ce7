"""Instructions of the compiled NPU for fixed workloads, counted by valgrind's callgrind: the same whatever else the machine does.

    python benchmarks/npu/instructions.py          prints the Markdown table of docs/NPU.md
Only the kernels' own code counts. valgrind knows AVX2 and no AVX-512, so the code for AVX2 is what runs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

BURSTS = (100, 300)  # two lengths: their difference leaves out what happens once
WORKLOADS = (("S", "dense"), ("S", "sparse"))
PROGRAM = """
import sys
from neurula_npu import Brain
brain = Brain(open(sys.argv[1], "rb").read())
brain.step([(0, 0)])
brain.run(int(sys.argv[2]))
"""
LIBRARY = "neurula_npu/compiled."  # instructions are counted in this object, whatever file they came from


def count(image: Path, bursts: int, folder: Path) -> int:
    """Instructions in the kernels of a run."""
    out = folder / f"callgrind.{bursts}"
    tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", sys.executable, "-c", PROGRAM]
    subprocess.run([*tool, str(image), str(bursts)], check=True, capture_output=True)
    return sum_of_object(out.read_text(encoding="utf-8", errors="replace"))


def sum_of_object(profile: str) -> int:
    """Adds up the lines of a callgrind file that belong to the library, without what its functions call."""
    names: dict[str, str] = {}
    inside, called, total = False, False, 0
    for line in profile.splitlines():
        if line.startswith(("ob=", "cob=")):  # a file is named where it is mentioned first
            number, _, name = line.partition("=")[2].partition(" ")
            known = names.setdefault(number, name)
            inside = LIBRARY in known if line.startswith("ob=") else inside
        elif line.startswith("calls="):
            called = True
        elif line[:1] and line[0] in "0123456789+-*":
            total += 0 if called or not inside else int(line.split()[-1])
            called = False
    return total


def measured() -> dict[str, dict[str, float]]:
    """Workload -> instructions a burst, and per synaptic event when all of the burst is counted towards its events."""
    from networks import make_network
    from packing import image_of

    found = {}
    for size, mode in WORKLOADS:
        network = make_network(size, mode)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "brain.nrl").write_bytes(image_of(network))
            few, many = (count(folder / "brain.nrl", bursts, folder) for bursts in BURSTS)
        burst = (many - few) / (BURSTS[1] - BURSTS[0])
        found[f"{size}, {mode}"] = {"a burst": round(burst), "an event": round(burst / network.events_per_burst, 1)}
    return found


def table(found: dict[str, dict[str, float]]) -> str:
    lines = [f"| {name} | {costs['a burst']:,} | {costs['an event']:,} |" for name, costs in found.items()]
    return "\n".join(["| instructions of the NPU | a burst | a burst, per event |", "|---|---|---|", *lines])


if __name__ == "__main__":
    print(table(measured()))
