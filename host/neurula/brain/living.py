"""A whole state of a living brain: genome, edits and connectome, frozen. Readers hold one; a writer makes the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurula.development import Connectome, GrownArea
from neurula.development.edits import AreaEdits, Edits, alive_of
from neurula.errors import AreaNotFound, InvalidNeuron
from neurula.genome import CorticalArea, Genome, canonical_id
from neurula.genome.problems import quote

CORE_AREAS = 3  # death, power, fatigue: always the first ones


class Place(NamedTuple):
    """A neuron: index of its area, and of the neuron inside it."""

    area: int
    neuron: int


@dataclass(frozen=True, slots=True)
class LivingBrain:
    """One state of the brain. Two that are equal in genome and edits are equal in everything.

    genome: what is written, without the section of edits; grown: what it grows; connectome: that with the edits applied;
    keys: what each bundle of `grown` depends on (regrowth.py); indices: area id in any form -> index; revision: counts up.
    """

    genome: Genome
    edits: Edits
    grown: Connectome
    connectome: Connectome
    keys: tuple[tuple[object, ...], ...]
    indices: Mapping[str, int]
    revision: int

    def find_area(self, area_id: str) -> int | None:
        """Index of the area with this id, as written or in another form of the same eight bytes."""
        if not isinstance(area_id, str):
            return None
        index = self.indices.get(area_id)
        return index if index is not None else self.indices.get(canonical_id(area_id))

    def area_index(self, area_id: str) -> int:
        """The same; raises AreaNotFound."""
        index = self.find_area(area_id)
        if index is None:
            raise AreaNotFound(
                "H101", f"there is no cortical area {quote(area_id)}", remedy="List the areas with get_all_cortical_ids."
            )
        return index

    def grown_area(self, area_id: str) -> GrownArea:
        """Raises AreaNotFound."""
        return self.connectome.areas[self.area_index(area_id)]

    def area(self, area_id: str) -> CorticalArea:
        """Raises AreaNotFound."""
        return self.grown_area(area_id).area

    def edits_of(self, index: int) -> AreaEdits:
        return self.edits.areas.get(self.connectome.areas[index].area.id, AreaEdits())

    def alive(self, index: int) -> NDArray[np.bool_]:
        """bool[neurons of the area]"""
        return alive_of(self.connectome.areas[index].neurons, self.edits_of(index).without)

    def living_neurons(self, index: int) -> int:
        """Neurons of the area that are alive."""
        return self.connectome.areas[index].neurons - sum(stop - first for first, stop in self.edits_of(index).without)

    @property
    def neurons(self) -> int:
        return sum(self.living_neurons(i) for i in range(len(self.connectome.areas)))

    def find_neuron(self, neuron_id: int) -> Place | None:
        """None where no living neuron has the id."""
        if type(neuron_id) is not int or not 0 <= neuron_id < self.connectome.neurons:
            return None
        index = next(i for i, g in enumerate(self.connectome.areas) if neuron_id < g.first_neuron + g.neurons)
        neuron = neuron_id - self.connectome.areas[index].first_neuron
        out = any(first <= neuron < stop for first, stop in self.edits_of(index).without)
        return None if out else Place(index, neuron)

    def place(self, neuron_id: int) -> Place:
        """Raises InvalidNeuron."""
        place = self.find_neuron(neuron_id)
        if place is None:
            message = f"there is no neuron {quote(neuron_id)}"
            raise InvalidNeuron("H105", message, remedy="Ask get_neurons_in_area for the ids as they are now.")
        return place

    def voxel_of(self, place: Place) -> tuple[int, int, int]:
        """x, y, z inside the area."""
        area = self.connectome.areas[place.area].area
        voxel = place.neuron // area.neurons_per_voxel
        _, height, depth = area.dims
        return voxel // (height * depth), voxel // depth % height, voxel % depth
