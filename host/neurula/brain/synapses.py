"""Single synapses (methods 24 to 30)."""

from __future__ import annotations

from collections.abc import Sequence

from neurula.brain.holder import BrainHolder
from neurula.brain.living import LivingBrain
from neurula.brain.synapse_edits import (
    EXCITATORY,
    Link,
    Synapse,
    checked_weight,
    incoming,
    made,
    multiplier_of,
    outgoing,
    removed,
    reweighted,
    synapse_between,
)
from neurula.development.edits import Edits
from neurula.errors import InvalidSynapse
from neurula.genome import Genome


class Synapses(BrainHolder):
    """Methods 24 to 30."""

    def create_synapse(
        self, source: int, target: int, weight: float, psp: float | None = None, synapse_type: int = EXCITATORY
    ) -> None:
        """Joins two neurons. A spike contributes weight * PSP, negative for type 1 (inhibitory). psp: None = that of the
        source's area; another one is worked into the weight. Raises InvalidNeuron, InvalidSynapse (joined already).

        >>> brain.create_synapse(3, 9, 5)
        >>> brain.get_synapse(3, 9)
        Synapse(weight=5, psp=1, type=0)
        """

        def make(brain: LivingBrain) -> tuple[Genome, Edits]:
            ends = brain.place(source), brain.place(target)
            return brain.genome, made(brain, [(*ends, multiplier_of(brain, ends[0], weight, psp, synapse_type))])

        self._change(make)

    def get_synapse(self, source: int, target: int) -> Synapse | None:
        """(weight, psp, type) of the synapse between two neurons, or None; the first one where rules made several.

        >>> brain.get_synapse(5, 7)
        Synapse(weight=1, psp=1, type=1)
        """
        brain = self._brain
        places = brain.find_neuron(source), brain.find_neuron(target)
        return None if places[0] is None or places[1] is None else synapse_between(brain, places[0], places[1])

    def update_synapse_weight(self, source: int, target: int, weight: float) -> None:
        """Sets the size of a weight; sign, delay and plasticity stay. Several synapses between the two become one.
        Raises InvalidNeuron, InvalidSynapse if there is none.

        >>> brain.update_synapse_weight(5, 7, 3)
        >>> brain.get_synapse(5, 7)
        Synapse(weight=3, psp=1, type=1)
        """
        size = checked_weight(weight)
        self._change(lambda brain: (brain.genome, reweighted(brain, brain.place(source), brain.place(target), size)))

    def remove_synapse(self, source: int, target: int) -> bool:
        """Removes all synapses from one neuron to the other; False if there is none.

        >>> brain.remove_synapse(5, 7), brain.remove_synapse(5, 7)
        (True, False)
        """
        with self._writing:
            brain = self._brain
            places = brain.find_neuron(source), brain.find_neuron(target)
            edits = None if places[0] is None or places[1] is None else removed(brain, places[0], places[1])
            if edits is not None:
                self._change(lambda brain: (brain.genome, edits))
            return edits is not None

    def get_synapse_count(self) -> int:
        """Synapses of the whole brain.

        >>> brain.get_synapse_count()
        10
        """
        return self._brain.connectome.synapses

    def get_outgoing_synapses(self, neuron_id: int) -> list[Link]:
        """(target, weight, psp, type) of all synapses that leave a neuron. Raises InvalidNeuron.

        >>> brain.get_outgoing_synapses(5)
        [Link(neuron=7, weight=1, psp=1, type=1), Link(neuron=9, weight=1, psp=1, type=0)]
        """
        brain = self._brain
        return outgoing(brain, brain.place(neuron_id))

    def get_incoming_synapses(self, neuron_id: int) -> list[Link]:
        """(source, weight, psp, type) of all synapses that reach a neuron. Raises InvalidNeuron.

        >>> brain.get_incoming_synapses(9)
        [Link(neuron=5, weight=1, psp=1, type=0), Link(neuron=6, weight=1, psp=1, type=0)]
        """
        brain = self._brain
        return incoming(brain, brain.place(neuron_id))

    # beyond the 62

    def batch_create_synapses(self, sources: Sequence[int], targets: Sequence[int], weights: Sequence[float]) -> int:
        """Many excitatory synapses at once, all or none; returns how many. Raises as create_synapse.

        >>> brain.batch_create_synapses([3, 4], [9, 9], [1, 2.5])
        2
        """
        if not len(sources) == len(targets) == len(weights):
            raise InvalidSynapse("H106", f"{len(sources)} sources, {len(targets)} targets and {len(weights)} weights do not match")

        def make(brain: LivingBrain) -> tuple[Genome, Edits]:
            wishes = []
            for source, target, weight in zip(sources, targets, weights, strict=True):
                ends = brain.place(source), brain.place(target)
                wishes.append((*ends, multiplier_of(brain, ends[0], weight, None, EXCITATORY)))
            return brain.genome, made(brain, wishes)

        self._change(make)
        return len(sources)
