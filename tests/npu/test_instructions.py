"""What the compiled NPU costs is what docs/NPU.md says: counted, not timed."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess

import pytest

import npu.instructions
import pages
from neurula_npu.brain import COMPILED
from tests.conftest import missing


def test_a_burst_takes_as_many_instructions_as_the_page_says() -> None:
    if not COMPILED or platform.machine() != "x86_64":
        pytest.skip("needs the kernels compiled for x86-64")
    if shutil.which("valgrind") is None:
        missing("valgrind is not installed")
    page = (pages.ROOT / pages.PAGES["npu"]).read_text(encoding="utf-8")
    named = re.search(r"Compiler: GCC ([\d.]+)\.$", page, re.MULTILINE)
    assert named is not None
    version = subprocess.run(["gcc", "-dumpfullversion"], check=True, capture_output=True, text=True).stdout.strip()
    allowed = 0.02 if version == named[1] else 0.25
    told, found = pages.figures("npu"), npu.instructions.measured()
    assert found.keys() == told.keys()
    for name, costs in found.items():
        assert costs["a burst"] == pytest.approx(told[name]["a burst"], rel=allowed), "if that is meant: make budgets"
