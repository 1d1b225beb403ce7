"""Which synapses grow: every rule of every projection on its own, in the order of the genome; nothing is merged.

Every rule is counted before any room is taken. A rule from which nothing can grow is reported and has an empty bundle.
Only the rule's attractivity thins out its synapses; the gene of the destination area has no effect, as in FEAGI's
released engine, and is reported.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurula.development.arrays import Places, SynapseArrays
from neurula.development.chance import draw_voxels, keep_by_chance
from neurula.development.connectome import Bundle, Connectome, GrownArea
from neurula.development.corticogenesis import area_indices
from neurula.development.enumeration import BOX_CANDIDATES, Thin, candidates, write_pairs
from neurula.development.location import RulePointers
from neurula.development.morphologies import UNSCALED, Growth, UnknownMorphology, grow, meaning_of
from neurula.development.stages import Watch
from neurula.errors import DevelopmentError
from neurula.genome.model import Genome, MappingRule, Problem

Report = Callable[[float, int], None]
MOST_CANDIDATES_PER_SYNAPSE = 4  # overlapping patterns may join a voxel pair again and again
MOST_PARTS = 50_000  # vectors and pattern pairs, counted for each rule that uses them


@dataclass(frozen=True, slots=True)
class PlannedRule:
    """A rule between two areas and what its morphology joins.

    joined: candidate voxel pairs, each as often as a product joins it; at_most: upper bound of the synapses.
    """

    source_area: int
    target_area: int
    rule: MappingRule
    growth: Growth
    joined: int
    at_most: int


def plan_rules(
    genome: Genome, areas: Sequence[GrownArea], most_synapses: int
) -> tuple[list[PlannedRule], list[Problem]]:
    """Looks every rule up and counts it. Raises DevelopmentError if there are more candidates than most_synapses."""
    problems: list[Problem] = []
    planned: list[PlannedRule] = []
    pointers = RulePointers(genome)
    indices = area_indices(areas)
    at_most = joined = parts = 0
    for source, target, rule, pointer in _rules(areas, indices, pointers, problems):
        parts += _parts(genome, rule)
        if parts > MOST_PARTS:
            raise DevelopmentError(
                "D105",
                f"the mapping rules use more than {MOST_PARTS:,} vectors and pattern pairs in all",
                where=pointer,
                remedy="Say the same with fewer: * stands for all indices of an axis, ? for the same one.",
            )
        growth = _growth(genome, areas[source], areas[target], rule, pointer, problems)
        parts += max(0, len(growth.products) - _parts(genome, rule))  # a scalar makes many vectors of one
        plan = _counted(areas, source, target, rule, growth)
        planned.append(plan)
        at_most += plan.at_most
        joined += plan.joined
        if at_most > most_synapses or joined > MOST_CANDIDATES_PER_SYNAPSE * most_synapses:
            raise DevelopmentError(
                "D104",
                f"up to {max(at_most, joined):,} synapses by rule {rule.morphology!r} of area"
                f" {areas[source].area.id!r}, more than the {most_synapses:,} that development grows",
                where=pointer,
                remedy="Make the areas smaller, or use a morphology that connects fewer voxels.",
            )
    problems += _unused_attractivities(areas, planned)
    return planned, problems


def grow_planned(planned: Sequence[PlannedRule], areas: tuple[GrownArea, ...], seed: int, watch: Watch) -> Connectome:
    """The connectome of all these rules. Raises what `watch` raises, at the latest after the rule that is growing."""

    def report(fraction: float, synapses: int) -> None:
        watch.count(synapses=synapses)
        watch.tell(fraction)

    return Connectome(areas, *grow_synapses(planned, areas, seed, report))


def grow_synapses(
    planned: Sequence[PlannedRule], areas: Sequence[GrownArea], seed: int, report: Report | None = None
) -> tuple[tuple[Bundle, ...], NDArray[np.int32], NDArray[np.int32]]:
    """The bundles and the arrays source and target, neuron indices inside their areas. report: called after every rule with
    the fraction of the work that is done, and the synapses that there are."""
    work = sum(p.at_most for p in planned)
    arrays = SynapseArrays(sum(expected_synapses(p) for p in planned))
    bundles: list[Bundle] = []
    done = 0
    for number, plan in enumerate(planned):
        start = arrays.kept
        _grow_rule(number, plan, areas, seed, arrays)
        bundles.append(Bundle(plan.source_area, plan.target_area, plan.rule, start, arrays.kept))
        done += plan.at_most
        if report is not None:
            report(done / work if work else 1.0, arrays.kept)
    source, target = arrays.finished()
    return tuple(bundles), source, target


def _rules(
    areas: Sequence[GrownArea], indices: dict[str, int], pointers: RulePointers, problems: list[Problem]
) -> Iterator[tuple[int, int, MappingRule, str]]:
    for source, grown in enumerate(areas):
        for projection in grown.area.projections:
            target = indices.get(projection.destination)
            if target is None:
                pointer = pointers.pointer(grown.area.id, projection.destination, 0).rpartition("/")[0]
                message = f"area {grown.area.id!r} maps to {projection.destination!r}, which is no area of the genome"
                problems.append(Problem("D201", "warning", pointer, message, "Remove the mapping or add the area."))
                continue
            for place, rule in enumerate(projection.rules):
                yield source, target, rule, pointers.pointer(grown.area.id, projection.destination, place)


def _growth(
    genome: Genome, source: GrownArea, target: GrownArea, rule: MappingRule, pointer: str, problems: list[Problem]
) -> Growth:
    def warn(code: str, message: str, remedy: str) -> None:
        problems.append(Problem(code, "warning", pointer, message, remedy))

    name = rule.morphology
    memories = source.area.is_memory and target.area.is_memory
    try:
        growth = grow(name, genome.morphologies, source.area.dims, target.area.dims, rule.scalar, memories)
    except UnknownMorphology:
        growth = Growth()
        defined = "is not known" if name in genome.morphologies else "is not defined by the genome and not built in"
        warn("D202", f"morphology {name!r} {defined}: the rule grows nothing", "Use or define another morphology.")
    if growth.learning:
        warn("D203", f"{name!r} makes no synapses at birth: learning makes them later", "Nothing needs to be done.")
    for remark in growth.remarks:
        warn("D204", f"morphology {name!r}: {remark}", "Correct the morphology.")
    meaning = meaning_of(name, genome.morphologies)
    if tuple(rule.scalar) != UNSCALED and meaning is not None and meaning.kind != "vectors":
        written = ", ".join(str(s) for s in rule.scalar)
        warn("D205", f"morphology_scalar [{written}] has no effect: it scales vectors only", "Write [1, 1, 1].")
    return growth


def _counted(areas: Sequence[GrownArea], source: int, target: int, rule: MappingRule, growth: Growth) -> PlannedRule:
    source_area, target_area = areas[source].area, areas[target].area
    possible = rule.attractivity > 0 and source_area.neurons > 0 and target_area.neurons > 0
    counts = [candidates(p, source_area.dims) for p in growth.products] if possible else []
    products = tuple(p for p, count in zip(growth.products, counts, strict=False) if count)
    scatter = growth.scatter if possible and (products or not growth.products) else None
    pairs = source_area.voxels * scatter.width if scatter is not None and not products else sum(counts)
    growth = replace(growth, products=products, one_at_random=growth.one_at_random and possible, scatter=scatter)
    joined = pairs * source_area.neurons_per_voxel
    at_most = source_area.neurons if growth.one_at_random else min(joined, source_area.neurons * target_area.voxels)
    return PlannedRule(source, target, rule, growth, joined, at_most)


def _parts(genome: Genome, rule: MappingRule) -> int:
    morphology = genome.morphologies.get(rule.morphology)
    written = morphology.parameters.values() if morphology else ()
    return max((len(v) for v in written if isinstance(v, (list, tuple))), default=0)


def expected_synapses(plan: PlannedRule) -> int:
    """How many synapses to make room for: all that there may be, or what chance leaves of them and the box that is worked on."""
    chance = max(0.0, min(1.0, plan.rule.attractivity / 100))
    if chance >= 1:
        return plan.at_most
    deviation = math.sqrt(plan.at_most * chance * (1 - chance))
    return min(plan.at_most, int(plan.at_most * chance + 8 * deviation) + BOX_CANDIDATES)


def _grow_rule(number: int, plan: PlannedRule, areas: Sequence[GrownArea], seed: int, arrays: SynapseArrays) -> None:
    """Adds the rule's synapses. number: index of its bundle."""
    origin, destination = areas[plan.source_area], areas[plan.target_area]
    densities = origin.area.neurons_per_voxel, destination.area.neurons_per_voxel
    ids = origin.first_neuron, destination.first_neuron

    def keep(places: Places) -> int:
        return keep_by_chance(seed, number, plan.rule.attractivity, ids, *places)

    thin = keep if plan.rule.attractivity < 100 else None
    if plan.growth.one_at_random:
        _write_drawn(number, origin, destination, seed, arrays, thin)
    elif plan.growth.products or plan.growth.scatter is not None:
        write_pairs(plan.growth, origin.area.dims, destination.area.dims, densities, arrays, thin)


