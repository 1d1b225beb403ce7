"""pins.toml against a board and a brain -> the bytes of the image section `pins`. Every number of the device is decided here."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from neurula.boards import Board
from neurula.compiler.pin_layout import (
    PIN_FIELDS,
    PIN_FLAG_HOLD,
    PIN_FLAG_INSIDE,
    PIN_FLAG_LOW,
    PIN_FLAG_PULL_DOWN,
    PIN_FLAG_PULL_UP,
    PIN_KIND_ADC_LEVEL,
    PIN_KIND_ADC_VOXEL,
    PIN_KIND_DIGITAL_IN,
    PIN_KIND_DIGITAL_OUT,
    PIN_KIND_PWM,
    PIN_KIND_SERVO,
    PIN_KIND_STOP,
    PINS_FIELDS,
    PINS_FLAG_NEEDS_HOST,
    PINS_VERSION,
)
from neurula.compiler.pins_file import ALL, READING_MAX, PinEntry, PinsFile
from neurula.compiler.program import AreaProgram, Program
from neurula.errors import InvalidInput
from neurula.genome import canonical_id
from neurula_npu.schema import POTENTIAL_MAX

INJECTIONS_MAX = 1024  # 12 bytes of RAM each, and some 20 microseconds of every burst on an RP2040
SERVO_VOXELS_MAX = 256
SERVO_NEURONS_MAX = 4096  # in a voxel
SPIKES_MAX = (1 << 30) - 1  # what the firmware counts without allocating
ROLES = {"input-digital": "digital", "input-adc-voxel": "adc", "input-adc-level": "adc", "stop": "digital",
         "output-digital": "digital", "output-pwm": "pwm", "output-servo": "pwm"}
Record = dict[str, int]


def pin_section(file: PinsFile, program: Program, board: Board) -> bytes:
    """The section's bytes. InvalidInput P106 to P112."""
    check_pins(file, board)
    areas = {area.id: index for index, area in enumerate(program.areas)}
    for index, area in enumerate(program.areas):
        areas.setdefault(canonical_id(area.id), index)
    records = [record_of(entry, areas, program.areas) for entry in file.entries]
    injected = sum(injections(record) for record in records)
    if injected > INJECTIONS_MAX:
        raise InvalidInput("P111", f"the inputs reach {injected:,} neurons in one burst; there is room for {INJECTIONS_MAX:,}")
    flags = PINS_FLAG_NEEDS_HOST if file.needs_host else 0
    head = {"version": PINS_VERSION, "entries": len(records), "failsafe_ms": file.failsafe_ms, "flags": flags}
    words = [head[name] for name in PINS_FIELDS]
    for record in records:
        words += [record.get(name, 0) for name in PIN_FIELDS]
    return struct.pack(f"<{len(words)}i", *words)


def check_pins(file: PinsFile, board: Board) -> None:
    """Every pin exists, can do what it is asked, and is asked once. InvalidInput P106, P107, P110."""
    taken: dict[int, PinEntry] = {}
    for entry in file.entries:
        role = ROLES[entry.kind]
        able = board.pins.get(role, ())
        if entry.pin not in able:
            choice = f"it has {', '.join(map(str, able))}" if able else "it has none"
            raise InvalidInput("P106", f"{board.title} has no pin {entry.pin} for {role}: {choice}", where=entry.place)
        if entry.pin in taken:
            raise InvalidInput("P107", f"pin {entry.pin} is used by {taken[entry.pin].place} too", where=entry.place)
        taken[entry.pin] = entry
    if board.pwm_outputs:
        check_pwm([entry for entry in file.entries if ROLES[entry.kind] == "pwm"], board.pwm_outputs)


def check_pwm(entries: Sequence[PinEntry], outputs: int) -> None:
    """Pins that are `outputs` apart share one output; an even one and the next share the frequency."""
    first: dict[int, PinEntry] = {}
    for entry in entries:
        output = entry.pin % outputs
        if output in first:
            raise InvalidInput("P110", f"pins {first[output].pin} and {entry.pin} share one PWM output", where=entry.place)
        first[output] = entry
        other = first.get(output ^ 1)
        if other is not None and other.values["frequency_hz"] != entry.values["frequency_hz"]:
            raise InvalidInput("P110", f"pins {other.pin} and {entry.pin} can only have the same frequency", where=entry.place)


def record_of(entry: PinEntry, areas: dict[str, int], programs: Sequence[AreaProgram]) -> Record:
    """The record of one entry by field. InvalidInput P108, P109, P112."""
    record: Record = {"pin": entry.pin, "flags": switch_flags(entry.values)}
    if entry.kind == "stop":
        return {**record, "kind": PIN_KIND_STOP}
    index = areas.get(entry.area, areas.get(canonical_id(entry.area)))
    if index is None:
        raise InvalidInput("P108", f"the brain has no area {entry.area!r}", where=entry.place)
    area = programs[index]
    record |= {"area": index, **stretch_of(entry, area)}
    if entry.kind.startswith("input"):
        return record | input_fields(entry, area, record)
    return record | output_fields(entry, record)


