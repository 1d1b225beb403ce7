"""Neurogenesis, the third stage: the neurons of every voxel, and their ids.

Ids count through the areas in their order; inside an area by voxel (voxelogenesis.py), and inside a voxel from 0 on.
No neuron is an object: all neurons of an area have the area's parameters, and thresholds that grow along the axes.
"""

from __future__ import annotations

from collections.abc import Sequence

from neurula.development.connectome import GrownArea
from neurula.development.corticogenesis import PlacedArea, place_areas
from neurula.development.stages import Watch
from neurula.development.voxelogenesis import count_voxels
from neurula.errors import DevelopmentError
from neurula.genome.model import CorticalArea

MOST_NEURONS = (1 << 31) - 1  # neuron ids are int32


def number_neurons(placed: Sequence[PlacedArea]) -> tuple[GrownArea, ...]:
    """The areas with the ids of their neurons. Raises DevelopmentError D103 if ids do not suffice."""
    areas: list[GrownArea] = []
    neurons = 0
    for each in placed:
        areas.append(GrownArea(each.area, neurons, each.added))
        neurons += each.area.neurons
        if neurons > MOST_NEURONS:
            raise DevelopmentError(
                "D103",
                f"with area {each.area.id!r} the genome has {neurons:,} neurons, more than {MOST_NEURONS:,}",
                remedy="Make the areas smaller.",
            )
    return tuple(areas)


def create_areas(written: Sequence[CorticalArea], watch: Watch | None = None) -> tuple[GrownArea, ...]:
    """The first three stages: areas, voxels, neurons. Raises DevelopmentError D101, D102, D103, and what `watch` raises."""
    watch = watch or Watch()
    with watch.stage("corticogenesis"):
        placed = place_areas(written)
        watch.count(areas=len(placed))
    with watch.stage("voxelogenesis"):
        watch.count(voxels=count_voxels(placed))
    with watch.stage("neurogenesis"):
        areas = number_neurons(placed)
        watch.count(neurons=sum(a.neurons for a in areas))
    return areas
