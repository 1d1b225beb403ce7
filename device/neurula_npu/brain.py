"""A brain that runs: one image, one RAM block, the generated kernels."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence
from typing import Any
from zlib import crc32

from neurula_npu import kernels as pure_kernels
from neurula_npu.image import Image, ImageError
from neurula_npu.schema import RECORDS

try:
    from neurula_npu import compiled as _kernels  # type: ignore[attr-defined, unused-ignore]
except ImportError:  # nothing was compiled on this machine
    _kernels = pure_kernels

RAM_LIMIT = 1 << 30  # bytes; what a host gives one brain unless told otherwise
COMPILED = _kernels is not pure_kernels

_BURST, _SLOT = (4 * RECORDS["RAM"].index(name) for name in ("burst", "slot"))


class Brain:
    """Runs the bursts of one image.

    data: the image's bytes (bytes, mmap, ...), kept and never copied; ram_limit: most bytes that it may take.
    Raises ImageError for whatever is wrong with the image.
    """

    def __init__(self, data: Any, *, ram_limit: int = RAM_LIMIT, pure: bool = False) -> None:
        self.image = Image(data, ram_limit)
        self.ram = bytearray(self.image.ram_bytes)
        self.image.start(self.ram)
        sizes = [self.area_field(index, "neurons") for index in range(self.image.areas)]
        self._sizes = sizes
        self._stimulus: Any = (ctypes.c_int32 * 256)()
        module = pure_kernels if pure else _kernels
        self._kernels: Any = module.Kernels(*self._views(module is not pure_kernels), self._stimulus, max(sizes, default=0))
        bad = self._kernels.verify(*self.image.row_bounds())
        if bad:
            raise ImageError("I112", "a row, a target or a table is out of bounds", bad)
        self._valued = self.header_field("features") != 0

    def _views(self, compiled: bool) -> tuple[Any, Any]:
        """RAM block and image as the kernels take them."""
        if not compiled:
            return self.ram, self.image.data
        return memoryview(self.ram).cast("i"), memoryview(self.image.data).cast("B").cast("i")

    def header_field(self, name: str) -> int:
        """A field of the image's header, by the names of docs/SPEC.md."""
        at = 4 * RECORDS["HEADER"].index(name)
        return int.from_bytes(self.image.data[at : at + 4], "little")

    def area_field(self, area: int, name: str) -> int:
        """A field of an area's record, by the names of docs/SPEC.md."""
        at = self.image.area_at(area) + 4 * RECORDS["AREA"].index(name)
        return int.from_bytes(self.image.data[at : at + 4], "little", signed=True)

    def step(self, forced: Sequence[tuple[int, int]] = (), inject: Sequence[tuple[int, int, int]] = ()) -> None:
        """One burst. forced: (area, neuron) that fire whatever their state; inject: (area, neuron, input units)."""
        if forced or inject:
            self._load_stimulus(forced, inject)
        self._kernels.step(len(inject), len(forced), self._valued, self.image.plastics)

    def run(self, bursts: int) -> None:
        """So many bursts without a stimulus; of the spikes only the last burst's can be read."""
        self._kernels.run(bursts, self._valued, self.image.plastics)

    def _load_stimulus(self, forced: Sequence[tuple[int, int]], inject: Sequence[tuple[int, int, int]]) -> None:
        words: list[int] = []
        for area, neuron, units in inject:
            words += (area, neuron, max(-0x3FFFFFFF, min(0x3FFFFFFF, units)))
        for pair in forced:
            words += pair
        for area, neuron in [*((a, n) for a, n, _ in inject), *forced]:
            if not (0 <= area < len(self._sizes) and 0 <= neuron < self._sizes[area]):
                raise IndexError(f"no neuron {neuron} in area {area}")
        if len(words) > len(self._stimulus):
            self._stimulus = (ctypes.c_int32 * (2 * len(words)))()
            self._kernels.stimulate(self._stimulus)
        self._stimulus[: len(words)] = words

    @property
    def burst(self) -> int:
        """Number of the last burst, modulo 2^32; 0 before the first."""
        return int.from_bytes(self.ram[_BURST : _BURST + 4], "little")

    def fired(self) -> list[tuple[int, list[int]]]:
        """The last burst's spikes: (area, neurons in ascending order) for every area that fired."""
        slot = int.from_bytes(self.ram[_SLOT : _SLOT + 4], "little")
        first = self.image.bits_at + slot * self.image.slot_bytes
        found = []
        for area, neurons in enumerate(self._sizes):
            at = first + self.area_field(area, "bits_at")
            bits = int.from_bytes(self.ram[at : at + 2 * ((neurons + 15) >> 4)], "little")
            if bits:
                found.append((area, list(set_bits(bits))))
        return found

    def state(self) -> bytes:
        """The whole state: the RAM block."""
        return bytes(self.ram)

    def state_hash(self) -> int:
        """CRC-32 of the state, the number that every runtime must agree on after every burst."""
        return crc32(self.ram)


def set_bits(bits: int) -> Iterable[int]:
    """Indexes of the set bits of a non-negative integer, ascending."""
    base = 0
    for chunk in bits.to_bytes((bits.bit_length() + 7) // 8, "little"):
        while chunk:
            low = chunk & -chunk
            yield base + low.bit_length() - 1
            chunk ^= low
        base += 8
