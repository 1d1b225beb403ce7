"""An Xtensa core with register windows, as the ESP32 and the ESP32-S3 have: qemu's dc232b, in a process of its own.

qemu has no ESP32; the core executes the same instructions of the windowed ABI. What commands and answers mean is told in
xtensa_monitor.s, the program that runs there. The core's own counter counts instructions and ends what runs too long; its paging
keeps the code out of memory that was not mapped."""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import shutil
import struct
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import platformdirs

from neurula.errors import DeviceNotFound, LinkLost, NeurulaError, VerificationFailed
from neurula.sim import viper_abi as abi
from neurula.sim.cpu import (
    CODE_BYTES,
    CONTEXT_BASE,
    CONTEXT_BYTES,
    PAGE,
    STACK_BASE,
    STACK_BYTES,
    STACK_TOP,
    WALL_LIMIT_S,
    Cpu,
    Loaded,
    unmappable,
)

EMULATOR = ("qemu-system-xtensa", "-M", "sim", "-cpu", "dc232b", "-display", "none", "-monitor", "none", "-serial", "none", "-semihosting")
TOOLS = "xtensa-lx106-elf-"
PLAIN = "xtensa"  # architecture of code that keeps its way back in a register, as the ESP8266's compilers make it

_ALL_RAM = 0xD0000000
_TRAPS, _TRAP_BYTES = _ALL_RAM + 0x400, 8
_PAGE_TABLE = _ALL_RAM + 0x400000
_FIRST_FREE, _RAM_END = 0x800000, 0x8000000
_EXECUTE, _WRITE, _CACHED = 1, 2, 4
_PUT, _GET, _CALL_WINDOWED, _CALL_PLAIN = 1, 2, 3, 4
_TRAP, _DONE, _EXCEPTION, _OUT_OF_COUNT = 1, 2, 3, 4
_PER_CALL, _PER_TRAP = 2, 6  # instructions of the monitor that count: call and raise; and of each trap
_COMMAND, _ANSWER = struct.Struct("<8I"), struct.Struct("<4I")
_ACCESSES = {20: "jumps", 16: "jumps", 24: "reads", 26: "reads", 28: "reads", 29: "writes"}
_UNALIGNED = 9


