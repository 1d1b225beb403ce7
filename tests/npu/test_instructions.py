"""What the compiled NPU costs is what docs/NPU.md says: counted, not timed."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess

import pytest

import npu.footprint
import npu.instructions
import npu.scaling
import pages
from neurula_npu.brain import COMPILED
from tests.conftest import missing


def same_compiler() -> bool:
    """Whether this machine has the compiler that the page names."""
    page = (pages.ROOT / pages.PAGES["npu"]).read_text(encoding="utf-8")
    named = re.search(r"Compiler: GCC ([\d.]+)\.$", page, re.MULTILINE)
    assert named is not None
    return subprocess.run(["gcc", "-dumpfullversion"], check=True, capture_output=True, text=True).stdout.strip() == named[1]


def test_a_burst_takes_as_many_instructions_as_the_page_says() -> None:
    if not COMPILED or platform.machine() != "x86_64":
        pytest.skip("needs the kernels compiled for x86-64")
    if shutil.which("valgrind") is None:
        missing("valgrind is not installed")
    allowed = 0.02 if same_compiler() else 0.25
    told, found = pages.figures("npu"), npu.instructions.measured()
    assert found.keys() == told.keys()
    for name, costs in found.items():
        assert costs["a burst"] == pytest.approx(told[name]["a burst"], rel=allowed), "if that is meant: python benchmarks/pages.py npu"


def test_a_burst_costs_in_proportion_to_its_events_and_touched_neurons_as_the_page_says() -> None:
    if not COMPILED or platform.machine() != "x86_64":
        pytest.skip("needs the kernels compiled for x86-64")
    if shutil.which("valgrind") is None:
        missing("valgrind is not installed")
    found = npu.scaling.measured()
    for series, points in found.items():
        (x0, y0), slope = points[0], npu.scaling.slope(points)
        for x, y in points:
            assert y == pytest.approx(y0 + slope * (x - x0), rel=0.03), f"not a straight line: {series}"
    told = {row.split(" | ")[0].strip("| "): float(row.strip("| ").split(" | ")[-1]) for row in pages.block("scaling").splitlines()[2:]}
    allowed = 0.03 if same_compiler() else 0.25
    for series, points in found.items():
        assert npu.scaling.slope(points) == pytest.approx(told[series], rel=allowed, abs=0.02), "if meant: pages.py scaling"


def test_it_takes_as_much_storage_and_memory_as_the_page_says() -> None:
    if not COMPILED or platform.machine() != "x86_64":
        pytest.skip("needs the kernels compiled for x86-64")
    told = {row: costs["KB, or how many"] for row, costs in pages.figures("footprint").items()}
    found = npu.footprint.measured()
    print(npu.footprint.table(found))
    assert found.keys() == told.keys()
    for name, value in found.items():
        assert value <= 1.1 * told[name], "if that is meant: python benchmarks/pages.py footprint"
