"""Questions about areas, neurons and what joins them (methods 35, 39 to 51, 55, 58 to 62)."""

from __future__ import annotations

from typing import Any, NamedTuple

from neurula.brain.holder import BrainHolder
from neurula.brain.living import LivingBrain, Place
from neurula.brain.neuron_edits import alive_neurons, first_of_voxel
from neurula.brain.properties import properties_of
from neurula.brain.synapse_edits import synapse_between, synapses_from
from neurula.genome import CorticalArea


class Connectivity(NamedTuple):
    """Of one area: living neurons, synapses that leave them, and their mean a neuron."""

    neurons: int
    synapses: int
    synapses_per_neuron: float


class Queries(BrainHolder):
    """Methods 35, 39 to 51, 55 and 58 to 62."""

    def get_cortical_area_by_name(self, name: str) -> CorticalArea | None:
        """The first area with this name, or None.

        >>> brain.get_cortical_area_by_name("Wheels").id
        'o__mot'
        """
        return next((grown.area for grown in self._brain.connectome.areas if grown.area.name == name), None)

    def get_neuron_by_coordinates(self, area_id: str, x: int, y: int, z: int) -> int | None:
        """The id of the first living neuron of a voxel, or None. Raises AreaNotFound, OutOfBounds.

        >>> brain.get_neuron_by_coordinates("CThink", 1, 0, 0)
        7
        """
        brain = self._brain
        index = brain.area_index(area_id)
        grown = brain.connectome.areas[index]
        first = grown.first_neuron + first_of_voxel(grown, (x, y, z))
        return next((n for n in range(first, first + grown.area.neurons_per_voxel) if brain.find_neuron(n)), None)

    def get_neuron_position(self, neuron_id: int) -> tuple[int, int, int] | None:
        """The voxel of a neuron inside its area, or None.

        >>> brain.get_neuron_position(7)
        (1, 0, 0)
        """
        brain = self._brain
        place = brain.find_neuron(neuron_id)
        return None if place is None else brain.voxel_of(place)

    def get_cortical_area_for_neuron(self, neuron_id: int) -> str | None:
        """The id of the area of a neuron, or None.

        >>> brain.get_cortical_area_for_neuron(7)
        'CThink'
        """
        brain = self._brain
        place = brain.find_neuron(neuron_id)
        return None if place is None else brain.connectome.areas[place.area].area.id

    def get_neuron_properties(self, neuron_id: int) -> dict[str, Any] | None:
        """All properties of a neuron by name, or None.

        >>> properties = brain.get_neuron_properties(7)
        >>> properties["cortical_id"], properties["threshold"], properties["refractory_period"]
        ('CThink', 2, 0)
        """
        brain = self._brain
        place = brain.find_neuron(neuron_id)
        return None if place is None else neuron_properties(brain, place)

    def get_neuron_property(self, neuron_id: int, name: str) -> Any:
        """One property of a neuron, or None where the neuron or the property is not.

        >>> brain.get_neuron_property(7, "threshold")
        2
        """
        properties = self.get_neuron_properties(neuron_id)
        return None if properties is None else properties.get(name)

    def get_all_cortical_ids(self) -> list[str]:
        """In the order of the indices.

        >>> brain.get_all_cortical_ids()
        ['___death', '___power', '___fatig', 'i__pro', 'CThink', 'o__mot']
        """
        return [grown.area.id for grown in self._brain.connectome.areas]

    def get_all_cortical_indices(self) -> list[int]:
        """0, 1, 2 are the core areas.

        >>> brain.get_all_cortical_indices()
        [0, 1, 2, 3, 4, 5]
        """
        return list(range(len(self._brain.connectome.areas)))

    def get_cortical_area_names(self) -> list[str]:
        """In the order of the indices.

        >>> brain.get_cortical_area_names()[3:]
        ['Eyes', 'Thinking', 'Wheels']
        """
        return [grown.area.name for grown in self._brain.connectome.areas]

    def list_ipu_areas(self) -> list[str]:
        """The ids of the inputs.

        >>> brain.list_ipu_areas()
        ['i__pro']
        """
        return [grown.area.id for grown in self._brain.connectome.areas if grown.area.group == "IPU"]

    def list_opu_areas(self) -> list[str]:
        """The ids of the outputs.

        >>> brain.list_opu_areas()
        ['o__mot']
        """
        return [grown.area.id for grown in self._brain.connectome.areas if grown.area.group == "OPU"]

    def get_max_cortical_area_dimensions(self) -> tuple[int, int, int]:
        """The largest width, height and depth, each on its own.

        >>> brain.get_max_cortical_area_dimensions()
        (2, 2, 1)
        """
        width, height, depth = (max(sizes) for sizes in zip(*(g.area.dims for g in self._brain.connectome.areas), strict=True))
        return width, height, depth

    def get_cortical_area_properties(self, area_id: str) -> dict[str, Any] | None:
        """All properties of an area by the names of the field's services, or None. update_cortical_area_properties takes
        the same names, but not ids, counts and `properties`.

        >>> properties = brain.get_cortical_area_properties("CThink")
        >>> properties["firing_threshold"], properties["synapse_count"]
        (2, 6)
        """
        brain = self._brain
        index = brain.find_area(area_id)
        return None if index is None else properties_of(brain, index, synapses_from(brain, index))

    def get_all_cortical_area_properties(self) -> list[dict[str, Any]]:
        """The same for every area.

        >>> [area["neuron_count"] for area in brain.get_all_cortical_area_properties()]
        [1, 1, 1, 2, 4, 2]
        """
        brain = self._brain
        return [properties_of(brain, i, synapses_from(brain, i)) for i in range(len(brain.connectome.areas))]

    def cortical_area_exists(self, area_id: str) -> bool:
        """Whether an area has this id, in any form.

        >>> brain.cortical_area_exists("CThink"), brain.cortical_area_exists("X")
        (True, False)
        """
        return self._brain.find_area(area_id) is not None

    def get_neurons_by_cortical_area(self, area_id: str) -> list[int]:
        """As get_neurons_in_area. Raises AreaNotFound.

        >>> brain.get_neurons_by_cortical_area("o__mot")
        [9, 10]
        """
        brain = self._brain
        return alive_neurons(brain, brain.area_index(area_id))

    def get_populated_areas(self) -> list[tuple[str, int]]:
        """(id, living neurons) of every area that has any.

        >>> brain.get_populated_areas()[3:]
        [('i__pro', 2), ('CThink', 4), ('o__mot', 2)]
        """
        brain = self._brain
        counts = ((grown.area.id, brain.living_neurons(i)) for i, grown in enumerate(brain.connectome.areas))
        return [(area_id, count) for area_id, count in counts if count]

    def are_neurons_connected(self, source: int, target: int) -> bool:
        """Whether a synapse leads from the one to the other.

        >>> brain.are_neurons_connected(5, 7), brain.are_neurons_connected(7, 5)
        (True, False)
        """
        return self.get_connection_weight(source, target) is not None

    def get_connection_weight(self, source: int, target: int) -> float | None:
        """The size of the weight between two neurons, or None.

        >>> brain.get_connection_weight(3, 5)
        2
        """
        brain = self._brain
        places = brain.find_neuron(source), brain.find_neuron(target)
        if places[0] is None or places[1] is None:
            return None
        found = synapse_between(brain, places[0], places[1])
        return None if found is None else found.weight

    def get_area_connectivity_stats(self, area_id: str) -> Connectivity:
        """Neurons, outgoing synapses and their mean a neuron. Raises AreaNotFound.

        >>> brain.get_area_connectivity_stats("CThink")
        Connectivity(neurons=4, synapses=6, synapses_per_neuron=1.5)
        """
        brain = self._brain
        index = brain.area_index(area_id)
        neurons, synapses = brain.living_neurons(index), synapses_from(brain, index)
        return Connectivity(neurons, synapses, synapses / neurons if neurons else 0.0)


def neuron_properties(brain: LivingBrain, place: Place) -> dict[str, Any]:
    """The properties of a living neuron by name."""
    grown = brain.connectome.areas[place.area]
    area = grown.area
    x, y, z = brain.voxel_of(place)
    steps = (step * at for step, at in zip(area.threshold_increment, (x, y, z), strict=True) if step)
    threshold = dict(brain.edits_of(place.area).thresholds).get(place.neuron, sum(steps, start=area.firing_threshold))
    return {
        "neuron_id": grown.first_neuron + place.neuron,
        "cortical_id": area.id,
        "cortical_idx": place.area,
        "x": x,
        "y": y,
        "z": z,
        "threshold": threshold,
        "threshold_limit": area.threshold_limit,
        "leak": area.leak_coefficient,
        "resting": 0,
        "neuron_type": 0,
        "refractory_period": area.refractory_period,
        "excitability": area.excitability,
        "consecutive_fire_limit": area.consecutive_fire_limit,
        "snooze_period": area.snooze_period,
        "mp_charge_accumulation": area.charge_accumulation,
    }
