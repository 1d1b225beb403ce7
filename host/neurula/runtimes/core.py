"""The kernels' machine code on emulated processor cores (Unicorn, qemu): what a board would execute, without the board.

The loader and the burst's order run here; each kernel is one call of the code that mpy-cross made for that core.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from functools import lru_cache
from zlib import crc32

from neurula.errors import VerificationFailed
from neurula.runtimes.burst import BurstResult, Stimulus
from neurula.runtimes.firmware_files import firmware_source
from neurula.runtimes.local import NOTHING
from neurula.sim.cores import MARCH, open_cpu
from neurula.sim.mpy import NativeFunction, compile_mpy, native_functions
from neurula_npu import Brain, ImageError
from neurula_npu.schema import AGE_PERIOD

IMAGE_AT, RAM_AT, STIMULUS_AT = 0x10000000, 0x20000000, 0x50000000
STIMULUS_BYTES = 1 << 20


@lru_cache
def kernel_code(march: str, file: str) -> dict[str, NativeFunction]:
    """The machine code of one of the firmware's kernel files for one mpy-cross architecture."""
    return native_functions(compile_mpy(firmware_source() / file, march))


class CoreRuntime:
    """A brain on an emulated core: "core:" with m0, m3, m4, m7, m33, rv32 or xtensa runs the viper kernels, "thumb:" (Cortex-M only)
    those in machine code of our own.

    strict: check every access; count: fill `instructions`, those of the last burst: "deliver" with what
    opens the burst, and "update".
    """

    def __init__(self, name: str, image: bytes, *, strict: bool = False, count: bool = False) -> None:
        self.name = name
        kind, core = name.split(":", 1)
        self._thumb = kind == "thumb"
        try:
            self._host = Brain(image, pure=False)  # the loader's checks, and the RAM block as it starts
        except ImageError as error:
            raise VerificationFailed(error.code, error.message, where=f"byte {error.at}") from None
        self._parsed = self._host.image
        self._cpu = open_cpu(core, strict=strict, instruction_limit=2_000_000_000, count=count)
        self._cpu.load(kernel_code(MARCH[core], "kernels.py"))
        if self._thumb:
            self._cpu.load(kernel_code("armv6m", "kernels_thumb.py"))
        self._cpu.map_flash(IMAGE_AT, image)
        self._cpu.map_ram(RAM_AT, self._host.state())
        self._cpu.map_ram(STIMULUS_AT, STIMULUS_BYTES)
        self.instructions: dict[str, int] = {}
        bad = self._call("verify", 0, 0, IMAGE_AT, RAM_AT, *self._parsed.row_bounds())
        if bad:
            raise VerificationFailed("I112", "a row, a target or a table is out of bounds", where=f"byte {bad}")

    def _call(self, kernel: str, *arguments: int) -> int:
        return self._cpu.call(kernel, *arguments)

    def run(self, bursts: int, stimuli: Mapping[int, Stimulus]) -> Iterator[BurstResult]:
        for _ in range(bursts):
            number = struct.unpack("<I", self._cpu.read(RAM_AT, 4))[0] + 1
            self._burst(number, stimuli.get(number, NOTHING))
            state = self.state()
            self._host.ram[:] = state
            fired = tuple((area, tuple(neurons)) for area, neurons in self._host.fired())
            yield BurstResult(number, fired, crc32(state))

    def _burst(self, number: int, stimulus: Stimulus) -> None:
        self.instructions = {}
        words = [word for entry in (*stimulus.inject, *stimulus.forced) for word in entry]
        if words:
            self._cpu.write(STIMULUS_AT, struct.pack(f"<{len(words)}i", *words))
        injections, forced = len(stimulus.inject), len(stimulus.forced)
        self._phase(1, injections, forced)
        if self._host.header_field("features"):
            self._call("deliver_valued", 0, 0, IMAGE_AT, RAM_AT)
        self._phase(2, injections, forced)
        if self._parsed.plastics:
            self._call("learn", IMAGE_AT, RAM_AT)
        if number % AGE_PERIOD == 0:
            self._call("age", IMAGE_AT, RAM_AT)

    def _phase(self, phase: int, injections: int, forced: int) -> None:
        """The first half of a burst (begin, deliver) or the second (update)."""
        before = self._cpu.total_instructions
        if self._thumb:
            words = STIMULUS_AT + STIMULUS_BYTES - 16
            self._cpu.write(words, struct.pack("<4i", phase, injections, 12 * injections, forced))
            self._call("burst", IMAGE_AT, RAM_AT, STIMULUS_AT, words)
        elif phase == 1:
            self._call("begin", IMAGE_AT, RAM_AT, STIMULUS_AT, injections)
            self._call("deliver", 0, 0, IMAGE_AT, RAM_AT)
        else:
            self._call("update", 0, 0, IMAGE_AT, RAM_AT, STIMULUS_AT, 12 * injections, forced)
        self.instructions["deliver" if phase == 1 else "update"] = self._cpu.total_instructions - before

    def state(self) -> bytes:
        return self._cpu.read(RAM_AT, self._parsed.ram_bytes)

    def close(self) -> None:
        self._cpu.close()

    def __enter__(self) -> CoreRuntime:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
