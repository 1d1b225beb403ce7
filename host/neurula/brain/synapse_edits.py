"""Single synapses: finding them in the arrays, and state and wish -> edits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from neurula.brain.living import LivingBrain, Place
from neurula.brain.neuron_edits import checked_number
from neurula.brain.regrowth import rules_between
from neurula.development import Bundle
from neurula.development.edits import NO_RULE, Edits, Made, PairEdits
from neurula.errors import InvalidSynapse
from neurula.genome.limits import MAGNITUDE_MAX
from neurula.genome.written_rules import plain_number

EXCITATORY, INHIBITORY = 0, 1


class Synapse(NamedTuple):
    """weight: size of the multiplier; psp: of the source area; type: 0 excitatory, 1 inhibitory."""

    weight: float
    psp: float
    type: int


class Link(NamedTuple):
    """A synapse seen from one of its ends: the neuron at the other one, and what it does."""

    neuron: int
    weight: float
    psp: float
    type: int


def synapse_between(brain: LivingBrain, source: Place, target: Place) -> Synapse | None:
    """The first one in the order of the connectome."""
    found = next(_bundles_between(brain, source, target), None)
    return None if found is None else _synapse(brain, found)


def outgoing(brain: LivingBrain, source: Place) -> list[Link]:
    """In the order of the connectome."""
    links = []
    for bundle in brain.connectome.bundles:
        if bundle.source_area == source.area and bundle.stop > bundle.start:
            first = brain.connectome.areas[bundle.target_area].first_neuron
            one = _synapse(brain, bundle)
            links += [Link(first + int(n), *one) for n in brain.connectome.target[_rows_from(brain, bundle, source.neuron)]]
    return links


def incoming(brain: LivingBrain, target: Place) -> list[Link]:
    """In the order of the connectome."""
    links = []
    for bundle in brain.connectome.bundles:
        if bundle.target_area == target.area and bundle.stop > bundle.start:
            first = brain.connectome.areas[bundle.source_area].first_neuron
            span = slice(bundle.start, bundle.stop)
            sources = brain.connectome.source[span][brain.connectome.target[span] == target.neuron]
            one = _synapse(brain, bundle)
            links += [Link(first + int(n), *one) for n in sources]
    return links


def synapses_from(brain: LivingBrain, index: int) -> int:
    """How many synapses leave an area."""
    return sum(b.stop - b.start for b in brain.connectome.bundles if b.source_area == index)


def made(brain: LivingBrain, wishes: Iterable[tuple[Place, Place, float]]) -> Edits:
    """New synapses with these multipliers. Raises InvalidSynapse where one is already."""
    edits = brain.edits
    for source, target, multiplier in wishes:
        pair = _ids(brain, source, target)
        before = edits.pairs.get(pair, PairEdits())
        ends = (source.neuron, target.neuron)
        if any(m[:2] == ends for m in before.made) or synapse_between(brain, source, target) is not None:
            raise InvalidSynapse("H106", f"a synapse joins the neurons already: {ends} of {pair}", remedy="Update its weight.")
        edits = _with_pair(edits, pair, replace(before, made=_sorted([*before.made, (*ends, multiplier, NO_RULE)])))
    return edits


def reweighted(brain: LivingBrain, source: Place, target: Place, weight: float) -> Edits:
    """The synapse keeps its sign, delay and plasticity; several between the two become one. Raises InvalidSynapse."""
    found = next(_bundles_between(brain, source, target), None)
    if found is None:
        raise _missing(brain, source, target)
    pair, ends = _ids(brain, source, target), (source.neuron, target.neuron)
    before = brain.edits.pairs.get(pair, PairEdits())
    earlier = next((m[3] for m in before.made if m[:2] == ends), None)
    rule = _rule_number(brain, pair, found) if earlier is None else earlier
    multiplier = -weight if found.rule.multiplier < 0 else weight
    others = [m for m in before.made if m[:2] != ends]
    cut = before.cut if earlier is not None else tuple(sorted({*before.cut, ends}))
    return _with_pair(brain.edits, pair, PairEdits(cut, _sorted([*others, (*ends, multiplier, rule)])))


def removed(brain: LivingBrain, source: Place, target: Place) -> Edits | None:
    """None where no synapse joins the two."""
    if synapse_between(brain, source, target) is None:
        return None
    pair, ends = _ids(brain, source, target), (source.neuron, target.neuron)
    before = brain.edits.pairs.get(pair, PairEdits())
    kept = tuple(m for m in before.made if m[:2] != ends)
    by_rules = _grown_between(brain, source, target)
    cut = tuple(sorted({*before.cut, ends})) if by_rules else before.cut
    return _with_pair(brain.edits, pair, PairEdits(cut, kept))


def without_edits_from(brain: LivingBrain, index: int) -> Edits:
    """The synapses that leave an area as its rules make them."""
    source = brain.connectome.areas[index].area.id
    return replace(brain.edits, pairs={pair: e for pair, e in brain.edits.pairs.items() if pair[0] != source})


def multiplier_of(brain: LivingBrain, source: Place, weight: float, psp: float | None, kind: int) -> float:
    """What a weight, a PSP and a type mean beside the PSP of the source area. Raises InvalidSynapse, InvalidProperty."""
    size = checked_weight(weight)
    if kind not in (EXCITATORY, INHIBITORY):
        raise InvalidSynapse("H106", f"a synapse has type 0 (excitatory) or 1 (inhibitory), not {kind!r}")
    own = brain.connectome.areas[source.area].area.postsynaptic_potential
    if psp is not None and psp != own:
        if not own:
            raise InvalidSynapse("H106", "the PSP of the source area is 0, so no synapse of it has another one")
        size = size * checked_number("psp", psp) / own
        if not 0 <= size <= MAGNITUDE_MAX:
            raise InvalidSynapse("H106", f"weight and PSP come to {size} times the PSP of the area, which cannot be")
    return plain_number(-size if kind == INHIBITORY else size)


def checked_weight(weight: float) -> float:
    """Raises InvalidSynapse, InvalidProperty."""
    size = checked_number("weight", weight)
    if size < 0:
        raise InvalidSynapse("H106", "a weight is at least 0; inhibition is a type", remedy="Use type 1 for inhibition.")
    return size


def _bundles_between(brain: LivingBrain, source: Place, target: Place) -> Iterator[Bundle]:
    for bundle in brain.connectome.bundles:
        if (bundle.source_area, bundle.target_area) == (source.area, target.area) and bundle.stop > bundle.start:
            rows = _rows_from(brain, bundle, source.neuron)
            if (brain.connectome.target[rows] == target.neuron).any():
                yield bundle


def _grown_between(brain: LivingBrain, source: Place, target: Place) -> bool:
    """Whether a rule joins the two, edits aside."""
    for bundle in brain.grown.bundles:
        if (bundle.source_area, bundle.target_area) == (source.area, target.area):
            span = slice(bundle.start, bundle.stop)
            if ((brain.grown.source[span] == source.neuron) & (brain.grown.target[span] == target.neuron)).any():
                return True
    return False


def _rows_from(brain: LivingBrain, bundle: Bundle, neuron: int) -> slice | np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    """The rows of a bundle's synapses that leave one neuron; found by halving where the sources ascend."""
    sources = brain.connectome.source[bundle.start : bundle.stop]
    if brain.connectome.areas[bundle.source_area].area.neurons_per_voxel == 1:
        first, stop = np.searchsorted(sources, (neuron, neuron + 1))
        return slice(bundle.start + int(first), bundle.start + int(stop))
    return np.flatnonzero(sources == neuron) + bundle.start


