"""What grew: neurons and synapses as arrays, in a fixed and documented order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurula.genome.model import CorticalArea, MappingRule


@dataclass(frozen=True, slots=True)
class GrownArea:
    """An area and the ids of its neurons: first_neuron + ((x*h + y)*d + z)*neurons_per_voxel + k."""

    area: CorticalArea
    first_neuron: int
    added: bool = False  # a core area that development added; the genome does not write it
    thresholds: tuple[tuple[int, float], ...] = ()  # neurons that have one of their own, ascending (edits.py)

    @property
    def neurons(self) -> int:
        return self.area.neurons


@dataclass(frozen=True, slots=True)
class Bundle:
    """The synapses that one mapping rule made: rows start:stop of the connectome's arrays."""

    source_area: int  # index into Connectome.areas
    target_area: int
    rule: MappingRule
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Connectome:
    """The grown brain.

    areas: core areas first, then in the order of the genome. Synapses: bundle after bundle (source area, destination
    and rule in the order of the genome); inside a bundle by source voxel in raster order (x slowest, z fastest),
    then by target voxel, then by the neuron's index inside its source voxel. Synapses made one by one come last (edits.py).
    source, target: int32[synapses], index of the neuron inside its own area (not the global id).
    """

    areas: tuple[GrownArea, ...]
    bundles: tuple[Bundle, ...]
    source: NDArray[np.int32]
    target: NDArray[np.int32]

    @property
    def neurons(self) -> int:
        return sum(a.neurons for a in self.areas)

    @property
    def synapses(self) -> int:
        return len(self.source)
