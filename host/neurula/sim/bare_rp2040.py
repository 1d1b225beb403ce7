"""Machine code alone on an emulated RP2040: no firmware, no interrupts; each call counts the cycles of its core.

Code, image and data are in memory without wait states (the emulator's flash has none either): a lower bound for a board
that runs from flash through its cache.
"""

from __future__ import annotations

import time
from typing import Any

from neurula.errors import InvalidInput, LinkLost, VerificationFailed
from neurula.sim.emulator import load_emulator
from neurula.sim.rp2040 import RAM_BASE, RAM_BYTES

FLASH_BASE, FLASH_BYTES = 0x10000000, 16 << 20
STACK_END = RAM_BASE + RAM_BYTES - 8
RETURN_AT = STACK_END + 4
BREAKPOINT = b"\x00\xbe"  # bkpt #0


class _WrongAccesses:
    """The emulator's log, of which only accesses to nothing matter."""

    def __init__(self) -> None:
        self.first = ""

    def debug(self, component: str, message: str) -> None:
        """Detail of a peripheral; dropped."""

    info = debug

    def warning(self, component: str, message: str) -> None:
        wrong = "invalid" in message or "aligned" in message or "undefined" in message
        self.first = self.first or (message if wrong else "")

    error = warning


class BareRp2040:
    """The chip with `code` at the start of its RAM. `cycles`: those of the last call."""

    def __init__(self, code: bytes, *, wall_limit_s: float = 120.0) -> None:
        self.cycles = 0
        self.wall_limit_s = wall_limit_s
        emulator = load_emulator()
        self._execute = emulator.execute_batch
        self._chip: Any = emulator.chip()
        self._chip.load_bootrom(emulator.boot_rom)
        self._log = _WrongAccesses()
        self._chip.logger = self._log
        self._chip.pio = []
        self._chip.on_break = self._on_break
        self.rp2040 = self._chip  # what the emulator's inner loop reads of its owner
        self.clock = self._chip.clock
        self.stopped = False
        self.write(RAM_BASE, code)

    def map_flash(self, address: int, content: bytes) -> None:
        """Bytes in flash."""
        if not FLASH_BASE <= address <= address + len(content) <= FLASH_BASE + FLASH_BYTES:
            raise InvalidInput("S135", f"0x{address:08x} + {len(content)} bytes is not in flash")
        first = address - FLASH_BASE
        self._chip.flash[first : first + len(content)] = content

    def map_ram(self, address: int, size: int) -> None:
        """RAM is there anyway: checks that it is enough."""
        self._place(address, size)

    def read(self, address: int, size: int) -> bytes:
        first = self._place(address, size)
        return bytes(self._chip.sram[first : first + size])

    def write(self, address: int, data: bytes) -> None:
        first = self._place(address, len(data))
        self._chip.sram[first : first + len(data)] = data

    def _place(self, address: int, size: int) -> int:
        if not RAM_BASE <= address <= address + size <= RAM_BASE + RAM_BYTES:
            raise InvalidInput("S135", f"0x{address:08x} + {size} bytes is not in the RAM of an RP2040")
        return address - RAM_BASE

    def call(self, address: int, argument: int) -> int:
        """Calls the function at `address` and returns its result. Raises LinkLost S112, VerificationFailed S131."""
        core = self._chip.core
        self.write(RETURN_AT, BREAKPOINT)
        core.registers[0], core.sp, core.lr, core.pc = argument, STACK_END, RETURN_AT | 1, address
        before, end = core.cycles, time.monotonic() + self.wall_limit_s
        self.stopped = False
        while not self.stopped:
            self._execute(self, 1)
            if time.monotonic() > end:
                raise LinkLost("S112", f"the emulated core was still busy after {self.wall_limit_s:g} s")
        self.cycles = int(core.cycles) - int(before)
        if self._log.first:
            raise VerificationFailed("S131", f"the code uses memory that is not there: {self._log.first}")
        return int(core.registers[0]) & 0xFFFFFFFF

    def _on_break(self, code: int) -> None:
        self.stopped = True
