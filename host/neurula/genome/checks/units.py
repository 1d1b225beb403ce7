"""Numbers that the engine reads otherwise than their author probably meant, and numbers without effect."""

from __future__ import annotations

from collections.abc import Iterator

from neurula.genome.checks.context import Check, Context
from neurula.genome.genes import TYPE_LETTERS
from neurula.genome.ids import canonical_id
from neurula.genome.model import CorticalArea, Fix, Problem
from neurula.genome.problems import quote, warning
from neurula.genome.written_rules import plain_number

LARGE_AREA_VOXELS = 1_000_000
ALWAYS = 0.999  # the engine's bound: from here on excitability means "always"
ALWAYS_WRITTEN = 100  # what nearly all files write for it
WEIGHT_MAX = 255  # a weight is one byte in FEAGI's older engines
MANY_BURSTS = 1_000
PERCENT = 100
DEFAULT_WINDOW = 3
GENE_CODE_CHARS = 6


def check_gene_codes(context: Context) -> Iterator[Problem]:
    """A code that nobody reads is probably misspelt. Each is named once."""
    if context.genome.form != "flat":
        return  # hierarchical files carry properties of their tools
    named: set[str] = set()
    for area in context.genome.areas:
        for code in area.genes:
            if code not in TYPE_LETTERS and code not in named and len(code) == GENE_CODE_CHARS:
                named.add(code)
                message = f"gene {quote(code)} of {quote(area.name)} is not known"
                yield warning("G220", context.place(area, code), message)


def check_leak(context: Context) -> Iterator[Problem]:
    """The engine keeps (1 - leak) of a potential: outside 0..1 that grows or changes sign."""
    for area in context.genome.areas:
        leak = area.leak_coefficient
        if not 0 <= leak <= 1:
            message = f"leak {leak} of area {quote(area.name)} keeps {1 - leak:g} of a potential; is it percent?"
            meant = 0 if leak < 0 else plain_number(min(leak, PERCENT) / PERCENT)
            yield warning("G221", context.place(area, "leak_c"), message, Fix("set", meant))


def check_excitability(context: Context) -> Iterator[Problem]:
    """Percent between 1 and 100 reads as "always"; 100 is the usual way to write "always"."""
    for area in context.genome.areas:
        if 1 < area.excitability < ALWAYS_WRITTEN:
            message = f"excitability {area.excitability} of area {quote(area.name)} means always; is it percent?"
            yield warning("G222", context.place(area, "excite"), message, Fix("set", area.excitability / PERCENT))


def check_plastic_window(context: Context) -> Iterator[Problem]:
    """The engine refuses a plastic rule without a window and drops the mappings that follow it."""
    depth = context.genome.physiology.get("plasticity_queue_depth")
    window = depth if type(depth) is int and 0 < depth <= MANY_BURSTS else DEFAULT_WINDOW
    for area in context.genome.areas:
        for projection, index, rule in context.rules(area):
            if rule.plastic and rule.plasticity_window < 1:
                place = context.rule_place(area, projection, index)
                message = f"a plastic rule from {quote(area.name)} to {quote(projection.destination)} has no plasticity_window"
                yield warning("G223", place, message, context.rule_fix(place, "plasticity_window", window))


def check_repeated_ids(context: Context) -> Iterator[Problem]:
    """Different texts can be one id to the engine, for instance _power and ___pwr."""
    first: dict[str, CorticalArea] = {}
    for area in context.genome.areas:
        earlier = first.setdefault(canonical_id(area.id), area)
        if earlier is not area:
            message = f"areas {quote(earlier.id)} and {quote(area.id)} have the same id in the engine"
            yield warning("G224", context.place(area, "___bbx"), message)


def check_threshold_limit(context: Context) -> Iterator[Problem]:
    """A neuron fires while threshold <= potential <= limit."""
    for area in context.genome.areas:
        if area.threshold_limit and area.threshold_limit < lowest_threshold(area):
            message = f"area {quote(area.name)}: limit {area.threshold_limit} is below every threshold"
            yield warning("G226", context.place(area, "fthlim"), message, Fix("set", 0))


