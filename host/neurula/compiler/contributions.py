"""What each synapse of a connectome contributes, as exact fractions: synapses of one class contribute the same."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from neurula.development.connectome import Bundle, Connectome, GrownArea
from neurula.genome.model import MappingRule


def exact(value: float) -> Fraction:
    """The number as its author wrote it: 0.1 is one tenth."""
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def is_driven(grown: GrownArea) -> bool:
    """Its spikes carry the membrane potential."""
    return grown.area.mp_driven_psp


def wears(grown: GrownArea) -> bool:
    """Its spikes carry a postsynaptic potential that degenerates with use."""
    return grown.area.degeneration != 0 and not grown.area.mp_driven_psp


@dataclass(frozen=True, slots=True)
class Contribution:
    """One class: all synapses of a bundle whose sources have the same out-degree.

    factor: contribution per spike, or per 1.0 of the value that a driven spike carries, or per 1.0 of a learning weight.
    """

    bundle: int
    source: int
    target: int
    factor: Fraction
    driven: bool
    plastic: bool


@dataclass(frozen=True, slots=True)
class Contributions:
    """classes, and per synapse of the connectome the index of its class (int32[synapses])."""

    classes: tuple[Contribution, ...]
    of_synapse: NDArray[np.int32]


def plastic_rules(connectome: Connectome) -> dict[tuple[int, int], MappingRule]:
    """The plastic pairs of areas that have synapses, and the rule that governs each: the last plastic one of the pair (FEAGI 2.6.10)."""
    joined = {(b.source_area, b.target_area) for b in connectome.bundles if b.stop > b.start}
    pairs: dict[tuple[int, int], MappingRule] = {}
    for bundle in connectome.bundles:
        if bundle.rule.plastic and (bundle.source_area, bundle.target_area) in joined:
            pairs[bundle.source_area, bundle.target_area] = bundle.rule
    return pairs


def classify(connectome: Connectome) -> Contributions:
    """Sorts all synapses into classes of equal contribution."""
    pairs = plastic_rules(connectome)
    degrees = out_degrees(connectome)
    of_synapse = np.empty(connectome.synapses, np.int32)
    classes: list[Contribution] = []
    for number, bundle in enumerate(connectome.bundles):
        if bundle.stop == bundle.start:
            continue
        grown = connectome.areas[bundle.source_area]
        plastic = (bundle.source_area, bundle.target_area) in pairs
        base = base_factor(grown, bundle, plastic)
        span = slice(bundle.start, bundle.stop)
        if grown.area.psp_uniform:
            values, inverse = np.array([1]), np.zeros(bundle.stop - bundle.start, np.int32)
        else:
            degree = degrees[bundle.source_area][connectome.source[span]]
            values, inverse = unique_small(degree)
        of_synapse[span] = inverse + len(classes)
        driven = is_driven(grown) or wears(grown)
        classes += [
            Contribution(number, bundle.source_area, bundle.target_area, base / int(n), driven, plastic) for n in values
        ]
    return Contributions(tuple(classes), of_synapse)


def base_factor(grown: GrownArea, bundle: Bundle, plastic: bool) -> Fraction:
    """Contribution of an undivided spike: multiplier * PSP, without the part that a value or a weight brings."""
    psp = Fraction(1) if is_driven(grown) or wears(grown) else exact(grown.area.postsynaptic_potential)
    multiplier = exact(bundle.rule.multiplier)
    if plastic:
        return psp if multiplier >= 0 else -psp
    return multiplier * psp


def out_degrees(connectome: Connectome) -> list[NDArray[np.int64]]:
    """Per area, the number of all outgoing synapses of each neuron (duplicates counted)."""
    degrees = [np.zeros(grown.neurons, np.int64) for grown in connectome.areas]
    for bundle in connectome.bundles:
        sources = connectome.source[bundle.start : bundle.stop]
        degrees[bundle.source_area] += np.bincount(sources, minlength=len(degrees[bundle.source_area]))
    return degrees


def unique_small(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """np.unique with inverse for non-negative integers, by counting where that is cheaper than sorting."""
    top = int(values.max(initial=0))
    if top > 4 * len(values) + 1024:
        found, inverse = np.unique(values, return_inverse=True)
        return found, inverse.astype(np.int32)
    present = np.zeros(top + 1, bool)
    present[values] = True
    found = np.flatnonzero(present)
    position = np.zeros(top + 1, np.int32)
    position[found] = np.arange(len(found), dtype=np.int32)
    return found, position[values]
