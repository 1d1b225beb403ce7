"""The living brain: a connectome that can be asked and changed, its states, and snapshots of it while it runs."""

from neurula.brain.connectome import ConnectomeManager
from neurula.brain.living import LivingBrain
from neurula.brain.machines import ConnectomeState, GenomeState, RuntimeState, Transition
from neurula.brain.states import StateManager

__all__ = ["ConnectomeManager", "ConnectomeState", "GenomeState", "LivingBrain", "RuntimeState", "StateManager", "Transition"]
