"""Who can ever fire: areas that no signal reaches, outputs that nothing drives, thresholds that no input can reach."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from neurula.genome.checks.context import Check, Context
from neurula.genome.checks.fan import Fan
from neurula.genome.checks.units import lowest_threshold
from neurula.genome.model import CorticalArea, MappingRule, Problem
from neurula.genome.problems import quote, warning

SLACK = 1e-6  # relative: sums in floats
LEARNING = ("memory", "episodic_memory", "memory_replay", "associative_memory", "bi_directional_stdp")


def check_reach(context: Context) -> Iterator[Problem]:
    """Signals begin at inputs and at power, and go on along everything that can excite."""
    sources = [area for area in context.genome.areas if context.is_input(area) or context.is_power(area)]
    reached = {area.id for area in sources}
    pending = list(sources)
    while pending:
        area = pending.pop()
        for projection in area.projections:
            target = context.areas.get(projection.destination)
            excites = any(may_excite(area, rule) or rule.morphology in LEARNING for rule in projection.rules)
            if excites and target is not None and target.id not in reached:
                reached.add(target.id)
                pending.append(target)
    for area in context.genome.areas:
        if area.id in reached or context.is_core(area):
            continue
        yield _unreached(context, area)


def _unreached(context: Context, area: CorticalArea) -> Problem:
    incoming = context.incoming[area.id]
    if context.is_output(area) and not incoming:
        return warning("G257", context.place(area, "__name"), f"nothing drives the output {quote(area.name)}")
    if not incoming:
        why = "nothing is connected to it" if area.projections else "it is connected to nothing"
    elif any(may_excite(source, rule) for source, rule in incoming):
        why = "no input and no power lies behind what drives it"
    else:
        why = "it is only inhibited"
    code = "G257" if context.is_output(area) else "G258"
    what = "output" if context.is_output(area) else "area"
    return warning(code, context.place(area, "__name"), f"no signal reaches the {what} {quote(area.name)}: {why}")


def check_thresholds(context: Context) -> Iterator[Problem]:
    """The highest potential that all incoming synapses together can make, against the lowest threshold of the area."""
    fan = Fan(context.genome.morphologies)
    for area in context.genome.areas:
        incoming = context.incoming[area.id]
        if context.is_input(area) or context.is_power(area) or not incoming:
            continue
        highest = highest_potential(area, context, fan)
        lowest = lowest_threshold(area)
        if 0 < highest < lowest * (1 - SLACK):
            message = f"area {quote(area.name)} fires from {lowest:g} on, and its input makes at most {highest:g}"
            yield warning("G259", context.place(area, "fire_t"), message)


def highest_potential(area: CorticalArea, context: Context, fan: Fan) -> float:
    """Upper bound of the potential of any neuron of the area; infinite where it can grow without end or is not known."""
    burst = sum(_highest_from(source, rule, area, context.areas, fan) for source, rule in context.incoming[area.id])
    leak = area.leak_coefficient
    if not area.charge_accumulation or burst == 0 or leak == 1:
        return burst
    return burst / leak if 0 < leak < 1 else math.inf


def _highest_from(
    source: CorticalArea, rule: MappingRule, area: CorticalArea, areas: Mapping[str, CorticalArea], fan: Fan
) -> float:
    """What one rule can add to a neuron in one burst, if all its source neurons fire."""
    if rule.plastic or source.mp_driven_psp or rule.morphology in LEARNING:
        return math.inf
    if not may_excite(source, rule) or rule.attractivity <= 0:
        return 0.0
    each = rule.multiplier * source.postsynaptic_potential
    if not source.psp_uniform:
        each /= fan.least_out(source, areas)
    return each * fan.most_in(rule, source, area)


def may_excite(source: CorticalArea, rule: MappingRule) -> bool:
    """A negative PSP through an inhibitory synapse excites, too."""
    return source.mp_driven_psp or rule.plastic or rule.multiplier * source.postsynaptic_potential > 0


def check_joins(context: Context) -> Iterator[Problem]:
    """A rule whose vectors or indices all lie outside its areas makes no synapse."""
    fan = Fan(context.genome.morphologies)
    for area in context.genome.areas:
        for projection, index, rule in context.rules(area):
            target = context.areas.get(projection.destination)
            if target is not None and area.neurons and target.neurons and not fan.joins(rule, area, target):
                place = context.rule_place(area, projection, index)
                sizes = " to ".join("x".join(map(str, each.dims)) for each in (area, target))
                message = f"{quote(rule.morphology)} joins nothing from {quote(area.name)} to {quote(target.name)} ({sizes})"
                yield warning("G260", place, message)


WIRING_CHECKS: tuple[Check, ...] = (check_reach, check_thresholds, check_joins)
