"""Viper functions out of a .mpy, run instruction by instruction on the core that a board has, with Unicorn.

Exact about integers, memory accesses and instruction counts; says nothing about cycles."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurula.errors import InvalidInput, LinkLost, NeurulaError, UsageError, VerificationFailed
from neurula.sim import viper_abi as abi
from neurula.sim.mpy import NativeFunction
from neurula.sim.mpy_container import CodeKind
from neurula.sim.packages import require

CODE_BASE, CODE_BYTES = 0x08000000, 0x40000
STACK_BASE, STACK_BYTES = 0x60000000, 0x4000
CONTEXT_BASE, CONTEXT_BYTES = 0x68000000, 0x10000
TRAP_BASE, TRAP_BYTES = 0x6C000000, 0x1000
_RETURN = TRAP_BASE + TRAP_BYTES - 16
_ARGUMENTS = CONTEXT_BASE + CONTEXT_BYTES - 256
_MOST_ARGUMENTS = 32
_PAGE = 0x1000
WALL_LIMIT_S = 120
_SLACK = 0xA5
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

MARCH = {"m0": "armv6m", "m3": "armv7m", "m4": "armv7emsp", "m7": "armv7emsp", "m33": "armv7emsp", "rv32": "rv32imc"}
"""Core -> what to compile for with mpy-cross."""


@dataclass(frozen=True)
class _Region:
    start: int
    size: int
    writable: bool

    def holds(self, address: int, size: int) -> bool:
        return self.start <= address and address + size <= self.start + self.size


@dataclass(frozen=True)
class _Loaded:
    function: NativeFunction
    address: int
    function_object: int


class Cpu:
    """An emulated core: "m0", "m3", "m4", "m7", "m33" or "rv32".

    strict: check every access for exact bounds and alignment (a Cortex-M0 and many RV32 fault on unaligned ones).
    Without it bounds hold to the page of 4 KiB, except that a write just behind a region is still found afterwards;
    about ten times faster. instruction_limit: the most that one call may execute. count: without it instructions are
    not counted, which is faster again, and the limit of a call is WALL_LIMIT_S instead.

    `instructions`: what the last call executed, without the interpreter's part; an instruction that an if-then block
    skips counts, as it takes its cycle. `runtime_calls`: what of the interpreter it called, by name."""

    def __init__(self, core: str, *, strict: bool = True, instruction_limit: int = 50_000_000,
                 count: bool = True) -> None:
        if core not in _CORES:
            raise UsageError("S125", f"there is no simulated core {core!r}", remedy=f"Use one of {', '.join(_CORES)}.")
        self.core = core
        self.strict = strict
        self.count = count
        self.instruction_limit = instruction_limit
        self.instructions = 0
        self.total_instructions = 0
        self.runtime_calls: Counter[str] = Counter()
        self._kind = _CORES[core]
        self._regions: list[_Region] = []
        self._functions: dict[str, _Loaded] = {}
        self._code_end = CODE_BASE
        self._block_sizes: dict[tuple[int, int], int] = {}
        self._fault: NeurulaError | None = None
        self._result: tuple[int, int] | None = None
        self._running = ""
        self._context = abi.Context(CONTEXT_BASE, TRAP_BASE, self._kind.thumb)
        self._power_on()

    # ---- memory ----------------------------------------------------------------------------------------------------

    def map_ram(self, address: int, content: int | bytes) -> None:
        """RAM at a fixed address: so many zero bytes, or these bytes."""
        data = bytes(content) if isinstance(content, int) else content
        self._map(address, data, writable=True)

    def map_flash(self, address: int, content: bytes) -> None:
        """Memory that the code can read; a write there is an error."""
        self._map(address, content, writable=False)

    def read(self, address: int, size: int) -> bytes:
        """Memory contents, whoever owns them."""
        return bytes(self._uc.mem_read(address, size))

    def write(self, address: int, data: bytes) -> None:
        """Change memory from outside, flash too."""
        if not any(region.holds(address, len(data)) for region in self._regions):
            raise InvalidInput("S135", f"0x{address:08x} + {len(data)} bytes is in no mapped region",
                               remedy="Map RAM or flash there first.")
        self._uc.mem_write(address, data)

    # ---- code ------------------------------------------------------------------------------------------------------

    def load(self, functions: Mapping[str, NativeFunction]) -> None:
        """Make functions callable; those of one .mpy at a time, later ones replace earlier ones of the same name."""
        for name, function in functions.items():
            if function.architecture not in self._kind.architectures:
                raise UsageError("S126", f"code for {function.architecture} does not run on the core {self.core}",
                                 remedy=f"Compile it for {MARCH[self.core]}.")
            address = -(-self._code_end // 16) * 16
            if address + len(function.code) > CODE_BASE + CODE_BYTES:
                raise InvalidInput("S135", f"the functions are larger than {CODE_BYTES} bytes",
                                   remedy="Load fewer functions into one Cpu.")
            self._uc.mem_write(address, function.code)
            self._code_end = address + len(function.code)
            function_object = self._context.add_function(function.function_table_index, function.constant_count)
            self._functions[name] = _Loaded(function, address, function_object)
        if len(self._context.image) > _ARGUMENTS - CONTEXT_BASE:
            raise InvalidInput("S135", "too many functions for one Cpu", remedy="Load fewer functions into one Cpu.")
        self._uc.mem_write(CONTEXT_BASE, bytes(self._context.image))

    def call(self, name: str, *arguments: int) -> int:
        """Call a viper (or assembler) function with integers; its result, 0 for None.

        `instructions` and `runtime_calls` then tell what this call cost. Raises VerificationFailed S131 (wrong
        address), S133 (needs the interpreter), S134 (unaligned), LinkLost S132 (does not end)."""
        if name not in self._functions:
            raise UsageError("S124", f"no native function {name!r} is loaded",
                             remedy=f"Loaded: {', '.join(sorted(self._functions)) or 'none'}.")
        loaded = self._functions[name]
        self._running, self._fault, self._result = name, None, None
        self.instructions = 0
        self.runtime_calls = Counter()
        self._set_up_call(loaded, arguments)
        try:
            self._uc.emu_start(loaded.address | self._kind.thumb, _RETURN, 0 if self.count else WALL_LIMIT_S * 1_000_000, 0)
        except self._uc_error as problem:
            if self._fault is None:
                self._fault = VerificationFailed("S136", f"the core {self.core} stopped: {problem}", where=self._place(),
                                                 remedy="The code may not be for this core.")
        if self._fault is None and not self.count and int(self._uc.reg_read(self._pc)) & ~1 != _RETURN & ~1:
            self._fault = LinkLost("S132", f"{name} did not end within {WALL_LIMIT_S} s", where=self._place(),
                                   remedy="Does its loop end?")
        self.total_instructions += self.instructions
        if self._fault is not None:
            raise self._fault
        self._check_slack()
        return self._take_result(loaded)

    # ---- setting up ------------------------------------------------------------------------------------------------

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

    def _map(self, address: int, data: bytes, *, writable: bool) -> None:
        size = -(-len(data) // _PAGE) * _PAGE
        own = ((CODE_BASE, CODE_BYTES), (STACK_BASE, STACK_BYTES), (CONTEXT_BASE, CONTEXT_BYTES), (TRAP_BASE, TRAP_BYTES))
        taken = [*own, *((region.start, -(-region.size // _PAGE) * _PAGE) for region in self._regions)]
        overlaps = any(address < start + length and start < address + size for start, length in taken)
        if not data or address % _PAGE or not _PAGE <= address <= (1 << 32) - size or overlaps:
            raise InvalidInput("S135", f"no memory of {len(data)} bytes can be mapped at 0x{address:08x}",
                               remedy="Choose a free address that is a multiple of 4096, such as 0x20000000.")
        self._uc.mem_map(address, size, self._protection[writable])
        self._uc.mem_write(address, data + bytes([_SLACK]) * (size - len(data)))
        self._regions.append(_Region(address, len(data), writable))

    def _set_up_call(self, loaded: _Loaded, arguments: tuple[int, ...]) -> None:
        most = 4 if loaded.function.kind == CodeKind.ASSEMBLER else _MOST_ARGUMENTS
        if len(arguments) > most:
            raise self._wrong_argument_count()
        words = [argument & 0xFFFFFFFF for argument in arguments]
        if loaded.function.kind == CodeKind.ASSEMBLER:
            values = words
        elif loaded.function.kind == CodeKind.VIPER:
            self._uc.mem_write(_ARGUMENTS, struct.pack(f"<{len(words)}I", *words))
            values = [loaded.function_object, len(words), 0, _ARGUMENTS]
        else:
            raise UsageError("S127", f"{self._running} is not a viper function", remedy="Decorate it with micropython.viper.")
        for register, value in zip(self._registers, values, strict=False):
            self._uc.reg_write(register, value)
        self._uc.reg_write(self._sp, STACK_BASE + STACK_BYTES - 64)
        self._uc.reg_write(self._lr, _RETURN | self._kind.thumb)

    def _take_result(self, loaded: _Loaded) -> int:
        word = int(self._uc.reg_read(self._registers[0])) & 0xFFFFFFFF
        if loaded.function.kind == CodeKind.ASSEMBLER:
            return (word ^ 0x80000000) - 0x80000000
        if self._result is None:
            if word == abi.NONE_OBJECT:
                return 0
            raise VerificationFailed("S133", f"{self._running} returns an object, not an integer",
                                     remedy="Declare its result: -> int.")
        value, native_type = self._result
        if native_type == abi.TYPE_INT:
            return (value ^ 0x80000000) - 0x80000000
        return int(value != 0) if native_type == abi.TYPE_BOOL else value

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
                                where=self._place(), remedy="Does its loop end? Raise instruction_limit if it does."))

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
        self.runtime_calls[abi.ENTRY_NAMES.get(entry, f"entry {entry}")] += 1
        if entry == abi.NATIVE_FROM_OBJECT:
            if second == abi.TYPE_BOOL:
                uc.reg_write(self._registers[0], int(first != 0))
        elif entry == abi.OBJECT_FROM_NATIVE:
            self._result = (first, second)
        elif entry in (abi.FLOOR_DIVIDE, abi.MODULO):
            self._divide(uc, entry, first, second)
        elif entry == abi.CHECK_ARGUMENT_COUNT:
            self._stop(self._wrong_argument_count())
        else:
            name = abi.ENTRY_NAMES.get(entry, f"entry {entry} of its function table")
            self._stop(VerificationFailed("S133", f"{self._running} calls the interpreter ({name})",
                                          remedy="A kernel uses integers and ptr8, ptr16, ptr32 only, no globals."))

    def _divide(self, uc: Any, entry: int, dividend_word: int, divisor_word: int) -> None:
        dividend = (dividend_word ^ 0x80000000) - 0x80000000
        divisor = (divisor_word ^ 0x80000000) - 0x80000000
        if divisor == 0:
            self._stop(VerificationFailed("S137", f"{self._running} divides by zero",
                                          remedy="A board does not raise here: its result is not defined."))
            return
        result = dividend // divisor if entry == abi.FLOOR_DIVIDE else dividend % divisor
        uc.reg_write(self._registers[0], result & 0xFFFFFFFF)

    def _on_access(self, uc: Any, access: int, address: int, size: int, value: int, _: Any) -> None:
        if address % size:
            self._stop(self._wrong_access("S134", access, address, size, "is not aligned"))
        elif not (STACK_BASE <= address < STACK_BASE + STACK_BYTES or CODE_BASE <= address < CODE_BASE + CODE_BYTES
                  or CONTEXT_BASE <= address < CONTEXT_BASE + CONTEXT_BYTES
                  or any(region.holds(address, size) for region in self._regions)):
            self._stop(self._wrong_access("S131", access, address, size, "is outside every region"))

    def _on_invalid_access(self, uc: Any, access: int, address: int, size: int, value: int, _: Any) -> bool:
        if self._fault is None:
            self._fault = self._wrong_access("S131", access, address, size, "is outside every region it may use")
        return False

    def _wrong_access(self, code: str, access: int, address: int, size: int, why: str) -> VerificationFailed:
        does = self._access_names.get(access, "uses")
        return VerificationFailed(code, f"{self._running} {does} {size} bytes at 0x{address & 0xFFFFFFFF:08x}, which {why}",
                                  where=self._place(), remedy=f"Mapped: {self._regions_text()}.")

    def _wrong_argument_count(self) -> UsageError:
        return UsageError("S128", f"{self._running} does not take so many arguments", remedy="See its definition.")

    def _check_slack(self) -> None:
        for region in self._regions:
            slack = -region.size % _PAGE
            if region.writable and slack:
                end = region.start + region.size
                behind = self.read(end, slack)
                if behind.count(_SLACK) != slack:
                    first = next(i for i, byte in enumerate(behind) if byte != _SLACK)
                    self._uc.mem_write(end, bytes([_SLACK]) * slack)
                    raise VerificationFailed("S131", f"{self._running} writes at 0x{end + first:08x}, behind the end of a "
                                             "region", remedy=f"Mapped: {self._regions_text()}.")

    def _stop(self, fault: NeurulaError) -> None:
        if self._fault is None:
            self._fault = fault
        self._uc.emu_stop()

    def _place(self) -> str:
        position = int(self._uc.reg_read(self._pc)) & 0xFFFFFFFE
        loaded = self._functions[self._running]
        offset = position - loaded.address
        if 0 <= offset < len(loaded.function.code):
            return f"byte {offset} of its code"
        return f"program counter 0x{position:08x}"

    def _regions_text(self) -> str:
        kinds = {True: "RAM", False: "flash"}
        return ", ".join(f"{kinds[region.writable]} 0x{region.start:08x} + {region.size}" for region in self._regions) \
            or "nothing"
