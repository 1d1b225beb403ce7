"""Small genomes in FEAGI's flat form, written to files by the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

POWER, TIMER, MOTOR, LONELY = "___pwr", "CTimer", "o__mot", "CLonly"
EXPECTED = {
    "block_to_block": {"type": "vectors", "parameters": {"vectors": [[0, 0, 0]]}, "class": "core"},
    "projector": {"type": "functions", "parameters": {}, "class": "core"},
}
RULE = ["everywhere", [1, 1, 1], 1, False, 1, 1, 1]


def area_genes(area: str, name: str, dims: tuple[int, int, int], **genes: Any) -> dict[str, Any]:
    """The keys of one area. genes: with _ for -, such as nx_leak_c_f for nx-leak_c-f."""
    values: dict[str, Any] = {"cx-__name-t": name, "cx-_n_cnt-i": 1, "nx-excite-f": 100}
    values |= {f"cx-___bb{axis}-i": size for axis, size in zip("xyz", dims, strict=True)}
    values |= {f"{key[:2]}-{key[3:9]}-{key[-1]}": value for key, value in genes.items()}
    return {f"_____10c-{area}-{rest}": value for rest, value in values.items()}


def timer_genome(**changes: Any) -> dict[str, Any]:
    """Power charges a timer that fires every fourth burst and drives the motor; one area is connected to nothing.

    changes: genes of the timer, such as nx_leak_c_f=0.5.
    """
    power: dict[str, Any] = {"nx_fire_t_f": 0.1, "cx_pspuni_b": True, "nx_pstcr__f": 1, "cx_dstmap_d": {TIMER: [RULE]}}
    blueprint = area_genes(POWER, "Power", (1, 1, 1), **power)
    genes: dict[str, Any] = {
        "nx_fire_t_f": 3, "nx_mp_acc_b": True, "nx_refrac_i": 1, "nx_c_fr_c_i": 5, "nx_leak_c_f": 0,
        "cx_pspuni_b": True, "nx_pstcr__f": 0.75, "cx_dstmap_d": {MOTOR: [RULE]},
    }  # fmt: skip
    blueprint |= area_genes(TIMER, "Timer [of red]", (2, 2, 1), **(genes | changes))
    blueprint |= area_genes(MOTOR, "Motor", (3, 1, 1), nx_fire_t_f=1.0)
    blueprint |= area_genes(LONELY, "Lonely", (4, 1, 1), nx_fire_t_f=1.0)
    morphology = {"type": "patterns", "parameters": {"patterns": [[["*", "*", "*"], ["*", "*", "*"]]]}}
    return {
        "genome_id": "timer",
        "genome_title": "Timer",
        "version": "2.0",
        "neuron_morphologies": {"everywhere": morphology, **EXPECTED},
        "physiology": {},
        "blueprint": blueprint,
    }


def large_genome() -> dict[str, Any]:
    """A timer whose 90,000 neurons need more RAM than a Raspberry Pi Pico has."""
    return timer_genome(cx____bbx_i=300, cx____bby_i=300, cx_dstmap_d={})


def write_genome(folder: Path, genome: dict[str, Any], name: str = "genome.json") -> str:
    path = folder / name
    path.write_text(json.dumps(genome), encoding="utf-8")
    return str(path)
