"""The registry of morphologies: which function says what a morphology joins.

Every file of this folder that has a table FUNCTIONS (name -> function) is found by itself. A function is told the parameters of the
morphology and the sizes of both areas, and returns a Growth. `neurula.genome.morphologies` lists the same names for the reader.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from neurula.development.morphologies.growth import Growth, Product, Relation, Scatter
from neurula.development.morphologies.memory import ASSOCIATES, grow_between_memories
from neurula.development.morphologies.patterns import grow_patterns
from neurula.development.morphologies.tile import grow_composite, grow_tile
from neurula.development.morphologies.vectors import UNSCALED, Factors, grow_vectors
from neurula.genome.model import Morphology, Triple

__all__ = [
    "BUILT_IN",
    "FUNCTIONS",
    "UNSCALED",
    "Growth",
    "Product",
    "Relation",
    "Scatter",
    "UnknownMorphology",
    "found_functions",
    "grow",
    "meaning_of",
]


Family = Callable[[Mapping[str, Any], Triple, Triple], Growth]  # parameters, source dims, target dims


def found_functions() -> Iterator[tuple[str, Family]]:
    """(name, function) of all files of this folder."""
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        yield from getattr(module, "FUNCTIONS", {}).items()


FUNCTIONS: Mapping[str, Family] = MappingProxyType(dict(found_functions()))


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


def grow(
    name: str,
    defined: Mapping[str, Morphology],
    source: Triple,
    target: Triple,
    scalar: Factors = UNSCALED,
    between_memories: bool = False,
) -> Growth:
    """What the morphology `name` joins between areas of these dims. defined: the morphologies of the genome; scalar: of the
    rule, for vectors; between_memories: both are memory areas. Raises UnknownMorphology."""
    morphology = meaning_of(name, defined)
    if morphology is None:
        raise UnknownMorphology(name)
    if morphology.kind == "functions":
        function = grow_between_memories if between_memories and name in ASSOCIATES else FUNCTIONS[name]
        return function(morphology.parameters, source, target)
    if morphology.kind == "vectors":
        return grow_vectors(morphology.parameters, source, target, scalar)
    if morphology.kind == "patterns":
        return grow_patterns(morphology.parameters, source, target)
    return _composite(morphology, defined, source, target)


def meaning_of(name: str, defined: Mapping[str, Morphology]) -> Morphology | None:
    """The definition of a name: that of the genome, unless it says that the name is built in; None if nobody knows it."""
    morphology = defined.get(name)
    if morphology is not None and morphology.kind != "functions":
        return morphology if morphology.kind in ("vectors", "patterns", "composite") else None
    if name in FUNCTIONS:
        return morphology or Morphology(name, "functions", origin="core")
    return BUILT_IN.get(name)


def _composite(morphology: Morphology, defined: Mapping[str, Morphology], source: Triple, target: Triple) -> Growth:
    if morphology.id == "tile":
        return grow_tile(morphology.parameters, source, target)
    mapper = morphology.parameters.get("mapper_morphology")
    inner = defined.get(mapper) if isinstance(mapper, str) else None
    if not isinstance(mapper, str) or (inner is not None and inner.kind == "composite"):
        return Growth(remarks=("its mapper_morphology is not the name of a morphology that maps voxels, so it joins nothing",))
    return grow_composite(morphology.parameters, source, target, lambda s, t: grow(mapper, defined, s, t))
