"""The benchmark's engines compute the same: ours, and the workload written by hand in C."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("mode", ["dense", "sparse"])
def test_a_program_written_for_the_workload_alone_comes_to_the_same_potentials(mode: str, tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    command = [sys.executable, str(ROOT / "benchmarks" / "burst.py"), "--sizes", "S", "--modes", mode, "--turns", "1"]
    subprocess.run([*command, "--results", str(results)], check=True, capture_output=True)
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    assert {"neurula", "C, three bytes", "C, four bytes, ahead", "C, six bytes"} <= {line["engine"] for line in lines}
    assert all(line["events_per_s"] > 0 for line in lines if line["size"] == "S" and line["mode"] == mode)
    assert {"reflex", "vision_map"} <= {line["size"] for line in lines}
    assert next(line for line in lines if line["engine"] == "neurula")["bytes_per_synapse"] <= 3.4
