"""Brain regions (methods 31 to 34, 37, 38 and what is asked about them)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from neurula.brain.holder import BrainHolder
from neurula.brain.living import LivingBrain
from neurula.brain.region_edits import (
    Regions as RegionTree,
)
from neurula.brain.region_edits import (
    find_region,
    moved,
    region_info,
    region_of,
    relocated,
    renamed,
    with_region,
    without_region,
)
from neurula.genome import Region
from neurula.genome.region_tree import hierarchy, with_ports


class Regions(BrainHolder):
    """Methods 31 to 34, 37, 38, 52 to 54, 56 and 57."""

    def add_brain_region(self, region: Region, parent: str | None = None) -> None:
        """Adds a region below a parent (None: the region's own); its areas leave the regions that they were in.
        Raises InvalidRegion, AreaNotFound.

        >>> brain.add_brain_region(Region("senses", "Senses", areas=("i__pro",)), "root")
        >>> brain.get_areas_in_region("senses")
        ['i__pro']
        """
        self._set(lambda brain: with_region(brain, region, parent))

    def delete_brain_region(self, region_id: str) -> None:
        """Removes a region; its areas and the regions inside it move up to its parent. Raises InvalidRegion.

        >>> brain.delete_brain_region("root")
        >>> brain.get_brain_region_count()
        0
        """
        self._set(lambda brain: without_region(brain, region_id))

    def update_brain_region(self, region_id: str, new_name: str | None = None, new_description: str | None = None) -> None:
        """Renames or describes a region. Raises InvalidRegion.

        >>> brain.update_brain_region("root", new_name="All")
        >>> brain.get_brain_region_names()
        ['All']
        """
        self._set(lambda brain: renamed(brain, region_id, new_name, new_description))

    def get_brain_regions(self) -> list[Region]:
        """All regions, in the order of the genome.

        >>> [region.title for region in brain.get_brain_regions()]
        ['Example']
        """
        return list(self._brain.genome.regions)

    def get_areas_in_region(self, region_id: str) -> list[str]:
        """The ids of the areas of a region, those of regions inside it left out. Raises InvalidRegion.

        >>> brain.get_areas_in_region("root")
        ['i__pro', 'CThink', 'o__mot']
        """
        return list(region_of(self._brain, region_id).areas)

    def get_brain_region_info(self, region_id: str) -> dict[str, Any]:
        """A region with its name, parent, areas and the regions inside it. Raises InvalidRegion.

        >>> brain.get_brain_region_info("root")["cortical_areas"]
        ['i__pro', 'CThink', 'o__mot']
        """
        brain = self._brain
        return region_info(brain, region_of(brain, region_id))

    def get_all_brain_region_ids(self) -> list[str]:
        """In the order of the genome.

        >>> brain.get_all_brain_region_ids()
        ['root']
        """
        return [region.id for region in self._brain.genome.regions]

    def get_brain_region_names(self) -> list[str]:
        """In the order of the genome.

        >>> brain.get_brain_region_names()
        ['Example']
        """
        return [region.title for region in self._brain.genome.regions]

    def get_brain_region_properties(self, region_id: str) -> dict[str, Any] | None:
        """As get_brain_region_info, but None where there is no such region.

        >>> brain.get_brain_region_properties("root")["name"], brain.get_brain_region_properties("x")
        ('Example', None)
        """
        brain = self._brain
        region = find_region(brain, region_id)
        return None if region is None else region_info(brain, region)

    def brain_region_exists(self, region_id: str) -> bool:
        """Whether a region has this id.

        >>> brain.brain_region_exists("root"), brain.brain_region_exists("x")
        (True, False)
        """
        return find_region(self._brain, region_id) is not None

    def get_brain_region_count(self) -> int:
        """How many regions there are.

        >>> brain.get_brain_region_count()
        1
        """
        return len(self._brain.genome.regions)

    # beyond the 62

    def change_brain_region_parent(self, region_id: str, parent: str | None) -> None:
        """Moves a region, with all that is inside it, below another one or to the top (None). Raises InvalidRegion if it
        would lie inside itself.

        >>> brain.add_brain_region(Region("senses", "Senses"))
        >>> brain.change_brain_region_parent("senses", "root")
        >>> brain.get_brain_region_info("root")["child_regions"]
        ['senses']
        """
        self._set(lambda brain: moved(brain, region_id, parent))

    def relocate_members(self, members: Mapping[str, str]) -> None:
        """Moves areas into regions, {area id: region id}, all of them or none; each area leaves the region that it was in.
        Raises AreaNotFound, InvalidRegion.

        >>> brain.add_brain_region(Region("senses", "Senses"), "root")
        >>> brain.relocate_members({"i__pro": "senses"})
        >>> brain.get_areas_in_region("root"), brain.get_areas_in_region("senses")
        (['CThink', 'o__mot'], ['i__pro'])
        """
        self._set(lambda brain: relocated(brain, members))

    def get_brain_region_hierarchy(self) -> dict[str, Any]:
        """The regions as a tree: {region id: the same of the regions inside it}. A region whose parent is none, or that lies
        inside itself, stands at the top.

        >>> brain.add_brain_region(Region("senses", "Senses"), "root")
        >>> brain.get_brain_region_hierarchy()
        {'root': {'senses': {}}}
        """
        return hierarchy(self._brain.genome.regions)

    def recompute_brain_region_io_registry(self) -> None:
        """Works the inputs and outputs of all regions out from the mappings that lead into and out of them.

        >>> brain.add_brain_region(Region("senses", "Senses", areas=("i__pro",)))
        >>> brain.recompute_brain_region_io_registry()
        >>> [(region.inputs, region.outputs) for region in brain.get_brain_regions()]
        [(('CThink',), ()), ((), ('i__pro',))]
        """
        self._set(lambda brain: with_ports(brain.genome.regions, brain.genome.areas))

    def _set(self, make: Callable[[LivingBrain], RegionTree]) -> None:
        self._change(lambda brain: (replace(brain.genome, regions=make(brain)), brain.edits))
