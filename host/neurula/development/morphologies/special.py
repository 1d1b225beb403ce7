"""Morphologies that are not a question of voxels: randomizer draws its targets, the memory family grows by learning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurula.development.morphologies.growth import Growth
from neurula.genome.model import Triple


def grow_randomizer(_parameters: Mapping[str, Any], _source: Triple, _target: Triple) -> Growth:
    """Every source neuron -> one voxel of the target, drawn by chance (see neurula.development.chance)."""
    return Growth(one_at_random=True)


def grow_by_learning(_parameters: Mapping[str, Any], _source: Triple, _target: Triple) -> Growth:
    """No synapses at birth."""
    return Growth(learning=True)
