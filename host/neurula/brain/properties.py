"""Properties of cortical areas by name: which gene each one is, what it may be, and what a change of it means.

Names of the hierarchical genome form, of the field's services and of CorticalArea all work. A change is read as if it
stood in a genome file, by the same reader, so that a brain that was changed can always be saved and grown again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from neurula.brain.living import LivingBrain
from neurula.development.edits import Edits
from neurula.errors import GenomeError, InvalidMorphology, InvalidProperty
from neurula.genome import CorticalArea
from neurula.genome.areas import read_area
from neurula.genome.blueprint import AreaGenes
from neurula.genome.genes import (
    AXIS_NAMES,
    DESTINATIONS,
    DIMENSIONS,
    FLAGS,
    INCREMENTS,
    INTEGERS,
    NUMBERS,
    POSITION,
    PROPERTIES,
    TYPE_LETTERS,
)
from neurula.genome.problems import ProblemLog, quote
from neurula.genome.rules import MappingReader
from neurula.genome.values import as_number
from neurula.genome.writer import area_genes
from neurula.genome.written_rules import as_json, plain_number, write_rule

_SHORT: dict[str, tuple[str, ...]] = {
    **{gene.field: (gene.code,) for gene in (*NUMBERS, *INTEGERS, *FLAGS)},
    **dict.fromkeys(("name", "cortical_name"), ("__name",)),
    **dict.fromkeys(("group", "area_type"), ("_group",)),
    **dict.fromkeys(("dims", "dimensions"), DIMENSIONS),
    **dict.fromkeys(("position", "coordinate_3d"), POSITION),
    **dict.fromkeys(("threshold_increment", "firing_threshold_increment"), INCREMENTS),
    "coordinate_2d": ("2dcorx", "2dcory"),
    "cortical_neuron_per_vox_count": ("_n_cnt",),
    "consecutive_fire_count": ("c_fr_c",),
    "excitability": ("excite",),
    "visible": ("gd_vis",),
    "sub_group": ("subgrp",),
    "is_memory": ("memory",),
    "plasticity_constant": ("plst_c",),
}
CODES: dict[str, tuple[str, ...]] = {**PROPERTIES, **{code: (code,) for code in TYPE_LETTERS}, **_SHORT}
"""Every name by which a property may be called -> the codes of its genes."""

_READ_ONLY = ("cortical_id", "cortical_idx", "neuron_count", "synapse_count", "properties")
_STRUCTURE = ("dims", "neurons_per_voxel", "is_memory", "projections")
_METADATA = frozenset((*PROPERTIES["cortical_name"], *POSITION, "2dcorx", "2dcory", "gd_vis", "subgrp", "__rand"))


def changed_area(brain: LivingBrain, area: CorticalArea, changes: Mapping[str, Any]) -> CorticalArea:
    """The area with these properties. Raises InvalidProperty, InvalidMorphology."""
    values: dict[str, Any] = {}
    for name, value in changes.items():
        values |= _gene_values(name, value)
    return _read(brain, area, values)


def checked_area(brain: LivingBrain, area: CorticalArea) -> CorticalArea:
    """An area that was made by hand, as a file would give it. Raises InvalidProperty, InvalidMorphology."""
    try:
        json.dumps(as_json(area.genes), allow_nan=False)
        mapping = {p.destination: [write_rule(rule) for rule in p.rules] for p in area.projections}
        read = _read(brain, area, {DESTINATIONS: mapping}, also=(area.id,))
    except (TypeError, ValueError, AttributeError, OverflowError) as failure:
        raise InvalidProperty("H103", f"area {quote(area.id)} has a value of the wrong kind: {failure}") from None
    return read


def change_class(before: CorticalArea, after: CorticalArea) -> str:
    """"none", "metadata", "parameter" or "structure": what of a brain a change of the area touches."""
    if any(getattr(before, field) != getattr(after, field) for field in _STRUCTURE):
        return "structure"
    old, new = {**before.genes, **area_genes(before)}, {**after.genes, **area_genes(after)}
    changed = {code for code in old.keys() | new.keys() if old.get(code) != new.get(code)}
    return "none" if not changed else "metadata" if changed <= _METADATA else "parameter"


def properties_of(brain: LivingBrain, index: int, synapses: int) -> dict[str, Any]:
    """All properties of an area by the names of the field's services."""
    area = brain.connectome.areas[index].area
    names = {
        "postsynaptic_current": "postsynaptic_potential", "firing_threshold": "firing_threshold",
        "firing_threshold_limit": "threshold_limit", "leak_coefficient": "leak_coefficient",
        "neuron_excitability": "excitability", "degeneration": "degeneration", "synapse_attractivity": "attractivity",
        "refractory_period": "refractory_period", "consecutive_fire_count": "consecutive_fire_limit",
        "snooze_period": "snooze_period", "mp_charge_accumulation": "charge_accumulation",
        "mp_driven_psp": "mp_driven_psp", "psp_uniform_distribution": "psp_uniform",
    }
    known = {"_n_cnt", "memory", "gd_vis", "subgrp", DESTINATIONS, *area_genes(area)}
    return {
        "cortical_id": area.id,
        "cortical_idx": index,
        "name": area.name,
        "dimensions": list(area.dims),
        "position": list(area.position),
        "area_type": area.group,
        "neuron_count": brain.living_neurons(index),
        "synapse_count": synapses,
        "visible": area.genes.get("gd_vis", True),
        "sub_group": area.genes.get("subgrp", ""),
        "is_mem_type": area.is_memory,
        "neurons_per_voxel": area.neurons_per_voxel,
        "firing_threshold_increment": [plain_number(step) for step in area.threshold_increment],
        **{name: plain_number(getattr(area, field)) if not isinstance(getattr(area, field), bool) else getattr(area, field)
           for name, field in names.items()},
        "cortical_mapping_dst": {p.destination: [write_rule(rule) for rule in p.rules] for p in area.projections},
        "properties": {code: value for code, value in area.genes.items() if code and code not in known},
    }


