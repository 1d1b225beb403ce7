"""The living definition: a burst in plain Python integers, slow and obvious, written apart from the kernels.

Every value is checked: whoever leaves 32 bits, or an array's bounds, stops here. docs/SPEC.md tells the same in words.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from neurula_npu.image import Image, ImageError
from neurula_npu.schema import (
    AGE_PERIOD,
    AREA_FLAG_ALWAYS,
    AREA_FLAG_DRAWS,
    AREA_FLAG_DRIVEN,
    AREA_FLAG_WEARS,
    POTENTIAL_MAX,
    RECORDS,
    RETENTION_ONE,
    ROWS_EACH,
    ROWS_SAME,
    ROWS_U16,
    SEGMENT_FLAG_DRIVEN,
    SEGMENT_FLAG_LAST,
    SEGMENT_FLAG_LIST,
    SEGMENT_FLAG_PLASTIC,
    SEGMENT_FLAG_RELATIVE,
    SEGMENT_FLAG_WEIGHTED,
    STAMP_MASK,
    STAMP_VALID,
)

RAM_BYTES = 4 * len(RECORDS["RAM"])
MASK32 = 0xFFFFFFFF
FIRE, HOLD, LEAK = "fire", "hold", "leak"


class OutOfRange(ArithmeticError):
    """A value left 32 bits: the image was not made by a correct compiler."""


def int32(value: int) -> int:
    """The value itself; OutOfRange if a signed 32-bit register could not hold it."""
    if not -(2**31) <= value < 2**31:
        raise OutOfRange(f"{value} does not fit into 32 bits")
    return value


def clamp(value: int, limit: int) -> int:
    return max(-limit, min(limit, value))


def scale(value: int, coefficient: int) -> int:
    """round(value * coefficient / 2^22), halves upwards, through the 32-bit pieces that every runtime uses."""
    high, low = value >> 15, value & 0x7FFF
    c_high, c_low = coefficient >> 11, coefficient & 0x7FF
    middle = int32(int32(high * c_low * 16) + int32(low * c_high) + (int32(low * c_low) >> 11) + 1024)
    result = int32(int32(high * c_high * 16) + (middle >> 11))
    assert result == (value * coefficient + 2**21) >> 22
    return result


def chance_hash(neuron_id: int, burst: int) -> int:
    """The engine's counter hash of a neuron and a burst: an unsigned 32-bit number (FEAGI burst engine)."""
    state = ((neuron_id * 2654435761 + burst * 1597334677) * 747796405 + 2891336453) & MASK32
    word = (((state >> ((state >> 28) + 4)) ^ state) * 277803737) & MASK32
    return (word >> 22) ^ word


@dataclass
class Segment:
    """One stretch of a row, decoded. targets: indexes of input words; relative ones count from the source neuron."""

    targets: list[int]
    relative: bool
    step: int
    drive: tuple[int, int, int] | None = None  # shift, count bits, cap
    weights: list[int] = field(default_factory=list)  # one per target, where each has its own
    weights_at: int = 0  # RAM offset of the weights of a plastic segment
    count_bits: int = 0