class XtensaCpu(Cpu):
    """The core "xtensa": viper functions compiled for xtensawin, and functions of an assembler or C compiler for lx106.

    Unaligned accesses are always errors, as on the real ones; bounds hold to the page. DeviceNotFound S138 without qemu."""

    architectures = ("xtensawin", PLAIN)
    code_base = 0xC8000000  # a windowed return keeps the upper two bits of the address, which must be the monitor's

    def __init__(self, *, instruction_limit: int = 50_000_000) -> None:
        super().__init__("xtensa", instruction_limit, abi.Context(CONTEXT_BASE, _TRAPS, _TRAP_BYTES))
        self._process = subprocess.Popen(
            [_found(EMULATOR[0], "qemu-system-misc"), *EMULATOR[1:], "-kernel", str(build_monitor())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
        )
        self._end = weakref.finalize(self, _end, self._process)
        self._places: list[tuple[int, int, int]] = []  # start, end, what to add for the place in all RAM
        self._free = _FIRST_FREE
        self._map_pages(self.code_base, CODE_BYTES, _EXECUTE)
        self._map_pages(CONTEXT_BASE, CONTEXT_BYTES, 0)
        self._map_pages(STACK_BASE, STACK_BYTES, _WRITE)

    def close(self) -> None:
        self._end()

    # ---- memory ----------------------------------------------------------------------------------------------------

    def _map_pages(self, address: int, size: int, rights: int) -> None:
        if self._free + size > _RAM_END:
            raise unmappable(address, size)
        entries = [self._free + place | _CACHED | rights for place in range(0, size, PAGE)]
        self._put(_PAGE_TABLE + address // PAGE * 4, struct.pack(f"<{len(entries)}I", *entries))
        self._places.append((address, address + size, _ALL_RAM + self._free - address))
        self._free += size

    def _grant(self, address: int, content: bytes, writable: bool) -> None:
        self._map_pages(address, len(content), _WRITE if writable else 0)
        self._poke(address, content)

    def _peek(self, address: int, size: int) -> bytes:
        self._send(_COMMAND.pack(_GET, self._in_all_ram(address, size), size, 0, 0, 0, 0, 0))
        return self._receive(size)

    def _poke(self, address: int, data: bytes) -> None:
        self._put(self._in_all_ram(address, len(data)), data)

    def _put(self, address: int, data: bytes) -> None:
        self._send(_COMMAND.pack(_PUT, address, len(data), 0, 0, 0, 0, 0) + data)

    def _in_all_ram(self, address: int, size: int) -> int:
        for start, end, add in self._places:
            if start <= address and address + size <= end:
                return address + add
        raise unmappable(address, size)

    # ---- code ------------------------------------------------------------------------------------------------------

    def _execute(self, loaded: Loaded, arguments: Sequence[int]) -> int:
        first = (1 << 32) - min(self.instruction_limit, (1 << 32) - 1)
        how = _CALL_PLAIN if loaded.function.architecture == PLAIN else _CALL_WINDOWED
        registers = [*arguments, 0, 0, 0, 0][:4]
        self._send(_COMMAND.pack(how, loaded.address, first, STACK_TOP, *registers))
        while True:
            what, a, b, c = _ANSWER.unpack(self._receive(_ANSWER.size))
            if what == _TRAP:
                answer = self._answer(a, b, c)
                self._send(struct.pack("<2I", self._fault is not None, answer))
            elif what == _DONE:
                self.instructions = b - first - _PER_CALL - _PER_TRAP * self.runtime_calls.total()
                return int(a)
            else:
                self._note(self._fault_of(what, a, b, c))
            if self._fault is not None:
                return 0

    def _fault_of(self, what: int, cause: int, position: int, address: int) -> NeurulaError:
        if what == _OUT_OF_COUNT:
            return LinkLost("S132", f"{self._running} executed more than {self.instruction_limit} instructions",
                            where=self._place(position), remedy="Does its loop end? Raise instruction_limit if it does.")
        if cause in _ACCESSES:
            return self._wrong_access("S131", _ACCESSES[cause], address, "which is outside every region it may use", position)
        if cause == _UNALIGNED:
            return self._wrong_access("S134", "reads or writes", address, "which is not aligned", position)
        return VerificationFailed("S136", f"the core {self.core} stopped: exception {cause}", where=self._place(position),
                                  remedy="The code may not be for this core.")

    # ---- the process -----------------------------------------------------------------------------------------------

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            view = memoryview(data)
            while view:
                view = view[self._process.stdin.write(view) :]
        except (OSError, ValueError):  # ended now, ended before
            raise self._gone() from None

    def _receive(self, size: int) -> bytes:
        assert self._process.stdout is not None
        taken = bytearray()
        while len(taken) < size:
            ready, _, _ = select.select([self._process.stdout], [], [], WALL_LIMIT_S)
            part = self._process.stdout.read(size - len(taken)) if ready else b""
            if not part:
                raise self._gone()
            taken += part
        return bytes(taken)

    def _gone(self) -> LinkLost:
        self.close()
        return LinkLost("S139", "qemu-system-xtensa ended or fell silent", remedy="Run it again; is the computer out of memory?")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _found(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise DeviceNotFound("S138", f"the simulated core xtensa needs {name}, which is not here", remedy=f"Install Debian's {package}.")
    return path


@lru_cache
def build_monitor() -> Path:
    """The assembled monitor, kept by its contents. DeviceNotFound S138 without an assembler."""
    source = Path(__file__).with_name("xtensa_monitor.s")
    assembler, linker = (_found(TOOLS + tool, "binutils-xtensa-lx106") for tool in ("as", "ld"))
    place = Path(platformdirs.user_cache_dir("neurula")) / "xtensa" / f"{hashlib.sha256(source.read_bytes()).hexdigest()[:32]}.elf"
    if place.exists():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        assembled, linked = Path(scratch) / "monitor.o", Path(scratch) / "monitor.elf"
        placed = (f"-Ttext={_ALL_RAM:#x}", "--section-start=.reset=0xfe000000", "-e", "reset")
        for command in ([assembler, "--text-section-literals", str(source), "-o", str(assembled)],
                        [linker, "-N", *placed, str(assembled), "-o", str(linked)]):
            run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            if run.returncode:
                raise DeviceNotFound("S138", f"the monitor of the core xtensa cannot be built: {run.stderr.strip()[:200]}",
                                     remedy="Install Debian's binutils-xtensa-lx106.")
        os.replace(linked, place)
    return place
