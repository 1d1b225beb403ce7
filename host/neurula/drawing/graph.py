"""What is drawn: a box an area, a wire for all rules of one sign between two areas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurula.genome import CorticalArea, MappingRule
from neurula.genome.ids import canonical_id, group_of_id

BOXES_MAX = 300  # more than these no screen shows; the best connected ones are drawn
WIRES_MAX = 800
POWER = canonical_id("___power")
KINDS = ("input", "power", "core", "custom", "memory", "output")
_KIND_OF_GROUP = {"IPU": "input", "OPU": "output", "CORE": "core", "MEMORY": "memory"}
_ALONE = ("core",)  # death and fatigue are in every genome, and connected in none


@dataclass(frozen=True, slots=True)
class Box:
    """One cortical area. kind: one of KINDS; neurons: voxels times density."""

    id: str
    name: str
    kind: str
    dims: tuple[int, int, int]
    neurons: int


@dataclass(frozen=True, slots=True)
class Wire:
    """Everything of one sign from one box to another (indices). synapses: None where nothing has grown."""

    source: int
    target: int
    inhibits: bool
    learns: bool
    rules: tuple[str, ...]  # names of the morphologies, each once
    synapses: int | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """boxes in the order of the genome; alone: those that no wire reaches or leaves; left_out: areas beyond BOXES_MAX."""

    title: str
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    alone: tuple[int, ...]
    left_out: int


def wiring_of(
    title: str, all_areas: Sequence[CorticalArea], synapses: Mapping[tuple[str, str, bool], int] | None = None
) -> Drawing:
    """synapses: (area id, area id, inhibits) -> how many have grown; without it wires only say which rules there are."""
    areas = _chosen(all_areas)
    index = {area.id: number for number, area in enumerate(areas)}
    wires = [
        Wire(index[source], index[target], inhibits, any(rule.plastic for rule in rules), _names(rules), _grown(synapses, key))
        for key, rules in _bundles(areas, index).items()
        for source, target, inhibits in (key,)
    ]
    wires = sorted(wires, key=lambda wire: -(wire.synapses or 0))[:WIRES_MAX]
    touched = {end for wire in wires for end in (wire.source, wire.target)}
    boxes = tuple(Box(a.id, a.name, kind_of(a), a.dims, a.neurons) for a in areas)
    alone = tuple(n for n, box in enumerate(boxes) if n not in touched and box.kind not in _ALONE)
    return Drawing(title, boxes, tuple(wires), alone, len(all_areas) - len(areas))


def kind_of(area: CorticalArea) -> str:
    if canonical_id(area.id) == POWER:
        return "power"
    if area.is_memory:
        return "memory"
    group = area.group if area.group != "CUSTOM" else group_of_id(area.id)
    return _KIND_OF_GROUP.get(group, "custom")


def _chosen(areas: Sequence[CorticalArea]) -> Sequence[CorticalArea]:
    if len(areas) <= BOXES_MAX:
        return areas
    links = dict.fromkeys((area.id for area in areas), 0)
    for area in areas:
        for projection in area.projections:
            links[area.id] += 1
            links[projection.destination] = links.get(projection.destination, 0) + 1
    best = {area.id for area in sorted(areas, key=lambda area: -links[area.id])[:BOXES_MAX]}
    return [area for area in areas if area.id in best]


def _bundles(areas: Sequence[CorticalArea], index: Mapping[str, int]) -> dict[tuple[str, str, bool], list[MappingRule]]:
    bundles: dict[tuple[str, str, bool], list[MappingRule]] = {}
    for area in areas:
        for projection in area.projections:
            for rule in projection.rules if projection.destination in index else ():
                bundles.setdefault((area.id, projection.destination, inhibits(area, rule)), []).append(rule)
    return bundles


def inhibits(area: CorticalArea, rule: MappingRule) -> bool:
    """A negative PSP through an inhibitory synapse excites."""
    return (rule.multiplier < 0) != (area.postsynaptic_potential < 0)


def _names(rules: Sequence[MappingRule]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule.morphology for rule in rules))


def _grown(synapses: Mapping[tuple[str, str, bool], int] | None, key: tuple[str, str, bool]) -> int | None:
    return None if synapses is None else synapses.get(key, 0)
