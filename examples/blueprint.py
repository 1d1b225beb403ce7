"""Areas, mappings and morphologies in Python -> a genome document of the flat form (FEAGI genome format 3.0)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Triple = tuple[int, int, int]
Element = int | str
ROOT_REGION = "root"
TIMESTAMP = 1_767_225_600  # 2026-01-01: a fixed one, so that the files do not change from day to day


@dataclass(frozen=True)
class Rule:
    """One mapping rule. weight: factor on the PSP of the source, negative = inhibition; delay: bursts."""

    morphology: str
    weight: float = 1
    delay: int = 1


@dataclass(frozen=True)
class Area:
    """One cortical area. id: six characters; size: voxels along x, y, z; to: destination id -> rules."""

    id: str
    name: str
    group: str = "CUSTOM"
    size: Triple = (1, 1, 1)
    position: Triple = (0, 0, 0)
    devices: int = 1
    psp: float = 1.0
    threshold: float = 1.0
    refractory: int = 0
    leak: float = 0.0
    accumulates: bool = False
    to: Mapping[str, Sequence[Rule]] = field(default_factory=dict)


def vectors(*steps: Triple) -> dict[str, Any]:
    """A morphology of vectors: target voxel = source voxel + step."""
    return {"type": "vectors", "parameters": {"vectors": [list(step) for step in steps]}, "class": "custom"}


def patterns(*pairs: tuple[tuple[Element, Element, Element], tuple[Element, Element, Element]]) -> dict[str, Any]:
    """A morphology of patterns: pairs of source and target; "*" any or every index, "?" the same index."""
    return {"type": "patterns", "parameters": {"patterns": [[list(s), list(t)] for s, t in pairs]}, "class": "custom"}


def power(to: Mapping[str, Sequence[Rule]]) -> Area:
    """The core area whose one neuron fires in every burst."""
    return Area("___pwr", "Brain_Power", "CORE", position=(0, 0, -20), threshold=0.1, to=to)


def death() -> Area:
    """The core area that ends a brain in FEAGI; nothing is connected to it here."""
    return Area("_death", "Death", "CORE", position=(0, 0, -10))


def genome(
    genome_id: str, title: str, description: str, areas: Sequence[Area], morphologies: Mapping[str, dict[str, Any]], burst_seconds: float
) -> dict[str, Any]:
    """The whole document."""
    return {
        "genome_id": genome_id,
        "genome_title": title,
        "genome_description": description,
        "version": "3.0",
        "timestamp": TIMESTAMP,
        "blueprint": {key: value for area in areas for key, value in genes(area).items()},
        "neuron_morphologies": dict(morphologies),
        "brain_regions": {ROOT_REGION: region(title, areas)},
        "physiology": {"simulation_timestep": burst_seconds, "plasticity_queue_depth": 3, "quantization_precision": "fp32"},
    }


def genes(area: Area) -> dict[str, Any]:
    """Every gene that has an effect, written out even where it has its default."""
    (w, h, d), (x, y, z) = area.size, area.position
    values = {
        "cx-__name-t": area.name,
        "cx-_group-t": area.group,
        "cx-___bbx-i": w,
        "cx-___bby-i": h,
        "cx-___bbz-i": d,
        "cx-rcordx-i": x,
        "cx-rcordy-i": y,
        "cx-rcordz-i": z,
        "cx-devcnt-i": area.devices,
        "cx-_n_cnt-i": 1,
        "cx-pspuni-b": True,
        "nx-pstcr_-f": area.psp,
        "nx-fire_t-f": area.threshold,
        "nx-fthlim-f": 0.0,
        "nx-refrac-i": area.refractory,
        "nx-leak_c-f": area.leak,
        "nx-c_fr_c-i": 0,
        "nx-snooze-f": 0,
        "nx-mp_acc-b": area.accumulates,
        "nx-mp_psp-b": False,
        "nx-excite-f": 1.0,
        "cx-dstmap-d": {destination: [rule_object(r) for r in rules] for destination, rules in area.to.items()},
    }
    return {f"_____10c-{area.id}-{code}": value for code, value in values.items()}


def rule_object(rule: Rule) -> dict[str, Any]:
    return {
        "morphology_id": rule.morphology,
        "morphology_scalar": [1, 1, 1],
        "postSynapticCurrent_multiplier": rule.weight,
        "plasticity_flag": False,
        "plasticity_constant": 1,
        "ltp_multiplier": 1,
        "ltd_multiplier": 1,
        "plasticity_window": 1,
        "synaptic_delay_bursts": rule.delay,
    }


def region(title: str, areas: Sequence[Area]) -> dict[str, Any]:
    return {
        "title": title,
        "parent_region_id": None,
        "coordinate_2d": [0, 0],
        "coordinate_3d": [0, 0, 0],
        "areas": [area.id for area in areas],
        "regions": [],
        "inputs": [area.id for area in areas if area.group == "IPU"],
        "outputs": [area.id for area in areas if area.group == "OPU"],
    }


def genome_text(document: Mapping[str, Any]) -> str:
    """JSON with one gene, morphology or region a line."""
    parts = []
    for key, value in document.items():
        if key in ("blueprint", "neuron_morphologies", "brain_regions"):
            lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
            parts.append(f" {json.dumps(key)}: {{\n{lines}\n }}")
        else:
            parts.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def stimulus_text(entries: Sequence[Mapping[str, Any]]) -> str:
    """JSON with one burst a line."""
    return "[\n" + ",\n".join(" " + json.dumps(entry) for entry in entries) + "\n]\n"
