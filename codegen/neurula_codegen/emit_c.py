"""The C99 runtime: kernels from their definition, constants from the schema, the rest from the templates in c99/.

A register is a uint32_t: arithmetic wraps without undefined behaviour, and only ordered comparisons and shifts to the
right look at the sign.
"""

from __future__ import annotations

import ast
import struct
from math import isqrt
from pathlib import Path

from neurula_codegen.emit_c_loader import emit_loader
from neurula_codegen.language import GENERATED, MEMORY, KernelError, literal, locals_of, memories_of
from neurula_codegen.schema import Schema, read_toml

HERE = Path(__file__).parent
TEMPLATES = HERE / "c99"
UNROLL = 8
BASE = {"R32": "ram", "R16": "ram", "I32": "img", "I16": "img", "I8": "img", "S32": "stim"}
POINTER = {"img": "const nrl_byte *restrict img", "ram": "nrl_byte *restrict ram", "stim": "const nrl_byte *restrict stim"}
MEMORY_OF = {  # of the primitives
    "add_run": ("ram",), "add_list": ("img", "ram"), "add_weighted": ("img", "ram"), "next_hit": ("ram",), "sweep": ("ram",),
}
OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.LShift: "<<", ast.BitAnd: "&", ast.BitOr: "|",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}
# results of nrl_open and nrl_step that are not about the image: name, value, sentence
OWN_CODES = (
    ("NRL_OK", 0, "Fine."),
    ("NRL_UNALIGNED", 1, "Image and RAM block must lie at addresses that are multiples of 4."),
    ("NRL_NO_SUCH_NEURON", 2, "The brain has no such area or neuron."),
    ("NRL_OUT_OF_RANGE", 3, "An injected value is larger than NRL_POTENTIAL_MAX."),
)


class Expressions:
    """Expressions of the kernel language as C text."""

    def unsigned(self, node: ast.expr, nested: bool = False) -> str:
        """The value as a uint32_t; `nested` puts what needs them into parentheses."""
        value = literal(node)
        if value is not None:
            return f"{value}u"
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.BinOp):
            if isinstance(node.op, ast.RShift):
                return f"sar({self.unsigned(node.left)}, {self.unsigned(node.right)})"
            text = f"{self.unsigned(node.left, True)} {OPERATORS[type(node.op)]} {self.unsigned(node.right, True)}"
            return f"({text})" if nested else text
        if isinstance(node, ast.Subscript):
            return f"load{self.place(node)})"
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            return f"{name}({', '.join([*MEMORY_OF.get(name, ()), *(self.unsigned(a) for a in node.args)])})"
        raise KernelError(f"no C for {ast.unparse(node)}")

    def place(self, node: ast.Subscript) -> str:
        """`32(ram + x`: what a load and a store have in common."""
        name = ast.unparse(node.value)
        at = self.unsigned(node.slice, True)
        return f"{8 * MEMORY[name]}({BASE[name]}" + ("" if at == "0u" else f" + {at}")

    def signed(self, node: ast.expr) -> str:
        value = constant(node)
        return f"s32({self.unsigned(node)})" if value is None else str(value)

    def condition(self, node: ast.expr) -> str:
        if not isinstance(node, ast.Compare):
            raise KernelError(f"no C for the condition {ast.unparse(node)}")
        operator = OPERATORS[type(node.ops[0])]
        left, right = node.left, node.comparators[0]
        if operator in ("==", "!="):
            return f"{self.unsigned(left, True)} {operator} {self.unsigned(right, True)}"
        return f"{self.signed(left)} {operator} {self.signed(right)}"


