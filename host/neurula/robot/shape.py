"""What a body must know of a brain: its areas and its pace, whether the brain is a genome or an image."""

from __future__ import annotations

from dataclasses import dataclass

from neurula.genome import Genome
from neurula.genome.ids import canonical_id, group_of_id
from neurula.robot.coders import Size
from neurula.runtimes.stimulus import geometry_of
from neurula_npu import Image

RATE_MAX_HZ = 1e6


@dataclass(frozen=True, slots=True)
class AreaShape:
    """What a body must know of an area. id: as the genome writes it."""

    id: str
    name: str
    group: str
    dims: Size
    per_voxel: int = 1


@dataclass(frozen=True, slots=True)
class BrainShape:
    """The areas of a brain, in its order. rate_hz: bursts in a second, None where nobody has said; source: genome or image."""

    areas: tuple[AreaShape, ...]
    rate_hz: float | None = None
    source: str = "brain"

    def find(self, area_id: str) -> int | None:
        """Index of an area by its id, as written or in canonical form, or by a name that only one has."""
        for index, area in enumerate(self.areas):
            if area.id == area_id:
                return index
        meant = canonical_id(area_id)
        found = [i for i, area in enumerate(self.areas) if canonical_id(area.id) == meant] or [
            i for i, area in enumerate(self.areas) if area.name == area_id
        ]
        return found[0] if len(found) == 1 else None


def shape_of_genome(genome: Genome) -> BrainShape:
    """The areas that a genome describes."""
    areas = (AreaShape(area.id, area.name, area.group, area.dims, area.neurons_per_voxel) for area in genome.areas)
    return BrainShape(tuple(areas), rate_of(genome.physiology.get("simulation_timestep")), "genome")


def shape_of_image(image: Image, rate_hz: float | None = None) -> BrainShape:
    """The areas that an image holds; those that nothing reaches or leaves may have been left out of it. An image has no pace."""
    areas = (AreaShape(area.id, area.name, group_of_id(area.id), area.dims, area.per_voxel) for area in geometry_of(image))
    return BrainShape(tuple(areas), rate_hz, "image")


def rate_of(timestep_s: object) -> float | None:
    """Bursts in a second of a genome's gene, None if it says nothing sensible."""
    usable = isinstance(timestep_s, (int, float)) and not isinstance(timestep_s, bool) and timestep_s > 1 / RATE_MAX_HZ
    return 1 / timestep_s if usable and isinstance(timestep_s, (int, float)) else None
