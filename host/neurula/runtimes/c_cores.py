"""The C runtime's code on emulated cores: Unicorn and qemu for many, the RP2040 emulator where cycles matter; and on WebAssembly."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from neurula.errors import DoesNotFit
from neurula.runtimes.c_build import build_blob
from neurula.runtimes.c_wasm import WasmProcessor
from neurula.sim.bare_rp2040 import BareRp2040
from neurula.sim.cores import MARCH, open_cpu
from neurula.sim.cpu import CODE_BASE
from neurula.sim.mpy import NativeFunction
from neurula.sim.mpy_container import CodeKind
from neurula.sim.xtensa_cpu import PLAIN, XtensaCpu

# in the order of runtime_c/emulated/entry.c
CALLS = ("ram_bytes", "open", "step", "state_hash", "fired_bits", "begin", "deliver", "deliver_valued", "update", "learn")


@dataclass(frozen=True)
class Layout:
    """Addresses of code, image, RAM block and of the memory for calls, with the sizes that the last two may have."""

    code: int
    image: int
    ram: int
    ram_limit: int
    work: int
    work_bytes: int

    @property
    def brain(self) -> int:
        return self.work + 128

    @property
    def fault(self) -> int:
        return self.work + 192

    @property
    def stimulus(self) -> int:
        return self.work + 256


UNICORN = Layout(CODE_BASE, 0x10000000, 0x20000000, 1 << 28, 0x50000000, 1 << 20)
XTENSA = replace(UNICORN, code=XtensaCpu.code_base, ram_limit=1 << 26)
WASM = Layout(0, 0x00200000, 0x08000000, 1 << 26, 0x00100000, 1 << 20)
RP2040 = Layout(0x20000000, 0x10000000, 0x20008000, 0x36000, 0x2003E000, 0x2000)


def ram_granted(asked: int, image: bytes, limit: int = 1 << 28) -> int:
    """Bytes of RAM block for a header that asks for so many: never more than an image of this size can justify."""
    return max(4096, min(asked, limit, (16 << 20) + 4096 * len(image)))


class Processor(Protocol):
    """What runs the code."""

    def map_flash(self, address: int, content: bytes) -> None: ...

    def map_ram(self, address: int, content: int) -> None: ...

    def read(self, address: int, size: int) -> bytes: ...

    def write(self, address: int, data: bytes) -> None: ...

    def enter(self, argument: int) -> int:
        """Calls the blob's entry."""
        ...

    def cost(self) -> int:
        """Instructions or cycles of the last call."""
        ...

    def close(self) -> None: ...


class CpuProcessor:
    """An emulated core with the blob as its only function; the cost is in instructions."""

    def __init__(self, core: str, layout: Layout, *, strict: bool, count: bool) -> None:
        blob = build_blob(core, layout.code)
        self._cpu = open_cpu(core, strict=strict, instruction_limit=2_000_000_000, count=count)
        architecture = PLAIN if core == "xtensa" else MARCH[core]
        self._cpu.load({"entry": NativeFunction("entry", CodeKind.ASSEMBLER, architecture, blob, 0, 0)})
        self._cpu.map_ram(layout.work, layout.work_bytes)
        self.map_flash, self.map_ram = self._cpu.map_flash, self._cpu.map_ram
        self.read, self.write, self.close = self._cpu.read, self._cpu.write, self._cpu.close

    def enter(self, argument: int) -> int:
        return self._cpu.call("entry", argument)

    def cost(self) -> int:
        return self._cpu.instructions


class Rp2040Processor(BareRp2040):
    """The RP2040 with the blob in its RAM; the cost is in cycles."""

    def __init__(self) -> None:
        super().__init__(build_blob("m0", RP2040.code))

    def enter(self, argument: int) -> int:
        return self.call(RP2040.code, argument)

    def cost(self) -> int:
        return self.cycles

    def close(self) -> None:
        """Nothing to give back."""


class Core:
    """The C runtime on a processor, with the calls that a brain needs; `costs`: of the last call of each kind."""

    def __init__(self, processor: Processor, layout: Layout) -> None:
        self.processor = processor
        self.layout = layout
        self.costs: dict[str, int] = {}
        self._ram_bytes = 0

    def call(self, name: str, *arguments: int) -> int:
        """One of CALLS with the arguments of runtime_c/emulated/entry.c; its result as an unsigned number."""
        words = [word & 0xFFFFFFFF for word in (CALLS.index(name), *arguments)]
        self.processor.write(self.layout.work, struct.pack(f"<{len(words)}I", *words))
        result = self.processor.enter(self.layout.work) & 0xFFFFFFFF
        self.costs[name] = self.processor.cost()
        return result

    def open(self, image: bytes) -> tuple[int, int]:
        """(result, offset of what is wrong) of nrl_open."""
        at = self.layout
        self.processor.map_flash(at.image, image or bytes(4))
        self._ram_bytes = self.call("ram_bytes", at.image, len(image))
        granted = ram_granted(self._ram_bytes, image, at.ram_limit)
        self.processor.map_ram(at.ram, granted)
        code = self.call("open", at.brain, at.image, len(image), at.ram, granted, at.fault)
        return code, struct.unpack("<I", self.processor.read(at.fault, 4))[0]

    def step(self, inject: Sequence[int], forced: Sequence[int]) -> int:
        at = self.layout
        words = self.stimulus(inject, forced)
        return self.call("step", at.brain, at.stimulus, len(inject) // 3, at.stimulus + words, len(forced) // 2)

    def stimulus(self, inject: Sequence[int], forced: Sequence[int]) -> int:
        """Puts a stimulus where calls find it, and returns the bytes of `inject`. Raises DoesNotFit R101."""
        data = struct.pack(f"<{len(inject) + len(forced)}i", *inject, *forced)
        if len(data) > self.layout.work_bytes - 256:
            raise DoesNotFit("R101", "The stimulus of one burst is larger than the emulated core has room for.")
        self.processor.write(self.layout.stimulus, data)
        return 4 * len(inject)

    def state_hash(self) -> int:
        return self.call("state_hash", self.layout.brain)

    def fired_bits(self, area: int, size: int) -> bytes:
        return self.processor.read(self.call("fired_bits", self.layout.brain, area), size)

    def state(self) -> bytes:
        return self.processor.read(self.layout.ram, self._ram_bytes)

    def close(self) -> None:
        self.processor.close()


def open_core(name: str, *, strict: bool = False, count: bool = False) -> Core:
    """name: m0, m3, m4, m7, m33, rv32, xtensa, rp2040 or wasm32. Raises UsageError S125, DeviceNotFound R103, R104, R105, S105, S138."""
    if name == "rp2040":
        return Core(Rp2040Processor(), RP2040)
    if name == "wasm32":
        processor = WasmProcessor()
        processor.map_ram(WASM.work, WASM.work_bytes)
        return Core(processor, WASM)
    layout = XTENSA if name == "xtensa" else UNICORN
    return Core(CpuProcessor(name, layout, strict=strict, count=count), layout)
