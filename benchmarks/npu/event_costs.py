"""One synaptic event on every runtime: the table at the top of docs/BUDGETS.md, made of the other tables and of benchmarks/results.jsonl.

    python benchmarks/npu/event_costs.py      counts what the slow runtimes take, with valgrind, and prints it
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

import pages

EVENT = "an event, list of 64"
WITH_WEIGHTS = "an event, list of 64 with a weight each"
LIST, WEIGHTED = "a shared weight", "a weight each"
PUBLISHED = ["SpiNNaker, published", "ARM968", "40 or fewer", "", "", ""]
PLAIN = {"the reference": "ReferenceBrain(data)", "the NPU as plain Python": "Brain(data, pure=True)"}
BURSTS = (2, 6)
PROGRAM = """
import sys
from neurula_npu import Brain, ReferenceBrain
data = open(sys.argv[1], "rb").read()
brain = MADE
for _ in range(int(sys.argv[2])):
    brain.step()
"""
TOTAL = re.compile(r"^totals: (\d+)$", re.MULTILINE)


def counted() -> dict[str, float]:
    """Instructions an event of the runtimes in plain Python: all of a burst with 20,000 events, by its events."""
    from scaling import Load, image_of

    load = Load(200, 1024)
    found = {}
    with tempfile.TemporaryDirectory() as name:
        image = Path(name) / "brain.nrl"
        image.write_bytes(image_of(load))
        for runtime, made in PLAIN.items():
            few, many = (total(PROGRAM.replace("MADE", made), image, bursts, Path(name)) for bursts in BURSTS)
            found[runtime] = (many - few) / (BURSTS[1] - BURSTS[0]) / load.events
    return found


def total(program: str, image: Path, bursts: int, folder: Path) -> int:
    """Instructions of a whole process."""
    out = folder / f"out.{bursts}"
    tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", sys.executable, "-c", program]
    subprocess.run([*tool, str(image), str(bursts)], check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": "0"})
    found = TOTAL.search(out.read_text(encoding="utf-8", errors="replace"))
    assert found is not None
    return int(found[1])


def table(lines: list[dict[str, Any]]) -> str:
    """lines: of benchmarks/results.jsonl."""
    heads = ["runtime", "processor", f"cycles, {LIST}", f"cycles, {WEIGHTED}", f"instructions, {LIST}", f"instructions, {WEIGHTED}"]
    rows = [heads, ["---"] * len(heads), *npu_rows(lines), *board_rows(), *core_rows(), PUBLISHED]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def npu_rows(lines: list[dict[str, Any]]) -> list[list[str]]:
    """Cycles: of all of a burst, by its events, at 10,000 cells of which 2 % fire; instructions: from the table of docs/NPU.md."""
    own = next((line for line in lines if (line["engine"], line["size"], line["mode"]) == ("neurula", "M", "dense")), {})
    cycles = f"{1e9 * own['ghz'] / own['events_per_s']:.1f}" if "ghz" in own else ""
    one_more = next(row for row in pages.block("scaling").splitlines() if row.startswith("| synaptic events")).strip("| ").split(" | ")[-1]
    return [["NPU, compiled", "x86-64", "", cycles, f"{float(one_more):.2f}", ""]]


def board_rows() -> list[list[str]]:
    """The emulated RP2040, on which cycles are counted."""
    kernels, cores, c = pages.figures("kernels"), pages.figures("cores"), pages.figures("c")
    rows = []
    for kind in ("machine code", "viper"):
        instructions = cores[f"Cortex-M0+, {kind}"]
        rows.append([f"MicroPython, {kind}", "RP2040", *(f"{kernels[event][kind]:g}" for event in (EVENT, WITH_WEIGHTS)),
                     *(f"{instructions[event]:g}" for event in (EVENT, WITH_WEIGHTS))])  # fmt: skip
    rows.append(["C99", "RP2040", *(f"{c[event]['RP2040, cycles']:g}" for event in (EVENT, WITH_WEIGHTS)),
                 *(f"{c[event]['M0+, instructions']:g}" for event in (EVENT, WITH_WEIGHTS))])  # fmt: skip
    return rows


def core_rows() -> list[list[str]]:
    """Cores of which only instructions are known."""
    rows = []
    for title, costs in pages.figures("cores").items():
        core, kind = title.split(", ")
        if core != "Cortex-M0+":
            runtime = "C99" if kind == "C" else f"MicroPython, {kind}"
            rows.append([runtime, core, "", "", *(f"{costs[event]:g}" for event in (EVENT, WITH_WEIGHTS))])
    return rows


if __name__ == "__main__":
    for name, instructions in counted().items():
        print(f"{name}: {instructions:,.0f} instructions an event")
