"""Single neurons (methods 13 to 22). Their ids count through the whole brain, area by area, voxel by voxel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from neurula.brain.holder import BrainHolder
from neurula.brain.living import LivingBrain
from neurula.brain.neuron_edits import (
    NewNeuron,
    alive_neurons,
    all_born,
    born,
    died,
    require_area_values,
    with_threshold,
)
from neurula.development.edits import Edits
from neurula.errors import InvalidProperty
from neurula.genome import Genome


class Neurons(BrainHolder):
    """Methods 13 to 22."""

    def create_neurons_for_area(self, area_id: str) -> int:
        """Lets every neuron be born that the size of the area has a place for; returns how many the area has then:
        width * height * depth * neurons per voxel. Raises AreaNotFound.

        >>> brain.delete_neuron(5)
        True
        >>> brain.create_neurons_for_area("CThink")
        4
        """
        after = self._change(lambda brain: (brain.genome, all_born(brain, area_id)))
        return after.living_neurons(after.area_index(area_id))

    def add_neuron(
        self,
        area_id: str,
        x: int,
        y: int,
        z: int,
        threshold: float | None = None,
        leak: float | None = None,
        resting: float | None = None,
        neuron_type: int | None = None,
        refractory: int | None = None,
        excitability: float | None = None,
        consecutive_limit: int | None = None,
        snooze: int | None = None,
        mp_accumulation: bool | None = None,
    ) -> int:
        """A neuron is born on a free place of the voxel, with the synapses that the rules give it; returns its id.
        Only the threshold can be its own; the others must be as the area has them (None). Raises AreaNotFound,
        OutOfBounds (outside, or no place free), InvalidProperty.

        >>> brain.delete_neuron(8)
        True
        >>> brain.add_neuron("CThink", 1, 1, 0, threshold=1.5)
        8
        """
        wish = NewNeuron(
            x, y, z, threshold, leak, resting, neuron_type, refractory, excitability, consecutive_limit, snooze, mp_accumulation
        )
        return self.batch_create_neurons(area_id, [wish])[0]

    def delete_neuron(self, neuron_id: int) -> bool:
        """Takes a neuron out, with all its synapses; its place stays free. False if there is none. Raises InvalidNeuron
        for the neuron of a core area.

        >>> brain.delete_neuron(5), brain.delete_neuron(5), brain.get_synapse_count()
        (True, False, 7)
        """
        return self.delete_neurons_batch([neuron_id]) == 1

    def get_neuron_count(self) -> int:
        """Living neurons of the whole brain, core areas included.

        >>> brain.get_neuron_count()
        11
        """
        return self._brain.neurons

    def batch_create_neurons(self, area_id: str, neurons: Sequence[NewNeuron | Sequence[Any]]) -> list[int]:
        """Many neurons at once, each (x, y, z) or longer, in the order of add_neuron; all are born or none. Returns
        their ids. Raises as add_neuron.

        >>> brain.delete_neurons_batch([5, 6])
        2
        >>> brain.batch_create_neurons("CThink", [(0, 1, 0), (0, 0, 0, 2.5)])
        [6, 5]
        """
        ids: list[int] = []

        def make(brain: LivingBrain) -> tuple[Genome, Edits]:
            edits, made = born(brain, area_id, [wish_of(neuron) for neuron in neurons])
            ids.extend(made)
            return brain.genome, edits

        self._change(make)
        return ids

    def delete_neurons_batch(self, neuron_ids: Iterable[int]) -> int:
        """Takes many out at once; returns how many of them there were. Raises InvalidNeuron for one of a core area.

        >>> brain.delete_neurons_batch([5, 6, 1000])
        2
        """
        with self._writing:
            places = {place for place in map(self._brain.find_neuron, neuron_ids) if place is not None}
            if places:
                self._change(lambda brain: (brain.genome, died(brain, places)))
            return len(places)

    def update_neuron_properties(
        self,
        neuron_id: int,
        threshold: float | None = None,
        leak: float | None = None,
        resting: float | None = None,
        excitability: float | None = None,
    ) -> None:
        """Changes a single neuron. The threshold can be its own; the others must be as the area has them, because every
        runtime keeps one for all. Raises InvalidNeuron, and InvalidProperty also if nothing is given.

        >>> brain.update_neuron_properties(5, threshold=4)
        >>> brain.get_neuron_property(5, "threshold")
        4
        """
        values = {"threshold": threshold, "leak": leak, "resting": resting, "excitability": excitability}
        if all(value is None for value in values.values()):
            raise InvalidProperty("H103", "no property was given", remedy="Give a threshold.")

        def make(brain: LivingBrain) -> tuple[Genome, Edits]:
            place = brain.place(neuron_id)
            require_area_values(brain.connectome.areas[place.area], values)
            return brain.genome, brain.edits if threshold is None else with_threshold(brain, place, threshold)

        self._change(make)

    def set_neuron_firing_threshold(self, neuron_id: int, threshold: float) -> None:
        """Gives a single neuron a threshold of its own. Raises InvalidNeuron, InvalidProperty.

        >>> brain.set_neuron_firing_threshold(6, 0.5)
        >>> brain.get_neuron_properties(6)["threshold"]
        0.5
        """
        self._change(lambda brain: (brain.genome, with_threshold(brain, brain.place(neuron_id), threshold)))

    def get_neurons_in_area(self, area_id: str) -> list[int]:
        """The ids of the living neurons of an area, ascending. Raises AreaNotFound.

        >>> brain.get_neurons_in_area("CThink")
        [5, 6, 7, 8]
        """
        brain = self._brain
        return alive_neurons(brain, brain.area_index(area_id))

    def has_neuron(self, neuron_id: int) -> bool:
        """Whether a living neuron has this id.

        >>> brain.has_neuron(10), brain.has_neuron(11)
        (True, False)
        """
        return self._brain.find_neuron(neuron_id) is not None


def wish_of(neuron: NewNeuron | Sequence[Any]) -> NewNeuron:
    """Raises InvalidProperty for a tuple of another length."""
    if not isinstance(neuron, (list, tuple)) or not 3 <= len(neuron) <= len(NewNeuron._fields):
        raise InvalidProperty("H103", f"a neuron is given as x, y, z and up to nine properties, not {neuron!r:.60}")
    return NewNeuron(*neuron)