def edits_after_change(edits: Edits, before: CorticalArea, after: CorticalArea) -> Edits:
    """A new threshold of the area is one for all its neurons."""
    fields = ("firing_threshold", "threshold_increment")
    own = edits.areas.get(before.id)
    if own is None or all(getattr(before, f) == getattr(after, f) for f in fields):
        return edits
    return replace(edits, areas={**edits.areas, before.id: replace(own, thresholds=())})


def _gene_values(name: str, value: Any) -> dict[str, Any]:
    codes = CODES.get(name)
    if codes is None or name in _READ_ONLY:
        why = "cannot be set" if name in _READ_ONLY else "is not known"
        raise InvalidProperty("H103", f"the property {quote(name)} {why}", remedy="Use the names of docs/BRAIN.md.")
    if len(codes) == 1:
        return {codes[0]: value}
    if isinstance(value, Mapping):
        value = [next((value[n] for n in names if n in value), None) for names in AXIS_NAMES[: len(codes)]]
    if not isinstance(value, (list, tuple)) or len(value) != len(codes) or None in value:
        raise InvalidProperty("H103", f"{quote(name)} needs {len(codes)} values, not {quote(value)}")
    return dict(zip(codes, value, strict=True))


def _read(brain: LivingBrain, area: CorticalArea, changes: Mapping[str, Any], also: tuple[str, ...] = ()) -> CorticalArea:
    """also: ids of areas that come with this one."""
    ids = [grown.area.id for grown in brain.connectome.areas]

    def resolve(written: str) -> str | None:
        index = brain.find_area(written)
        return written if written in also else None if index is None else ids[index]

    values = {**_values_of(area), **changes}
    for code, value in changes.items():
        if code != DESTINATIONS and not isinstance(value, (str, int, float, bool)):
            raise InvalidProperty("H103", f"{quote(value)} is no value of gene {code} of area {quote(area.id)}")
    if changes.get("_n_cnt", 1) == 0 or (changes.get("_n_cnt") and area.neurons_per_voxel == 0):
        raise InvalidProperty("H103", "neurons_per_voxel of 0 is for memory areas, and stays", remedy="Write at least 1.")
    problems = ProblemLog()
    try:
        for code in changes:
            if TYPE_LETTERS.get(code) in ("i", "f") and as_number(values[code]) is None:
                raise InvalidProperty("H103", f"{quote(values[code])} is no number")
        made = read_area(AreaGenes(area.id, values), MappingReader(resolve, brain.genome.morphologies, problems), problems)
    except GenomeError as failure:
        raise InvalidProperty("H103", failure.message, where=failure.where, remedy=failure.remedy) from None
    for problem in problems.listed():
        kind = InvalidMorphology if problem.code == "G211" else InvalidProperty
        raise kind("H107" if problem.code == "G211" else "H103", problem.message, where=problem.path, remedy=problem.remedy)
    projections = made.projections if DESTINATIONS in changes else area.projections
    genes = {**area.genes, **{code: value for code, value in changes.items() if code != DESTINATIONS}}
    return replace(made, projections=projections, genes=genes)


def _values_of(area: CorticalArea) -> dict[str, Any]:
    """Code -> value as a file would write the area, mappings left out."""
    values = {**area.genes, **area_genes(area), "_n_cnt": max(area.neurons_per_voxel, 1)}
    values["memory"] = area.is_memory and area.neurons_per_voxel > 0
    group = str(values.get("subgrp", ""))
    if area.neurons_per_voxel == 0:
        values["subgrp"] = group if "MEMORY" in group else "MEMORY"
    elif "MEMORY" in group and not area.is_memory:
        values["subgrp"] = ""
    return values
