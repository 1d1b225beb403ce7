"""brain_regions: groups of areas, in the form that FEAGI's first engine writes and in that of the newer one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurula.genome.limits import MAGNITUDE_MAX, REGIONS_MAX
from neurula.genome.model import Fix, Region
from neurula.genome.problems import ProblemLog, pointer, quote
from neurula.genome.rules import Resolver
from neurula.genome.values import finite_number

SECTION = "brain_regions"
# The newer form writes cortical_areas and puts most of the rest into properties.
AREA_LISTS = ("areas", "cortical_areas")
ID_LISTS = (*AREA_LISTS, "inputs", "outputs")
CHILD_LISTS = ("regions", "child_regions")


def read_regions(document: Mapping[str, Any], resolve: Resolver, problems: ProblemLog) -> tuple[Region, ...]:
    """Regions in the order of the file. Members that are no areas of the blueprint are left out and logged."""
    section = document.get(SECTION)
    if section is None:
        return ()
    if not isinstance(section, dict):
        message = f"{SECTION} is {quote(section)}, not an object; it is ignored"
        problems.warn("G216", pointer(SECTION), message, Fix("remove"))
        return ()
    regions: list[Region] = []
    for region_id, written in section.items():
        if region_id.startswith("/"):
            continue
        place = pointer(SECTION, region_id)
        if not isinstance(written, dict):
            message = f"region {quote(region_id)} is {quote(written)}, not an object; it is left out"
            problems.warn("G232", place, message, Fix("remove"))
        elif len(regions) >= REGIONS_MAX:
            problems.warn("G232", place, f"there are more than {REGIONS_MAX:,} regions; the rest is left out")
            break
        else:
            regions.append(_read_region(region_id, written, resolve, place, problems))
    return tuple(regions)


def _read_region(
    region_id: str, written: Mapping[str, Any], resolve: Resolver, place: str, problems: ProblemLog
) -> Region:
    properties = written.get("properties")
    source = {**properties, **written} if isinstance(properties, dict) else written

    def member_place(name: str, index: int) -> str:
        return place + pointer(*(() if name in written else ("properties",)), name, index)

    def members(*names: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for name in names:
            for index, member in enumerate(_list_of(source.get(name))):
                area_id = resolve(member) if isinstance(member, str) else None
                if area_id is not None:
                    found[area_id] = None
                else:
                    message = f"region {quote(region_id)} holds {quote(member)}, which is no area of the blueprint"
                    problems.warn("G233", member_place(name, index), message, Fix("remove"))
        return tuple(found)

    parent = source.get("parent_region_id")
    x, y, z = _numbers(source.get("coordinate_3d"), 3)
    across, down = _numbers(source.get("coordinate_2d"), 2)
    return Region(
        id=region_id,
        title=_text(source.get("title")) or _text(source.get("name")) or region_id,
        parent=parent if isinstance(parent, str) and parent else None,
        areas=members(*AREA_LISTS),
        description=_text(source.get("description")),
        position_2d=(across, down),
        position_3d=(x, y, z),
        inputs=members("inputs"),
        outputs=members("outputs"),
    )


def _list_of(written: Any) -> list[Any]:
    return written if isinstance(written, list) else []


def _numbers(written: Any, count: int) -> list[int]:
    values = [finite_number(value) or 0 for value in _list_of(written)[:count]]
    return [int(max(-MAGNITUDE_MAX, min(value, MAGNITUDE_MAX))) for value in values] + [0] * (count - len(values))


def _text(written: Any) -> str:
    return written if isinstance(written, str) else ""
