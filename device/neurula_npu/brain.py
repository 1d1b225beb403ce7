"""A brain that runs: one image, one RAM block, the generated kernels."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Sequence
from typing import Any
from zlib import crc32

from neurula_npu.image import Image, ImageError
from neurula_npu.schema import RECORDS
from neurula_npu.stimulus import Stimulus
from neurula_npu.verdicts import KnownImage, Verdicts, image_bytes

try:
    from neurula_npu import compiled as _module  # type: ignore[attr-defined, unused-ignore]
except ImportError:  # nothing was compiled on this machine
    _module = None

RAM_LIMIT = 1 << 30  # bytes; what a host gives one brain unless told otherwise
COMPILED = _module is not None
SHARED_FROM = 8_000  # synaptic events of a burst from which on a second thread is worth it
REST_MOST = 1023  # bursts on one thread between two attempts on two, while other programs take the processors

_BURST, _SLOT = (4 * RECORDS["RAM"].index(name) for name in ("burst", "slot"))
_compiled: Any = _module
_NOTHING: tuple[tuple[int, int], ...] = ()


class Brain:
    """Runs the bursts of one image.

    data: the image's bytes (bytes, mmap, ...), kept and never copied; ram_limit: most bytes that it may take; pure: the kernels in
    plain Python, even where they are compiled; threads: 2 lets a second one help with large bursts, 0 where the machine has two
    processors for it. Raises ImageError for whatever is wrong with the image.
    """

    def __init__(self, data: Any, *, ram_limit: int = RAM_LIMIT, pure: bool = False, threads: int = 1) -> None:
        self.image = data if isinstance(data, KnownImage) else Image(data, ram_limit)
        self.ram = bytearray(self.image.ram_bytes)
        self.image.start(self.ram)
        sizes = [self.area_field(index, "neurons") for index in range(self.image.areas)]
        self._sizes = sizes
        self._bits = [(self.area_field(index, "bits_at"), 2 * ((neurons + 15) >> 4)) for index, neurons in enumerate(sizes)]
        self._given = Stimulus(sizes)
        self._kernels: Any = self._load_kernels(pure, max(sizes, default=0))
        bad = 0 if isinstance(data, KnownImage) else self._kernels.verify(*self.image.row_bounds())
        if bad:
            raise ImageError("I112", "a row, a target or a table is out of bounds", bad)
        self._valued = self.header_field("features") != 0
        self._plastics = self.image.plastics
        if threads == 2 or (threads == 0 and processors() > 1):
            self.share()

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], *, ram_limit: int = RAM_LIMIT, pure: bool = False, threads: int = 1,
        verdicts: Verdicts | None = None,
    ) -> Brain:
        """A brain from a file, mapped and not read: its pages come when they are needed. All of it is verified the first time, and
        whenever it has changed. verdicts: where that is remembered. Raises ImageError, OSError."""
        verdicts = Verdicts() if verdicts is None else verdicts
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            data = image_bytes(file, found)
            if isinstance(data, bytes):  # others may change the file: this is a copy, and the verdict would be on the file
                return cls(data, ram_limit=ram_limit, pure=pure, threads=threads)
            if verdicts.holds(found, data):
                return cls(KnownImage(data, ram_limit), pure=pure, threads=threads)
            brain = cls(data, ram_limit=ram_limit, pure=pure, threads=threads)
            verdicts.note(found, os.fstat(file.fileno()), data)
            return brain

    def _load_kernels(self, pure: bool, neurons_max: int) -> Any:
        """The kernels over RAM block and image."""
        self._room = room = array("i", bytes(4))
        if pure or not COMPILED:
            from neurula_npu import kernels as plain

            return plain.Kernels(self.ram, self.image.data, room, neurons_max)  # type: ignore[no-untyped-call]
        return _compiled.Kernels(memoryview(self.ram).cast("i"), memoryview(self.image.data).cast("B").cast("i"), room, neurons_max)

    def header_field(self, name: str) -> int:
        """A field of the image's header, by the names of docs/SPEC.md."""
        at = 4 * RECORDS["HEADER"].index(name)
        return int.from_bytes(self.image.data[at : at + 4], "little")

    def area_field(self, area: int, name: str) -> int:
        """A field of an area's record, by the names of docs/SPEC.md."""
        at = self.image.area_at(area) + 4 * RECORDS["AREA"].index(name)
        return int.from_bytes(self.image.data[at : at + 4], "little", signed=True)

    def step(self, forced: Sequence[tuple[int, int]] = _NOTHING, inject: Sequence[tuple[int, int, int]] = ()) -> None:
        """One burst. forced: (area, neuron) that fire whatever their state; inject: (area, neuron, input units)."""
        if forced or inject:
            self._given.clear()
            self._given.add(forced, inject)
            self.step_with(self._given)
        else:
            self._kernels.step(0, 0, self._valued, self._plastics)

    def step_with(self, stimulus: Stimulus) -> None:
        """One burst with what was prepared in `new_stimulus` of this brain."""
        words = stimulus.words
        if words is not self._room:
            self._kernels.stimulate(words)
            self._room = words
        self._kernels.step(stimulus.injections, stimulus.forced, self._valued, self._plastics)

    def new_stimulus(self) -> Stimulus:
        """Room for what bursts of this brain are given: filled from buffers, checked once, used as often as one likes."""
        return Stimulus(self._sizes)

    def run(self, bursts: int) -> None:
        """So many bursts without a stimulus; of the spikes only the last burst's can be read."""
        self._kernels.run(bursts, self._valued, self._plastics)

    def share(self, from_events: int = SHARED_FROM, rest_most: int = REST_MOST) -> bool:
        """Lets a second thread help with bursts of about so many synaptic events and more. False, and everything as before, where it
        cannot: kernels that are not compiled, synapses that learn or carry a value, areas of a few neurons only."""
        if self._valued or not hasattr(self._kernels, "share"):
            return False
        fan_out = self.header_field("synapses") / max(1, self.header_field("neurons"))
        return bool(self._kernels.share(from_events, fan_out, rest_most))

    @property
    def shared_bursts(self) -> int:
        """How many bursts ran on two threads."""
        return getattr(self._kernels, "halved", 0)

    @property
    def burst(self) -> int:
        """Number of the last burst, modulo 2^32; 0 before the first."""
        return int.from_bytes(self.ram[_BURST : _BURST + 4], "little")

    def fired(self) -> list[tuple[int, list[int]]]:
        """The last burst's spikes: (area, neurons in ascending order) for every area that fired."""
        slot = int.from_bytes(self.ram[_SLOT : _SLOT + 4], "little")
        first = self.image.bits_at + slot * self.image.slot_bytes
        found = []
        for area, (at, size) in enumerate(self._bits):
            bits = int.from_bytes(self.ram[first + at : first + at + size], "little")
            if bits:
                found.append((area, list(set_bits(bits))))
        return found

    def fired_bits(self, area: int) -> memoryview:
        """An area's spikes of the last burst where they lie: a bit per neuron, least significant first, in whole 16-bit words.
        Changes with later bursts."""
        at, size = self._bits[area]
        at += self.image.bits_at + int.from_bytes(self.ram[_SLOT : _SLOT + 4], "little") * self.image.slot_bytes
        return memoryview(self.ram).toreadonly()[at : at + size]

    def fired_into(self, area: int, numbers: Any) -> int:
        """Writes the neurons of an area that fired, ascending, into a buffer of 32-bit integers; how many there are. What does not fit
        is left out."""
        found = array("i", set_bits(int.from_bytes(self.fired_bits(area), "little")))
        room = memoryview(numbers)
        fits = min(len(found), room.nbytes // 4)
        if fits:
            room.cast("B")[: 4 * fits] = memoryview(found).cast("B")[: 4 * fits]
        return len(found)

    def potentials(self, area: int) -> memoryview:
        """The potentials of an area's neurons where they lie, signed 32-bit, in the area's own units; empty if it keeps none."""
        at = self.area_field(area, "potentials_at")
        return memoryview(self.ram).toreadonly()[at : at + 4 * self._sizes[area] if at else 0].cast("i")

    def state(self) -> bytes:
        """The whole state: the RAM block."""
        return bytes(self.ram)

    def state_hash(self) -> int:
        """CRC-32 of the state, the number that every runtime must agree on after every burst."""
        return crc32(self.ram)


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def set_bits(bits: int) -> Iterable[int]:
    """Indexes of the set bits of a non-negative integer, ascending."""
    raw = bits.to_bytes((bits.bit_length() + 63) // 64 * 8, "little")
    base = -1
    for word in memoryview(raw).cast("Q"):
        while word:
            low = word & -word
            yield base + low.bit_length()
            word ^= low
        base += 64
