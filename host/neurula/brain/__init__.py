"""The living brain: a connectome that can be asked and changed, its states, and snapshots of it while it runs."""

from neurula.brain.connectome import ConnectomeManager
from neurula.brain.living import LivingBrain

__all__ = ["ConnectomeManager", "LivingBrain"]
