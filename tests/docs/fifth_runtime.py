"""A runtime written from docs/SPEC.md alone: it imports nothing of the project. Numbers in brackets are sections of that page.

It trusts its image and checks only the frame; its one purpose is to prove that the page says enough.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from struct import pack_into, unpack_from
from zlib import crc32

POTENTIAL_MAX, ONE = (1 << 30) - 1, 1 << 22
LAST, LIST, RELATIVE, DRIVEN_SEGMENT, PLASTIC_SEGMENT, WEIGHTED = 1, 2, 4, 8, 16, 32
ALWAYS, DRAWS, DRIVEN, WEARS = 1, 2, 4, 8
AGE_PERIOD = 8192


def fields_of(page: str, record: str) -> list[str]:
    """The field names of a record, from its table on the page."""
    table = page.split(f"<!-- table {record} -->")[1].split("<!-- end -->")[0]
    return re.findall(r"^\| \d+ \| `(\w+)`", table, re.MULTILINE)


def clamp(a: int, m: int) -> int:
    return max(-m, min(m, a))


def mulq22(v: int, r: int) -> int:
    """[7], the pieces formula."""
    if r < 0:
        v, r = -v, -r
    vh, vl, r1, r0 = v >> 15, v & 0x7FFF, r >> 11, r & 0x7FF
    return vh * r1 * 16 + ((vh * r0 * 16 + vl * r1 + ((vl * r0) >> 11) + 1024) >> 11)


def counter_hash(neuron: int, burst: int) -> int:
    """[7]"""
    s = (neuron * 2654435761 + burst * 1597334677) % 2**32
    s = (s * 747796405 + 2891336453) % 2**32
    w = (((s >> ((s >> 28) + 4)) ^ s) * 277803737) % 2**32
    return (w >> 22) ^ w


class FifthRuntime:
    """page: the text of SPEC.md, for the names of the fields; image: the bytes of a brain."""

    def __init__(self, page: str, image: bytes) -> None:
        self.names = {r: fields_of(page, r) for r in ("HEADER", "AREA", "GROUP", "PLASTIC", "INIT", "RAM")}
        self.image = image
        self.head = self.record("HEADER", 0)
        assert self.head["total_bytes"] == len(image)
        assert hashlib.sha256(image[:-32]).digest() == image[-32:]
        table = 84 + 16 * self.head["sections"]
        assert crc32(image[:table]) == unpack_from("<I", image, table)[0]
        self.sections = {}
        for at in range(84, table, 16):
            tag, offset, size, crc = unpack_from("<4sIII", image, at)
            assert crc32(image[offset : offset + size]) == crc
            self.sections[tag.decode()] = (offset, size)
        self.areas = self.records("AREA", "AREA")
        self.area_at = {self.sections["AREA"][0] + 128 * n: area for n, area in enumerate(self.areas)}
        self.groups = self.records("GRUP", "GROUP")
        self.plastics = self.records("PLAS", "PLASTIC")
        self.ram = bytearray(self.head["ram_bytes"])
        self.start()

    def record(self, name: str, at: int) -> dict[str, int]:
        names = self.names[name]
        return dict(zip(names, unpack_from(f"<{len(names)}i", self.image, at), strict=True))

    def records(self, tag: str, name: str) -> list[dict[str, int]]:
        first, size = self.sections[tag]
        step = 4 * len(self.names[name])
        return [self.record(name, at) for at in range(first, first + size, step)]

    def start(self) -> None:
        """[5]"""
        places = {"areas_at": "AREA", "groups_at": "GRUP", "rows_at": "RDIR", "plastics_at": "PLAS"}
        for n, name in enumerate(self.names["RAM"]):
            self.set(4 * n, self.sections[places[name]][0] if name in places else self.head.get(name, 0))
        for init in self.records("INIT", "INIT"):
            for n in range(init["words"]):
                value = self.at(init["from_at"] + 4 * n) if init["from_at"] else init["value"]
                self.set(init["ram_at"] + 4 * n, value)

    def at(self, offset: int) -> int:
        return int(unpack_from("<i", self.image, offset)[0])

    def get(self, offset: int) -> int:
        return int(unpack_from("<i", self.ram, offset)[0])

    def set(self, offset: int, value: int) -> None:
        pack_into("<i", self.ram, offset, value)

    def half(self, offset: int) -> int:
        return int(unpack_from("<H", self.ram, offset)[0])

    def set_half(self, offset: int, value: int) -> None:
        pack_into("<H", self.ram, offset, value)

    def fired_bit(self, area: dict[str, int], neuron: int, slot: int) -> tuple[int, int]:
        """Byte and mask."""
        first = self.head["bits_at"] + slot * self.head["slot_bytes"] + area["bits_at"]
        return first + neuron // 8, 1 << (neuron % 8)

    def has_fired(self, area: dict[str, int], neuron: int, slot: int) -> bool:
        byte, mask = self.fired_bit(area, neuron, slot)
        return bool(self.ram[byte] & mask)

    def step(self, forced: Sequence[tuple[int, int]] = (), inject: Sequence[tuple[int, int, int]] = ()) -> None:
        """[6]"""
        self.t = (unpack_from("<I", self.ram, 0)[0] + 1) % 2**32
        self.slot = (self.get(4) + 1) % self.head["slots"]
        pack_into("<II", self.ram, 0, self.t, self.slot)
        for area in self.areas:
            if area["power"]:
                self.inject(area, 0, area["power"])
        for number, neuron, units in inject:
            self.inject(self.areas[number], neuron, units)
        for group in self.groups:
            self.deliver(group)
        first = self.head["bits_at"] + self.slot * self.head["slot_bytes"]
        self.ram[first : first + self.head["slot_bytes"]] = bytes(self.head["slot_bytes"])
        for number, neuron in forced:
            self.update(self.areas[number], neuron, True)
            self.force(self.areas[number], neuron)
        for area in self.areas:
            for neuron in range(area["neurons"]):
                self.update(area, neuron, False)
        for plastic in self.plastics:
            self.learn(plastic)
        if self.t % AGE_PERIOD == 0:
            for area in self.areas:
                for neuron in range(area["neurons"] if area["stamps_at"] else 0):
                    self.is_deaf(area, neuron)

    def inject(self, area: dict[str, int], neuron: int, units: int) -> None:
        """[6.1]"""
        at, k = area["input_at"] + 4 * neuron, area["count_bits"]
        word = self.get(at)
        hits = word & ((1 << k) - 1) or 1
        self.set(at, (clamp((word >> k) + units, area["input_cap"]) << k) + hits)

    def deliver(self, group: dict[str, int]) -> None:
        """[6.2]"""
        area, d, moved = self.area_at[group["area_at"]], group["delay"], 0
        if group["pending_at"]:
            target = self.area_at[group["target_at"]]
            phase = (self.get(group["phase_at"]) + 1) % d
            self.set(group["phase_at"], phase)
            line = [group["pending_at"] + 4 * p * target["neurons"] for p in (phase, (phase - 1) % d)]
            for j in range(target["neurons"]):
                at = target["input_at"] + 4 * j
                self.set(at, self.get(at) + self.get(line[0] + 4 * j))
                self.set(line[0] + 4 * j, 0)
            d, moved = 1, line[1] - target["input_at"]
        slot = (self.slot - d) % self.head["slots"]
        for j in range(area["neurons"]):
            if self.has_fired(area, j, slot):
                value = self.get(area["values_at"] + 4 * (slot * area["neurons"] + j)) if area["values_at"] else 0
                for target_at, step in self.row(group, j, value):
                    self.set(target_at + moved, self.get(target_at + moved) + step)

    def row(self, group: dict[str, int], j: int, value: int) -> Iterator[tuple[int, int]]:
        """[4] The targets of neuron j and what each gets."""
        for head, start, step, extra, targets in self.segments(group, j):
            for n, offset in enumerate(targets):
                if head & PLASTIC_SEGMENT:
                    yield start + offset, ((self.get(extra[0] + 4 * n) * step) << extra[1]) + 1
                elif head & DRIVEN_SEGMENT:
                    yield start + offset, self.driven(value, step, extra)
                elif head & WEIGHTED:
                    yield start + offset, (extra[n] - 128) * step + 1
                else:
                    yield start + offset, step

    def segments(self, group: dict[str, int], j: int) -> Iterator[tuple[int, int, int, tuple[int, ...], Sequence[int]]]:
        kind, rows_at = group["rows_kind"], group["rows_at"]
        number = rows_at + kind * j
        if kind >= 2:
            number = unpack_from("<H" if kind == 2 else "<I", self.image, rows_at + (2 * kind - 2) * j)[0]
        at = self.at(self.sections["RDIR"][0] + 4 * number)
        head = 0 if at else LAST
        while at and not head & LAST:
            head, base, step = unpack_from("<iii", self.image, at)
            count, at = head >> 8, at + 12
            extra: tuple[int, ...] = ()
            if head & (DRIVEN_SEGMENT | PLASTIC_SEGMENT):
                extra, at = unpack_from("<ii", self.image, at), at + 8
            targets: Sequence[int] = range(0, 4 * count, 4)
            if head & LIST:
                numbers, at = unpack_from(f"<{count}H", self.image, at), at + (2 * count + 3) // 4 * 4
                targets = [4 * number for number in numbers]
            if head & WEIGHTED:
                extra, at = tuple(self.image[at : at + count]), at + (count + 3) // 4 * 4
            yield head, base + (4 * j if head & RELATIVE else 0), step, extra, targets

    @staticmethod
    def driven(value: int, step: int, extra: tuple[int, ...]) -> int:
        """[6.2]"""
        e, k, cap = extra[0] >> 16, extra[0] & 0xFFFF, extra[1]
        c = mulq22(value, step)
        if e < 0:
            c, e = (c + (1 << (-e - 1))) >> -e, 0
        return ((clamp(c, cap >> e) << e) << k) + 1

    def is_deaf(self, area: dict[str, int], neuron: int) -> bool:
        """[6.3, step 2] Removes a stamp whose period is over."""
        at = area["stamps_at"] + 2 * neuron
        stamp = self.half(at) if area["stamps_at"] else 0
        if not stamp:
            return False
        if (stamp - self.t) & 0x7FFF < 0x4000:
            return True
        self.set_half(at, 0)
        count_at = area["counts_at"] + 2 * neuron
        if area["counts_at"] and self.half(count_at) >= area["fire_limit"]:
            self.set_half(count_at, 0)
        return False

    def update(self, area: dict[str, int], neuron: int, keep: bool) -> None:
        """[6.3]"""
        at, k = area["input_at"] + 4 * neuron, area["count_bits"]
        word = self.get(at)
        if not word & ((1 << k) - 1):
            return
        self.set(at, 0)
        if self.is_deaf(area, neuron):
            return
        potential_at, count_at = area["potentials_at"] + 4 * neuron, area["counts_at"] + 2 * neuron
        v = (word >> k) * area["gain"]
        if area["potentials_at"]:
            v = min(self.get(potential_at) + max(v, 0), POTENTIAL_MAX)
        threshold = self.at(area["thresholds_at"] + 4 * neuron) if area["thresholds_at"] else area["threshold"]
        reached = threshold <= v <= area["threshold_limit"]
        held = reached and bool(area["counts_at"]) and self.half(count_at) >= area["fire_limit"]
        drawn = area["flags"] & DRAWS and counter_hash(area["neuron_id"] + neuron, self.t) < area["chance"] % 2**32
        if reached and not held and (area["flags"] & ALWAYS or drawn):
            self.fire(area, neuron, v)
            v = 0
        elif area["counts_at"]:
            self.set_half(count_at, 0)
        if v and not held and area["retention"] != ONE:
            shift = area["retention_shift"]
            v = clamp(mulq22(v, area["retention"]), POTENTIAL_MAX >> shift) << shift
        if area["potentials_at"]:
            self.set(potential_at, v)
        elif keep:
            self.set(at, clamp(v, area["input_cap"]) << k)

    def fire(self, area: dict[str, int], neuron: int, v: int) -> None:
        silence, count_at = area["refractory"], area["counts_at"] + 2 * neuron
        self.mark(area, neuron, v)
        if area["counts_at"]:
            self.set_half(count_at, self.half(count_at) + 1)
            silence += area["snooze"] if self.half(count_at) >= area["fire_limit"] else 0
        if silence:
            self.set_half(area["stamps_at"] + 2 * neuron, ((self.t + silence) & 0x7FFF) | 0x8000)

    def mark(self, area: dict[str, int], neuron: int, value: int) -> None:
        """The bit of a spike, and the value that it carries."""
        byte, mask = self.fired_bit(area, neuron, self.slot)
        self.ram[byte] |= mask
        if area["flags"] & WEARS:
            at = area["psps_at"] + 4 * neuron
            value = self.get(at)
            self.set(at, max(value - area["degeneration"], 0))
        if area["values_at"]:
            self.set(area["values_at"] + 4 * (self.slot * area["neurons"] + neuron), value)

    def force(self, area: dict[str, int], neuron: int) -> None:
        """[6.3, forced]"""
        if not self.has_fired(area, neuron, self.slot):
            self.mark(area, neuron, area["forced_value"])
            at = area["stamps_at"] + 2 * neuron
            stamp = self.half(at) if area["stamps_at"] else 0
            if stamp and (stamp - self.t) & 0x7FFF < 0x4000:
                self.set_half(at, ((stamp + 1) & 0x7FFF) | 0x8000)

    def learn(self, plastic: dict[str, int]) -> None:
        """[6.4]"""
        group = self.record("GROUP", plastic["group_at"])
        source, target = self.area_at[group["area_at"]], self.area_at[group["target_at"]]
        slots = [(self.slot - back) % self.head["slots"] for back in range(1, plastic["window"] + 1)]
        seen = []
        for area in (source, target):
            seen.append([any(self.has_fired(area, j, s) for s in slots) for j in range(area["neurons"])])
            bits = sum(bit << j for j, bit in enumerate(seen[-1]))
            size, first = 2 * ((area["neurons"] + 15) // 16), self.head["seen_at"] + area["bits_at"]
            self.ram[first : first + size] = bits.to_bytes(size, "little")
        for j in range(source["neurons"]):
            for _, start, _, extra, targets in self.segments(group, j):
                for n, offset in enumerate(targets):
                    both = seen[0][j] + seen[1][(start + offset - target["input_at"]) // 4]
                    at = extra[0] + 4 * n
                    if both == 2:
                        self.set(at, min(self.get(at) + plastic["step_up"], plastic["weight_max"]))
                    elif both:
                        self.set(at, max(self.get(at) - plastic["step_down"], 0))

    def state_hash(self) -> int:
        """[9]"""
        return crc32(self.ram)
