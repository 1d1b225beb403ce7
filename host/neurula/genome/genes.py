"""The gene table: six-character codes, their names in the hierarchical form, and where each ends in a CorticalArea."""

from __future__ import annotations

from dataclasses import dataclass

from neurula.genome.limits import MAGNITUDE_MAX
from neurula.genome.values import Number

DESTINATIONS = "dstmap"
DIMENSIONS = ("___bbx", "___bby", "___bbz")
POSITION = ("rcordx", "rcordy", "rcordz")
INCREMENTS = ("ftincx", "ftincy", "ftincz")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A gene that becomes one field of CorticalArea. The default is FEAGI's for a missing gene."""

    code: str
    field: str
    default: Number | bool
    low: Number = -MAGNITUDE_MAX
    high: Number = MAGNITUDE_MAX


# Genes of the class "nx" (neuron); all others are of the class "cx" (cortical area). Readers ignore the class.
NEURON_GENES = frozenset(
    (
        *("pstcr_", "pstcrm", "fire_t", *INCREMENTS, "fthlim", "refrac"),
        *("leak_c", "leak_v", "c_fr_c", "snooze", "mp_acc", "mp_psp", "excite"),
    )
)

NUMBERS = (
    Parameter("pstcr_", "postsynaptic_potential", 1.0),
    Parameter("fire_t", "firing_threshold", 1.0),
    Parameter("fthlim", "threshold_limit", 0.0),
    Parameter("leak_c", "leak_coefficient", 0.0),
    Parameter("excite", "excitability", 100.0),
    Parameter("de_gen", "degeneration", 0.0),
    Parameter("synatt", "attractivity", 100.0, 0, 100),
)
INTEGERS = (
    Parameter("refrac", "refractory_period", 0, 0),
    Parameter("c_fr_c", "consecutive_fire_limit", 0, 0),
    Parameter("snooze", "snooze_period", 0, 0),
)
FLAGS = (
    Parameter("mp_acc", "charge_accumulation", False),
    Parameter("mp_psp", "mp_driven_psp", False),
    Parameter("pspuni", "psp_uniform", False),
)

# The type letter that the format prescribes; files write others, and sometimes both (snooze-f and snooze-i).
TYPE_LETTERS = {
    **dict.fromkeys(("__name", "_group", "subgrp", "twinrf"), "t"),
    **dict.fromkeys((*DIMENSIONS, *POSITION, "2dcorx", "2dcory", "_n_cnt", "mem__t", "mem_gr", "mem_ls"), "i"),
    **dict.fromkeys(("tmpdpt", "devcnt", "refrac", "c_fr_c"), "i"),
    **dict.fromkeys(("gd_vis", "__rand", "pspuni", "memory", "mp_acc", "mp_psp"), "b"),
    **dict.fromkeys(("synatt", "de_gen", "pstcr_", "pstcrm", "fire_t", *INCREMENTS, "fthlim"), "f"),
    **dict.fromkeys(("leak_c", "leak_v", "snooze", "excite", "plst_c"), "f"),
    DESTINATIONS: "d",
}

# Property of the hierarchical form -> codes; a property with several codes is a list (or an object) of values.
# Where two properties give one code, the later one in this table wins, as in FEAGI's loader.
PROPERTIES: dict[str, tuple[str, ...]] = {
    "cortical_name": ("__name",),
    "group_id": ("_group",),
    "cortical_type": ("_group",),
    "cortical_group": ("_group",),
    "sub_group_id": ("subgrp",),
    "cortical_dimensions": DIMENSIONS,
    "block_boundaries": DIMENSIONS,
    "coordinates_3d": POSITION,
    "relative_coordinate": POSITION,
    "2d_coordinate": ("2dcorx", "2dcory"),
    "neurons_per_voxel": ("_n_cnt",),
    "per_voxel_neuron_cnt": ("_n_cnt",),
    "visualization": ("gd_vis",),
    "synapse_attractivity": ("synatt",),
    "location_generation_type": ("__rand",),
    "cortical_mapping_dst": (DESTINATIONS,),
    "degeneration": ("de_gen",),
    "psp_uniform_distribution": ("pspuni",),
    "is_mem_type": ("memory",),
    "longterm_mem_threshold": ("mem__t",),
    "lifespan_growth_rate": ("mem_gr",),
    "init_lifespan": ("mem_ls",),
    "temporal_depth": ("tmpdpt",),
    "dev_count": ("devcnt",),
    "memory_twin_of": ("twinrf",),
    "postsynaptic_current": ("pstcr_",),
    "postsynaptic_current_max": ("pstcrm",),
    "firing_threshold": ("fire_t",),
    "firing_threshold_increment_x": ("ftincx",),
    "firing_threshold_increment_y": ("ftincy",),
    "firing_threshold_increment_z": ("ftincz",),
    "firing_threshold_limit": ("fthlim",),
    "refractory_period": ("refrac",),
    "leak_coefficient": ("leak_c",),
    "leak_variability": ("leak_v",),
    "consecutive_fire_limit": ("c_fr_c",),
    "consecutive_fire_cnt_max": ("c_fr_c",),
    "snooze_period": ("snooze",),
    "snooze_length": ("snooze",),
    "mp_charge_accumulation": ("mp_acc",),
    "mp_driven_psp": ("mp_psp",),
    "neuron_excitability": ("excite",),
    "plasticity_constant": ("plst_c",),
}
# Code -> the property that is written for it: FEAGI's loader reads these older names, its own newer ones not all.
WRITTEN_PROPERTIES: tuple[str, ...] = (
    *("cortical_name", "group_id", "cortical_type", "sub_group_id", "block_boundaries", "relative_coordinate"),
    *("2d_coordinate", "per_voxel_neuron_cnt", "visualization", "synapse_attractivity", "location_generation_type"),
    *("cortical_mapping_dst", "degeneration", "psp_uniform_distribution", "is_mem_type", "longterm_mem_threshold"),
    *("lifespan_growth_rate", "init_lifespan", "temporal_depth", "dev_count", "memory_twin_of"),
    *("postsynaptic_current", "postsynaptic_current_max", "firing_threshold", "firing_threshold_increment_x"),
    *("firing_threshold_increment_y", "firing_threshold_increment_z", "firing_threshold_limit", "refractory_period"),
    *("leak_coefficient", "leak_variability", "consecutive_fire_cnt_max", "snooze_length"),
    *("mp_charge_accumulation", "mp_driven_psp", "neuron_excitability", "plasticity_constant"),
)
# Objects that older and newer files put between an area and its properties.
NESTED_PROPERTIES = ("properties", "neuron_params")
AXIS_NAMES = (("x", "width"), ("y", "height"), ("z", "depth"))


def gene_key(area_id: str, code: str, value: object = None) -> str:
    """The key of the flat form, with the class and type letter that the format prescribes.

    The letter of a code that is not known follows the value.
    """
    gene_class = "nx" if code in NEURON_GENES else "cx"
    return f"_____10c-{area_id}-{gene_class}-{code}-{TYPE_LETTERS.get(code) or _letter_of(value)}"


def _letter_of(value: object) -> str:
    if isinstance(value, bool):
        return "b"
    if isinstance(value, (int, float)):
        return "i" if isinstance(value, int) else "f"
    return "d" if isinstance(value, (dict, list)) else "t"