def lowest_threshold(area: CorticalArea) -> float:
    """Of all voxels of the area."""
    ends = (step * (size - 1) for step, size in zip(area.threshold_increment, area.dims, strict=True))
    return area.firing_threshold + sum(min(end, 0) for end in ends)


def check_size(context: Context) -> Iterator[Problem]:
    for area in context.genome.areas:
        if area.voxels > LARGE_AREA_VOXELS:
            message = f"area {quote(area.name)} has {area.voxels:,} voxels"
            yield warning("G227", context.place(area, "___bbx"), message)


def check_weights(context: Context) -> Iterator[Problem]:
    """A weight of 0 does nothing, one above 255 does not fit FEAGI's older engines."""
    for area in context.genome.areas:
        for projection, index, rule in context.rules(area):
            if abs(rule.multiplier) <= WEIGHT_MAX and (rule.multiplier or rule.plastic):
                continue
            way = f"from {quote(area.name)} to {quote(projection.destination)}"
            place = context.rule_field(context.rule_place(area, projection, index), "postSynapticCurrent_multiplier")
            if rule.multiplier:
                message = f"the weight {rule.multiplier:g} {way} is outside -{WEIGHT_MAX}..{WEIGHT_MAX}"
                yield warning("G247", place, message)
            else:
                yield warning("G248", place, f"the weight {way} is 0: its synapses do nothing")
        if area.postsynaptic_potential == 0 and area.projections and not area.mp_driven_psp:
            message = f"the postsynaptic potential of {quote(area.name)} is 0: its spikes do nothing"
            yield warning("G248", context.place(area, "pstcr_"), message)


def check_attractivity(context: Context) -> Iterator[Problem]:
    """Percent of the synapses that are made: a fraction was probably meant as one."""
    for area in context.genome.areas:
        for projection, index, rule in context.rules(area):
            if rule.attractivity < 1:
                place = context.rule_place(area, projection, index)
                where = context.rule_field(place, "synapse_attractivity")
                message = f"attractivity {rule.attractivity:g} from {quote(area.name)} to {quote(projection.destination)} is percent"
                meant = _percent_of(rule.attractivity)
                fix = context.rule_fix(place, "synapse_attractivity", meant) if meant else None
                yield warning("G249", where, message, fix)
        if 0 < area.attractivity < 1:
            message = f"attractivity {area.attractivity:g} of area {quote(area.name)} is percent"
            yield warning("G249", context.place(area, "synatt"), message, Fix("set", _percent_of(area.attractivity)))


def _percent_of(fraction: float) -> float:
    return plain_number(fraction * PERCENT)


def check_durations(context: Context) -> Iterator[Problem]:
    """Refractory periods and snoozes count bursts, not milliseconds."""
    for area in context.genome.areas:
        for code, bursts in (("refrac", area.refractory_period), ("snooze", area.snooze_period)):
            if bursts > MANY_BURSTS:
                message = f"{bursts:,} bursts of rest in area {quote(area.name)}; is it milliseconds?"
                yield warning("G250", context.place(area, code), message)


def check_snooze(context: Context) -> Iterator[Problem]:
    """The snooze follows the spike that reaches the consecutive limit; without a limit there is none."""
    for area in context.genome.areas:
        if area.snooze_period and not area.consecutive_fire_limit:
            message = f"snooze {area.snooze_period} of area {quote(area.name)} has no effect without a limit of spikes in a row"
            yield warning("G251", context.place(area, "snooze"), message)


UNIT_CHECKS: tuple[Check, ...] = (
    check_gene_codes,
    check_leak,
    check_excitability,
    check_plastic_window,
    check_repeated_ids,
    check_threshold_limit,
    check_size,
    check_weights,
    check_attractivity,
    check_durations,
    check_snooze,
)
