"""Two states of one image, compared: which neuron of which area differs, and in what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from neurula_npu import Image
from neurula_npu.schema import RECORDS

_AREA_WORDS = {name: 4 * position for position, name in enumerate(RECORDS["AREA"])}
_GROUP_WORDS = {name: 4 * position for position, name in enumerate(RECORDS["GROUP"])}
_SLOT = 4 * RECORDS["RAM"].index("slot")
# RAM arrays of an area: field of its record -> (name, bytes a neuron, signed).
_ARRAYS = {
    "input_at": ("input", 4, True),
    "potentials_at": ("potential", 4, True),
    "stamps_at": ("refractory stamp", 2, False),
    "counts_at": ("fire count", 2, False),
    "psps_at": ("worn PSP", 4, True),
}


@dataclass(frozen=True, slots=True)
class Array:
    """A stretch of the RAM block with one entry per neuron of an area (or per weight; then area is -1)."""

    area: int
    field: str
    start: int
    entries: int
    size: int  # bytes an entry; 0: one bit each
    signed: bool

    @property
    def stop(self) -> int:
        return self.start + (self.entries * self.size if self.size else 2 * ((self.entries + 15) // 16))

    def value(self, state: bytes, entry: int) -> int:
        """One entry of a state."""
        if not self.size:
            return state[self.start + entry // 8] >> entry % 8 & 1
        at = self.start + entry * self.size
        return int.from_bytes(state[at : at + self.size], "little", signed=self.signed)


@dataclass(frozen=True, slots=True)
class Difference:
    """The first entry in which two states differ. area: its id, "" for what belongs to none; neuron: index in it."""

    area: str
    neuron: int
    field: str
    left: int
    right: int
    entries: int  # how many entries of all arrays differ

    def __str__(self) -> str:
        owner = f"area {self.area!r}, neuron {self.neuron}" if self.area else f"entry {self.neuron}"
        more = f" ({self.entries:,} entries differ in all)" if self.entries > 1 else ""
        return f"{owner}, {self.field}: {self.left} and {self.right}{more}"


def first_difference(image: Image, left: bytes, right: bytes) -> Difference | None:
    """The first difference by area, field and neuron; what belongs to no area comes last. None if there is none."""
    if left == right:
        return None
    if len(left) != len(right):
        return Difference("", 0, "length of the state", len(left), len(right), 1)
    names = image.names()
    first: tuple[Array, int] | None = None
    differing = 0
    explained = bytearray(len(left))
    for array in arrays_of(image, word(left, _SLOT)):
        explained[array.start : array.stop] = b"\1" * (array.stop - array.start)
        if left[array.start : array.stop] == right[array.start : array.stop]:
            continue
        entries = [i for i in range(array.entries) if array.value(left, i) != array.value(right, i)]
        differing += len(entries)
        if first is None and entries:
            first = (array, entries[0])
    if first is None:
        at = next((i for i in range(len(left)) if left[i] != right[i] and not explained[i]), 0) & -4
        return Difference("", at, "word of the state at byte", word(left, at), word(right, at), 1)
    array, entry = first
    area = names[array.area][0] if array.area >= 0 else ""
    return Difference(area, entry, array.field, array.value(left, entry), array.value(right, entry), differing)


def arrays_of(image: Image, newest: int) -> Iterator[Array]:
    """All arrays of the RAM block: area by area, then delay lines and learning weights, then the header.

    newest: the ring slot of the last burst, from which the age of the other slots is told.
    """
    for index in range(image.areas):
        yield from area_arrays(image, index, newest)
    for index in range(image.groups):
        group = image.sections["GRUP"][0] + 4 * len(RECORDS["GROUP"]) * index
        delay, pending_at, target_at = (
            image_word(image, group + _GROUP_WORDS[n]) for n in ("delay", "pending_at", "target_at")
        )
        if pending_at:
            area = (target_at - image.sections["AREA"][0]) // (4 * len(RECORDS["AREA"]))
            neurons = image_word(image, target_at + _AREA_WORDS["neurons"])
            for slot in range(delay):
                yield Array(area, f"delayed input, slot {slot}", pending_at + 4 * slot * neurons, neurons, 4, True)
    yield Array(-1, "learning weight", image.weights_at, (image.weights_end - image.weights_at) // 4, 4, True)
    for position, name in enumerate(RECORDS["RAM"]):
        yield Array(-1, f"header word {name}", 4 * position, 1, 4, False)


def area_arrays(image: Image, index: int, newest: int) -> Iterator[Array]:
    """The arrays of one area: who fired, in the last burst first, then the state fields."""
    at = image.area_at(index)
    neurons = image_word(image, at + _AREA_WORDS["neurons"])
    bits_at = image.bits_at + image_word(image, at + _AREA_WORDS["bits_at"])
    for age in range(image.slots):
        slot = (newest - age) % image.slots
        yield Array(index, aged("fired", age), bits_at + slot * image.slot_bytes, neurons, 0, False)
    for field, (name, size, signed) in _ARRAYS.items():
        start = image_word(image, at + _AREA_WORDS[field])
        if start:
            yield Array(index, name, start, neurons, size, signed)
    values_at = image_word(image, at + _AREA_WORDS["values_at"])
    if values_at:
        for age in range(image.slots):
            slot = (newest - age) % image.slots
            yield Array(index, aged("driving value", age), values_at + 4 * slot * neurons, neurons, 4, True)


def aged(name: str, age: int) -> str:
    return f"{name} {age} bursts before" if age else name


def image_word(image: Image, at: int) -> int:
    return int.from_bytes(image.data[at : at + 4], "little")


def word(state: bytes, at: int) -> int:
    return int.from_bytes(state[at : at + 4], "little", signed=True)