def _synapse(brain: LivingBrain, bundle: Bundle) -> Synapse:
    psp = brain.connectome.areas[bundle.source_area].area.postsynaptic_potential
    multiplier = bundle.rule.multiplier
    return Synapse(plain_number(abs(multiplier)), plain_number(psp), INHIBITORY if multiplier < 0 else EXCITATORY)


def _rule_number(brain: LivingBrain, pair: tuple[str, str], bundle: Bundle) -> int:
    rules = [r for p in rules_between(brain.area(pair[0]), pair[1]) for r in p.rules]
    return rules.index(bundle.rule)


def _ids(brain: LivingBrain, source: Place, target: Place) -> tuple[str, str]:
    areas = brain.connectome.areas
    return areas[source.area].area.id, areas[target.area].area.id


def _missing(brain: LivingBrain, source: Place, target: Place) -> InvalidSynapse:
    areas = brain.connectome.areas
    ends = [areas[p.area].first_neuron + p.neuron for p in (source, target)]
    return InvalidSynapse("H106", f"no synapse leads from neuron {ends[0]} to neuron {ends[1]}", remedy="Make one first.")


def _sorted(entries: Sequence[Made]) -> tuple[Made, ...]:
    return tuple(sorted(entries, key=lambda m: m[:2]))


def _with_pair(edits: Edits, pair: tuple[str, str], entry: PairEdits) -> Edits:
    others = {p: e for p, e in edits.pairs.items() if p != pair}
    return replace(edits, pairs={**others, **({pair: entry} if entry != PairEdits() else {})})
