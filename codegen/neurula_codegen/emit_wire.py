"""The wire for CPython: host/neurula/link/wire.py, one frozen dataclass a message; and the tables of docs/WIRE.md."""

from __future__ import annotations

import textwrap
from pathlib import Path

from neurula_codegen.language import GENERATED
from neurula_codegen.wire_schema import Field, Layout, Wire

PARTS = Path(__file__).parent / "wire_parts"
HEAD_BYTES, CRC_BYTES = 5, 4
JOINT = "~"  # a space at which no line ends
TYPES = {"rest": "bytes", "spikes": "Spikes", "values": "tuple[Value, ...]", "text": "str"}

IMPORTS = '''\
from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from struct import Struct
from struct import error as StructError
from typing import ClassVar, Final, NamedTuple, Protocol, TypeAlias
from zlib import crc32

from cobs.cobs import DecodeError, decode, encode

from neurula.errors import InvalidInput, LinkLost
'''


def emit_python(wire: Wire) -> str:
    """The whole module."""
    lines = ['"""Frames and messages between a board and its host; docs/WIRE.md says what they mean.', ""]
    lines += [GENERATED.format(source="wire.toml"), '"""', "", IMPORTS]
    lines += [f"WIRE_VERSION: Final = {wire.version}", f"WIRE_FINGERPRINT: Final = {wire.fingerprint:#010x}"]
    lines += [f"HEAD_BYTES: Final = {HEAD_BYTES}", f"CRC_BYTES: Final = {CRC_BYTES}"]
    lines += [f"{name}: Final = {value}  # {doc}" for name, (value, doc) in wire.constants.items()]
    lines += ['_HEAD = Struct("<BBBH")', "", ""]
    doc = "The byte `type` of a frame: 1 to 63 requests, 64 to 127 answers, 128 to 255 values."
    lines += ["class MessageType(IntEnum):", f'    """{doc}"""', ""]
    lines += [f"    {message.name} = {message.type}" for message in wire.messages]
    for flags in wire.flags:
        bits = flags.name in ("FLAG", "STREAM")
        title = "".join(word.capitalize() for word in flags.name.split("_"))
        lines += ["", "", f"class {title}({'IntFlag' if bits else 'IntEnum'}):", f'    """{flags.doc}"""', ""]
        for name, value, doc in flags.values:
            lines += [*wrap(doc, "    # "), f"    {name} = {value}"]
    lines += ["", "", (PARTS / "frames.py.txt").read_text(encoding="utf-8").rstrip()]
    for record in wire.records.values():
        lines += record_lines(record)
    for message in wire.messages:
        lines += message_lines(message, wire)
    lines += ["", "", "MESSAGES: Final[dict[int, type[Message]]] = {"]
    lines += [f"    {message.type}: {message.title}," for message in wire.messages]
    lines += ["}", "ANSWERS: Final[dict[int, int]] = {"]
    numbers = {message.name: message.type for message in wire.messages}
    lines += [f"    {message.type}: {numbers[message.answer]}," for message in wire.messages if message.answer]
    return "\n".join([*lines, "}", ""])


def wrap(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, 118, initial_indent=indent, subsequent_indent=indent)


def wrap_call(head: str, arguments: list[str], tail: str) -> list[str]:
    """A statement in one line, or with its arguments in lines of their own."""
    line = head + ", ".join(arguments) + tail
    if len(line) <= 118:
        return [line.replace(JOINT, " ")]
    inside = " " * (len(head) - len(head.lstrip()) + 4)
    return [head, *(part.replace(JOINT, " ") for part in wrap(", ".join(arguments) + ",", inside)), inside[:-4] + tail]


def python_type(field: Field) -> str:
    """The annotation of a field."""
    return TYPES.get(field.kind) or ("bytes" if field.kind.startswith("bytes") else "int")


def record_lines(record: Layout) -> list[str]:
    title = record.title
    out = ["", "", f"class {title}(NamedTuple):", f'    """{record.doc}"""', ""]
    out += [f"    {field.name}: {python_type(field)}  # {field.doc}" for field in record.fixed]
    return [*out, "", "", f'_{record.name} = Struct("{record.format}")']


def message_lines(message: Layout, wire: Wire) -> list[str]:
    tail = message.tail
    out = ["", ""]
    if message.fixed:
        out += [f'_M_{message.name} = Struct("{message.format}")', "", ""]
    out += ["@dataclass(frozen=True, slots=True)", f"class {message.title}:", f'    """{message.doc}"""', ""]
    out += [f"    TYPE: ClassVar[MessageType] = MessageType.{message.name}"]
    for field in message.fields:
        kind = f"tuple[{wire.records[field.kind].title}, ...]" if field.kind in wire.records else python_type(field)
        default = (' = b""' if field.kind == "rest" else " = ()") if field is tail else ""
        out += [f"    {field.name}: {kind}{default}  # {field.doc}"]
    out += ["", "    def pack(self) -> bytes:", *pack_lines(message, wire)]
    out += ["", "    @classmethod", f"    def unpack(cls, payload: bytes) -> {message.title}:"]
    return out + unpack_lines(message, wire)


