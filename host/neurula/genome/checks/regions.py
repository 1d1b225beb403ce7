"""Regions form a tree, and every area is in one of them."""

from __future__ import annotations

from collections.abc import Iterator

from neurula.genome.checks.context import Check, Context
from neurula.genome.model import Fix, Problem, Region
from neurula.genome.pointers import value_at
from neurula.genome.problems import pointer, quote, warning
from neurula.genome.region_tree import in_circles
from neurula.genome.regions import AREA_LISTS, SECTION


def check_parents(context: Context) -> Iterator[Problem]:
    """A parent that there is not, or a region that is inside itself."""
    regions = {region.id: region for region in context.genome.regions}
    circular = in_circles({region.id: region.parent for region in context.genome.regions})
    for region in regions.values():
        if region.parent is None:
            continue
        if region.parent not in regions:
            message = f"the parent {quote(region.parent)} of region {quote(region.title)} is no region"
        elif region.id in circular:
            message = f"region {quote(region.title)} is inside itself"
        else:
            continue
        place = _parent_place(context, region)
        yield warning("G254", place, message, Fix("set", None))


def check_membership(context: Context) -> Iterator[Problem]:
    """Where there are regions, each area is in exactly one."""
    if not context.genome.regions:
        return
    home: dict[str, Region] = {}
    for region in context.genome.regions:
        for area_id in region.areas:
            earlier = home.setdefault(area_id, region)
            if earlier is not region:
                message = f"area {quote(area_id)} is in region {quote(earlier.title)} and in {quote(region.title)}"
                yield warning("G255", pointer(SECTION, region.id), message)
    homeless = [area.id for area in context.genome.areas if area.id not in home]
    if homeless:
        which = f"area {quote(homeless[0])} is" if len(homeless) == 1 else f"{len(homeless)} areas, {quote(homeless[0])} first, are"
        yield warning("G256", pointer(SECTION), f"{which} in no region", _into_root(context, homeless))


def _into_root(context: Context, area_ids: list[str]) -> Fix | None:
    """The areas added to the first region without a parent, where it has a list of areas."""
    root = next((region.id for region in context.genome.regions if region.parent is None), "")
    for name in AREA_LISTS:
        place = pointer(SECTION, root, name)
        written = value_at(context.genome.document, place)
        if isinstance(written, list):
            return Fix("set", [*written, *area_ids], place)
    return None


def _parent_place(context: Context, region: Region) -> str:
    written = context.genome.document[SECTION][region.id]
    steps = () if "parent_region_id" in written else ("properties",)
    return pointer(SECTION, region.id, *steps, "parent_region_id")


REGION_CHECKS: tuple[Check, ...] = (check_parents, check_membership)
