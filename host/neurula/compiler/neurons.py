"""The integers of one area: thresholds, leak, refractory period, chance, as its AREA record holds them."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from neurula.compiler.contributions import exact, is_driven, wears
from neurula.compiler.program import Scale
from neurula.compiler.ranges import FORCED_POTENTIAL, grain_of
from neurula.development.connectome import GrownArea
from neurula.development.corticogenesis import POWER as POWER_AREA
from neurula_npu.schema import (
    AREA_FLAG_ALWAYS,
    AREA_FLAG_CORE,
    AREA_FLAG_DRAWS,
    AREA_FLAG_DRIVEN,
    AREA_FLAG_INPUT,
    AREA_FLAG_MEMORY,
    AREA_FLAG_OUTPUT,
    AREA_FLAG_WEARS,
    POTENTIAL_MAX,
    RECORDS,
    REFRACTORY_MAX,
    RETENTION_ONE,
)

GROUPS = {"IPU": AREA_FLAG_INPUT, "OPU": AREA_FLAG_OUTPUT, "CORE": AREA_FLAG_CORE, "MEMORY": AREA_FLAG_MEMORY}
ALWAYS = np.float32(0.999)  # an excitability from here on always fires (FEAGI burst engine)
PSP_BITS = 20  # a worn PSP is counted in 2^-20 of its grain or finer
POWER = Fraction(1)  # potential that the power area receives in every burst


def is_power(area_id: str) -> bool:
    return area_id in POWER_AREA.known_as


def area_fields(
    grown: GrownArea, scale: Scale, places: dict[str, int]
) -> tuple[dict[str, int], NDArray[np.int32] | None, tuple[str, ...]]:
    """The words of the area's record by name, the thresholds where they differ, and notes of what was limited."""
    area = grown.area
    notes: list[str] = []
    unit = scale.potential_scale
    base, thresholds = threshold_words(grown, unit)
    retention, shift = retention_words(1 - exact(area.leak_coefficient), notes)
    limit = area.consecutive_fire_limit if area.consecutive_fire_limit not in (0, 65535) else 0
    refractory = min(area.refractory_period, REFRACTORY_MAX)
    snooze = min(area.snooze_period, REFRACTORY_MAX - refractory) if limit else 0
    if refractory < area.refractory_period or (limit and snooze < area.snooze_period):
        notes.append(f"refractory period (snooze included) limited to {REFRACTORY_MAX} bursts")
    if limit > 65534:
        notes.append("consecutive-fire limit lowered to 65534")
    flags, chance = chance_words(area.excitability)
    flags |= GROUPS.get(area.group.upper(), 0)
    if places["values_at"]:
        flags |= AREA_FLAG_DRIVEN if is_driven(grown) else AREA_FLAG_WEARS
    ceiling = math.floor(exact(area.threshold_limit) * unit) if area.threshold_limit else POTENTIAL_MAX
    values = value_scale(grown, scale)
    w, h, d = area.dims
    fields = dict.fromkeys(RECORDS["AREA"], 0) | places | {
        "neurons": grown.neurons, "flags": flags, "count_bits": scale.count_bits, "input_cap": scale.input_cap,
        "gain": scale.gain, "threshold": base, "threshold_limit": limited(ceiling), "retention": retention,
        "retention_shift": shift, "refractory": refractory, "snooze": snooze, "fire_limit": min(limit, 65534),
        "chance": chance, "neuron_id": grown.first_neuron, "forced_value": limited(round(FORCED_POTENTIAL * values)),
        "degeneration": limited(round(exact(area.degeneration) * values)) if wears(grown) else 0,
        "scale_num": scale.input_scale.numerator, "scale_den": scale.input_scale.denominator,
        "width": w, "height": h, "depth": d, "per_voxel": area.neurons_per_voxel,
        "power": round(POWER * scale.input_scale) if is_power(area.id) else 0,
    }
    return fields, thresholds, tuple(notes)


def limited(value: int) -> int:
    return max(-POTENTIAL_MAX, min(POTENTIAL_MAX, value))


