"""Morphologies that make no synapse, or not those that their author meant."""

from __future__ import annotations

from collections.abc import Iterator

from neurula.genome.checks.context import Check, Context
from neurula.genome.model import Morphology, Problem
from neurula.genome.morphologies import FUNCTIONS
from neurula.genome.problems import error, pointer, quote, warning

SECTION = "neuron_morphologies"
IDENTITY = "block_to_block"
_NONE = (0, 0, 0)


def _used(context: Context) -> set[str]:
    return {rule.morphology for area in context.genome.areas for projection in area.projections for rule in projection.rules}


def _written(context: Context) -> Iterator[Morphology]:
    """The morphologies that the file defines."""
    section = context.genome.document.get(SECTION)
    names = section if isinstance(section, dict) else ()
    return (morphology for name, morphology in context.genome.morphologies.items() if name in names)


def check_functions(context: Context) -> Iterator[Problem]:
    """A morphology of type functions is built in, so its name must be known. Files list many that they do not use."""
    used = _used(context)
    for morphology in context.genome.morphologies.values():
        known = morphology.kind != "functions" or morphology.id in (*FUNCTIONS, IDENTITY)
        if morphology.id in used and not known:
            message = f"function {quote(morphology.id)} is not built in; it makes no synapse"
            yield warning("G225", pointer(SECTION, morphology.id), message)


def check_mappers(context: Context) -> Iterator[Problem]:
    """A composite connects through another morphology."""
    for morphology in context.genome.morphologies.values():
        mapper = morphology.parameters.get("mapper_morphology")
        if morphology.kind == "composite" and mapper not in context.genome.morphologies:
            message = f"composite {quote(morphology.id)} needs {quote(mapper)}, which is missing"
            yield error("G229", pointer(SECTION, morphology.id), message)


def check_tiles(context: Context) -> Iterator[Problem]:
    """A tile has at least one voxel along each axis."""
    for morphology in _written(context):
        seed = morphology.parameters.get("src_seed")
        if morphology.kind == "composite" and seed is not None and min(seed) < 1:
            message = f"the tile of composite {quote(morphology.id)} is {list(seed)}: it has no voxel"
            yield warning("G243", pointer(SECTION, morphology.id), message)


def check_pattern_indices(context: Context) -> Iterator[Problem]:
    """Voxel indices start at 0."""
    for morphology in context.genome.morphologies.values():
        pairs = morphology.parameters.get("patterns", ())
        if any(isinstance(element, int) and element < 0 for pair in pairs for side in pair for element in side):
            message = f"pattern {quote(morphology.id)} has a negative index"
            yield warning("G230", pointer(SECTION, morphology.id), message)


def check_zero_vectors(context: Context) -> Iterator[Problem]:
    """A morphology of one's own that only joins equal indices is block_to_block."""
    for morphology in _written(context):
        vectors = morphology.parameters.get("vectors", ())
        if vectors and morphology.id != IDENTITY and all(vector == _NONE for vector in vectors):
            message = f"morphology {quote(morphology.id)} has only the vector [0, 0, 0], which joins equal indices"
            yield warning("G242", pointer(SECTION, morphology.id), message)


MORPHOLOGY_CHECKS: tuple[Check, ...] = (
    check_functions,
    check_mappers,
    check_tiles,
    check_pattern_indices,
    check_zero_vectors,
)
