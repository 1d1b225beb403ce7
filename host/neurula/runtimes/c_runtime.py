"""The C runtime: in this process as a shared library, or its machine code on an emulated core.

Loader, kernels and hash are those of runtime_c/neurula.c; nothing of another runtime takes part.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from neurula.errors import DeviceNotFound, VerificationFailed
from neurula.runtimes.burst import BurstResult, Stimulus
from neurula.runtimes.c_build import build_library
from neurula.runtimes.c_cores import open_core, ram_granted
from neurula.runtimes.local import NOTHING
from neurula_npu.brain import set_bits
from neurula_npu.schema import POTENTIAL_MAX, RECORDS

RAM_FIELD = {name: 4 * i for i, name in enumerate(RECORDS["RAM"])}
AREA_NEURONS = 4 * RECORDS["AREA"].index("neurons")
AREA_BYTES = 4 * len(RECORDS["AREA"])


class Machine(Protocol):
    """Where the C code runs: the calls that a brain needs."""

    def open(self, image: bytes) -> tuple[int, int]:
        """(result, offset of what is wrong) of nrl_open; the RAM block is as large as the image asks for."""
        ...

    def step(self, inject: Sequence[int], forced: Sequence[int]) -> int: ...

    def state_hash(self) -> int: ...

    def fired_bits(self, area: int, size: int) -> bytes: ...

    def state(self) -> bytes: ...

    def close(self) -> None: ...


class Brain(ctypes.Structure):
    """nrl_brain: private to the library, but the caller's memory."""

    _fields_ = [("words", ctypes.c_uint64 * 8)]


class Library:
    """The shared library on this machine."""

    def __init__(self) -> None:
        self._c = load_library()
        self._brain = Brain()

    def open(self, image: bytes) -> tuple[int, int]:
        self._image = (ctypes.c_uint32 * (len(image) // 4 + 1))()
        ctypes.memmove(self._image, image, len(image))
        asked = int(self._c.nrl_ram_bytes(self._image, len(image)))
        self._ram = (ctypes.c_uint32 * (ram_granted(asked, image) // 4))()
        self._ram_bytes = asked
        at = ctypes.c_uint32()
        code = self._c.nrl_open(
            ctypes.byref(self._brain), self._image, len(image), self._ram, ctypes.sizeof(self._ram), ctypes.byref(at)
        )
        return int(code), at.value

    def step(self, inject: Sequence[int], forced: Sequence[int]) -> int:
        words = (ctypes.c_int32 * len(inject))(*inject), (ctypes.c_int32 * len(forced))(*forced)
        return int(self._c.nrl_step(ctypes.byref(self._brain), words[0], len(inject) // 3, words[1], len(forced) // 2))

    def state_hash(self) -> int:
        return int(self._c.nrl_state_hash(ctypes.byref(self._brain)))

    def fired_bits(self, area: int, size: int) -> bytes:
        return ctypes.string_at(self._c.nrl_fired_bits(ctypes.byref(self._brain), area), size)

    def state(self) -> bytes:
        return bytes(memoryview(self._ram).cast("B")[: self._ram_bytes])

    def close(self) -> None:
        """Nothing to give back."""


@lru_cache
def load_library() -> ctypes.CDLL:
    """The compiled library with the types of its functions. Raises DeviceNotFound."""
    path = build_library()
    try:
        library = ctypes.CDLL(str(path))
    except OSError as problem:
        raise DeviceNotFound("R104", f"The C runtime was built but cannot be loaded: {problem}") from None
    pointer, word = ctypes.c_void_p, ctypes.c_uint32
    for name, arguments, result in (
        ("nrl_ram_bytes", (pointer, word), word), ("nrl_open", (pointer, pointer, word, pointer, word, pointer), ctypes.c_int),
        ("nrl_step", (pointer, pointer, word, pointer, word), ctypes.c_int), ("nrl_state_hash", (pointer,), word),
        ("nrl_fired_bits", (pointer, word), pointer), ("nrl_message", (ctypes.c_int,), ctypes.c_char_p),
    ):
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, result
    return library


class CRuntime:
    """A brain in the C runtime: "c" on this machine, "c:m0", "c:rv32", "c:xtensa", ... on an emulated core, "c:rp2040" on an emulated
    chip, "c:wasm32" as WebAssembly."""

    def __init__(self, name: str, image: bytes) -> None:
        self.name = name
        self._machine: Machine = Library() if name == "c" else open_core(name.removeprefix("c:"))
        code, at = self._machine.open(image)
        if code:
            raise VerificationFailed(f"I{code:03}", self._message(code), where=f"byte {at}")
        state = self._machine.state()
        first, total = (struct.unpack_from("<I", state, RAM_FIELD[field])[0] for field in ("areas_at", "areas"))
        places = range(first + AREA_NEURONS, first + total * AREA_BYTES, AREA_BYTES)
        self._sizes = [struct.unpack_from("<I", image, place)[0] for place in places]
        self._burst = 0

    def _message(self, code: int) -> str:
        if isinstance(self._machine, Library):
            text: bytes = load_library().nrl_message(code)
            return text.decode()
        return "the C runtime refuses the image"

    def run(self, bursts: int, stimuli: Mapping[int, Stimulus]) -> Iterator[BurstResult]:
        for _ in range(bursts):
            stimulus = stimuli.get(self._burst + 1, NOTHING)
            inject = [word for a, n, units in stimulus.inject for word in (a, n, max(-POTENTIAL_MAX, min(POTENTIAL_MAX, units)))]
            forced = [word for pair in stimulus.forced for word in pair]
            if self._machine.step(inject, forced):
                raise IndexError("the stimulus names a neuron that the brain does not have")
            self._burst += 1
            yield BurstResult(self._burst, tuple(self._fired()), self._machine.state_hash())

    def _fired(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        for area, neurons in enumerate(self._sizes):
            bits = int.from_bytes(self._machine.fired_bits(area, 2 * ((neurons + 15) >> 4)), "little")
            if bits:
                yield area, tuple(set_bits(bits))

    def state(self) -> bytes:
        return self._machine.state()

    def close(self) -> None:
        self._machine.close()

    def __enter__(self) -> CRuntime:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
