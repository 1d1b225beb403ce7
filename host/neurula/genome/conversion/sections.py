"""The parts of a document beside the blueprint: morphologies, regions, physiology, version."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from neurula.genome.conversion.aside import Aside
from neurula.genome.reader import PHYSIOLOGY_KEYS
from neurula.genome.regions import ID_LISTS, SECTION

NEW_VERSION, OLD_VERSION = "3.0", "2.0"
MORPHOLOGIES = "neuron_morphologies"
# FEAGI 3 renamed two functions.
RENAMED = {"memory": "episodic_memory", "bi_directional_stdp": "associative_memory"}
_OVERRIDES = "visualization_voxel_granularity_overrides"


def new_names(document: Mapping[str, Any]) -> dict[str, str]:
    """Functions that 3.0 calls otherwise: old name -> new. A genome that has both, or its own meaning, keeps them."""
    section = _section(document, MORPHOLOGIES)
    return {old: new for old, new in RENAMED.items() if new not in section and _is_function(section.get(old))}


def old_names(document: Mapping[str, Any], aside: Aside) -> dict[str, str]:
    """The way back: new name -> the one that the genome had."""
    section = _section(document, MORPHOLOGIES)
    table = aside.table(MORPHOLOGIES)
    aside.replace(MORPHOLOGIES, {})
    return {new: old for new, old in table.items() if isinstance(old, str) and old not in section}


def keep_old_names(aside: Aside, names: Mapping[str, str], used: Collection[str]) -> None:
    """names: old -> new; used: those that occur."""
    aside.replace(MORPHOLOGIES, aside.table(MORPHOLOGIES) | {new: old for old, new in names.items() if old in used})


def rename_morphologies(document: dict[str, Any], names: Mapping[str, str]) -> set[str]:
    """Renames definitions; the old names of those that there were."""
    section = _section(document, MORPHOLOGIES)
    found = names.keys() & section.keys()
    if found:
        document[MORPHOLOGIES] = {names.get(key, key): value for key, value in section.items()}
    return found


def rewrite_regions(document: dict[str, Any], rename: Callable[[str], str]) -> None:
    """New ids in every list of areas, and in the overrides of the viewer."""
    regions = _section(document, SECTION)
    if regions:
        document[SECTION] = {key: _renamed_region(region, rename) for key, region in regions.items()}
    overrides = _section(document, _OVERRIDES)
    if overrides:
        document[_OVERRIDES] = {rename(key): value for key, value in overrides.items()}


def _renamed_region(region: Any, rename: Callable[[str], str]) -> Any:
    if not isinstance(region, dict):
        return region
    renamed = dict(region)
    for name in ID_LISTS:
        if isinstance(region.get(name), list):
            renamed[name] = [rename(member) if isinstance(member, str) else member for member in region[name]]
    if isinstance(region.get("properties"), dict) and "properties" not in region["properties"]:
        renamed["properties"] = _renamed_region(region["properties"], rename)
    return renamed


def gather_physiology(document: dict[str, Any]) -> None:
    """What older files write at the top level goes into the section; what the section says already, wins."""
    written = document.get("physiology")
    if written is not None and not isinstance(written, dict):
        return
    outside = {key: document.pop(key) for key in PHYSIOLOGY_KEYS if key in document}
    if outside:
        document["physiology"] = {**outside, **(written or {})}


def set_new_version(document: dict[str, Any], aside: Aside) -> None:
    written = document.get("version")
    if isinstance(written, str) and written.startswith("2.") and written != OLD_VERSION:
        aside.replace("version", {"before": written})
    document["version"] = NEW_VERSION


def set_old_version(document: dict[str, Any], aside: Aside) -> None:
    before = aside.table("version").get("before", OLD_VERSION)
    aside.replace("version", {})
    written = document.get("version")
    if not (isinstance(written, str) and written.startswith("2.")):
        document["version"] = before


def _section(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = document.get(name)
    return section if isinstance(section, dict) else {}


def _is_function(morphology: Any) -> bool:
    """True for a name that means what is built in: not defined, or of type functions."""
    return morphology is None or (isinstance(morphology, dict) and "functions" in (morphology.get("type"), *morphology))
