"""Range analysis: the fixed point of every area, chosen so that nothing that can happen leaves 32 bits.

An input word is (sum << count_bits) + hits: its low bits count arrivals, so that a sum of exactly zero still shows that
something arrived. A potential is counted in a finer unit, `gain` to the input unit, because leak needs fractions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from neurula.compiler.contributions import Contribution, Contributions, exact, is_driven, wears
from neurula.compiler.program import Scale
from neurula.development.connectome import Connectome, GrownArea
from neurula.errors import CompileError
from neurula_npu.schema import COUNT_BITS_MAX, POTENTIAL_MAX

INJECTION = Fraction(128)  # potential that an injection can add to any neuron without saturating, if the range allows
FORCED_POTENTIAL = Fraction(100)  # what a forced spike of a potential-driven area carries (FEAGI 2.6.10)
WEIGHT_RANGE = Fraction(4096)  # a learning weight saturates here, or at 64 times its start
DRIVEN_ROUNDS = 4  # how often the range of potential-driven values is propagated before it is cut
DRIVEN_MAX = Fraction(1 << 16)  # where the value of a potential-driven spike is cut at last
SCALE_MAX = 1 << 24  # finer input units than this per 1.0 serve nobody


@dataclass(frozen=True, slots=True)
class Inputs:
    """What can arrive at the neurons of one area within one burst."""

    hits: int  # most synapses of one neuron
    sum: Fraction  # largest sum of magnitudes, units of potential
    grain: Fraction | None  # all contributions are multiples of it; None if there is no usable one


def weight_limit(start: Fraction) -> Fraction:
    return max(WEIGHT_RANGE, 64 * start)


def grain_of(values: list[Fraction]) -> Fraction | None:
    """Greatest common divisor of fractions; None where it is too fine to be of use."""
    grain = Fraction(0)
    for value in values:
        if value:
            numerator = math.gcd(grain.numerator * value.denominator, value.numerator * grain.denominator)
            grain = Fraction(numerator, grain.denominator * value.denominator)
            if grain.denominator > SCALE_MAX << 6:
                return None
    return grain or Fraction(1)


def value_bounds(connectome: Connectome, contributions: Contributions) -> list[Fraction]:
    """Per area, the largest magnitude of the value that one of its spikes carries (1 where it carries none)."""
    bounds = [value_start(grown) for grown in connectome.areas]
    driven = [i for i, grown in enumerate(connectome.areas) if is_driven(grown)]
    if not driven:
        return bounds
    for _ in range(DRIVEN_ROUNDS):
        fresh = list(bounds)
        for i in driven:
            area = connectome.areas[i].area
            reach = abs(exact(area.firing_threshold)) + sum_bound(connectome, contributions, i, bounds)
            fresh[i] = min(DRIVEN_MAX, max(FORCED_POTENTIAL, 2 * reach))
        if fresh == bounds:
            break
        bounds = fresh
    return bounds


def value_start(grown: GrownArea) -> Fraction:
    if is_driven(grown):
        return FORCED_POTENTIAL
    if wears(grown):
        return max(abs(exact(grown.area.postsynaptic_potential)), Fraction(1))
    return Fraction(1)


def magnitude(connectome: Connectome, entry: Contribution, bounds: list[Fraction]) -> Fraction:
    """Largest magnitude of one contribution of this class."""
    size = abs(entry.factor)
    if entry.driven:
        size *= bounds[entry.source]
    if entry.plastic:
        size *= weight_limit(abs(exact(connectome.bundles[entry.bundle].rule.multiplier)))
    return size


def sum_bound(connectome: Connectome, contributions: Contributions, area: int, bounds: list[Fraction]) -> Fraction:
    return inputs_of(connectome, contributions, area, bounds).sum


def inputs_of(connectome: Connectome, contributions: Contributions, area: int, bounds: list[Fraction]) -> Inputs:
    """Adds up, per neuron of `area`, everything that could arrive in one burst."""
    neurons = connectome.areas[area].neurons
    hits = np.zeros(neurons, np.int64)
    sums = np.zeros(neurons)
    entries = [c for c in contributions.classes if c.target == area]
    sizes = np.zeros(len(contributions.classes))
    for number, entry in enumerate(contributions.classes):
        if entry.target == area:
            sizes[number] = float(magnitude(connectome, entry, bounds))
    for bundle in connectome.bundles:
        if bundle.target_area == area and bundle.stop > bundle.start:
            span = slice(bundle.start, bundle.stop)
            hits += np.bincount(connectome.target[span], minlength=neurons)
            sums += np.bincount(connectome.target[span], sizes[contributions.of_synapse[span]], minlength=neurons)
    top = Fraction(float(sums.max(initial=0.0))) * Fraction(1000001, 1000000)
    return Inputs(int(hits.max(initial=0)), top, grain_of([granule(connectome, e) for e in entries]))


def granule(connectome: Connectome, entry: Contribution) -> Fraction:
    """What all contributions of this class are multiples of (a driven value is taken as whole)."""
    rule = connectome.bundles[entry.bundle].rule
    factor = abs(entry.factor)
    if entry.plastic:
        return factor * weight_grain(connectome, entry.bundle)
    if entry.driven:
        area = connectome.areas[entry.source].area
        if not area.mp_driven_psp:
            worn = grain_of([abs(exact(area.postsynaptic_potential)), abs(exact(area.degeneration))])
            return factor * (worn or 1)
    del rule
    return factor


def weight_grain(connectome: Connectome, bundle: int) -> Fraction:
    """Unit of the learning weights of a bundle's pair: divides every start weight and both steps."""
    pair = connectome.bundles[bundle]
    values = []
    for other in connectome.bundles:
        if (other.source_area, other.target_area) == (pair.source_area, pair.target_area):
            values.append(abs(exact(other.rule.multiplier)))
            if other.rule.plastic:
                constant = exact(other.rule.plasticity_constant)
                values += [abs(constant * exact(other.rule.ltp_multiplier)), abs(constant * exact(other.rule.ltd_multiplier))]
    return grain_of(values) or Fraction(1, 1 << 10)