def _write_drawn(
    number: int, origin: GrownArea, destination: GrownArea, seed: int, arrays: SynapseArrays, thin: Thin | None
) -> None:
    per_source, per_target = origin.area.neurons_per_voxel, destination.area.neurons_per_voxel
    step = max(1, BOX_CANDIDATES // per_source) * per_source  # whole voxels
    for first in range(0, origin.neurons, step):
        places = arrays.places(min(step, origin.neurons - first))
        source, target = places
        draw_voxels(seed, number, origin.first_neuron + first, destination.area.voxels, target)
        source[:] = np.arange(first, first + len(source), dtype=np.int32)
        if per_source > 1:  # inside a source voxel the order is by target voxel, then by neuron
            keys = target.astype(np.int64).reshape(-1, per_source) * per_source + np.arange(per_source)
            keys.sort(axis=1)
            drawn = keys // per_source
            target[:] = drawn.ravel()
            source -= np.tile(np.arange(per_source, dtype=np.int32), len(drawn)) - (keys - drawn * per_source).ravel().astype(np.int32)
        target *= np.int32(per_target)
        target += np.int32(per_target - 1)
        arrays.keep(len(source) if thin is None else thin(places))


def _unused_attractivities(areas: Sequence[GrownArea], planned: Sequence[PlannedRule]) -> list[Problem]:
    reached = {p.target_area for p in planned}
    return [
        Problem(
            "D206",
            "warning",
            f"/blueprint/{grown.area.id}",
            f"the synapse attractivity {grown.area.attractivity:g} of area {grown.area.id!r} has no effect",
            "Give the mapping rules an attractivity instead.",
        )
        for index, grown in enumerate(areas)
        if index in reached and grown.area.attractivity < 100
    ]
