"""Connectome -> Program: chooses every number, places every array, packs every synapse."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurula.compiler.contributions import Contribution, Contributions, classify, exact, is_driven, plastic_rules, wears
from neurula.compiler.layout import Line, Needs, lay_out
from neurula.compiler.neurons import area_fields, is_power, value_scale
from neurula.compiler.program import AreaProgram, GroupProgram, Init, PlasticProgram, Program, Scale
from neurula.compiler.ranges import choose_scale, inputs_of, value_bounds, weight_grain, weight_limit
from neurula.compiler.rows import Keys, build_rows, table_of
from neurula.development.connectome import Connectome
from neurula.errors import CompileError
from neurula.genome.model import MappingRule
from neurula_npu.schema import (
    DELAY_MAX,
    FEATURE_DRIVEN,
    FEATURE_PLASTIC,
    POTENTIAL_MAX,
    RETENTION_ONE,
    SEGMENT_FLAG_DRIVEN,
    SEGMENT_FLAG_PLASTIC,
)

DEFAULT_WINDOW = 3  # bursts; physiology.plasticity_queue_depth of a genome that does not say otherwise


@dataclass(frozen=True, slots=True)
class Bunch:
    """Synapses that share a group: source area, delay and, for learning ones, the target area (-1 otherwise)."""

    source: int
    delay: int
    target: int


def lower(
    connectome: Connectome, *, keep_all: bool = False, keep: Collection[str] = (), plasticity_window: int = DEFAULT_WINDOW
) -> Program:
    """Compiles a connectome.

    keep_all: keep areas that cannot matter too; keep: ids of areas to keep although nothing reaches or leaves them;
    plasticity_window: for plastic rules that give none, bursts. Raises CompileError.
    """
    connectome, pruned = prune(connectome, keep_all, keep)
    contributions = classify(connectome)
    bounds = value_bounds(connectome, contributions)
    scales = [
        choose_scale(grown, inputs_of(connectome, contributions, i, bounds), is_power(grown.area.id))
        for i, grown in enumerate(connectome.areas)
    ]
    pairs = plastic_rules(connectome)
    windows = {pair: rule.plasticity_window or plasticity_window for pair, rule in pairs.items()}
    bunches = group_bundles(connectome, set(pairs))
    slots = max([1, *(b.delay for b in bunches if b.target < 0), *(w + 1 for w in windows.values())])
    if slots > DELAY_MAX + 1 or any(b.delay > DELAY_MAX for b in bunches):
        raise CompileError(
            "C103", f"A synaptic delay or plasticity window is longer than {DELAY_MAX} bursts.", remedy="Shorten it."
        )
    needs = [needs_of(connectome, i) for i in range(len(connectome.areas))]
    lines = [Line(b.delay, needs[b.target].neurons) for b in bunches if b.target >= 0 and b.delay > 1]
    learning = sum(c.stop - c.start for c in connectome.bundles if (c.source_area, c.target_area) in pairs)
    ram, places, line_places = lay_out(needs, lines, slots, learning, bool(pairs))
    areas = tuple(
        area_program(connectome, i, scales[i], places[i]) for i in range(len(connectome.areas))
    )
    keys, key_of, errors = make_keys(connectome, contributions, scales, bounds)
    areas = tuple(replace(a, scale=replace(a.scale, worst_error=errors[i])) for i, a in enumerate(areas))
    packed = pack_groups(connectome, contributions, bunches, bunch_lines(bunches, line_places), areas, keys, key_of, ram.weights_at)
    weights = start_weights(connectome, packed.weight_synapses)
    inits = [
        Init(a.fields["psps_at"], a.neurons, worn_start(connectome, i)) for i, a in enumerate(areas) if a.fields["psps_at"]
    ]
    if len(weights):
        inits.append(Init(ram.weights_at, len(weights), copy=True))
    features = FEATURE_PLASTIC * bool(pairs) + FEATURE_DRIVEN * any(a.fields["values_at"] for a in areas)
    plastics = plastic_programs(connectome, packed.groups, bunches, pairs, windows)
    return Program(
        areas, packed.groups, plastics, packed.directory, packed.words, weights, tuple(inits), ram, features,
        connectome.synapses, pruned,
    )


def prune(connectome: Connectome, keep_all: bool, keep: Collection[str]) -> tuple[Connectome, tuple[tuple[str, int], ...]]:
    """Leaves out areas that no synapse reaches or leaves; power stays, because it fires in every burst."""
    used = {b.source_area for b in connectome.bundles if b.stop > b.start}
    used |= {b.target_area for b in connectome.bundles if b.stop > b.start}
    stays = [
        grown.neurons > 0 and (keep_all or i in used or is_power(grown.area.id) or grown.area.id in keep)
        for i, grown in enumerate(connectome.areas)
    ]
    fresh = np.cumsum(stays) - 1
    bundles = tuple(
        replace(b, source_area=int(fresh[b.source_area]), target_area=int(fresh[b.target_area]))
        for b in connectome.bundles if stays[b.source_area] and stays[b.target_area]
    )
    areas = tuple(grown for grown, stay in zip(connectome.areas, stays, strict=True) if stay)
    gone = tuple((g.area.id, g.neurons) for g, stay in zip(connectome.areas, stays, strict=True) if not stay)
    return replace(connectome, areas=areas, bundles=bundles), gone


def needs_of(connectome: Connectome, index: int) -> Needs:
    grown = connectome.areas[index]
    area = grown.area
    limited = area.consecutive_fire_limit not in (0, 65535)
    sends = any(b.source_area == index and b.stop > b.start for b in connectome.bundles)
    worn = wears(grown) and sends
    return Needs(
        neurons=grown.neurons,
        potentials=area.charge_accumulation,
        stamps=area.refractory_period > 0 or (limited and area.snooze_period > 0),
        counts=limited,
        psps=worn,
        values=worn or (is_driven(grown) and sends),
    )


def area_program(connectome: Connectome, index: int, scale: Scale, places: dict[str, int]) -> AreaProgram:
    grown = connectome.areas[index]
    fields, thresholds, notes = area_fields(grown, scale, places)
    return AreaProgram(grown.area.id, grown.area.name, fields, scale, thresholds, notes)


def group_bundles(connectome: Connectome, plastic: set[tuple[int, int]]) -> list[Bunch]:
    """The groups, in order of source area, delay and target."""
    found = {bunch_of(b.source_area, b.target_area, b.rule, plastic) for b in connectome.bundles if b.stop > b.start}
    return sorted(found, key=lambda b: (b.source, b.target, b.delay))


def bunch_of(source: int, target: int, rule: MappingRule, plastic: set[tuple[int, int]]) -> Bunch:
    return Bunch(source, rule.delay_bursts, target if (source, target) in plastic else -1)


def bunch_lines(bunches: list[Bunch], places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Per group its delay line (pending_at, phase_at), or zeros."""
    free = iter(places)
    return [next(free) if b.target >= 0 and b.delay > 1 else (0, 0) for b in bunches]


