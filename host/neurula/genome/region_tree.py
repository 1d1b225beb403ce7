"""The tree that brain regions form: the one that a genome without regions gets, and who lies inside whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from neurula.genome.ids import canonical_id
from neurula.genome.model import CorticalArea, Genome, Region
from neurula.genome.regions import SECTION

ROOT, AUTOGEN = "root", "autogen"
_OUTSIDE = ("IPU", "OPU", "CORE")  # groups whose areas stay in the root


def regions_of(genome: Genome) -> tuple[Region, ...]:
    """The regions that the genome has; where the file says nothing about regions, those that FEAGI's engine generates: a root
    with the input, output and core areas and, if there are other areas, one region inside it that holds them."""
    if genome.regions or SECTION in genome.document:
        return genome.regions
    outside = tuple(area.id for area in genome.areas if area.group in _OUTSIDE)
    inside = tuple(area.id for area in genome.areas if area.group not in _OUTSIDE)
    root = Region(ROOT, "Root Brain Region", areas=outside)
    generated = (root, Region(AUTOGEN, "Autogen Region", parent=ROOT, areas=inside)) if inside else (root,)
    return with_ports(generated, genome.areas)


def with_ports(regions: Sequence[Region], areas: Sequence[CorticalArea]) -> tuple[Region, ...]:
    """The regions with inputs and outputs worked out. An area is an input of its region if an area outside of the region maps
    to it, an output if it maps to one outside; whatever lies in a region inside the region is inside. Ascending by id."""
    written = {canonical_id(area.id): area.id for area in areas}
    pairs = {
        (area.id, written[canonical_id(projection.destination)])
        for area in areas
        for projection in area.projections
        if canonical_id(projection.destination) in written
    }
    holding: dict[str, set[str]] = {}
    parents = {region.id: region.parent for region in regions}
    for region in regions:
        for area_id in region.areas:
            holding.setdefault(area_id, set()).update((region.id, *ancestors(parents, region.id)))
    inputs: dict[str, set[str]] = {region.id: set() for region in regions}
    outputs: dict[str, set[str]] = {region.id: set() for region in regions}
    for source, target in pairs:
        around_source, around_target = holding.get(source, set()), holding.get(target, set())
        for region_id in around_target - around_source:
            inputs[region_id].add(target)
        for region_id in around_source - around_target:
            outputs[region_id].add(source)
    return tuple(replace(r, inputs=tuple(sorted(inputs[r.id])), outputs=tuple(sorted(outputs[r.id]))) for r in regions)


def inside(regions: Sequence[Region], region_id: str) -> tuple[Region, ...]:
    """All regions below one, at any depth, in their order. One that lies inside itself is not below itself."""
    parents = {region.id: region.parent for region in regions}
    return tuple(other for other in regions if other.id != region_id and region_id in ancestors(parents, other.id))


def ancestors(parents: Mapping[str, str | None], region_id: str) -> tuple[str, ...]:
    """The ids of the regions above one, the nearest first; a circle is walked once. parents: of every region, by its id."""
    found: dict[str, None] = {}
    parent = parents[region_id]
    while parent is not None and parent in parents and parent not in found:
        found[parent] = None
        parent = parents[parent]
    return tuple(found)


def in_circles(parents: Mapping[str, str | None]) -> frozenset[str]:
    """The regions that lie inside themselves. parents: as in ancestors. Looks at every region once."""
    found: set[str] = set()
    seen: set[str] = set()
    for start in parents:
        path: list[str] = []
        here: str | None = start
        while here is not None and here in parents and here not in seen:
            seen.add(here)
            path.append(here)
            here = parents[here]
        if here in path:
            found.update(path[path.index(here) :])
    return frozenset(found)


def hierarchy(regions: Sequence[Region]) -> dict[str, Any]:
    """{region id: the same of the regions right below it}; on top those without a parent, or that lie inside themselves."""
    parents = {region.id: region.parent for region in regions}
    circular = in_circles(parents)
    nodes: dict[str, dict[str, Any]] = {region.id: {} for region in regions}
    top: dict[str, Any] = {}
    for region in regions:
        on_top = region.parent is None or region.parent not in nodes or region.id in circular
        (top if on_top else nodes[region.parent or ""])[region.id] = nodes[region.id]
    return top