class Statements(Expressions):
    """Statements of the kernel language as lines of C."""

    def block(self, body: list[ast.stmt], depth: int) -> list[str]:
        return [line for statement in body for line in self.statement(statement, depth)]

    def statement(self, node: ast.stmt, depth: int) -> list[str]:
        pad = "    " * depth
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            if isinstance(target, ast.Subscript):
                return [f"{pad}store{self.place(target)}, {self.unsigned(node.value)});"]
            return [f"{pad}{ast.unparse(target)} = {self.unsigned(node.value)};"]
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            return [f"{pad}{self.unsigned(node.value)};"]
        if isinstance(node, ast.Return) and node.value is not None:
            return [f"{pad}return {self.unsigned(node.value)};"]
        if isinstance(node, ast.While):
            return [f"{pad}while ({self.condition(node.test)}) {{", *self.block(node.body, depth + 1), pad + "}"]
        if isinstance(node, ast.If):
            lines = [f"{pad}if ({self.condition(node.test)}) {{", *self.block(node.body, depth + 1)]
            if node.orelse:
                lines += [pad + "} else {", *self.block(node.orelse, depth + 1)]
            return [*lines, pad + "}"]
        raise KernelError(f"no C for {ast.unparse(node)}")


def constant(node: ast.expr) -> int | None:
    """The value of an expression of literals."""
    value = literal(node)
    if value is None and isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        left, right = literal(node.left), literal(node.right)
        value = None if left is None or right is None else left - right
    return value


def wrapped(words: list[str], pad: str = "    ", width: int = 116) -> str:
    """Words separated by spaces, in lines."""
    lines = [pad]
    for word in words:
        if len(lines[-1]) + len(word) > width:
            lines.append(pad)
        lines[-1] += word if lines[-1] == pad else " " + word
    return "\n".join(lines)


def emit_kernel(function: ast.FunctionDef) -> str:
    """One kernel as a static function."""
    memories = memories_of(function)
    bases = [b for b in ("img", "ram", "stim") if any(BASE[m] == b for m in memories)]
    arguments = ", ".join([*(POINTER[b] for b in bases), *(f"uint32_t {a.arg}" for a in function.args.args)])
    returns = any(isinstance(n, ast.Return) for n in ast.walk(function))
    names = locals_of(function)
    declared = wrapped([f"{n}," for n in names[:-1]] + names[-1:], "    uint32_t ").replace("\n    uint32_t ", "\n        ") + ";"
    doc = " ".join((ast.get_docstring(function) or "").split())
    return "\n".join([
        "/*\n" + wrapped(doc.split(), " * ") + "\n */",
        f"static {'uint32_t' if returns else 'void'} {function.name}({arguments})\n{{",
        declared, *Statements().block(function.body[1:], 1), "}\n",
    ])


def emit_constants(schema: Schema) -> str:
    """Offsets, flags and constants for neurula.c."""
    tags = [tag for tag, _ in schema.sections]
    features = sum(value for _, value, _ in schema.flags["FEATURE"].values)
    lines = [f"#define FORMAT_VERSION {schema.version}u", f"#define FORMAT_MAGIC {word_of(schema.magic):#010x}u"]
    lines += [f"#define FORMAT_FEATURES {features:#x}u", "", "enum {", "    TRAILER = 32, /* bytes of SHA-256 at the end */"]
    lines += [f"    {name} = {value}," for name, (value, _) in schema.constants.items()]
    lines[-1] = lines[-1].rstrip(",") + "\n};"
    for record in schema.records.values():
        words = [f"{record.name}_{name.upper()} = {4 * i}," for i, (name, _) in enumerate(record.fields)]
        lines += ["", "enum {", wrapped([*words, f"SIZEOF_{record.name} = {record.bytes}"]), "};"]
    for flags in schema.flags.values():
        words = [f"{flags.name}_{name} = {value}," for name, value, _ in flags.values]
        lines += ["", "enum {", wrapped([*words[:-1], words[-1].rstrip(",")]), "};"]
    lines += ["", "enum {", wrapped([*(f"TAG_{tag}," for tag in tags), "SECTIONS"]), "};", ""]
    lines += ["static const uint32_t SECTION_TAGS[SECTIONS] = {", wrapped([f"{word_of(tag):#010x}u," for tag in tags]), "};"]
    return "\n".join(lines)


