"""Small genomes in the forms that real files have, written for the tests."""

from __future__ import annotations

from typing import Any

import pytest

POWER, TIMER, MOTOR = "___pwr", "CM0Tim", "o__mot"
FLAT_AREA = {
    "cx-__name-t": "Timer",
    "cx-_group-t": "CUSTOM",
    "cx-subgrp-t": "",
    "cx-___bbx-i": 2,
    "nx-___bby-i": 3,
    "cx-___bbz-i": 4,
    "cx-rcordx-i": -10,
    "cx-rcordy-i": 0,
    "cx-rcordz-i": 5,
    "cx-2dcorx-i": None,
    "cx-_n_cnt-i": 1,
    "cx-synatt-i": 100,
    "cx-pspuni-b": True,
    "nx-pstcr_-f": 500,
    "nx-fire_t-f": 0.1,
    "nx-ftincx-f": 0,
    "nx-fthlim-i": 0,
    "nx-refrac-i": 1,
    "nx-leak_c-f": 0.25,
    "nx-c_fr_c-i": 3,
    "nx-snooze-i": 2,
    "nx-mp_acc-b": True,
    "nx-mp_psp-b": False,
    "nx-excite-f": 100,
    "cx-dstmap-d": {},
}
EXPECTED = {
    "block_to_block": {"type": "vectors", "parameters": {"vectors": [[0, 0, 0]]}, "class": "core"},
    "projector": {"type": "functions", "parameters": {}, "class": "core"},
}
RULE = {
    "morphology_id": "projector",
    "morphology_scalar": [1, 1, 1],
    "postSynapticCurrent_multiplier": 2,
    "plasticity_flag": True,
    "plasticity_constant": 1,
    "ltp_multiplier": 3,
    "ltd_multiplier": 4,
    "plasticity_window": 5,
    "synaptic_delay_bursts": 2,
    "synapse_attractivity": 50,
}


def gene(area: str, rest: str) -> str:
    """Key of the flat form."""
    return f"_____10c-{area}-{rest}"


@pytest.fixture
def flat() -> dict[str, Any]:
    """Three areas; the timer has every gene, the others mostly defaults."""
    blueprint: dict[str, Any] = {gene(TIMER, rest): value for rest, value in FLAT_AREA.items()}
    inhibition = ["block_to_block", [1, 1, 1], -1, False, 1, 1, 1]
    blueprint[gene(TIMER, "cx-dstmap-d")] = {MOTOR: [inhibition], TIMER: [dict(RULE)]}
    blueprint |= {
        gene(POWER, "cx-__name-t"): "Brain_Power",
        gene(POWER, "cx-_group-t"): "CORE",
        gene(POWER, "cx-pspuni-b"): True,
        gene(POWER, "cx-dstmap-d"): {
            TIMER: [["0-0-0_to_all", [1, 1, 1], 1, False]],
            MOTOR: [["0-0-0_to_all", [1, 1, 1], 1, False]],
        },
        gene(MOTOR, "cx-__name-t"): "Motor",
        gene(MOTOR, "cx-___bbx-i"): 2,
    }
    return {
        "genome_id": "sample",
        "genome_title": "Sample",
        "version": "2.0",
        "neuron_morphologies": {
            "diagonal": {"type": "vectors", "parameters": {"vectors": [[1, "1", 0], [-1, -1, 0]]}, "class": "custom"},
            "to_corner": {"type": "patterns", "parameters": {"patterns": [[["*", "?", "!"], [0, 0, "3"]]]}},
            "tile": {
                "type": "composite",
                "parameters": {"src_seed": [4, 4, 1], "src_pattern": [[1, 0]] * 3, "mapper_morphology": "projector"},
            },
            "old": {"vectors": [[0, 0, 1]]},
            **EXPECTED,
        },
        "physiology": {"simulation_timestep": 0.025},
        "blueprint": blueprint,
    }


@pytest.fixture
def hierarchical() -> dict[str, Any]:
    """The timer of `flat` as an object of properties, with a power area."""
    return {
        "genome_id": "sample",
        "version": "2.0",
        "neuron_morphologies": dict(EXPECTED),
        "blueprint": {
            "_power": {"cortical_name": "Power", "cortical_mapping_dst": {TIMER: [dict(RULE)]}},
            TIMER: {
                "cortical_name": "Timer",
                "cortical_group": "CUSTOM",
                "block_boundaries": [2, 3, 4],
                "relative_coordinate": [-10, 0, 5],
                "per_voxel_neuron_cnt": 1,
                "postsynaptic_current": 500,
                "firing_threshold": 0.1,
                "leak_coefficient": 0.25,
                "mp_charge_accumulation": True,
                "psp_uniform_distribution": True,
                "refractory_period": 1,
                "consecutive_fire_cnt_max": 3,
                "snooze_length": 2,
                "cortical_mapping_dst": {TIMER: [["block_to_block", [1, 1, 1], 1, False, 1, 1, 1, 0]]},
                "colour": "green",
            },
        },
    }
