"""The blueprint of either form -> per area its genes by code, with the place of each in the file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sized
from dataclasses import dataclass, field
from typing import Any

from neurula.errors import GenomeError
from neurula.genome.genes import AXIS_NAMES, NESTED_PROPERTIES, PROPERTIES, TYPE_LETTERS
from neurula.genome.limits import AREAS_MAX
from neurula.genome.model import Fix
from neurula.genome.problems import ProblemLog, pointer, quote

# "_____10c-" and "_______c-": the eighth character says what the gene belongs to, c = cortical area. FEAGI's first
# loader did not look at it and made an area of other scopes too; known totals of real genomes count them.
SCOPE = re.compile(r"_{5}..(.)-")
_CORTICAL = "c"
COMMENT = "/"


@dataclass(slots=True)
class AreaGenes:
    """The genes of one area: values by code (or by unknown property name) and the JSON pointer of each."""

    id: str
    values: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, tuple[str | int, ...]] = field(default_factory=dict)

    def place(self, code: str) -> str:
        """JSON pointer of the gene; of the area's first gene where this one is missing."""
        steps = self.steps.get(code) or next(iter(self.steps.values()), ())
        return pointer("blueprint", *steps)


def is_flat(blueprint: Mapping[str, Any]) -> bool:
    """True for the form in which every gene has a key of its own."""
    return any(SCOPE.match(key) for key in blueprint)


def is_gene_key(key: str) -> bool:
    """True for a key of the flat form that the reader takes for a gene of some area."""
    area_id, code, _ = split_key(key)
    return SCOPE.match(key) is not None and bool(area_id and code)


def read_blueprint(blueprint: Mapping[str, Any], problems: ProblemLog) -> list[AreaGenes]:
    """Areas in the order of the file. Raises GenomeError G108 (no areas) or G110 (too many)."""
    areas = _read_flat(blueprint, problems) if is_flat(blueprint) else _read_hierarchical(blueprint, problems)
    if not areas:
        place = "/blueprint"
        problems.fail(
            GenomeError("G108", "the blueprint describes no cortical area", where=place, remedy="Add at least one area.")
        )
    return areas


def _read_flat(blueprint: Mapping[str, Any], problems: ProblemLog) -> list[AreaGenes]:
    areas: dict[str, AreaGenes] = {}
    for key, value in blueprint.items():
        if key.startswith(COMMENT):
            continue
        scope = SCOPE.match(key)
        area_id, code, letter = split_key(key)
        if scope is None or not (area_id and code):
            message = f"{quote(key)} is not a gene key; it is ignored"
            problems.warn("G202", pointer("blueprint", key), message, Fix("comment"))
            continue
        if scope[1] != _CORTICAL:
            problems.warn(
                "G219", pointer("blueprint", key), f"{quote(key)} is no cortical gene; it makes an area anyway"
            )
        area = areas.get(area_id)
        if area is None:
            _require_room(areas)
            area = areas[area_id] = AreaGenes(area_id)
        _store(area, code, letter, key, value, problems)
    return list(areas.values())


def split_key(key: str) -> tuple[str, str, str]:
    """Area id, code and type letter of "_____10c-<area>-<class>-<code>-<type>"; class and type may be missing."""
    segments = key.split("-")[1:]
    letter = segments.pop() if len(segments) > 1 and len(segments[-1]) == 1 else ""
    code = segments.pop() if len(segments) > 1 else ""
    if len(segments) > 1 and len(segments[-1]) == 2:
        segments.pop()
    return "-".join(segments), code, letter


def _store(area: AreaGenes, code: str, letter: str, key: str, value: Any, problems: ProblemLog) -> None:
    """Of two keys for one gene, the one with the prescribed type letter wins, else the later one."""
    if code in area.values and area.values[code] != value:
        earlier = str(area.steps[code][0])
        keep_earlier = earlier[-1] == TYPE_LETTERS.get(code) != letter
        problems.warn(
            "G208",
            pointer("blueprint", key),
            f"gene {code} of area {quote(area.id)} is written twice; {quote(earlier if keep_earlier else key)} counts",
            Fix("comment", path=pointer("blueprint", key if keep_earlier else earlier)),
        )
        if keep_earlier:
            return
    area.values[code] = value
    area.steps[code] = (key,)


def _read_hierarchical(blueprint: Mapping[str, Any], problems: ProblemLog) -> list[AreaGenes]:
    areas: list[AreaGenes] = []
    for area_id, properties in blueprint.items():
        if area_id.startswith(COMMENT):
            continue
        if not isinstance(properties, dict) or not area_id:
            place = pointer("blueprint", area_id)
            message = f"area {quote(area_id)} is {quote(properties)}, not an object; it is left out"
            problems.warn("G203", place, message, Fix("comment"))
            continue
        _require_room(areas)
        areas.append(_read_properties(area_id, properties))
        if not any(code in TYPE_LETTERS for code in areas[-1].values):
            problems.warn("G217", pointer("blueprint", area_id), f"area {quote(area_id)} has no known property")
    return areas


def _read_properties(area_id: str, properties: Mapping[str, Any]) -> AreaGenes:
    area = AreaGenes(area_id)
    nested = [(name, properties[name]) for name in NESTED_PROPERTIES if isinstance(properties.get(name), dict)]
    sources: list[tuple[tuple[str, ...], Mapping[str, Any]]] = [((area_id, name), inner) for name, inner in nested]
    sources.append(((area_id,), properties))
    for steps, source in sources:
        for name, codes in PROPERTIES.items():
            if name in source and (source[name] is not None or not any(code in area.values for code in codes)):
                _store_property(area, codes, (*steps, name), source[name])
        for name, value in source.items():
            if name not in PROPERTIES and name not in NESTED_PROPERTIES:
                area.values[name] = value
                area.steps[name] = (*steps, name)
    if not area.steps:
        area.steps[""] = (area_id,)
    return area


def _store_property(area: AreaGenes, codes: tuple[str, ...], steps: tuple[str, ...], value: Any) -> None:
    """A property with several codes is a list of values, or an object by axis; anything else is one value for all."""
    for index, code in enumerate(codes):
        step: tuple[str | int, ...] = steps
        part = value
        if len(codes) > 1 and isinstance(value, list):
            part, step = (value[index] if index < len(value) else None), (*steps, index)
        elif len(codes) > 1 and isinstance(value, dict):
            name = next((name for name in AXIS_NAMES[index] if name in value), AXIS_NAMES[index][0])
            part, step = value.get(name), (*steps, name)
        area.values[code] = part
        area.steps[code] = step


def _require_room(areas: Sized) -> None:
    if len(areas) >= AREAS_MAX:
        raise GenomeError(
            "G110",
            f"the blueprint describes more than {AREAS_MAX} areas",
            where="/blueprint",
            remedy="Use fewer, larger areas.",
        )
