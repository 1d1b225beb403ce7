"""The registry of morphologies: which function says what a morphology joins. To add one: its file, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from neurula.development.morphologies.binary import grow_expander_x, grow_reducer_x
from neurula.development.morphologies.growth import Growth, Product, Relation
from neurula.development.morphologies.patterns import grow_patterns
from neurula.development.morphologies.projector import (
    grow_from_end_x,
    grow_from_end_y,
    grow_from_end_z,
    grow_projector,
    grow_projector_xy,
    grow_projector_xz,
    grow_projector_yz,
)
from neurula.development.morphologies.raster import grow_last_to_first, grow_sweeper
from neurula.development.morphologies.special import grow_by_learning, grow_randomizer
from neurula.development.morphologies.steps import grow_block_connection, grow_lateral_pairs_x
from neurula.development.morphologies.tile import grow_composite, grow_tile
from neurula.development.morphologies.vectors import grow_vectors
from neurula.genome.model import Morphology, Triple

__all__ = ["BUILT_IN", "FUNCTIONS", "Growth", "Product", "Relation", "UnknownMorphology", "grow"]

Family = Callable[[Mapping[str, Any], Triple, Triple], Growth]  # parameters, source dims, target dims

FUNCTIONS: Mapping[str, Family] = MappingProxyType(
    {
        "projector": grow_projector,
        "projector_xy": grow_projector_xy,
        "projector_xz": grow_projector_xz,
        "projector_yz": grow_projector_yz,
        "project_from_end_x": grow_from_end_x,
        "project_from_end_y": grow_from_end_y,
        "project_from_end_z": grow_from_end_z,
        "last_to_first": grow_last_to_first,
        "sweeper": grow_sweeper,
        "lateral_pairs_x": grow_lateral_pairs_x,
        "block_connection": grow_block_connection,
        "reducer_x": grow_reducer_x,
        "expander_x": grow_expander_x,
        "randomizer": grow_randomizer,
        "tile": grow_tile,
        "memory": grow_by_learning,
        "episodic_memory": grow_by_learning,
        "memory_replay": grow_by_learning,
        "associative_memory": grow_by_learning,
        "bi_directional_stdp": grow_by_learning,
    }
)


def _vectors(name: str, *vectors: Triple) -> tuple[str, Morphology]:
    return name, Morphology(name, "vectors", MappingProxyType({"vectors": vectors}), "core")


def _patterns(name: str, accepting: tuple[object, ...], making: tuple[object, ...]) -> tuple[str, Morphology]:
    return name, Morphology(name, "patterns", MappingProxyType({"patterns": ((accepting, making),)}), "core")


_ALL, _ORIGIN = ("*", "*", "*"), (0, 0, 0)
BUILT_IN: Mapping[str, Morphology] = MappingProxyType(
    dict(
        (
            _vectors("block_to_block", (0, 0, 0)),
            _vectors("lateral_+x", (1, 0, 0)),
            _vectors("lateral_-x", (-1, 0, 0)),
            _vectors("lateral_+y", (0, 1, 0)),
            _vectors("lateral_-y", (0, -1, 0)),
            _vectors("lateral_+z", (0, 0, 1)),
            _vectors("lateral_-z", (0, 0, -1)),
            _patterns("0-0-0_to_all", _ORIGIN, _ALL),
            _patterns("all_to_0-0-0", _ALL, _ORIGIN),
            _patterns("all_to_all", _ALL, _ALL),
        )
    )
)
"""What these names mean to every genome that uses them without defining them, or defines them as functions."""


class UnknownMorphology(LookupError):
    """Nobody knows what this name joins: neither the genome nor this registry."""


def grow(name: str, defined: Mapping[str, Morphology], source: Triple, target: Triple) -> Growth:
    """What the morphology `name` joins between areas of these dims. defined: the morphologies of the genome."""
    morphology = defined.get(name)
    if morphology is None or morphology.kind == "functions":
        if name in FUNCTIONS:
            return FUNCTIONS[name](morphology.parameters if morphology else {}, source, target)
        morphology = BUILT_IN.get(name)
    if morphology is None:
        raise UnknownMorphology(name)
    if morphology.kind == "vectors":
        return grow_vectors(morphology.parameters, source, target)
    if morphology.kind == "patterns":
        return grow_patterns(morphology.parameters, source, target)
    if morphology.kind == "composite":
        return _composite(morphology, defined, source, target)
    raise UnknownMorphology(name)


def _composite(morphology: Morphology, defined: Mapping[str, Morphology], source: Triple, target: Triple) -> Growth:
    if morphology.id == "tile":
        return grow_tile(morphology.parameters, source, target)
    mapper = morphology.parameters.get("mapper_morphology")
    inner = defined.get(mapper) if isinstance(mapper, str) else None
    if not isinstance(mapper, str) or (inner is not None and inner.kind == "composite"):
        return Growth(remarks=("its mapper_morphology is not the name of a morphology that maps voxels",))
    return grow_composite(morphology.parameters, source, target, lambda s, t: grow(mapper, defined, s, t))
