"""From one state of the brain to the next: only what depends on a change grows anew, everything else is taken over.

A bundle's synapses follow from its morphology, the sizes of both areas, its scalar and attractivity, and, where chance plays a part,
from its number and the ids of the neurons. These make its key; a bundle whose key was there before is copied. Thresholds,
names and other parameters are in no key, so that changing them touches no array.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurula.brain.living import LivingBrain
from neurula.development import Bundle, Connectome, GrownArea
from neurula.development.corticogenesis import area_indices
from neurula.development.edits import SECTION, AreaEdits, Edits, PairEdits, read_edits, with_edits
from neurula.development.morphologies import Growth
from neurula.development.neurogenesis import create_areas
from neurula.development.room import bytes_of
from neurula.development.stages import Watch
from neurula.development.synaptogenesis import PlannedRule, grow_planned, grow_synapses, plan_rules
from neurula.errors import CapacityExceeded, DevelopmentError
from neurula.genome import CorticalArea, Genome, Problem, Projection, canonical_id

Key = tuple[object, ...]
_TOO_MANY_SYNAPSES = "D104"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a brain may take, and the seed of its chances."""

    max_neurons: int
    max_synapses: int
    seed: int


def first_growth(genome: Genome, limits: Limits, revision: int, watch: Watch | None = None) -> tuple[LivingBrain, list[Problem]]:
    """The brain of a genome with the edits of its file. Raises DevelopmentError, CapacityExceeded, what `watch` raises."""
    watch = watch or Watch()
    areas = _areas_of(genome, limits, watch)
    with watch.stage("synaptogenesis"):
        edits, problems = read_edits(genome.document, areas)
        bare = replace(genome, document={key: value for key, value in genome.document.items() if key != SECTION})
        planned, found = _planned(bare, areas, limits)
        watch.announce(bytes_of(planned, bool(edits)))
        grown = grow_planned(planned, areas, limits.seed, watch)
        brain = _brain(bare, edits, grown, _keys(planned, areas), revision)
        watch.count(neurons=brain.neurons, synapses=brain.connectome.synapses)
    return brain, [*found, *problems]


def regrow(before: LivingBrain, genome: Genome, edits: Edits, limits: Limits) -> LivingBrain:
    """The next state. Edits of what was rebuilt are dropped. Raises DevelopmentError, CapacityExceeded."""
    areas = _areas_of(genome, limits)
    missing = _to_be_written(before.grown.areas, areas, genome)
    if missing:
        genome = replace(genome, areas=(*missing, *genome.areas))
        areas = _areas_of(genome, limits)
    changed = changed_morphologies(before.genome, genome)
    edits = _surviving(edits, before.grown.areas, areas, changed)
    revision = before.revision + 1
    if _structure(areas) == _structure(before.grown.areas) and not changed:
        grown = replace(before.grown, areas=areas)
        if edits == before.edits:
            own = [area.thresholds for area in before.connectome.areas]
            shown = tuple(replace(area, thresholds=t) for area, t in zip(areas, own, strict=True))
            connectome = replace(before.connectome, areas=shown)
            return LivingBrain(genome, edits, grown, connectome, before.keys, _indices(areas), revision)
        return _brain(genome, edits, grown, before.keys, revision)
    planned, _ = _planned(genome, areas, limits)
    keys = _keys(planned, areas)
    return _brain(genome, edits, _regrown(planned, keys, areas, limits, before, changed), keys, revision)


def _brain(genome: Genome, edits: Edits, grown: Connectome, keys: tuple[Key, ...], revision: int) -> LivingBrain:
    return LivingBrain(genome, edits, grown, with_edits(grown, edits), keys, _indices(grown.areas), revision)


def _areas_of(genome: Genome, limits: Limits, watch: Watch | None = None) -> tuple[GrownArea, ...]:
    areas = create_areas(genome.areas, watch)
    neurons = areas[-1].first_neuron + areas[-1].neurons
    if neurons > limits.max_neurons:
        raise CapacityExceeded(
            "H110", f"the brain would have {neurons:,} neurons, more than {limits.max_neurons:,}",
            remedy="Make the areas smaller, or give ConnectomeManager a higher max_neurons.",
        )
    return areas


def _to_be_written(
    before: Sequence[GrownArea], after: Sequence[GrownArea], genome: Genome
) -> tuple[CorticalArea, ...]:
    """Core areas that development added and that must now stand in the genome: something there means them by their id, or
    they would get another id, because that follows those of the other areas, or no area would stand there at all."""
    kept = tuple(old.area for old in before if old.added)
    if not genome.areas or any(new.added and new.area not in kept for new in after):
        return kept
    added = {new.area.id: new.area for new in after if new.added}
    meant = {projection.destination for area in genome.areas for projection in area.projections}
    meant |= {area_id for region in genome.regions for area_id in (*region.areas, *region.inputs, *region.outputs)}
    return tuple(area for area_id, area in added.items() if area_id in meant)


def _indices(areas: Sequence[GrownArea]) -> Mapping[str, int]:
    indices = area_indices(areas)
    for i, grown in enumerate(areas):
        indices.setdefault(canonical_id(grown.area.id), i)
    return indices


def _structure(areas: Sequence[GrownArea]) -> list[tuple[object, ...]]:
    return [(g.area.id, g.area.dims, g.area.neurons_per_voxel, g.area.is_memory, g.area.projections) for g in areas]


