"""What kernels and brains cost stays within its budget, and docs/BUDGETS.md says what its commands print.

Counts of compiled code are exact for the compilers that the page names, and within a quarter for others.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from neurula.errors import DeviceNotFound
from tests.conftest import missing

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))
import core_instructions  # noqa: E402
import rp2040_brains  # noqa: E402
import rp2040_cycles  # noqa: E402

sys.path.remove(str(ROOT / "benchmarks"))
COMPILERS = {"viper": "mpy-cross", "Cortex": "Arm GCC", "RV32": "RISC-V GCC", "Xtensa": "Xtensa GCC", "WebAssembly": "Clang"}
EVENT_BUDGET, NEURON_BUDGET = 12.5, 35  # cycles on an RP2040, lists of 64


def block(name: str) -> list[str]:
    """The lines between the page's marks."""
    page = (ROOT / "docs" / "BUDGETS.md").read_text(encoding="utf-8")
    return page.split(f"<!-- {name} -->\n")[1].split("\n<!-- end -->")[0].splitlines()


def rows(name: str) -> dict[str, list[float]]:
    """Figures of a table by the first cell of their row."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in block(name) if line.startswith("|")][2:]
    return {first: [float(cell.replace(",", "")) for cell in rest] for first, *rest in cells}


def same_compiler(title: str) -> bool:
    """Whether the code of this row comes from the compiler that the page names."""
    if title.endswith("machine code"):
        return True
    name = COMPILERS["viper" if title.endswith("viper") else title.replace("-", " ").replace(",", "").split()[0]]
    return f"{name} {core_instructions.compilers()[name]}" in block("cores")[-1].removesuffix(".")
