"""Morphologies: which voxels of the destination a source voxel connects to. The core set, and what a genome defines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from neurula.errors import GenomeError
from neurula.genome.model import Fix, Morphology
from neurula.genome.problems import ProblemLog, pointer, quote
from neurula.genome.values import as_whole

KINDS = ("vectors", "patterns", "composite", "functions")
WILDCARDS = ("*", "?", "!")
PLACEHOLDER = "placeholder"  # some genomes carry it as an empty entry; it connects nothing
FUNCTIONS = (
    *("projector", "projector_xy", "projector_xz", "projector_yz"),
    *("project_from_end_x", "project_from_end_y", "project_from_end_z", "last_to_first"),
    *("memory", "episodic_memory", "memory_replay", "associative_memory", "bi_directional_stdp"),
    *("randomizer", "expander_x", "reducer_x", "lateral_pairs_x", "sweeper", "rotator_z", "block_connection"),
    "block_to_block_clamped",
)
_T = TypeVar("_T")
_ANY, _ORIGIN = ("*", "*", "*"), (0, 0, 0)
_CORE_VECTORS = {
    "block_to_block": (0, 0, 0),
    "lateral_+x": (1, 0, 0),
    "lateral_-x": (-1, 0, 0),
    "lateral_+y": (0, 1, 0),
    "lateral_-y": (0, -1, 0),
    "lateral_+z": (0, 0, 1),
    "lateral_-z": (0, 0, -1),
}
_CORE_PATTERNS = {
    "0-0-0_to_all": (_ORIGIN, _ANY),
    "all_to_0-0-0": (_ANY, _ORIGIN),
    "all_to_all": (_ANY, _ANY),
}
_TILE = {"src_seed": (16, 16, 1), "src_pattern": ((1, 0), (1, 0), (1, 0)), "mapper_morphology": "projector"}


def core_morphologies() -> dict[str, Morphology]:
    """The morphologies that every genome may use without defining them (FEAGI genome format)."""
    core = [Morphology(id, "vectors", {"vectors": (vector,)}, "core") for id, vector in _CORE_VECTORS.items()]
    core += [Morphology(id, "patterns", {"patterns": (pair,)}, "core") for id, pair in _CORE_PATTERNS.items()]
    core += [Morphology(id, "functions", {}, "core") for id in FUNCTIONS]
    core.append(Morphology("tile", "composite", _TILE, "core"))
    return {morphology.id: morphology for morphology in core}


def read_morphologies(section: Any, problems: ProblemLog, name: str = "neuron_morphologies") -> dict[str, Morphology]:
    """The core set, overridden and extended by what the genome defines. What cannot be read is left out."""
    morphologies = core_morphologies()
    if section is None:
        return morphologies
    if not isinstance(section, dict):
        message = f"{name} is {quote(section)}, not an object; it is ignored"
        problems.warn("G216", pointer(name), message, Fix("remove"))
        return morphologies
    for morphology_id, definition in section.items():
        if morphology_id.startswith("/"):
            continue
        morphology = _read_morphology(morphology_id, definition, pointer(name, morphology_id), problems)
        if morphology is not None:
            morphologies[morphology_id] = morphology
    return morphologies


def _read_morphology(morphology_id: str, definition: Any, place: str, problems: ProblemLog) -> Morphology | None:
    kind, parameters = _kind_and_parameters(definition)
    origin = "core" if isinstance(definition, dict) and definition.get("class") == "core" else "custom"
    if kind is None:
        if morphology_id != PLACEHOLDER:
            message = f"morphology {quote(morphology_id)} has no type that can be read; it is left out"
            problems.warn("G213", place, message, Fix("comment"))
        return None
    if kind == "functions":
        return Morphology(morphology_id, kind, {}, origin)
    if kind == "composite":
        composite = _unless_infinite(_read_composite, parameters, place, problems)
        if composite is None:
            message = f"composite {quote(morphology_id)} lacks its parameters; it is left out"
            problems.warn("G213", place, message, Fix("comment"))
            return None
        return Morphology(morphology_id, kind, composite, origin)
    written = parameters.get(kind)
    inside: tuple[str, ...] = ("parameters", kind) if parameters is not definition else (kind,)
    if kind == "patterns" and isinstance(written, list) and len(written) == 2 and _is_side(written[0]):
        written, inside = [written], ()  # one pair that was not put into a list
    if not isinstance(written, list):
        message = f"morphology {quote(morphology_id)} has no list of {kind}; it is left out"
        problems.warn("G213", place, message, Fix("comment"))
        return None
    items = tuple(_read_items(kind, written, place, pointer(*inside), problems))
    if not items:
        problems.warn("G214", place, f"morphology {quote(morphology_id)} has no {kind}")
    return Morphology(morphology_id, kind, {kind: items}, origin)


def _kind_and_parameters(definition: Any) -> tuple[str | None, Mapping[str, Any]]:
    """Of {type, parameters}, or of the older form in which the kind is the key: {"vectors": [...]}."""
    if not isinstance(definition, dict):
        return None, {}
    parameters = definition.get("parameters")
    inside = parameters if isinstance(parameters, dict) else {}
    kind = definition.get("type")
    if isinstance(kind, str) and kind.strip().lower() in KINDS:
        kind = kind.strip().lower()
        return kind, inside if inside or kind not in definition else definition
    for source in (inside, definition):
        for kind in KINDS:
            if kind in source:
                composite = source[kind] if kind == "composite" and isinstance(source[kind], dict) else source
                return kind, composite
    return None, {}


def _read_items(
    kind: str, written: list[Any], place: str, inside: str, problems: ProblemLog
) -> Iterator[tuple[Any, ...]]:
    """place: JSON pointer of the morphology; inside: of the list in it, "" where there is none."""
    for index, element in enumerate(written):
        item = _unless_infinite(_read_vector if kind == "vectors" else _read_pair, element, place, problems)
        if item is None:
            message = f"element {index} of the {kind}, {quote(element)}, cannot be read; it is left out"
            problems.warn("G215", place, message, Fix("remove", path=place + inside + pointer(index)) if inside else None)
        else:
            yield item


def _unless_infinite(read: Callable[[Any], _T | None], written: Any, place: str, problems: ProblemLog) -> _T | None:
    """What is read, or None; a number without end is the end of the reading (G106) unless this is a survey."""
    try:
        return read(written)
    except GenomeError as failure:
        problems.fail(failure, place)
        return None


def _is_side(written: Any) -> bool:
    """True for three elements that are no lists, so that a pair stands where a list of pairs belongs."""
    return isinstance(written, list) and len(written) == 3 and not any(isinstance(part, (list, dict)) for part in written)


def _read_vector(written: Any) -> tuple[int, ...] | None:
    if not isinstance(written, list) or len(written) != 3:
        return None
    components = [as_whole(component) for component in written]
    return tuple(component for component in components if component is not None) if None not in components else None


def _read_pair(written: Any) -> tuple[tuple[int | str, ...], ...] | None:
    """[source[3], destination[3]] of indices and wildcards."""
    if not isinstance(written, list) or len(written) != 2:
        return None
    sides = [_read_side(side) for side in written]
    return tuple(side for side in sides if side is not None) if None not in sides else None


def _read_side(written: Any) -> tuple[int | str, ...] | None:
    if not isinstance(written, list) or len(written) != 3:
        return None
    elements = [_read_element(element) for element in written]
    return tuple(element for element in elements if element is not None) if None not in elements else None


def _read_element(written: Any) -> int | str | None:
    if isinstance(written, str) and written.strip() in WILDCARDS:
        return written.strip()
    return as_whole(written)


def _read_composite(parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """src_seed[3], src_pattern[[on, off] x 3] and the name of the mapper."""
    seed = _read_vector(parameters.get("src_seed"))
    rows = parameters.get("src_pattern")
    mapper = parameters.get("mapper_morphology")
    if seed is None or not isinstance(rows, list) or len(rows) != 3 or not isinstance(mapper, str):
        return None
    pattern = [[as_whole(n) for n in row] if isinstance(row, list) and len(row) == 2 else [None] for row in rows]
    if any(None in row for row in pattern):
        return None
    return {"src_seed": seed, "src_pattern": tuple(tuple(row) for row in pattern), "mapper_morphology": mapper}
