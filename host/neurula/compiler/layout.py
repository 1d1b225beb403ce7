"""Where the state of a brain lies in its RAM block: only what the genome uses gets a place."""

from __future__ import annotations

from dataclasses import dataclass

from neurula.compiler.program import RamMap
from neurula_npu.schema import RECORDS

RAM_HEADER = 4 * len(RECORDS["RAM"])


@dataclass(frozen=True, slots=True)
class Needs:
    """What one area must remember. values: its spikes carry a value."""

    neurons: int
    potentials: bool
    stamps: bool
    counts: bool
    psps: bool
    values: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A delay line: `delay` slots of `targets` words."""

    delay: int
    targets: int


def lay_out(
    needs: list[Needs], lines: list[Line], slots: int, weights: int, seen: bool
) -> tuple[RamMap, list[dict[str, int]], list[tuple[int, int]]]:
    """Returns the map, per area its *_at fields, and per delay line (pending_at, phase_at)."""
    at = RAM_HEADER
    places: list[dict[str, int]] = []
    bits = 0
    for need in needs:
        places.append({"input_at": at, "bits_at": bits})
        at += 4 * need.neurons
        bits += 2 * ((need.neurons + 15) // 16)
    input_end = at
    for need, place in zip(needs, places, strict=True):
        for name, used, size in (
            ("potentials_at", need.potentials, 4 * need.neurons),
            ("stamps_at", need.stamps, 2 * need.neurons),
            ("counts_at", need.counts, 2 * need.neurons),
            ("psps_at", need.psps, 4 * need.neurons),
            ("values_at", need.values, 4 * need.neurons * slots),
        ):
            place[name] = at if used else 0
            at += (size + 3) // 4 * 4 if used else 0
    line_places = []
    for line in lines:
        line_places.append((at, at + 4 * line.delay * line.targets))
        at += 4 * line.delay * line.targets + 4
    slot_bytes = (bits + 3) // 4 * 4
    bits_at = at
    at += slots * slot_bytes
    seen_at = at if seen else 0
    at += slot_bytes if seen else 0
    return RamMap(input_end, bits_at, slot_bytes, slots, seen_at, at, at + 4 * weights, at + 4 * weights), places, line_places