def word_of(letters: str) -> int:
    """Four letters as the little-endian word that they are in an image."""
    value: int = struct.unpack("<I", letters.encode())[0]
    return value


def image_codes() -> list[tuple[str, int, str]]:
    """The results of nrl_open that are about the image: (C name, number of the code, sentence)."""
    entries = read_toml(HERE / "errors" / "image.toml")["error"]
    return [("NRL_" + e["name"].replace("-", "_").upper(), int(e["code"][1:]), e["summary"]) for e in entries if e["code"][0] == "I"]


def public_constants(schema: Schema) -> str:
    """What neurula.h promises by name."""
    lines = ["/* Results. Those from 101 on are the codes I101... of docs/ERRORS.md. */", "enum {"]
    lines += [f"    {name} = {value}," for name, value, _ in (*OWN_CODES, *image_codes())]
    lines[-1] = lines[-1].rstrip(",") + "\n};"
    lines += ["", "/* Flags of an area. */", "enum {"]
    values = schema.flags["AREA_FLAG"].values
    lines += [f"    NRL_AREA_{name} = {value}{',' if name != values[-1][0] else ''} /* {doc} */" for name, value, doc in values]
    lines += ["};", "", f"#define NRL_POTENTIAL_MAX {schema.constants['POTENTIAL_MAX'][0]}"]
    lines += ["#define NRL_NONE 0xffffffffu", f"#define NRL_FINGERPRINT {schema.fingerprint:#010x}u"]
    return "\n".join(lines)


def primes(count: int) -> list[int]:
    found = [2]
    while len(found) < count:
        candidate = found[-1] + 1
        while any(candidate % p == 0 for p in found):
            candidate += 1
        found.append(candidate)
    return found


def cube_root(value: int) -> int:
    """floor of the cube root."""
    low, high = 0, value
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= value else (low, middle - 1)
    return low


def fill(text: str, places: dict[str, str]) -> str:
    """Replaces @name@ on a line of its own."""
    for name, value in places.items():
        text = text.replace(f"@{name}@\n", value + "\n")
    return text


def template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def emit(schema: Schema, kernels: list[ast.FunctionDef], source: str) -> tuple[str, str]:
    """The text of neurula.h and neurula.c."""
    head = "/* " + GENERATED.format(source=f"{source}, image.toml and c99/") + " */\n"
    fraction = 0xFFFFFFFF
    fields, checks = emit_loader(schema, HERE / "loader.py")
    places = {
        "constants": public_constants(schema),
        "add_run": "\n".join(f"        add32(at + {4 * i}, step);" for i in range(UNROLL)),
        "add_weighted": "\n".join(f"        add32(to + (load16(at + {2 * i}) << 2), weight[{i}] * step + bias);" for i in range(UNROLL)),
        "add_list": "\n".join(f"        add32(to + (load16(at + {2 * i}) << 2), step);" for i in range(UNROLL)),
        # FIPS 180-4: the first 32 bits of the fractional parts of roots of the first primes
        "sha256_k": wrapped([f"{cube_root(p << 96) & fraction:#010x}u," for p in primes(64)]),
        "sha256_h": wrapped([f"{isqrt(p << 64) & fraction:#010x}u," for p in primes(8)], " " * 8),
        "fields": wrapped([f"{f}," for f in fields[:-1]] + fields[-1:], "    int64_t ").replace("\n    int64_t", "\n       ") + ";",
        "checks": checks,
        "messages": "\n".join(f'    case {name}: return "{text}";' for name, _, text in (*OWN_CODES, *image_codes())),
    }
    parts = [
        template("memory.c"),
        "/* ---- The image, as its schema defines it " + "-" * 76 + " */\n\n" + emit_constants(schema) + "\n",
        "/* ---- The burst's kernels " + "-" * 92 + " */\n\n" + "\n".join(emit_kernel(k) for k in kernels),
        template("digests.c"), template("loader.c"), template("brain.c"),
    ]
    return head + fill(template("neurula.h"), places), head + '\n#include "neurula.h"\n\n' + fill("\n".join(parts), places)
