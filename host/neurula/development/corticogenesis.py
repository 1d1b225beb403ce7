"""Corticogenesis, the first stage: which areas the brain has, and in which order: death, power and fatigue first, then as
the genome writes them.

A core area that the genome does not write is added, one voxel large, with what FEAGI's released engine gives it.
That engine also adds pain, pleasure, fear and hope; nothing ever reaches or leaves them, so they are left out.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from neurula.development.connectome import GrownArea
from neurula.errors import DevelopmentError
from neurula.genome.model import CorticalArea


@dataclass(frozen=True, slots=True)
class CoreArea:
    """A core area under its names in plain text; the first is the one that is given when it is added."""

    ids: tuple[str, ...]
    name: str

    @property
    def known_as(self) -> frozenset[str]:
        """All ids, plain and in base64 (FEAGI genome format: 8 bytes)."""
        return frozenset(self.ids) | {_base64_id(i) for i in self.ids if len(i) == 8}


DEATH = CoreArea(("___death", "_death"), "Brain_Death")
POWER = CoreArea(("___power", "_power", "___pwr"), "Brain_Power")
FATIGUE = CoreArea(("___fatig", "_fatig"), "Fatigue")
CORE_AREAS = (DEATH, POWER, FATIGUE)


@dataclass(frozen=True, slots=True)
class PlacedArea:
    """An area in its place among the others. added: a core area that the genome does not write."""

    area: CorticalArea
    added: bool


def place_areas(written: Sequence[CorticalArea]) -> tuple[PlacedArea, ...]:
    """All areas in the order in which their neurons are counted. Raises DevelopmentError D101 for an id that two have."""
    seen: set[str] = set()
    for area in written:
        if area.id in seen:
            raise DevelopmentError("D101", f"two areas have the id {area.id!r}", remedy="Rename one of them.")
        seen.add(area.id)
    in_base64 = any(len(i) == 12 for i in seen)
    found = [next((a for a in written if a.id in core.known_as), None) for core in CORE_AREAS]
    core = [PlacedArea(a or _missing(c, in_base64), a is None) for a, c in zip(found, CORE_AREAS, strict=True)]
    return (*core, *(PlacedArea(a, False) for a in written if not any(a is f for f in found)))


def area_indices(areas: Sequence[GrownArea]) -> dict[str, int]:
    """Cortical id -> index of the area; a core area is also found under its other names."""
    indices = {grown.area.id: i for i, grown in enumerate(areas)}
    for i, core in enumerate(CORE_AREAS):
        for alias in core.known_as:
            indices.setdefault(alias, i)
    return indices


def _missing(core: CoreArea, in_base64: bool) -> CorticalArea:
    return CorticalArea(
        id=_base64_id(core.ids[0]) if in_base64 else core.ids[0],
        name=core.name,
        group="CORE",
        postsynaptic_potential=500.0,
        firing_threshold=0.1,
        excitability=1.0,
        psp_uniform=True,
    )


def _base64_id(plain: str) -> str:
    return base64.b64encode(plain.encode("ascii")).decode("ascii")
