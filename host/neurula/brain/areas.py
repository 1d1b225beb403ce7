"""Cortical areas that come, go and change (methods 7 to 12, 36, and the mappings between areas)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from neurula.brain.holder import BrainHolder
from neurula.brain.living import CORE_AREAS, LivingBrain
from neurula.brain.neuron_edits import nobody, with_area
from neurula.brain.properties import change_class, changed_area, checked_area, edits_after_change
from neurula.brain.region_edits import with_member, without_member
from neurula.brain.regrowth import rules_between
from neurula.brain.synapse_edits import without_edits_from
from neurula.development import GrownArea, upstream_areas
from neurula.development.edits import Edits
from neurula.errors import AreaAlreadyExists, InvalidArea
from neurula.genome import CorticalArea, Genome, canonical_id
from neurula.genome.blueprint import split_key
from neurula.genome.genes import gene_key
from neurula.genome.limits import AREAS_MAX
from neurula.genome.problems import quote
from neurula.genome.written_rules import write_rule

_ID_CHARS = 100


class Areas(BrainHolder):
    """Methods 7 to 12 and 36, and mappings."""

    def add_cortical_area(self, area: CorticalArea, *, region: str | None = None, grow: bool = True) -> int:
        """Adds an area with its neurons and the synapses of its projections; returns its index. region: id of the region
        that it joins. grow=False: its neurons are still to be born, by create_neurons_for_area or add_neuron.
        Raises AreaAlreadyExists, InvalidArea, InvalidProperty, InvalidMorphology.

        >>> brain.add_cortical_area(CorticalArea("CMemo1", "Memory", dims=(3, 1, 1)))
        6
        >>> brain.get_neuron_count()
        14
        """

        def make(before: LivingBrain) -> tuple[Genome, Edits]:
            require_new_id(before, area.id)
            added = checked_area(before, area)
            genome = replace(before.genome, areas=(*before.genome.areas, added))
            if region is not None:
                genome = replace(genome, regions=with_member(before, region, added.id))
            edits = before.edits if grow else with_area(before.edits, added.id, nobody(GrownArea(added, 0)))
            return genome, edits

        return self._change(make).area_index(area.id)

    def delete_cortical_area(self, area_id: str) -> None:
        """Removes an area, its neurons, and all mappings and region entries that mean it. Raises AreaNotFound, and
        InvalidArea for a core area.

        >>> brain.delete_cortical_area("CThink")
        >>> brain.get_synapse_count()
        0
        """

        def make(before: LivingBrain) -> tuple[Genome, Edits]:
            if before.area_index(area_id) < CORE_AREAS:
                raise InvalidArea("H104", f"{quote(area_id)} is a core area, which stays", remedy="Remove its mappings instead.")
            gone = before.area(area_id).id
            areas = (without_projection(area, gone) for area in before.genome.areas if area.id != gone)
            return replace(before.genome, areas=tuple(areas), regions=without_member(before.genome.regions, gone)), before.edits

        self._change(make)

    def get_cortical_area(self, area_id: str) -> CorticalArea | None:
        """The area as the genome describes it now, or None.

        >>> brain.get_cortical_area("CThink").dims
        (2, 2, 1)
        """
        brain = self._brain
        index = brain.find_area(area_id)
        return None if index is None else brain.connectome.areas[index].area

    def update_cortical_area_properties(self, area_id: str, changes: Mapping[str, Any]) -> str:
        """Changes properties by name; all of them or, if one cannot be, none. Returns what was touched: "none",
        "metadata" (names, places), "parameter" (in place) or "structure" (the area grows anew, and all synapses in and
        out of it). Raises AreaNotFound, InvalidProperty, InvalidMorphology, CapacityExceeded.

        >>> brain.update_cortical_area_properties("CThink", {"firing_threshold": 3, "refractory_period": 1})
        'parameter'
        >>> brain.update_cortical_area_properties("CThink", {"cortical_dimensions": [4, 2, 1]})
        'structure'
        """
        touched = []

        def make(before: LivingBrain) -> tuple[Genome, Edits]:
            area = before.area(area_id)
            changed = changed_area(before, area, changes)
            touched.append(change_class(area, changed))
            edits = edits_after_change(before.edits, area, changed)
            return (before.genome if touched == ["none"] else with_changed(before.genome, changed)), edits

        self._change(make)
        return touched[0]

    def get_cortical_id_for_idx(self, index: int) -> str | None:
        """The id of the area with this index (0 death, 1 power, 2 fatigue, then as the genome writes them), or None.

        >>> brain.get_cortical_id_for_idx(4)
        'CThink'
        """
        areas = self._brain.connectome.areas
        return areas[index].area.id if type(index) is int and 0 <= index < len(areas) else None

    def get_cortical_idx_for_id(self, area_id: str) -> int | None:
        """The index of the area with this id, or None. Removing an area moves those behind it.

        >>> brain.get_cortical_idx_for_id("CThink")
        4
        """
        return self._brain.find_area(area_id)

    def resize_cortical_area(self, area_id: str, dims: Sequence[int]) -> None:
        """Gives an area other dimensions; its neurons and all synapses in and out of it grow anew at once.
        Raises AreaNotFound, InvalidProperty, CapacityExceeded.

        >>> brain.resize_cortical_area("o__mot", (4, 1, 1))
        >>> brain.get_neuron_count()
        13
        """
        self.update_cortical_area_properties(area_id, {"dims": list(dims)})

    def apply_cortical_mapping(self, area_id: str) -> int:
        """Makes the synapses that leave an area those that its rules give, all destinations and rules; what was changed
        by hand is undone. Returns how many they are. Raises AreaNotFound.

        >>> brain.remove_synapse(5, 7)
        True
        >>> brain.apply_cortical_mapping("CThink")
        6
        """
        after = self._change(lambda brain: (brain.genome, without_edits_from(brain, brain.area_index(area_id))))
        index = after.area_index(area_id)
        return sum(b.stop - b.start for b in after.connectome.bundles if b.source_area == index)

    # beyond the 62

    def update_cortical_mapping(self, source_id: str, target_id: str, rules: Sequence[Mapping[str, Any]]) -> int:
        """Replaces the rules from one area to another, in any form that a genome writes; an empty list ends the mapping.
        Returns the synapses between the two. Raises AreaNotFound, InvalidProperty, InvalidMorphology.

        >>> brain.update_cortical_mapping("CThink", "o__mot", [{"morphology_id": "all_to_all"}])
        8
        """
        before = self._brain
        source, target = before.area(source_id), before.area(target_id)
        mapping: dict[str, Any] = {}
        for projection in source.projections:
            if projection not in rules_between(source, target.id):
                mapping[projection.destination] = [write_rule(rule) for rule in projection.rules]
        self.update_cortical_area_properties(source_id, {"cortical_mapping_dst": {**mapping, target.id: list(rules)}})
        after = self._brain
        ends = after.area_index(source_id), after.area_index(target_id)
        return sum(b.stop - b.start for b in after.connectome.bundles if (b.source_area, b.target_area) == ends)

    def get_upstream_cortical_areas(self, area_id: str) -> list[str]:
        """The areas that map to an area, those without synapses (memory) included, in the order of the brain. Raises
        AreaNotFound.

        >>> brain.get_upstream_cortical_areas("CThink")
        ['i__pro', 'CThink']
        """
        brain = self._brain
        return [brain.connectome.areas[i].area.id for i in upstream_areas(brain.grown, brain.area_index(area_id))]


def require_new_id(brain: LivingBrain, area_id: str) -> None:
    """Raises InvalidArea for what can be no id, AreaAlreadyExists for one that is taken."""
    text = isinstance(area_id, str) and 0 < len(area_id) <= _ID_CHARS and area_id.isprintable()
    if not text or area_id.startswith("/") or split_key(gene_key(area_id, "__name"))[0] != area_id:
        raise InvalidArea("H104", f"{quote(area_id)} is no id of an area", remedy="Use six letters and digits that begin with C.")
    if brain.find_area(area_id) is not None:
        raise AreaAlreadyExists("H102", f"there is an area {quote(area_id)} already", remedy="Choose another id.")
    if len(brain.genome.areas) >= AREAS_MAX - CORE_AREAS:
        raise InvalidArea("H104", f"there are {AREAS_MAX:,} areas, more cannot be")


def with_changed(genome: Genome, changed: CorticalArea) -> Genome:
    """The genome with this area instead of the one with its id; a core area that nobody wrote comes first."""
    if all(area.id != changed.id for area in genome.areas):
        return replace(genome, areas=(changed, *genome.areas))
    return replace(genome, areas=tuple(changed if area.id == changed.id else area for area in genome.areas))


def without_projection(area: CorticalArea, destination: str) -> CorticalArea:
    kept = tuple(p for p in area.projections if canonical_id(p.destination) != canonical_id(destination))
    return area if kept == area.projections else replace(area, projections=kept)