def make_keys(
    connectome: Connectome, contributions: Contributions, scales: list[Scale], bounds: list[Fraction]
) -> tuple[Keys, NDArray[np.int64], list[float]]:
    """Segment keys, the key of each contribution class, and per target area the worst rounding error of a contribution."""
    found: dict[tuple[int, int, int, int], int] = {}
    key_of = np.zeros(max(1, len(contributions.classes)), np.int64)
    errors = [0.0] * len(connectome.areas)
    for number, entry in enumerate(contributions.classes):
        if entry.driven and entry.plastic:
            raise CompileError(
                "C104", f"Area {connectome.areas[entry.source].area.id!r} has learning synapses whose PSP varies by itself.",
                remedy="Switch off plasticity on its mappings, or mp_driven_psp and degeneration of the area.",
            )
        words, error = key_words(connectome, entry, scales, bounds)
        key_of[number] = found.setdefault(words, len(found))
        errors[entry.target] = max(errors[entry.target], error)
    columns = np.array(list(found) or [(0, 0, 0, 0)], np.int64).T
    return Keys(*columns), key_of, errors


def key_words(
    connectome: Connectome, entry: Contribution, scales: list[Scale], bounds: list[Fraction]
) -> tuple[tuple[int, int, int, int], float]:
    """(step, extra0, extra1, flags) of a class, and its rounding error in units of potential."""
    scale = scales[entry.target]
    k = scale.count_bits
    if entry.driven:
        factor = entry.factor * scale.input_scale / value_scale(connectome.areas[entry.source], scales[entry.source])
        mantissa, shift = normalise(factor)
        cap = min(POTENTIAL_MAX, int(abs(entry.factor) * bounds[entry.source] * scale.input_scale) + 1)
        error = float(abs(Fraction(mantissa, RETENTION_ONE) * Fraction(2) ** shift - factor) * bounds[entry.source])
        return (mantissa, (shift & 0xFFFF) << 16 | k, cap, SEGMENT_FLAG_DRIVEN), error / float(scale.input_scale)
    units = entry.factor * scale.input_scale
    if entry.plastic:
        units *= weight_grain(connectome, entry.bundle)
    whole = round(units)
    error = float(abs(units - whole) / scale.input_scale)
    if entry.plastic:
        return (whole, 0, k, SEGMENT_FLAG_PLASTIC), error
    return ((whole << k) + 1, 0, 0, 0), error


def normalise(factor: Fraction) -> tuple[int, int]:
    """factor = mantissa / 2^22 * 2^shift with 2^21 <= |mantissa| <= 2^22 where the shift allows (-29 to 29)."""
    if factor == 0:
        return 0, 0
    size = abs(factor)
    shift = 0
    while size * Fraction(2) ** -shift > 1:
        shift += 1
    while size * Fraction(2) ** -shift <= Fraction(1, 2) and shift > -29:
        shift -= 1
    mantissa = round(size * Fraction(2) ** -shift * RETENTION_ONE)
    return (mantissa if factor > 0 else -mantissa), min(29, shift)