def switch_flags(values: Any) -> int:
    pulls = {"up": PIN_FLAG_PULL_UP, "down": PIN_FLAG_PULL_DOWN}
    return (PIN_FLAG_LOW if values.get("active") == "low" else 0) | pulls.get(values.get("pull", ""), 0)


def stretch_of(entry: PinEntry, area: AreaProgram) -> Record:
    """first, stride, voxels and per_voxel of the row of voxels that an entry names. InvalidInput P109."""
    f = area.fields
    dims = (f["width"], f["height"], f["depth"])
    per_voxel = f["per_voxel"]
    strides = (dims[1] * dims[2] * per_voxel, dims[2] * per_voxel, per_voxel)
    open_axes = [axis for axis, c in enumerate(entry.voxels) if c == ALL and dims[axis] > 1]
    first = 0
    for c, size, stride in zip(entry.voxels, dims, strides, strict=True):
        if isinstance(c, int):
            if c >= size:
                voxel = f"voxel {list(entry.voxels)} lies outside of area {entry.area!r} of {list(dims)}"
                raise InvalidInput("P109", voxel, where=entry.place)
            first += c * stride
    whole = len(open_axes) == sum(size > 1 for size in dims)
    needs_row = entry.kind in ("input-adc-voxel", "output-servo")
    if len(open_axes) > 1 and (needs_row or not whole):
        raise InvalidInput("P109", 'only one axis may have "*" here', where=entry.place)
    if not open_axes:
        stretch = {"first": first, "stride": per_voxel, "voxels": 1}
    elif len(open_axes) == 1:
        stretch = {"first": first, "stride": strides[open_axes[0]], "voxels": dims[open_axes[0]]}
    else:
        stretch = {"first": 0, "stride": per_voxel, "voxels": math.prod(dims)}
    if needs_row and stretch["voxels"] < 2:
        raise InvalidInput("P109", 'this kind needs a row of voxels: write "*" for one axis that is longer than 1', where=entry.place)
    if entry.kind == "output-servo" and (stretch["voxels"] > SERVO_VOXELS_MAX or per_voxel > SERVO_NEURONS_MAX):
        limits = f"{SERVO_VOXELS_MAX} voxels of {SERVO_NEURONS_MAX:,} neurons"
        raise InvalidInput("P109", f"a servo takes a row of at most {limits}", where=entry.place)
    return {**stretch, "per_voxel": per_voxel}


def injections(record: Record) -> int:
    """Neurons that an input may reach in one burst."""
    if record["kind"] == PIN_KIND_ADC_VOXEL:
        return record["per_voxel"]
    inputs = (PIN_KIND_DIGITAL_IN, PIN_KIND_ADC_LEVEL)
    return record["voxels"] * record["per_voxel"] if record["kind"] in inputs else 0


def input_fields(entry: PinEntry, area: AreaProgram, record: Record) -> Record:
    values = entry.values
    exact = Fraction(repr(values["potential"])) if isinstance(values["potential"], float) else Fraction(values["potential"])
    units = math.floor(exact * area.scale.input_scale + Fraction(1, 2))
    units = max(-POTENTIAL_MAX, min(POTENTIAL_MAX, units))
    if entry.kind == "input-digital":
        return {"kind": PIN_KIND_DIGITAL_IN, "units": units}
    low, high = values["from"], values["to"]
    if low == high:
        raise InvalidInput("P112", "'from' and 'to' are the same reading", where=entry.place)
    kind = PIN_KIND_ADC_VOXEL if entry.kind == "input-adc-voxel" else PIN_KIND_ADC_LEVEL
    flags = record["flags"] | (PIN_FLAG_INSIDE if values["outside"] == "nothing" else 0)
    return {"kind": kind, "units": units, "low": low, "high": high, "flags": flags}


def output_fields(entry: PinEntry, record: Record) -> Record:
    values = entry.values
    if entry.kind == "output-digital":
        return {"kind": PIN_KIND_DIGITAL_OUT, "hold_ms": values["hold_ms"], "neutral": int(values["neutral"] == "on")}
    common = {"frequency_hz": values["frequency_hz"], "window": values["window"]}
    if entry.kind == "output-servo":
        low, high = values["pulse_us"]
        period = 1_000_000 // values["frequency_hz"]
        if max(low, high, values["neutral_us"]) >= period:
            raise InvalidInput("P112", f"a pulse is longer than the period of {period} us", where=entry.place)
        flags = record["flags"] | (PIN_FLAG_HOLD if values["when_silent"] == "hold" else 0)
        return {**common, "kind": PIN_KIND_SERVO, "low": low, "high": high, "neutral": values["neutral_us"], "flags": flags}
    low, high = (round(share * READING_MAX) for share in values["duty"])
    spikes = Fraction(repr(float(values["full"]))) * values["window"] * record["voxels"] * record["per_voxel"]
    full = max(1, min(SPIKES_MAX, round(spikes)))
    return {**common, "kind": PIN_KIND_PWM, "low": low, "high": high, "full": full, "neutral": round(values["neutral"] * READING_MAX)}
