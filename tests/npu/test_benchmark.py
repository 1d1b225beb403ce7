"""The benchmark's engines compute the same: ours, and the workload written by hand in C; large networks are packed as small ones are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import event_costs
import networks
import packing
import pytest

import pages
from neurula.compiler import write_image
from npu.results import RESULTS, brain_table, newest, pace_table, speed_table

ROOT = Path(__file__).parent.parent.parent

def test_a_program_written_for_the_workload_alone_comes_to_the_same_potentials(tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    command = [sys.executable, str(ROOT / "benchmarks" / "burst.py"), "--sizes", "S", "--turns", "1", "--engines", "neurula,C"]
    options = ["--pace-seconds", "0.1", "--folder", str(tmp_path / "networks"), "--results", str(results)]
    subprocess.run([*command, *options], check=True, capture_output=True)
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    assert {"neurula", "C, three bytes", "C, four bytes, ahead", "C, six bytes"} <= {line["engine"] for line in lines}
    assert all(line["events_per_s"] > 0 for line in lines if line["size"] == "S")
    assert {"empty", "essential", "reflex", "vision_map"} <= {line["size"] for line in lines}
    ours = next(line for line in lines if line["engine"] == "neurula")
    assert ours["bytes_per_synapse"] <= 3.4
    assert 0 < ours["rss_mb"] <= ours["peak_rss_mb"]
    rows = speed_table(newest(results.read_text())).splitlines()[2:4]
    assert [row.split(" | ")[1] for row in rows] == ["2 %", "0.2 %"]
    assert "| essential, driven | " in brain_table(lines)
    assert "| essential | 1000 Hz | " in pace_table(lines)


@pytest.mark.parametrize("cells", [1_000, 70_000])
def test_packing_a_network_by_parts_gives_the_image_that_the_compiler_gives_of_all(cells: int) -> None:
    network = networks.make_random(cells, 10, 50, seed=cells)
    assert packing.image_of(network) == write_image(networks.lowered(network))


def test_the_newest_figure_of_an_engine_is_the_one_that_is_shown() -> None:
    old, new = ({"engine": "neurula", "size": "S", "mode": "dense", "burst_us": us} for us in (3, 2))
    other = {"engine": "numba", "size": "S", "mode": "dense", "burst_us": 9}
    assert newest("\n".join(map(json.dumps, (old, other, new)))) == [other, new]


def test_the_page_shows_what_was_measured_last() -> None:
    lines = newest(RESULTS.read_text(encoding="utf-8"))
    assert pages.block("speed") == speed_table(lines), "make bench-page"
    assert pages.block("events") == event_costs.table(lines), "python benchmarks/pages.py events"
    assert pages.block("pace") == pace_table(lines), "make bench-page"
    assert pages.block("genomes") == brain_table(lines), "make bench-page"
