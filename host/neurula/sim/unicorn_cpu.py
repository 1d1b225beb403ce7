"""Cortex-M and RV32 cores, emulated by Unicorn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from neurula.errors import LinkLost, NeurulaError, VerificationFailed
from neurula.sim import viper_abi as abi
from neurula.sim.cpu import (
    CODE_BASE,
    CODE_BYTES,
    CONTEXT_BASE,
    CONTEXT_BYTES,
    STACK_BASE,
    STACK_BYTES,
    STACK_TOP,
    TRAP_BASE,
    TRAP_BYTES,
    WALL_LIMIT_S,
    Cpu,
    Loaded,
)
from neurula.sim.packages import require

_RETURN = TRAP_BASE + TRAP_BYTES - 16
_THUMB_RETURN = b"\x70\x47\x70\x47"
_RISCV_RETURN = b"\x67\x80\x00\x00"


@dataclass(frozen=True)
class _Core:
    """One of the cores: names in Unicorn's constants, and what code it takes."""

    architectures: tuple[str, ...]
    thumb: bool
    model: str


_CORES = {
    "m0": _Core(("armv6m",), True, "UC_CPU_ARM_CORTEX_M0"),
    "m3": _Core(("armv6m", "armv7m"), True, "UC_CPU_ARM_CORTEX_M3"),
    "m4": _Core(("armv6m", "armv7m", "armv7em", "armv7emsp"), True, "UC_CPU_ARM_CORTEX_M4"),
    "m7": _Core(("armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp"), True, "UC_CPU_ARM_CORTEX_M7"),
    "m33": _Core(("armv6m", "armv7m", "armv7em", "armv7emsp"), True, "UC_CPU_ARM_CORTEX_M33"),
    "rv32": _Core(("rv32imc",), False, "UC_CPU_RISCV32_SIFIVE_E31"),
}