@dataclass
class Area:
    """One area's parameters (the fields of its record) and the state of its neurons."""

    index: int
    record: dict[str, int]
    thresholds: list[int]
    potentials: list[int] = field(default_factory=list)
    deaf_until: dict[int, int] = field(default_factory=dict)
    counts: list[int] = field(default_factory=list)
    psps: list[int] = field(default_factory=list)
    values: list[list[int]] = field(default_factory=list)

    def __getattr__(self, name: str) -> int:
        try:
            return self.record[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def first(self) -> int:
        """Index of its first input word."""
        return (self.input_at - RAM_BYTES) // 4


@dataclass
class Group:
    """The rows that leave one area with one delay."""

    area: Area
    target: Area | None
    delay: int
    rows: list[list[Segment]]
    pending_at: int
    phase_at: int
    pending: list[list[int]]
    phase: int = 0


class ReferenceBrain:
    """Runs an image like `Brain`, burst by burst, in plain Python. Same interface, same state, same hash."""

    def __init__(self, data: Any, *, ram_limit: int = 1 << 30) -> None:
        self.image = Image(data, ram_limit)
        self.data = data
        self.burst = 0
        neurons = self.image.neurons
        self.sums = [0] * neurons
        self.hits = [0] * neurons
        self.kept = [0] * neurons  # charge of a forced burst in areas that store no potential, input units
        self.fired_sets: list[set[tuple[int, int]]] = [set() for _ in range(self.image.slots)]
        ram = bytearray(self.image.ram_bytes)
        self.image.start(ram)
        self._start = bytes(ram)
        self.areas = [self._read_area(index) for index in range(self.image.areas)]
        first, size = self.image.sections["GRUP"]
        self._group_starts = list(range(first, first + size, 4 * len(RECORDS["GROUP"])))
        self.groups = [self._read_group(at) for at in self._group_starts]
        first, size = self.image.sections["PLAS"]
        step = 4 * len(RECORDS["PLASTIC"])
        self.plastics = [self._record("PLASTIC", at) for at in range(first, first + size, step)]
        self.weights = {at: self._ram_word(at) for at in range(self.image.weights_at, self.image.weights_end, 4)}

    # --- reading ---------------------------------------------------------------------------------------------

    def _word(self, at: int) -> int:
        return int(struct.unpack_from("<i", self.data, at)[0])

    def _ram_word(self, at: int) -> int:
        return int(struct.unpack_from("<i", self._start, at)[0])

    def _record(self, name: str, at: int) -> dict[str, int]:
        return {field_name: self._word(at + 4 * i) for i, field_name in enumerate(RECORDS[name])}

    def _read_area(self, index: int) -> Area:
        r = self._record("AREA", self.image.area_at(index))
        n, slots = r["neurons"], self.image.slots
        table = r["thresholds_at"]
        thresholds = [self._word(table + 4 * i) for i in range(n)] if table else [r["threshold"]] * n
        area = Area(index, r, thresholds)
        for name in ("potentials", "psps"):
            if r[name + "_at"]:
                setattr(area, name, [self._ram_word(r[name + "_at"] + 4 * i) for i in range(n)])
        area.counts = [0] * n if r["counts_at"] else []
        area.values = [[0] * n for _ in range(slots)] if r["values_at"] else []
        return area

    def _read_group(self, at: int) -> Group:
        r = self._record("GROUP", at)
        start, size = self.image.sections["AREA"][0], 4 * len(RECORDS["AREA"])
        area = self.areas[(r["area_at"] - start) // size]
        target = self.areas[(r["target_at"] - start) // size] if r["target_at"] else None
        rows = []
        decoded: dict[int, list[Segment]] = {}
        for i in range(area.neurons):
            number = self._row_number(r["rows_kind"], r["rows_at"], i)
            if number not in decoded:
                decoded[number] = list(self._read_row(number))
            rows.append(decoded[number])
            for segment in decoded[number]:
                shift = i if segment.relative else 0
                if not all(0 <= t + shift < self.image.neurons for t in segment.targets):
                    raise ImageError("I112", "a target lies outside the input words", at)
        length = target.neurons if target and r["pending_at"] else 0
        pending = [[0] * length for _ in range(r["delay"])] if r["pending_at"] else []
        return Group(area, target, r["delay"], rows, r["pending_at"], r["phase_at"], pending)

    def _row_number(self, kind: int, rows_at: int, neuron: int) -> int:
        if kind == ROWS_SAME:
            number = rows_at
        elif kind == ROWS_EACH:
            number = rows_at + neuron
        elif kind == ROWS_U16:
            number = int(struct.unpack_from("<H", self.data, rows_at + 2 * neuron)[0])
        else:
            number = self._word(rows_at + 4 * neuron)
        if not 0 <= number < self.image.rows:
            raise ImageError("I112", "a row that does not exist", rows_at)
        return number

    def _read_row(self, number: int) -> Iterator[Segment]:
        at = self._word(self.image.sections["RDIR"][0] + 4 * number)
        first, size = self.image.sections["ROWS"]
        more = at != 0
        while more:
            if not first <= at <= first + size - 12:
                raise ImageError("I112", "a row lies outside its section", at)
            head, base, step = (self._word(at + 4 * i) for i in range(3))
            count = head >> 8
            at += 12
            segment = Segment([], bool(head & SEGMENT_FLAG_RELATIVE), step)
            if head & SEGMENT_FLAG_DRIVEN:
                packed, cap = self._word(at), self._word(at + 4)
                segment.drive = (packed >> 16, packed & 0xFFFF, cap)
                at += 8
            if head & SEGMENT_FLAG_PLASTIC:
                segment.weights_at, segment.count_bits = self._word(at), self._word(at + 4)
                at += 8
            origin = (base - RAM_BYTES) // 4
            if head & SEGMENT_FLAG_LIST:
                offsets = struct.unpack_from(f"<{count}H", self.data, at)
                segment.targets = [origin + offset for offset in offsets]
                at += (2 * count + 3) // 4 * 4
                if head & SEGMENT_FLAG_WEIGHTED:
                    segment.weights = [byte - 128 for byte in bytes(self.data[at : at + count])]
                    at += (count + 3) // 4 * 4
            else:
                segment.targets = list(range(origin, origin + count))
            yield segment
            more = not head & SEGMENT_FLAG_LAST

    # --- one burst -------------------------------------------------------------------------------------------

    def step(self, forced: Sequence[tuple[int, int]] = (), inject: Sequence[tuple[int, int, int]] = ()) -> None:
        """One burst. forced: (area, neuron) that fire whatever their state; inject: (area, neuron, input units)."""
        for index, neuron in [*((a, n) for a, n, _ in inject), *forced]:
            if not (0 <= index < len(self.areas) and 0 <= neuron < self.areas[index].neurons):
                raise IndexError(f"no neuron {neuron} in area {index}")
        self.burst += 1
        self._inject([(a.index, 0, a.power) for a in self.areas if a.power])
        self._inject([(area, neuron, clamp(units, POTENTIAL_MAX)) for area, neuron, units in inject])
        for group in self.groups:
            self._deliver(group)
        self.fired_now: set[tuple[int, int]] = set()
        for area_index, neuron in forced:
            area = self.areas[area_index]
            self._update(area, neuron, keep=True)
            self._force(area, neuron)
        for area in self.areas:
            for neuron in range(area.neurons):
                self._update(area, neuron, keep=False)
        self.fired_sets[self._slot(0)] = self.fired_now
        for plastic in self.plastics:
            self._learn(plastic)
        if self.burst % AGE_PERIOD == 0:
            for area in self.areas:
                for neuron in [n for n, until in area.deaf_until.items() if until < self.burst]:
                    self._wake(area, neuron)

    def _slot(self, back: int) -> int:
        """Ring slot of the burst `back` bursts ago; the first burst is in slot 1, or 0 where the ring has one slot."""
        return int((self.burst - back) % self.image.slots)

    def _inject(self, entries: Sequence[tuple[int, int, int]]) -> None:
        for area_index, neuron, units in entries:
            area = self.areas[area_index]
            i = area.first + neuron
            total = clamp(int32(self.kept[i] + self.sums[i] + units), area.input_cap)
            self.sums[i] = total - self.kept[i]
            self.hits[i] = max(1, self.hits[i])

    def _deliver(self, group: Group) -> None:
        area, delay = group.area, group.delay
        pending = None
        if group.pending:
            assert group.target is not None
            group.phase = (group.phase + 1) % delay
            due = group.pending[group.phase]
            for j, word in enumerate(due):
                self._add(group.target.first + j, word, group.target.count_bits)
                due[j] = 0
            pending = group.pending[(group.phase - 1) % delay]
            delay = 1
        spikes = sorted(n for a, n in self.fired_sets[self._slot(delay)] if a == area.index)
        for neuron in spikes:
            for segment in group.rows[neuron]:
                for j, target in enumerate(segment.targets):
                    step = self._step(area, neuron, segment, j, delay)
                    i = target + (neuron if segment.relative else 0)
                    if pending is not None and group.target is not None:
                        local = i - group.target.first
                        pending[local] = int32(pending[local] + step)
                    else:
                        self._add(i, step, self._owner(i).count_bits)

    def _owner(self, i: int) -> Area:
        return next(a for a in self.areas if a.first <= i < a.first + a.neurons)

    def _add(self, i: int, word: int, k: int) -> None:
        """Adds one input word: contribution above the count bits, hits in them."""
        packed = int32(((self.kept[i] + self.sums[i]) << k) + self.hits[i] + word)
        self.sums[i] = (packed >> k) - self.kept[i]
        self.hits[i] = packed & ((1 << k) - 1)

    def _step(self, area: Area, neuron: int, segment: Segment, j: int, delay: int) -> int:
        """What one synapse adds to its target's input word."""
        if segment.weights_at:
            contribution = int32(self.weights[segment.weights_at + 4 * j] * segment.step)
            return int32(int32(contribution << segment.count_bits) + 1)
        if segment.weights:
            return int32(int32(segment.weights[j] * segment.step) + 1)
        if segment.drive is None:
            return segment.step
        shift, k, cap = segment.drive
        value = area.values[self._slot(delay)][neuron] if area.values else 0
        contribution = scale(-value, -segment.step) if segment.step < 0 else scale(value, segment.step)
        if shift < 0:
            contribution = (contribution + (1 << (-shift - 1))) >> -shift
            shift = 0
        contribution = int32(clamp(contribution, cap >> shift) << shift)
        return int32((contribution << k) + 1)

    def _wake(self, area: Area, neuron: int) -> None:
        """A refractory period has ended; that lifts the consecutive-fire limit."""
        del area.deaf_until[neuron]
        if area.counts and area.counts[neuron] >= area.fire_limit:
            area.counts[neuron] = 0

    def _update(self, area: Area, neuron: int, keep: bool) -> None:
        """The rule for one neuron; nothing happens to a neuron that received nothing."""
        i = area.first + neuron
        if not self.hits[i]:
            return
        received = self.sums[i]
        if not area.potentials:
            received += self.kept[i]
        self.sums[i] = self.hits[i] = self.kept[i] = 0
        if neuron in area.deaf_until:
            if self.burst <= area.deaf_until[neuron]:
                return
            self._wake(area, neuron)
        if area.potentials:
            v = min(POTENTIAL_MAX, int32(area.potentials[neuron] + int32(max(0, received) * area.gain)))
        else:
            v = int32(received * area.gain)
        outcome = self._decide(area, neuron, v)
        if outcome == FIRE:
            self._fire(area, neuron, v)
            v = 0
        elif outcome == HOLD:
            area.counts[neuron] = 0
        else:
            if area.counts:
                area.counts[neuron] = 0
            v = leak(v, area.retention, area.retention_shift)
        if area.potentials:
            area.potentials[neuron] = v
        elif keep:
            self.kept[i] = clamp(v, area.input_cap)

    def _decide(self, area: Area, neuron: int, v: int) -> str:
        if not area.thresholds[neuron] <= v <= area.threshold_limit:
            return LEAK
        if area.counts and area.counts[neuron] >= area.fire_limit:
            return HOLD
        if area.flags & AREA_FLAG_ALWAYS:
            return FIRE
        if area.flags & AREA_FLAG_DRAWS and chance_hash(area.neuron_id + neuron, self.burst) < area.chance & MASK32:
            return FIRE
        return LEAK

    def _fire(self, area: Area, neuron: int, v: int) -> None:
        self.fired_now.add((area.index, neuron))
        self._carry(area, neuron, v)
        silence = area.refractory
        if area.counts:
            area.counts[neuron] += 1
            if area.counts[neuron] >= area.fire_limit:
                silence += area.snooze
        if silence:
            area.deaf_until[neuron] = self.burst + silence

    def _carry(self, area: Area, neuron: int, v: int) -> None:
        """The value that the spike carries, where it carries one."""
        if not area.flags & (AREA_FLAG_DRIVEN | AREA_FLAG_WEARS):
            return
        if area.flags & AREA_FLAG_WEARS:
            v = area.psps[neuron]
            area.psps[neuron] = min(POTENTIAL_MAX, max(0, int32(v - area.degeneration)))
        area.values[self._slot(0)][neuron] = v

    def _force(self, area: Area, neuron: int) -> None:
        """A forced neuron that did not fire by itself fires; a refractory period that runs is not counted down."""
        if (area.index, neuron) in self.fired_now:
            return
        self.fired_now.add((area.index, neuron))
        self._carry(area, neuron, area.forced_value)
        if area.deaf_until.get(neuron, -1) >= self.burst:
            area.deaf_until[neuron] += 1

    def _learn(self, plastic: dict[str, int]) -> None:
        group = self.groups[self._group_starts.index(plastic["group_at"])]
        assert group.target is not None
        seen = set().union(*(self.fired_sets[self._slot(back)] for back in range(1, plastic["window"] + 1)))
        for neuron, row in enumerate(group.rows):
            for segment in row:
                for j, target in enumerate(segment.targets):
                    both = ((group.area.index, neuron) in seen) + ((group.target.index, target - group.target.first) in seen)
                    at = segment.weights_at + 4 * j
                    if both:
                        change = plastic["step_up"] if both == 2 else -plastic["step_down"]
                        self.weights[at] = max(0, min(plastic["weight_max"], int32(self.weights[at] + change)))

    # --- what others see -------------------------------------------------------------------------------------

    def fired(self) -> list[tuple[int, list[int]]]:
        """The last burst's spikes: (area, neurons in ascending order) for every area that fired."""
        spikes = self.fired_sets[self._slot(0)]
        areas = sorted({a for a, _ in spikes})
        return [(area, sorted(n for a, n in spikes if a == area)) for area in areas]

    def state(self) -> bytes:
        """The state as the RAM block that the other runtimes hold."""
        ram = bytearray(self._start)
        struct.pack_into("<II", ram, 0, self.burst & MASK32, self._slot(0))
        for area in self.areas:
            for neuron in range(area.neurons):
                i = area.first + neuron
                struct.pack_into("<i", ram, area.input_at + 4 * neuron, self.kept[i] << area.count_bits)
            for name in ("potentials", "psps"):
                words = getattr(area, name)
                struct.pack_into(f"<{len(words)}i", ram, area.record[name + "_at"], *words)
            for neuron, until in area.deaf_until.items():
                struct.pack_into("<H", ram, area.stamps_at + 2 * neuron, until & STAMP_MASK | STAMP_VALID)
            struct.pack_into(f"<{len(area.counts)}H", ram, area.counts_at, *area.counts)
            for slot, words in enumerate(area.values):
                struct.pack_into(f"<{len(words)}i", ram, area.values_at + 4 * slot * area.neurons, *words)
        for slot, spikes in enumerate(self.fired_sets):
            for area_index, neuron in spikes:
                first = self.image.bits_at + slot * self.image.slot_bytes + self.areas[area_index].bits_at
                ram[first + neuron // 8] |= 1 << (neuron % 8)
        for group in self.groups:
            if group.pending:
                struct.pack_into("<i", ram, group.phase_at, group.phase)
                for slot, words in enumerate(group.pending):
                    struct.pack_into(f"<{len(words)}i", ram, group.pending_at + 4 * slot * len(words), *words)
        for at, weight in self.weights.items():
            struct.pack_into("<i", ram, at, weight)
        return bytes(self._pack_seen(ram))

    def _pack_seen(self, ram: bytearray) -> bytearray:
        """The scratch of `learn` is part of the block: what the pairs saw last, in order."""
        for plastic in self.plastics:
            if self.burst == 0:
                break
            group = self.groups[self._group_starts.index(plastic["group_at"])]
            assert group.target is not None
            seen = set().union(*(self.fired_sets[self._slot(back)] for back in range(1, plastic["window"] + 1)))
            for area in (group.area, group.target):
                first = self.image.seen_at + area.bits_at
                ram[first : first + 2 * ((area.neurons + 15) // 16)] = bytes(2 * ((area.neurons + 15) // 16))
                for neuron in [n for a, n in seen if a == area.index]:
                    ram[first + neuron // 8] |= 1 << (neuron % 8)
        return ram

    def state_hash(self) -> int:
        """CRC-32 of the state, the number that every runtime must agree on after every burst."""
        return crc32(self.state())


def leak(v: int, retention: int, shift: int) -> int:
    """v * (1 - leak): mantissa first, then the left shift, saturating at POTENTIAL_MAX."""
    if retention == RETENTION_ONE:
        return v
    product = scale(-v, -retention) if retention < 0 else scale(v, retention)
    return int32(clamp(product, POTENTIAL_MAX >> shift) << shift)
