"""What FEAGI's released engine (2.6.10) loses of a genome, for comparing brains with the ones that it grows.

We grow what an author wrote. The engine drops some of it silently: function morphologies that it does not implement,
morphologies without a type, every morphology_scalar, and every mapping of an area from its first bad rule on, destinations taken in
ascending order of their 8-byte ids. Bad are plastic rules without a window (all old array forms) and morphologies that do not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from neurula.genome.ids import canonical_id
from neurula.genome.model import CorticalArea, Genome, MappingRule, Projection

FUNCTIONS = frozenset({"block_to_block", "projector", "last_to_first", "sweeper", "rotator_z"})  # implemented by the engine
MEMORY = frozenset({"episodic_memory", "memory_replay", "associative_memory"})  # no synapses at birth
BUILT_IN = FUNCTIONS | MEMORY | {"all_to_0-0-0", "0-0-0_to_all"} | {
    f"lateral_{sign}{axis}" for sign in "+-" for axis in "xyz"
}


def without_what_the_engine_loses(genome: Genome) -> Genome:
    """The genome with only those rules that make synapses in the released engine."""
    written = genome.document.get("neuron_morphologies")
    morphologies: Mapping[str, Any] = written if isinstance(written, Mapping) else {}
    areas = tuple(replace(area, projections=kept_projections(area, morphologies)) for area in genome.areas)
    return replace(genome, areas=areas)


def kept_projections(area: CorticalArea, morphologies: Mapping[str, Any]) -> tuple[Projection, ...]:
    """The projections up to the area's first bad rule, without the rules that grow nothing."""
    kept: dict[str, tuple[MappingRule, ...]] = {}
    for projection in sorted(area.projections, key=lambda p: canonical_id(p.destination)):
        rules = []
        bad = False
        for rule in projection.rules:
            bad = bad or is_bad(rule, morphologies)
            if not bad and grows(rule.morphology, morphologies):
                rules.append(replace(rule, scalar=(1, 1, 1)))
        kept[projection.destination] = tuple(rules)
        if bad:
            break
    return tuple(Projection(p.destination, kept[p.destination]) for p in area.projections if p.destination in kept)


def is_bad(rule: MappingRule, morphologies: Mapping[str, Any]) -> bool:
    unknown = rule.morphology not in morphologies and rule.morphology not in BUILT_IN
    return unknown or (rule.plastic and rule.plasticity_window == 0)


def grows(name: str, morphologies: Mapping[str, Any]) -> bool:
    """Whether the engine makes synapses by this morphology."""
    written = morphologies.get(name)
    kind = written.get("type") if isinstance(written, Mapping) else None
    if kind is None or kind == "functions":
        return name in BUILT_IN - MEMORY
    return kind in ("vectors", "patterns", "composite")