def threshold_words(grown: GrownArea, unit: Fraction) -> tuple[int, NDArray[np.int32] | None]:
    """Smallest whole potential at or above threshold + x*ix + y*iy + z*iz; beyond the range: never or always reached."""
    area = grown.area

    def word(value: Fraction) -> int:
        return max(-1 - POTENTIAL_MAX, min(POTENTIAL_MAX + 1, math.ceil(value * unit)))

    base = exact(area.firing_threshold)
    steps = [exact(i) for i in area.threshold_increment]
    own = {neuron: word(exact(threshold)) for neuron, threshold in grown.thresholds}
    if not any(steps):
        return word(base), with_own(np.full(grown.neurons, word(base), np.int32), own) if own else None
    common = math.lcm(*(v.denominator for v in [base, *steps]))
    start, *paces = (int(v * common) for v in [base, *steps])  # whole numbers: exact sums
    largest = abs(start) + sum(abs(pace) * n for pace, n in zip(paces, area.dims, strict=True))
    scale = unit / common
    dtype = np.int64 if largest * scale.numerator + scale.denominator < 1 << 62 else object
    x, y, z = (np.arange(n if pace else 1, dtype=dtype) * pace for pace, n in zip(paces, area.dims, strict=True))
    sums = start + x[:, None, None] + y[None, :, None] + z[None, None, :]
    words = np.clip(-(-sums * scale.numerator // scale.denominator), -1 - POTENTIAL_MAX, POTENTIAL_MAX + 1).astype(np.int32)
    of_voxels = np.broadcast_to(words, area.dims).ravel()
    return word(base), with_own(np.repeat(of_voxels, area.neurons_per_voxel), own)


def with_own(words: NDArray[np.int32], own: dict[int, int]) -> NDArray[np.int32]:
    """The thresholds of an area, with those that single neurons have for themselves."""
    words[list(own)] = list(own.values())
    return words


def retention_words(keep: Fraction, notes: list[str]) -> tuple[int, int]:
    """keep = mantissa / 2^22 * 2^shift; the mantissa as large as 2^22 allows."""
    shift = 0
    while abs(keep) > 1 << shift and shift < 22:
        shift += 1
    if shift and abs(keep) == 1 << shift and shift < 22:
        shift += 1  # a mantissa of 1.0 means "keeps everything", whatever the shift
    mantissa = round(keep * RETENTION_ONE / (1 << shift))
    if abs(mantissa) > RETENTION_ONE:
        notes.append("leak coefficient beyond 2^22 saturates")
        mantissa = RETENTION_ONE if mantissa > 0 else -RETENTION_ONE
    return mantissa, shift


def chance_words(excitability: float) -> tuple[int, int]:
    """(flags, threshold of the hash). The engine compares float32(hash) / 2^32 with float32(excitability)."""
    value = np.float32(excitability)
    if value >= ALWAYS:
        return AREA_FLAG_ALWAYS, 0
    if not value > 0:
        return 0, 0
    low, high = 0, 1 << 32  # smallest hash that is not below
    while low < high:
        middle = (low + high) // 2
        if np.float32(middle) / np.float32(4294967296.0) < value:
            low = middle + 1
        else:
            high = middle
    return AREA_FLAG_DRAWS, low - (1 << 32) if low >= 1 << 31 else low


def value_scale(grown: GrownArea, scale: Scale | None) -> Fraction:
    """Units per 1.0 of the value that a spike of this area carries."""
    if is_driven(grown) and scale is not None:
        return scale.potential_scale
    if not wears(grown):
        return Fraction(1)
    area = grown.area
    psp, wear = abs(exact(area.postsynaptic_potential)), abs(exact(area.degeneration))
    grain = grain_of([psp, wear]) or Fraction(1, 1 << PSP_BITS)
    top = Fraction(POTENTIAL_MAX) / max(psp, wear)
    bits = max(0, min(PSP_BITS, int(top * grain).bit_length() - 1))
    return Fraction(1 << bits) / grain