def _planned(genome: Genome, areas: tuple[GrownArea, ...], limits: Limits) -> tuple[list[PlannedRule], list[Problem]]:
    try:
        return plan_rules(genome, areas, limits.max_synapses)
    except DevelopmentError as failure:
        if failure.code != _TOO_MANY_SYNAPSES:
            raise
        remedy = "Make the areas smaller, or give ConnectomeManager a higher max_synapses."
        raise CapacityExceeded("H110", failure.message, where=failure.where, remedy=remedy) from None


def _regrown(
    planned: Sequence[PlannedRule],
    keys: Sequence[Key],
    areas: tuple[GrownArea, ...],
    limits: Limits,
    before: LivingBrain,
    changed: frozenset[str],
) -> Connectome:
    """What was there before where it still is as the rules make it, the rest grown anew. changed: names of morphologies."""
    old_bundles = zip(before.keys, before.grown.bundles, strict=True)
    known = {key: bundle for key, bundle in old_bundles if bundle.rule.morphology not in changed}
    parts = []
    for number, key in enumerate(keys):
        old = known.get(key)
        if old is not None:
            parts.append((before.grown.source[old.start : old.stop], before.grown.target[old.start : old.stop]))
        else:
            parts.append(_grow_alone(number, planned, areas, limits.seed, "chance" in key))
    return _joined(areas, planned, parts)


def _keys(planned: Sequence[PlannedRule], areas: Sequence[GrownArea]) -> tuple[Key, ...]:
    return tuple(_key(number, plan, areas) for number, plan in enumerate(planned))


def _key(number: int, plan: PlannedRule, areas: Sequence[GrownArea]) -> Key:
    source, target = areas[plan.source_area], areas[plan.target_area]
    sizes = (source.area.dims, source.area.neurons_per_voxel, target.area.dims, target.area.neurons_per_voxel)
    memories = source.area.is_memory and target.area.is_memory
    key: Key = (plan.rule.morphology, plan.rule.attractivity, plan.rule.scalar, memories, *sizes)
    if plan.rule.attractivity < 100 or plan.growth.one_at_random:
        key = (*key, "chance", number, source.first_neuron, target.first_neuron)
    return key


def _grow_alone(
    number: int, planned: Sequence[PlannedRule], areas: Sequence[GrownArea], seed: int, by_chance: bool
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """One rule's synapses. Chance depends on the rule's number, so empty rules stand in for those before it."""
    empty = [replace(plan, growth=Growth(), joined=0, at_most=0) for plan in planned[:number]] if by_chance else []
    _, source, target = grow_synapses([*empty, planned[number]], areas, seed)
    return source, target


def _joined(
    areas: tuple[GrownArea, ...], planned: Sequence[PlannedRule], parts: Sequence[tuple[NDArray[np.int32], NDArray[np.int32]]]
) -> Connectome:
    bundles = []
    start = 0
    for plan, (source, _) in zip(planned, parts, strict=True):
        bundles.append(Bundle(plan.source_area, plan.target_area, plan.rule, start, start + len(source)))
        start += len(source)
    empty = np.empty(0, np.int32)
    source = np.concatenate([empty, *(source for source, _ in parts)])
    target = np.concatenate([empty, *(target for _, target in parts)])
    source.flags.writeable = target.flags.writeable = False
    return Connectome(areas, tuple(bundles), source, target)


def _surviving(edits: Edits, before: Sequence[GrownArea], after: Sequence[GrownArea], changed: frozenset[str]) -> Edits:
    """Without the edits of areas and mappings that are gone or were rebuilt. changed: names of morphologies."""
    old = {grown.area.id: grown.area for grown in before}
    new = {grown.area.id: grown.area for grown in after}

    def same_size(area_id: str) -> bool:
        was, now = old.get(area_id), new.get(area_id)
        return now is not None and (was is None or (was.dims, was.neurons_per_voxel) == (now.dims, now.neurons_per_voxel))

    def same_mapping(source: str, target: str) -> bool:
        rules = rules_between(new[source], target)
        rebuilt = any(rule.morphology in changed for projection in rules for rule in projection.rules)
        return rules_between(old.get(source), target) == rules and not rebuilt

    areas = {area_id: e for area_id, e in edits.areas.items() if same_size(area_id) and e != AreaEdits()}
    pairs = {
        pair: e for pair, e in edits.pairs.items()
        if all(same_size(area_id) for area_id in pair) and same_mapping(*pair) and e != PairEdits()
    }
    return Edits(areas, pairs)


def rules_between(source: CorticalArea | None, target: str) -> tuple[Projection, ...]:
    """The projections of an area that lead to the other; ids as the genome writes them."""
    if source is None:
        return ()
    return tuple(p for p in source.projections if canonical_id(p.destination) == canonical_id(target))


def changed_morphologies(before: Genome, after: Genome) -> frozenset[str]:
    """The names that mean something else now, composites whose mapper does included."""
    if before.morphologies == after.morphologies:
        return frozenset()
    names = {*before.morphologies, *after.morphologies}
    changed = {name for name in names if before.morphologies.get(name) != after.morphologies.get(name)}
    composites = (m for m in after.morphologies.values() if m.kind == "composite")
    return frozenset(changed | {m.id for m in composites if m.parameters.get("mapper_morphology") in changed})
