"""How much of a small Linux board the NPU takes: its files, and what importing it adds to a process of Python.

    python benchmarks/npu/footprint.py          prints the Markdown table of docs/NPU.md
Memory is what a process has for itself (USS) and differs by some KB from run to run; the rest repeats.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
{statement}
own = sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.startswith("Private_"))
print(own, len(sys.modules))
"""
RUNS = 5


def measured() -> dict[str, float]:
    """KB of the package's files; KB and modules that importing it adds, NumPy never among them."""
    import neurula_npu
    from neurula_npu.brain import COMPILED

    folder = Path(neurula_npu.__file__).parent
    (kernels,) = folder.glob("compiled*.so") if COMPILED else [folder / "kernels.py"]
    sources = [path for path in folder.glob("*.py") if path != kernels]
    bare, used = process("pass"), process("import neurula_npu; assert 'numpy' not in sys.modules")
    return {
        "compiled kernels": round(kernels.stat().st_size / 1024),
        "its Python": round(sum(path.stat().st_size for path in sources) / 1024),
        "memory, by importing": round(used[0] - bare[0]),
        "modules, by importing": used[1] - bare[1],
    }


def process(statement: str) -> tuple[float, int]:
    """(KB of its own, modules) of a Python that has run the statement; the memory is the median of some runs."""
    command = [sys.executable, "-c", PROGRAM.format(statement=statement)]
    found = [subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() for _ in range(RUNS)]
    return statistics.median(int(own) for own, _ in found), int(found[0][1])


def table(found: dict[str, float]) -> str:
    lines = [f"| {name} | {value:,} |" for name, value in found.items()]
    return "\n".join(["| of the NPU | KB, or how many |", "|---|---|", *lines])


if __name__ == "__main__":
    print(table(measured()))
