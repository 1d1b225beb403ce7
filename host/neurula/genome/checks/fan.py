"""How many synapses a rule can lead to one neuron, and out of one: bounds, counted without growing anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from neurula.genome.model import CorticalArea, MappingRule, Morphology, Triple

PARTS_MAX = 200_000  # vectors and pattern pairs looked at in all; beyond it bounds are not known


class Fan:
    def __init__(self, morphologies: Mapping[str, Morphology]) -> None:
        self._morphologies = morphologies
        self._parts = 0
        self._in: dict[tuple[str, Triple, Triple, int], float] = {}
        self._joins: dict[tuple[str, Triple, Triple], bool] = {}
        self._out: dict[str, int] = {}

    def most_in(self, rule: MappingRule, source: CorticalArea, target: CorticalArea) -> float:
        """Upper bound of the synapses that lead to one neuron of the target; infinite where it is not known."""
        name = rule.morphology
        if is_scaled(rule):
            return source.neurons
        key = (name, source.dims, target.dims, source.neurons_per_voxel)
        if key not in self._in:
            self._in[key] = self._count_in(name, source, target)
        return self._in[key]

    def _count_in(self, name: str, source: CorticalArea, target: CorticalArea) -> float:
        morphology = self._morphologies.get(name)
        if morphology is None:
            return math.inf
        voxels: float = source.voxels
        if name == "block_to_block" and morphology.kind in ("functions", "vectors"):
            voxels = 1
        elif morphology.kind == "vectors" and self._affordable(morphology, "vectors"):
            voxels = min(voxels, sum(_fits(v, source.dims, target.dims) for v in morphology.parameters["vectors"]))
        elif morphology.kind == "patterns" and self._affordable(morphology, "patterns"):
            voxels = min(voxels, sum(_most_sources(pair, source.dims, target.dims) for pair in morphology.parameters["patterns"]))
        elif name == "projector" and morphology.kind == "functions":
            voxels = math.prod(math.ceil(s / d) + 1 if s > d else 1 for s, d in zip(source.dims, target.dims, strict=True))
        return min(voxels, source.voxels) * source.neurons_per_voxel

    def least_out(self, source: CorticalArea, areas: Mapping[str, CorticalArea]) -> int:
        """Lower bound of the synapses out of each neuron of the source, by all its rules together; at least 1."""
        known = self._out.get(source.id)
        if known is None:
            reached = ((rule, areas.get(p.destination)) for p in source.projections for rule in p.rules)
            known = self._out[source.id] = max(1, sum(self._least_by(rule, source, t) for rule, t in reached if t is not None))
        return known

    def _least_by(self, rule: MappingRule, source: CorticalArea, target: CorticalArea) -> int:
        morphology = self._morphologies.get(rule.morphology)
        if morphology is None or morphology.kind != "patterns" or rule.attractivity < 100:
            return 0
        if not self._affordable(morphology, "patterns"):
            return 0
        return max((_least_targets(pair, source.dims, target.dims) for pair in morphology.parameters["patterns"]), default=0)

    def joins(self, rule: MappingRule, source: CorticalArea, target: CorticalArea) -> bool:
        """False if the rule certainly makes no synapse between these areas."""
        name = rule.morphology
        if is_scaled(rule):
            return True
        key = (name, source.dims, target.dims)
        if key not in self._joins:
            self._joins[key] = self._may_join(name, source, target)
        return self._joins[key]

    def _may_join(self, name: str, source: CorticalArea, target: CorticalArea) -> bool:
        morphology = self._morphologies.get(name)
        if morphology is None or not self._affordable(morphology, morphology.kind):
            return True
        if morphology.kind == "vectors":
            return any(_fits(vector, source.dims, target.dims) for vector in morphology.parameters["vectors"])
        if morphology.kind == "patterns":
            return any(_most_sources(pair, source.dims, target.dims) for pair in morphology.parameters["patterns"])
        return True

    def _affordable(self, morphology: Morphology, kind: str) -> bool:
        self._parts += len(morphology.parameters.get(kind, ()))
        return self._parts <= PARTS_MAX


def is_scaled(rule: MappingRule) -> bool:
    """Vectors are not as they are written."""
    return tuple(rule.scalar) != (1, 1, 1)


def _fits(vector: Triple, source: Triple, target: Triple) -> bool:
    """Whether the vector leads from some voxel of the source into the target."""
    return all(max(0, -v) < min(s, t - v) for v, s, t in zip(vector, source, target, strict=True))


def _most_sources(pair: Any, source: Triple, target: Triple) -> int:
    """Upper bound of the source voxels that the pair joins to one voxel of the target."""
    most = 1
    for from_, to, s, t in zip(*pair, source, target, strict=True):
        sources = s if isinstance(from_, str) else int(0 <= from_ < s)
        if isinstance(to, int) and not 0 <= to < t:
            sources = 0
        elif to == "?":
            sources = min(sources, 1) if isinstance(from_, str) or from_ < t else 0
        elif to == "!" and t == 1:
            sources = s - 1 if isinstance(from_, str) else int(0 < from_ < s)
        most *= sources
    return most


def _least_targets(pair: Any, source: Triple, target: Triple) -> int:
    """Lower bound of the target voxels that the pair joins to every voxel of the source."""
    least = 1
    for from_, to, s, t in zip(*pair, source, target, strict=True):
        if not isinstance(from_, str) and s > 1:
            return 0  # not every voxel of the source
        if not isinstance(from_, str) and from_ != 0:
            return 0
        targets = {"*": t, "!": t - 1, "?": int(s <= t)}.get(to, int(isinstance(to, int) and 0 <= to < t))
        least *= max(targets, 0)
    return least