def pack_lines(message: Layout, wire: Wire) -> list[str]:
    """The body of `pack`."""
    numbers = [f"_sized(self.{f.name},{JOINT}{f.size})" if f.kind.startswith("bytes") else f"self.{f.name}" for f in message.fixed]
    out = wrap_call("        out = _pack(", [f"_M_{message.name}", *numbers], ")") if numbers else []
    parts = [f"_pack_text(self.{field.name})" for field in message.texts]
    if message.tail is not None:
        name, kind = message.tail.name, message.tail.kind
        many = f'b"".join(_pack(_{kind}, *entry) for entry in self.{name})'
        parts.append(many if kind in wire.records else f"self.{name}" if kind == "rest" else f"pack_{kind}(self.{name})")
    for part in parts:
        out.append(f"        out {'+=' if out else '='} {part}")
    return [*out, "        return _whole(out)"] if out else ['        return b""']


def unpack_lines(message: Layout, wire: Wire) -> list[str]:
    """The body of `unpack`: every layout that is not exactly the declared one is refused."""
    quoted, size, tail = f'"{message.name}"', message.size, message.tail
    exact = not message.texts and tail is None
    out = [f"        _need(len(payload) {'==' if exact else '>='} {size}, {quoted})"] if exact or size else []
    names = [field.name for field in message.fixed]
    if names:
        out += wrap_call("        (", names, f") = _M_{message.name}.unpack_from(payload)") if len(names) > 1 else [
            f"        ({names[0]},) = _M_{message.name}.unpack_from(payload)"
        ]
    end = str(size)
    for field in message.texts:
        out.append(f"        {field.name}, end = _unpack_text(payload, {end}, {quoted})")
        names.append(field.name)
        end = "end"
    if tail is not None:
        rest = f"payload[{end}:]" if end != "0" else "payload"
        names.append(tail.name)
        if tail.kind in wire.records:
            record = wire.records[tail.kind]
            out.append(f"        _need((len(payload) - {end}) % {record.size} == 0, {quoted})")
            rest = f"tuple(map({record.title}._make, _{tail.kind}.iter_unpack({rest})))"
        out.append(f"        {tail.name} = {f'unpack_{tail.kind}({rest})' if tail.kind in ('spikes', 'values') else rest}")
    elif message.texts:
        out.append(f"        _need(end == len(payload), {quoted})")
    return [*out, *wrap_call("        return cls(", names, ")")]


def wire_tables(wire: Wire) -> dict[str, str]:
    """Markdown by name, for the marked places of docs/WIRE.md."""
    tables = {"wire-fingerprint": f"Version {wire.version}; the fingerprint of this wire is `{wire.fingerprint:#010x}`."}
    rows = ["| constant | value | meaning |", "|---|---|---|"]
    tables["wire-constants"] = "\n".join(rows + [f"| `{name}` | {value} | {doc} |" for name, (value, doc) in wire.constants.items()])
    for flags in wire.flags:
        rows = [f"`{flags.name}`. {flags.doc}", "", "| name | value | meaning |", "|---|---|---|"]
        tables[flags.name] = "\n".join(rows + [f"| `{name}` | {value} | {doc} |" for name, value, doc in flags.values])
    for record in wire.records.values():
        tables[record.name] = "\n".join([f"`{record.name}`, {record.size} bytes. {record.doc}", "", *field_rows(record)])
    for title, low, high in (("requests", 1, 63), ("answers", 64, 127), ("values", 128, 255)):
        parts = []
        for message in wire.messages:
            if low <= message.type <= high:
                answer = f" Answer: `{message.answer}`." if message.answer else ""
                parts.append(f"**`{message.name}`** ({message.type}). {message.doc}{answer}\n")
                parts += [*field_rows(message), ""] if message.fields else []
        tables[title] = "\n".join(parts).rstrip()
    return tables


def field_rows(layout: Layout) -> list[str]:
    rows = ["| offset | field | kind | meaning |", "|---|---|---|---|"]
    offset: int | str = 0
    for field in layout.fields:
        rows.append(f"| {offset} | `{field.name}` | {field.kind} | {field.doc} |")
        offset = offset + field.size if isinstance(offset, int) and field.size else ""
    return rows
