"""randomizer: every neuron reaches a voxel of the target that chance chooses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurula.development.morphologies.growth import Growth
from neurula.genome.model import Triple


def grow_randomizer(_parameters: Mapping[str, Any], _source: Triple, _target: Triple) -> Growth:
    """Every source neuron -> one voxel of the target, drawn by chance (see neurula.development.chance)."""
    return Growth(one_at_random=True)


FUNCTIONS = {"randomizer": grow_randomizer}