@dataclass(frozen=True, slots=True)
class Packed:
    groups: tuple[GroupProgram, ...]
    directory: NDArray[np.int64]
    words: NDArray[np.uint32]
    weight_synapses: NDArray[np.int64]  # connectome synapse behind each weight


def pack_groups(
    connectome: Connectome, contributions: Contributions, bunches: list[Bunch], lines: list[tuple[int, int]],
    areas: tuple[AreaProgram, ...], keys: Keys, key_of: NDArray[np.int64], weights_at: int,
) -> Packed:
    """Packs all groups one after the other."""
    firsts = np.cumsum([0, *(a.neurons for a in areas)])
    plastic = {(b.source, b.target) for b in bunches if b.target >= 0}
    groups: list[GroupProgram] = []
    entries: list[Any] = [np.array([-1], np.int64)]
    words: list[NDArray[np.uint32]] = []
    weight_synapses: list[Any] = [np.zeros(0, np.int64)]
    number, size, learned = 1, 0, 0
    for bunch, (pending_at, phase_at) in zip(bunches, lines, strict=True):
        members = [
            b for b in connectome.bundles
            if b.stop > b.start and bunch_of(b.source_area, b.target_area, b.rule, plastic) == bunch
        ]
        synapses = np.concatenate([np.arange(b.start, b.stop) for b in members])
        targets = np.concatenate([connectome.target[b.start : b.stop].astype(np.int64) + firsts[b.target_area] for b in members])
        rows = build_rows(
            areas[bunch.source].neurons, connectome.source[synapses].astype(np.int64), targets,
            key_of[contributions.of_synapse[synapses]], keys, bunch.target >= 0, weights_at + 4 * learned,
        )
        kind, table, found = table_of(rows, number, bunch.target >= 0)
        groups.append(GroupProgram(bunch.source, bunch.delay, kind, table, bunch.target, pending_at, phase_at))
        entries.append(np.where(found >= 0, found + size, -1))
        words.append(rows.words)
        weight_synapses.append(synapses[rows.order])
        number += len(found)
        size += rows.words.nbytes
        learned += len(rows.order)
    return Packed(
        tuple(groups), np.concatenate(entries),
        np.concatenate(words) if words else np.zeros(0, np.uint32), np.concatenate(weight_synapses),
    )


def start_weights(connectome: Connectome, synapses: NDArray[np.int64]) -> NDArray[np.int32]:
    """|multiplier| of each learning synapse, in weight units of its pair."""
    per_synapse = np.zeros(connectome.synapses if len(synapses) else 0, np.int32)
    for number, bundle in enumerate(connectome.bundles):
        if len(synapses):
            units = abs(exact(bundle.rule.multiplier)) / weight_grain(connectome, number)
            per_synapse[bundle.start : bundle.stop] = min(POTENTIAL_MAX, round(units))
    return per_synapse[synapses]


def worn_start(connectome: Connectome, index: int) -> int:
    grown = connectome.areas[index]
    return round(exact(grown.area.postsynaptic_potential) * value_scale(grown, None))


def plastic_programs(
    connectome: Connectome, groups: tuple[GroupProgram, ...], bunches: list[Bunch],
    pairs: dict[tuple[int, int], MappingRule], windows: dict[tuple[int, int], int],
) -> tuple[PlasticProgram, ...]:
    """One record per learning group: the steps of its pair's governing rule in weight units."""
    out = []
    for number, bunch in enumerate(bunches):
        if bunch.target < 0:
            continue
        rule = pairs[bunch.source, bunch.target]
        bundle = next(
            i for i, b in enumerate(connectome.bundles) if (b.source_area, b.target_area) == (bunch.source, bunch.target)
        )
        unit = weight_grain(connectome, bundle)
        constant = exact(rule.plasticity_constant)
        starts = [
            abs(exact(b.rule.multiplier)) for b in connectome.bundles
            if (b.source_area, b.target_area) == (bunch.source, bunch.target)
        ]
        out.append(PlasticProgram(
            number, windows[bunch.source, bunch.target],
            min(POTENTIAL_MAX, round(constant * exact(rule.ltp_multiplier) / unit)),
            min(POTENTIAL_MAX, round(constant * exact(rule.ltd_multiplier) / unit)),
            min(POTENTIAL_MAX, int(min(weight_limit(s) for s in starts) / unit)),
        ))
    return tuple(out)


def window_of(physiology: Mapping[str, Any]) -> int | None:
    """What plastic rules without a window of their own use (gene plasticity_queue_depth); None if not usable."""
    written = physiology.get("plasticity_queue_depth")
    usable = isinstance(written, int) and not isinstance(written, bool) and 1 <= written <= DELAY_MAX
    return written if usable else None
