"""Viper functions out of a .mpy, run instruction by instruction on the core that a board has.

Exact about integers, memory accesses and instruction counts; says nothing about cycles. What all cores share is here; Unicorn
emulates Cortex-M and RV32 (`unicorn_cpu`), qemu Xtensa (`xtensa_cpu`)."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurula.errors import InvalidInput, NeurulaError, UsageError, VerificationFailed
from neurula.sim import viper_abi as abi
from neurula.sim.mpy import NativeFunction
from neurula.sim.mpy_container import CodeKind

CODE_BASE, CODE_BYTES = 0x08000000, 0x40000
STACK_BASE, STACK_BYTES = 0x60000000, 0x4000
STACK_TOP = STACK_BASE + STACK_BYTES - 64
CONTEXT_BASE, CONTEXT_BYTES = 0x68000000, 0x10000
TRAP_BASE, TRAP_BYTES = 0x6C000000, 0x1000
PAGE = 0x1000
WALL_LIMIT_S = 120
_ARGUMENTS = CONTEXT_BASE + CONTEXT_BYTES - 256
_MOST_ARGUMENTS = 32
_OWN = ((STACK_BASE, STACK_BYTES), (CONTEXT_BASE, CONTEXT_BYTES), (TRAP_BASE, TRAP_BYTES))
_SLACK = 0xA5


@dataclass(frozen=True)
class Region:
    """Memory that was mapped for the code, to the byte."""

    start: int
    size: int
    writable: bool

    def holds(self, address: int, size: int) -> bool:
        return self.start <= address and address + size <= self.start + self.size


@dataclass(frozen=True)
class Loaded:
    """A function with the addresses of its code and of what stands for its function object."""

    function: NativeFunction
    address: int
    function_object: int


class Cpu(ABC):
    """An emulated core with the memory and the functions that it is given. Context manager.

    instruction_limit: the most that one call may execute. Bounds hold to the page of 4 KiB at least, except that a write just
    behind a region is still found afterwards; what more a core checks is told there.

    `instructions`: what the last call executed, without the interpreter's part; an instruction that an if-then block
    skips counts, as it takes its cycle. `runtime_calls`: what of the interpreter it called, by name."""

    architectures: Sequence[str]
    code_base = CODE_BASE

    def __init__(self, core: str, instruction_limit: int, context: abi.Context) -> None:
        self.core = core
        self.instruction_limit = instruction_limit
        self.instructions = 0
        self.total_instructions = 0
        self.runtime_calls: Counter[str] = Counter()
        self._regions: list[Region] = []
        self._functions: dict[str, Loaded] = {}
        self._code_end = self.code_base
        self._context = context
        self._fault: NeurulaError | None = None
        self._result: tuple[int, int] | None = None
        self._running = ""

    def close(self) -> None:  # noqa: B027
        """Gives back what runs outside this process; may be called twice."""

    def __enter__(self) -> Cpu:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- what a kind of core does its own way ----------------------------------------------------------------------------

    @abstractmethod
    def _grant(self, address: int, content: bytes, writable: bool) -> None:
        """Map whole pages with this content."""

    @abstractmethod
    def _peek(self, address: int, size: int) -> bytes: ...

    @abstractmethod
    def _poke(self, address: int, data: bytes) -> None:
        """Change mapped memory, read-only memory too."""

    @abstractmethod
    def _execute(self, loaded: Loaded, arguments: Sequence[int]) -> int:
        """Run a function with at most four words in registers; its result. Adds to `instructions`; a fault goes to `_fault`."""

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
        return self._peek(address, size)

    def write(self, address: int, data: bytes) -> None:
        """Change memory from outside, flash too."""
        if not any(region.holds(address, len(data)) for region in self._regions):
            raise InvalidInput("S135", f"0x{address:08x} + {len(data)} bytes is in no mapped region",
                               remedy="Map RAM or flash there first.")
        self._poke(address, data)

    def _map(self, address: int, data: bytes, *, writable: bool) -> None:
        size = -(-len(data) // PAGE) * PAGE
        taken = [(self.code_base, CODE_BYTES), *_OWN, *((region.start, -(-region.size // PAGE) * PAGE) for region in self._regions)]
        overlaps = any(address < start + length and start < address + size for start, length in taken)
        if not data or address % PAGE or not PAGE <= address <= (1 << 32) - size or overlaps:
            raise unmappable(address, len(data))
        self._grant(address, data + bytes([_SLACK]) * (size - len(data)), writable)
        self._regions.append(Region(address, len(data), writable))

    def _check_slack(self) -> None:
        for region in self._regions:
            slack = -region.size % PAGE
            if region.writable and slack:
                end = region.start + region.size
                behind = self._peek(end, slack)
                if behind.count(_SLACK) != slack:
                    first = next(i for i, byte in enumerate(behind) if byte != _SLACK)
                    self._poke(end, bytes([_SLACK]) * slack)
                    raise self._wrong_access("S131", "writes", end + first, "behind the end of a region")

    # ---- code ------------------------------------------------------------------------------------------------------

    def load(self, functions: Mapping[str, NativeFunction]) -> None:
        """Make functions callable; those of one .mpy at a time, later ones replace earlier ones of the same name."""
        for name, function in functions.items():
            if function.architecture not in self.architectures:
                raise UsageError("S126", f"code for {function.architecture} does not run on the core {self.core}",
                                 remedy=f"Compile it for {' or '.join(sorted(self.architectures))}.")
            address = -(-self._code_end // 16) * 16
            if address + len(function.code) > self.code_base + CODE_BYTES:
                raise InvalidInput("S135", f"the functions are larger than {CODE_BYTES} bytes",
                                   remedy="Load fewer functions into one Cpu.")
            self._poke(address, function.code)
            self._code_end = address + len(function.code)
            function_object = self._context.add_function(function.function_table_index, function.constant_count)
            self._functions[name] = Loaded(function, address, function_object)
        if len(self._context.image) > _ARGUMENTS - CONTEXT_BASE:
            raise InvalidInput("S135", "too many functions for one Cpu", remedy="Load fewer functions into one Cpu.")
        self._poke(CONTEXT_BASE, bytes(self._context.image))

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
        word = self._execute(loaded, self._in_registers(loaded, arguments)) & 0xFFFFFFFF
        self.total_instructions += self.instructions
        if self._fault is not None:
            raise self._fault
        self._check_slack()
        return self._take_result(loaded, word)

    def _in_registers(self, loaded: Loaded, arguments: Sequence[int]) -> list[int]:
        """What the function finds in its first registers."""
        assembler = loaded.function.kind == CodeKind.ASSEMBLER
        if len(arguments) > (4 if assembler else _MOST_ARGUMENTS):
            raise self._wrong_argument_count()
        words = [argument & 0xFFFFFFFF for argument in arguments]
        if assembler:
            return words
        if loaded.function.kind != CodeKind.VIPER:
            raise UsageError("S127", f"{self._running} is not a viper function", remedy="Decorate it with micropython.viper.")
        if words:
            self._poke(_ARGUMENTS, struct.pack(f"<{len(words)}I", *words))
        return [loaded.function_object, len(words), 0, _ARGUMENTS]

    def _take_result(self, loaded: Loaded, word: int) -> int:
        if loaded.function.kind == CodeKind.ASSEMBLER:
            return signed(word)
        if self._result is None:
            if word == abi.NONE_OBJECT:
                return 0
            raise VerificationFailed("S133", f"{self._running} returns an object, not an integer",
                                     remedy="Declare its result: -> int.")
        value, native_type = self._result
        if native_type == abi.TYPE_INT:
            return signed(value)
        return int(value != 0) if native_type == abi.TYPE_BOOL else value

    # ---- while it runs ---------------------------------------------------------------------------------------------

    def _answer(self, entry: int, first: int, second: int) -> int:
        """The code calls this entry of the interpreter's function table with two words; what it gets, unless that is a fault."""
        self.runtime_calls[abi.ENTRY_NAMES.get(entry, f"entry {entry}")] += 1
        if entry == abi.NATIVE_FROM_OBJECT:
            return int(first != 0) if second == abi.TYPE_BOOL else first
        if entry == abi.OBJECT_FROM_NATIVE:
            self._result = (first, second)
        elif entry in (abi.FLOOR_DIVIDE, abi.MODULO):
            if second == 0:
                self._note(VerificationFailed("S137", f"{self._running} divides by zero",
                                              remedy="A board does not raise here: its result is not defined."))
                return 0
            dividend, divisor = signed(first), signed(second)
            return (dividend // divisor if entry == abi.FLOOR_DIVIDE else dividend % divisor) & 0xFFFFFFFF
        elif entry == abi.CHECK_ARGUMENT_COUNT:
            self._note(self._wrong_argument_count())
        else:
            name = abi.ENTRY_NAMES.get(entry, f"entry {entry} of its function table")
            self._note(VerificationFailed("S133", f"{self._running} calls the interpreter ({name})",
                                          remedy="A kernel uses integers and ptr8, ptr16, ptr32 only, no globals."))
        return first

    def _note(self, fault: NeurulaError) -> None:
        """The first fault of a call is the one that is told."""
        if self._fault is None:
            self._fault = fault

    def _wrong_access(self, code: str, does: str, address: int, why: str, position: int | None = None) -> VerificationFailed:
        where = "" if position is None else self._place(position)
        return VerificationFailed(code, f"{self._running} {does} at 0x{address & 0xFFFFFFFF:08x}, {why}", where=where,
                                  remedy=f"Mapped: {self._regions_text()}.")

    def _wrong_argument_count(self) -> UsageError:
        return UsageError("S128", f"{self._running} does not take so many arguments", remedy="See its definition.")

    def _place(self, position: int) -> str:
        loaded = self._functions[self._running]
        offset = position - loaded.address
        if 0 <= offset < len(loaded.function.code):
            return f"byte {offset} of its code"
        return f"program counter 0x{position:08x}"

    def _regions_text(self) -> str:
        kinds = {True: "RAM", False: "flash"}
        return ", ".join(f"{kinds[region.writable]} 0x{region.start:08x} + {region.size}" for region in self._regions) \
            or "nothing"


def unmappable(address: int, size: int) -> InvalidInput:
    """The error for memory that cannot be had."""
    return InvalidInput("S135", f"no memory of {size} bytes can be mapped at 0x{address:08x}",
                        remedy="Choose a free address that is a multiple of 4096, such as 0x20000000.")


def signed(word: int) -> int:
    """A 32-bit word as the integer that viper takes it for."""
    return ((word & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000
