"""Who holds the living brain: one reference that readers take once, and a lock that lets one writer at a time replace it."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock

from neurula.brain.living import LivingBrain
from neurula.brain.regrowth import Limits, first_growth, regrow
from neurula.development.edits import Edits
from neurula.development.neurogenesis import create_areas
from neurula.genome import Genome
from neurula.genome.morphologies import core_morphologies

MAX_NEURONS = 10_000_000  # what FEAGI's manager allows, too
MAX_SYNAPSES = 100_000_000


def empty_genome() -> Genome:
    """The three core areas and nothing else."""
    core = tuple(grown.area for grown in create_areas(()))
    return Genome("new", "New brain", "3.0", "flat", core, core_morphologies(), {}, {})


class BrainHolder:
    """What every theme of ConnectomeManager stands on.

    A state is never changed: readers that took one see it whole, whatever a writer does meanwhile. A change that fails
    leaves the brain as it was.
    """

    def __init__(self, *, seed: int = 0, max_neurons: int = MAX_NEURONS, max_synapses: int = MAX_SYNAPSES) -> None:
        """seed: of the chances of development; max_neurons, max_synapses: what the brain may grow to."""
        self._limits = Limits(max_neurons, max_synapses, seed)
        self._writing = RLock()
        self._brain, _ = first_growth(empty_genome(), self._limits, 0)

    @property
    def brain(self) -> LivingBrain:
        """The whole present state, frozen: for several questions that must fit together."""
        return self._brain

    def _change(self, make: Callable[[LivingBrain], tuple[Genome, Edits]]) -> LivingBrain:
        """Replaces the state by the one that grows of what `make` returns; alone among writers."""
        with self._writing:
            genome, edits = make(self._brain)
            self._brain = regrow(self._brain, genome, edits, self._limits)
            return self._brain