def threshold_reach(grown: GrownArea) -> Fraction:
    """Largest magnitude of a firing threshold in the area."""
    area = grown.area
    spread = sum((abs(exact(i)) * (n - 1) for i, n in zip(area.threshold_increment, area.dims, strict=True)), Fraction(0))
    return max([abs(exact(area.firing_threshold)) + spread, *(abs(exact(own)) for _, own in grown.thresholds)])


def potential_ranges(grown: GrownArea, inputs: Inputs) -> list[Fraction]:
    """How far a potential may run, from comfortable to just enough."""
    area = grown.area
    need = max(threshold_reach(grown) + inputs.sum, Fraction(1))
    keep = abs(1 - exact(area.leak_coefficient))
    comfortable = 2 * need * max(Fraction(1), keep)
    held_back = area.threshold_limit != 0 or area.consecutive_fire_limit or area.refractory_period or area.excitability < 0.999
    if area.charge_accumulation and held_back:
        comfortable *= 16
    if is_driven(grown):
        comfortable = max(comfortable, FORCED_POTENTIAL)
    return [comfortable, 4 * need, need + inputs.sum]


def choose_scale(grown: GrownArea, inputs: Inputs, power: bool) -> Scale:
    """The finest fixed point that holds all that can happen; exact for all contributions if there is one."""
    count_bits = (inputs.hits + 1).bit_length()
    if count_bits > COUNT_BITS_MAX:
        raise CompileError(
            "C101", f"A neuron of area {grown.area.id!r} has {inputs.hits} incoming synapses; an image counts up to 2^24.",
            remedy="Split the area or thin out its mappings.",
        )
    units = (1 << (30 - count_bits)) - 1
    reach = threshold_reach(grown)
    heads = [max(INJECTION, inputs.sum, 2 * reach), max(inputs.sum, reach, Fraction(2)), max(inputs.sum / 8, Fraction(1))]
    for span in potential_ranges(grown, inputs):
        for head in heads:
            top = min(Fraction(units) / (inputs.sum + head), Fraction(POTENTIAL_MAX) / span, Fraction(SCALE_MAX))
            for grain in exact_grains(inputs.grain):
                if grain * top >= 1:
                    fine = Fraction(1 << (int(grain * top).bit_length() - 1))
                    return finish_scale(grown, inputs, count_bits, fine / grain, span, True)
    span = potential_ranges(grown, inputs)[-1]
    arriving = max(inputs.sum * 9 / 8, inputs.sum + int(power), Fraction(1))
    top = min(Fraction(units) / arriving, Fraction(POTENTIAL_MAX) / span)
    return finish_scale(grown, inputs, count_bits, power_of_two_below(top), span, False)


def exact_grains(grain: Fraction | None) -> list[Fraction]:
    """Units to try: one in which 1.0 is whole too, then the contributions' own."""
    if grain is None:
        return []
    whole = grain_of([grain, Fraction(1)])
    return [whole, grain] if whole else [grain]


def power_of_two_below(value: Fraction) -> Fraction:
    if value >= 1:
        return Fraction(1 << (int(value).bit_length() - 1))
    return Fraction(1, 1 << (int(1 / value)).bit_length())


def finish_scale(
    grown: GrownArea, inputs: Inputs, count_bits: int, scale: Fraction, span: Fraction, is_exact: bool
) -> Scale:
    """Fills in gain and caps for an input scale."""
    units = (1 << (30 - count_bits)) - 1
    gain = 1
    if grown.area.charge_accumulation:
        while 2 * gain * units <= POTENTIAL_MAX and span * scale * gain * 2 <= POTENTIAL_MAX:
            gain *= 2
    taken = int(inputs.sum * scale) + inputs.hits + 1
    if taken > units or scale.numerator >= 1 << 31 or scale.denominator >= 1 << 31:
        raise CompileError(
            "C102", f"What can arrive at a neuron of area {grown.area.id!r} in one burst does not fit into 30 bits.",
            remedy="Reduce its incoming synapses, or the spread between its largest and smallest weights.",
        )
    return Scale(
        count_bits, scale, gain, units - taken, is_exact, 0.0,
        float(units / (inputs.sum * scale)) if inputs.sum else float(units), float(POTENTIAL_MAX / (scale * gain)),
    )