class UnicornCpu(Cpu):
    """core: "m0", "m3", "m4", "m7", "m33" or "rv32".

    strict: check every access for exact bounds and alignment (a Cortex-M0 and many RV32 fault on unaligned ones); without it,
    about ten times faster. count: without it instructions are not counted, which is faster again, and the limit of a call is
    WALL_LIMIT_S instead."""

    def __init__(self, core: str, *, strict: bool = True, instruction_limit: int = 50_000_000, count: bool = True) -> None:
        self._kind = _CORES[core]
        self.architectures = self._kind.architectures
        super().__init__(core, instruction_limit, abi.Context(CONTEXT_BASE, TRAP_BASE + self._kind.thumb))
        self.strict = strict
        self.count = count
        self._block_sizes: dict[tuple[int, int], int] = {}
        self._power_on()

    def _power_on(self) -> None:
        uc = require("unicorn", "unicorn")
        constants = require("unicorn.arm_const" if self._kind.thumb else "unicorn.riscv_const", "unicorn")
        self._uc_error = uc.UcError
        self._access_names = {uc.UC_MEM_READ: "reads", uc.UC_MEM_WRITE: "writes",
                              uc.UC_MEM_READ_UNMAPPED: "reads", uc.UC_MEM_WRITE_UNMAPPED: "writes",
                              uc.UC_MEM_READ_PROT: "reads", uc.UC_MEM_WRITE_PROT: "writes to read-only memory:",
                              uc.UC_MEM_FETCH_UNMAPPED: "jumps to", uc.UC_MEM_FETCH_PROT: "jumps to"}
        if self._kind.thumb:
            self._uc: Any = uc.Uc(uc.UC_ARCH_ARM, uc.UC_MODE_THUMB | uc.UC_MODE_MCLASS)
            self._registers = [constants.UC_ARM_REG_R0 + number for number in range(4)]
            self._sp, self._lr, self._pc = constants.UC_ARM_REG_SP, constants.UC_ARM_REG_LR, constants.UC_ARM_REG_PC
        else:
            self._uc = uc.Uc(uc.UC_ARCH_RISCV, uc.UC_MODE_RISCV32)
            self._registers = [constants.UC_RISCV_REG_A0 + number for number in range(4)]
            self._sp, self._lr, self._pc = (constants.UC_RISCV_REG_SP, constants.UC_RISCV_REG_RA,
                                            constants.UC_RISCV_REG_PC)
        self._uc.ctl_set_cpu_model(getattr(constants, self._kind.model))
        execute, read_only = uc.UC_PROT_READ | uc.UC_PROT_EXEC, uc.UC_PROT_READ
        self._protection = {True: uc.UC_PROT_READ | uc.UC_PROT_WRITE, False: read_only}
        self._uc.mem_map(CODE_BASE, CODE_BYTES, execute)
        self._uc.mem_map(TRAP_BASE, TRAP_BYTES, execute)
        self._uc.mem_map(CONTEXT_BASE, CONTEXT_BYTES, read_only)
        self._uc.mem_map(STACK_BASE, STACK_BYTES, self._protection[True])
        self._uc.mem_write(TRAP_BASE, (_THUMB_RETURN if self._kind.thumb else _RISCV_RETURN) * (TRAP_BYTES // 4))
        if self.count:
            self._uc.hook_add(uc.UC_HOOK_BLOCK, self._on_block)
        self._uc.hook_add(uc.UC_HOOK_CODE, self._on_trap, None, TRAP_BASE, TRAP_BASE + 4 * abi.TABLE_ENTRIES - 1)
        self._uc.hook_add(uc.UC_HOOK_MEM_INVALID, self._on_invalid_access)
        if self.strict:
            self._uc.hook_add(uc.UC_HOOK_MEM_READ | uc.UC_HOOK_MEM_WRITE, self._on_access)

    def _grant(self, address: int, content: bytes, writable: bool) -> None:
        self._uc.mem_map(address, len(content), self._protection[writable])
        self._uc.mem_write(address, content)

    def _peek(self, address: int, size: int) -> bytes:
        return bytes(self._uc.mem_read(address, size))

    def _poke(self, address: int, data: bytes) -> None:
        self._uc.mem_write(address, data)

    def _execute(self, loaded: Loaded, arguments: Sequence[int]) -> int:
        for register, value in zip(self._registers, arguments, strict=False):
            self._uc.reg_write(register, value)
        self._uc.reg_write(self._sp, STACK_TOP)
        self._uc.reg_write(self._lr, _RETURN | self._kind.thumb)
        try:
            self._uc.emu_start(loaded.address | self._kind.thumb, _RETURN, 0 if self.count else WALL_LIMIT_S * 1_000_000, 0)
        except self._uc_error as problem:
            self._note(VerificationFailed("S136", f"the core {self.core} stopped: {problem}", where=self._here(),
                                          remedy="The code may not be for this core."))
        if self._fault is None and not self.count and self._position() != _RETURN & ~1:
            self._fault = LinkLost("S132", f"{self._running} did not end within {WALL_LIMIT_S} s", where=self._here(),
                                   remedy="Does its loop end?")
        return int(self._uc.reg_read(self._registers[0]))

    # ---- while it runs ---------------------------------------------------------------------------------------------

    def _on_block(self, uc: Any, address: int, size: int, _: Any) -> None:
        if TRAP_BASE <= address < TRAP_BASE + TRAP_BYTES:
            return
        count = self._block_sizes.get((address, size))
        if count is None:
            count = self._block_sizes[address, size] = self._count_instructions(address, size)
        self.instructions += count
        if self.instructions > self.instruction_limit:
            self._stop(LinkLost("S132", f"{self._running} executed more than {self.instruction_limit} instructions",
                                where=self._here(), remedy="Does its loop end? Raise instruction_limit if it does."))

    def _count_instructions(self, address: int, size: int) -> int:
        code = self.read(address, size)
        position = count = 0
        while position < size:
            low = code[position]
            wide = code[position + 1] >> 3 >= 0b11101 if self._kind.thumb else low & 3 == 3
            position += 4 if wide else 2
            count += 1
        return count

    def _on_trap(self, uc: Any, address: int, size: int, _: Any) -> None:
        """The code calls an entry of the interpreter's function table; after this it returns to the code."""
        entry, offset = divmod(address - TRAP_BASE, 4)
        if offset:
            return
        first, second = (int(uc.reg_read(register)) & 0xFFFFFFFF for register in self._registers[:2])
        answer = self._answer(entry, first, second)
        if self._fault is not None:
            uc.emu_stop()
        elif answer != first:
            uc.reg_write(self._registers[0], answer)

    def _on_access(self, uc: Any, access: int, address: int, size: int, value: int, _: Any) -> None:
        if address % size:
            self._stop(self._wrong("S134", access, address, size, "which is not aligned"))
        elif not (STACK_BASE <= address < STACK_BASE + STACK_BYTES or CODE_BASE <= address < CODE_BASE + CODE_BYTES
                  or CONTEXT_BASE <= address < CONTEXT_BASE + CONTEXT_BYTES
                  or any(region.holds(address, size) for region in self._regions)):
            self._stop(self._wrong("S131", access, address, size, "which is outside every region"))

    def _on_invalid_access(self, uc: Any, access: int, address: int, size: int, value: int, _: Any) -> bool:
        self._note(self._wrong("S131", access, address, size, "which is outside every region it may use"))
        return False

    def _wrong(self, code: str, access: int, address: int, size: int, why: str) -> VerificationFailed:
        does = f"{self._access_names.get(access, 'uses')} {size} bytes"
        return self._wrong_access(code, does, address, why, self._position())

    def _stop(self, fault: NeurulaError) -> None:
        self._note(fault)
        self._uc.emu_stop()

    def _position(self) -> int:
        return int(self._uc.reg_read(self._pc)) & 0xFFFFFFFE

    def _here(self) -> str:
        return self._place(self._position())
