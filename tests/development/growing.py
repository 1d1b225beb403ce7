"""Genomes built by hand, and their synapses in readable form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurula.development import Connectome
from neurula.genome.model import CorticalArea, Genome, MappingRule, Morphology, Projection, Triple

Synapse = tuple[Triple, int, Triple, int]  # source voxel, neuron in it, target voxel, neuron in it
SOURCE, TARGET = "source", "target"


def genome_of(*areas: CorticalArea, morphologies: Mapping[str, Morphology] | None = None) -> Genome:
    """A genome with these areas."""
    return Genome("test", "test", "2.0", "flat", areas, morphologies or {}, {}, {})


def pair_of_areas(
    source: Triple,
    target: Triple,
    *rules: MappingRule,
    densities: tuple[int, int] = (1, 1),
    morphologies: Mapping[str, Morphology] | None = None,
) -> Genome:
    """Two areas; the rules lead from the first to the second."""
    first = CorticalArea(
        SOURCE, SOURCE, dims=source, neurons_per_voxel=densities[0], projections=(Projection(TARGET, rules),)
    )
    second = CorticalArea(TARGET, TARGET, dims=target, neurons_per_voxel=densities[1])
    return genome_of(first, second, morphologies=morphologies)


def defined(kind: str, name: str = "mine", **parameters: Any) -> dict[str, Morphology]:
    """One morphology, as a genome's table of them."""
    return {name: Morphology(name, kind, parameters)}


def voxels_of(neurons: np.ndarray[Any, Any], area: CorticalArea) -> list[tuple[Triple, int]]:
    """Neuron indices inside an area as (voxel, neuron in it)."""
    x, y, z = np.unravel_index(neurons // area.neurons_per_voxel, area.dims)
    inside = neurons % area.neurons_per_voxel
    return [((a, b, c), k) for a, b, c, k in zip(x.tolist(), y.tolist(), z.tolist(), inside.tolist(), strict=True)]


def synapses_of(connectome: Connectome, bundle: int = 0) -> list[Synapse]:
    """The synapses of one bundle, in their order."""
    chosen = connectome.bundles[bundle]
    source = voxels_of(connectome.source[chosen.start : chosen.stop], connectome.areas[chosen.source_area].area)
    target = voxels_of(connectome.target[chosen.start : chosen.stop], connectome.areas[chosen.target_area].area)
    return [(*s, *t) for s, t in zip(source, target, strict=True)]
