"""The recorded engine, spike for spike, through the command that a person types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neurula.genome import canonical_id
from tests.cli.conftest import Command

CASES = ["leak", "force_fire", "excitability_fraction", "plasticity_w3", "delay_combined", "real_logic_and"]
Spikes = set[tuple[str, int, int, int]]


def spikes_of(entry: dict[str, Any]) -> Spikes:
    return {(canonical_id(area), x, y, z) for area, voxels in entry["fired"].items() for x, y, z, *_ in voxels}


@pytest.mark.parametrize("name", CASES)
def test_the_command_reproduces_recorded_spikes(neurula: Command, shared: Path, tmp_path: Path, name: str) -> None:
    case = shared / "oracles" / "cases" / name
    areas = json.loads((case / "connectome.json").read_text())["areas"]
    grown = neurula("grow", str(case / "genome.json"), "--json").json["per_area"]
    ours = {canonical_id(area["id"]) for area in grown}
    ids = tmp_path / "ids.json"
    ids.write_text(json.dumps({area: about["first_neuron_id"] for area, about in areas.items() if area in ours}))
    recorded = [json.loads(line) for line in (case / "spikes.jsonl").read_text().splitlines()]
    out = tmp_path / "spikes.jsonl"
    done = neurula(
        "run", str(case / "genome.json"), "--as-engine", "--stimulus", str(case / "stimulus.json"),
        "--bursts", str(len(recorded)), "--neuron-ids", str(ids), "--spikes", str(out), "--no-raster",
    )  # fmt: skip
    assert done.exit_code == 0, done.err
    replayed = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [entry["burst"] for entry in replayed] == [entry["burst"] for entry in recorded]
    for ours_now, theirs in zip(replayed, recorded, strict=True):
        assert spikes_of(ours_now) == spikes_of(theirs), theirs["burst"]
