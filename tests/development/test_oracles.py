"""Synapse for synapse what FEAGI's released engine grew, in every recorded case."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from growing import voxels_of

from neurula.development import Connectome, develop
from neurula.genome.reader import read_genome

CASES = [
    "accumulation", "batch_path", "block_to_block", "consecutive_limit", "degeneration", "delay_combined",
    "excitability_fraction", "excitability_percent", "force_fire", "force_fire_inhibited",
    "force_fire_no_accumulation", "force_fire_on_driven", "functions_composite", "inhibition", "lateral",
    "leak", "leak_large", "mixed_net_negative", "mp_driven_psp", "neurons_per_voxel", "patterns",
    "plasticity_clamp", "plasticity_mixed_rules", "plasticity_w1", "plasticity_w3", "projector",
    "psp_uniform_off", "psp_uniform_on", "real_logic_and", "real_logic_or", "real_motor_babble",
    "real_motor_pathway", "real_pioneer2", "real_timer", "refractory", "self_loops", "several_rules", "snooze",
    "synaptic_delay", "threshold_increments", "threshold_limit", "vectors", "weights_and_psp",
]  # fmt: skip
LOST_BY_THE_ENGINE = {"real_motor_babble": 3622}  # block_connection, reducer_x, undefined morphologies, a plastic rule


def table_of(connectome: Connectome, ids: dict[str, str]) -> Counter[tuple[Any, ...]]:
    """Rows in the form of connectome.json: source, x, y, z, target, x, y, z, weight, psp, type, source k, target k."""
    rows: Counter[tuple[Any, ...]] = Counter()
    for bundle in connectome.bundles:
        area, reached = connectome.areas[bundle.source_area].area, connectome.areas[bundle.target_area].area
        part = slice(bundle.start, bundle.stop)
        weight = float(np.float32(abs(bundle.rule.multiplier))), float(np.float32(area.postsynaptic_potential))
        kind = int(bundle.rule.multiplier < 0)
        names = ids.get(area.id, area.id), ids.get(reached.id, reached.id)
        pairs = zip(voxels_of(connectome.source[part], area), voxels_of(connectome.target[part], reached), strict=True)
        rows.update((names[0], *p, names[1], *q, *weight, kind, k, n) for (p, k), (q, n) in pairs)
    return rows


def recorded(case: Path) -> Counter[tuple[Any, ...]]:
    content = json.loads((case / "connectome.json").read_text())
    rows = content.get("synapses")
    if rows is None:
        rows = json.loads(gzip.decompress((case / "synapses.json.gz").read_bytes()))
    return Counter(tuple(row) if len(row) == 13 else (*row, 0, 0) for row in rows)


@pytest.mark.parametrize("name", CASES)
def test_the_synapses_of_the_released_engine_grow(shared: Path, name: str) -> None:
    case = shared / "oracles" / "cases" / name
    ids = json.loads((case / "meta.json").read_text()).get("id_map_original_to_engine") or {}
    grown, engine = table_of(develop(read_genome(case / "genome.json")).connectome, ids), recorded(case)
    assert not engine - grown, "missing"
    assert (grown - engine).total() == LOST_BY_THE_ENGINE.get(name, 0)


def test_every_recorded_case_is_compared(shared: Path) -> None:
    assert sorted(p.name for p in (shared / "oracles" / "cases").iterdir()) == sorted(CASES)
