"""Brain regions: named groups of areas in a tree. State and wish -> the regions of the genome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from neurula.brain.living import LivingBrain
from neurula.errors import InvalidRegion
from neurula.genome import Region
from neurula.genome.limits import MAGNITUDE_MAX, REGIONS_MAX
from neurula.genome.problems import quote
from neurula.genome.region_tree import ancestors

Regions = tuple[Region, ...]


def find_region(brain: LivingBrain, region_id: str) -> Region | None:
    return next((region for region in brain.genome.regions if region.id == region_id), None)


def region_of(brain: LivingBrain, region_id: str) -> Region:
    """Raises InvalidRegion."""
    region = find_region(brain, region_id)
    if region is None:
        message = f"there is no brain region {quote(region_id)}"
        raise InvalidRegion("H109", message, remedy="List the regions with get_all_brain_region_ids.")
    return region


def with_region(brain: LivingBrain, region: Region, parent: str | None) -> Regions:
    """The new region takes its areas from the regions that they were in. Raises InvalidRegion, AreaNotFound."""
    if find_region(brain, region.id) is not None:
        raise InvalidRegion("H109", f"there is a brain region {quote(region.id)} already", remedy="Choose another id.")
    if len(brain.genome.regions) >= REGIONS_MAX:
        raise InvalidRegion("H109", f"there are {REGIONS_MAX:,} regions, more cannot be")
    if not isinstance(region.id, str) or not region.id or region.id.startswith("/"):
        raise InvalidRegion("H109", f"{quote(region.id)} is no id of a region", remedy="Use a text that does not begin with /.")
    above = parent if parent is not None else region.parent
    if above is not None:
        region_of(brain, above)
    places = (*region.position_2d, *region.position_3d)
    if len(places) != 5 or not all(type(at) is int and abs(at) <= MAGNITUDE_MAX for at in places):
        raise InvalidRegion("H109", f"region {quote(region.id)} has no place in two and three dimensions")
    added = replace(
        region, title=_text(region.title) or region.id, description=_text(region.description), parent=above,
        areas=_ids(brain, region.areas), inputs=_ids(brain, region.inputs), outputs=_ids(brain, region.outputs),
    )
    others = (replace(r, areas=tuple(a for a in r.areas if a not in added.areas)) for r in brain.genome.regions)
    return (*others, added)


def without_region(brain: LivingBrain, region_id: str) -> Regions:
    """Its areas and regions move up to its parent. Raises InvalidRegion."""
    gone = region_of(brain, region_id)
    kept = []
    for region in brain.genome.regions:
        if region.id == gone.parent:
            region = replace(region, areas=tuple(dict.fromkeys((*region.areas, *gone.areas))))
        if region.parent == gone.id:
            region = replace(region, parent=gone.parent)
        if region.id != gone.id:
            kept.append(region)
    return tuple(kept)


def renamed(brain: LivingBrain, region_id: str, name: str | None, description: str | None) -> Regions:
    """Raises InvalidRegion."""
    region = region_of(brain, region_id)
    if name is not None:
        region = replace(region, title=_text(name) or region.id)
    if description is not None:
        region = replace(region, description=_text(description))
    return _with(brain, region)


def moved(brain: LivingBrain, region_id: str, parent: str | None) -> Regions:
    """Raises InvalidRegion if the new parent is the region, or lies inside it."""
    region = region_of(brain, region_id)
    if parent is not None:
        parents = {other.id: other.parent for other in brain.genome.regions}
        if region_of(brain, parent).id == region_id or region_id in ancestors(parents, parent):
            raise InvalidRegion("H109", f"region {quote(region_id)} would lie inside itself", remedy="Choose another parent.")
    return _with(brain, replace(region, parent=parent))


def relocated(brain: LivingBrain, members: Mapping[str, str]) -> Regions:
    """Raises AreaNotFound, InvalidRegion."""
    homes = {brain.area(area_id).id: region_of(brain, region_id).id for area_id, region_id in members.items()}
    moved_to: dict[str, list[str]] = {}
    for area_id, region_id in homes.items():
        moved_to.setdefault(region_id, []).append(area_id)
    return tuple(
        replace(r, areas=(*(a for a in r.areas if homes.get(a, r.id) == r.id), *(a for a in moved_to.get(r.id, ()) if a not in r.areas)))
        for r in brain.genome.regions
    )


def with_member(brain: LivingBrain, region_id: str, area_id: str) -> Regions:
    """Raises InvalidRegion."""
    region = region_of(brain, region_id)
    return _with(brain, replace(region, areas=(*region.areas, area_id)))


def without_member(regions: Regions, area_id: str) -> Regions:
    """No region holds the area any more."""

    def others(ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(other for other in ids if other != area_id)

    return tuple(replace(r, areas=others(r.areas), inputs=others(r.inputs), outputs=others(r.outputs)) for r in regions)


def region_info(brain: LivingBrain, region: Region) -> dict[str, Any]:
    """A region by the names of the field's services."""
    return {
        "region_id": region.id,
        "name": region.title,
        "description": region.description,
        "parent_id": region.parent,
        "coordinate_2d": list(region.position_2d),
        "coordinate_3d": list(region.position_3d),
        "cortical_areas": list(region.areas),
        "child_regions": [other.id for other in brain.genome.regions if other.parent == region.id],
        "inputs": list(region.inputs),
        "outputs": list(region.outputs),
    }


def _with(brain: LivingBrain, changed: Region) -> Regions:
    return tuple(changed if region.id == changed.id else region for region in brain.genome.regions)


def _ids(brain: LivingBrain, written: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(brain.area(area_id).id for area_id in written))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidRegion("H109", f"{quote(value)} is no text", remedy="Write a name or a description in words.")
    return value
