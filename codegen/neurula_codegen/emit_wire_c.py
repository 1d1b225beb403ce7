"""The wire for C99: runtime_c/neurula_wire.h, one header without malloc, for robots of the Arduino class."""

from __future__ import annotations

from neurula_codegen.emit_wire import PARTS
from neurula_codegen.language import GENERATED
from neurula_codegen.wire_schema import ENDLESS, Field, Layout, Wire

TYPES = {"u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "i8": "int8_t", "i16": "int16_t", "i32": "int32_t"}
HEAD = """\
/* The wire between a board and its host: frames and messages; docs/WIRE.md says what they mean. C99 or C++, no malloc. */
#ifndef NEURULA_WIRE_H
#define NEURULA_WIRE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
"""
FOOT = """
#ifdef __cplusplus
}
#endif

#endif
"""
LISTS = """
/* Records: nrw_get_... reads the record number `index` of a list, nrw_put_... writes it. */"""
MESSAGES = """
/* Messages. nrw_unpack_...: 1 when the payload is laid out as it should be; texts and lists are pointers into it, without a
 * zero at their end. nrw_pack_...: the payload's bytes, -1 when there are more than a frame carries. */"""


def emit_header(wire: Wire) -> str:
    """The whole header."""
    lines = [f"/* {GENERATED.format(source='wire.toml')} */", HEAD]
    lines += [f"#define NRW_VERSION {wire.version}", f"#define NRW_FINGERPRINT {wire.fingerprint:#010x}u"]
    lines += [f"#define NRW_{name} {value} /* {doc} */" for name, (value, doc) in wire.constants.items()]
    lines += ["", "enum {", *(f"    NRW_{m.name} = {m.type}," for m in wire.messages[:-1])]
    lines += [f"    NRW_{wire.messages[-1].name} = {wire.messages[-1].type}", "};"]
    for flags in wire.flags:
        lines += ["", f"/* {flags.doc} */", "enum {"]
        last = len(flags.values) - 1
        for number, (name, value, doc) in enumerate(flags.values):
            lines.append(f"    NRW_{flags.name}_{name} = {value}{'' if number == last else ','} /* {doc} */")
        lines.append("};")
    lines += ["", (PARTS / "frames.h.txt").read_text(encoding="utf-8").rstrip(), LISTS]
    for record in wire.records.values():
        lines += struct_lines(record) + access_lines(record)
    lines.append(MESSAGES)
    for message in wire.messages:
        if message.fields:
            lines += struct_lines(message) + unpack_lines(message, wire) + pack_lines(message, wire)
    return "\n".join(lines) + FOOT


def struct_lines(layout: Layout) -> list[str]:
    out = ["", f"/* {layout.doc} */", "typedef struct {"]
    for field in layout.fixed:
        name = f"{field.name}[{field.size}]" if field.kind.startswith("bytes") else field.name
        out.append(f"    {TYPES.get(field.kind, 'uint8_t')} {name}; /* {field.doc} */")
    for field in (*layout.texts, *([layout.tail] if layout.tail else [])):
        counted = "bytes" if field.kind in ("text", *ENDLESS) else "count"
        out += [f"    const uint8_t *{field.name}; /* {field.doc} */", f"    uint8_t {field.name}_{counted};"]
    return [*out, f"}} nrw_{layout.name.lower()};"]


def get(field: Field, at: str) -> str:
    """An expression for the field's number."""
    if field.size == 1:
        return f"({TYPES[field.kind]})*({at})"
    return f"({TYPES[field.kind]})nrw_get{8 * field.size}({at})"


def read_lines(layout: Layout, source: str) -> list[str]:
    """Statements that fill `out` from where `source` points."""
    lines, offset = [], 0
    for field in layout.fixed:
        if field.kind.startswith("bytes"):
            lines += [f"    for (i = 0; i < {field.size}; i++)", f"        out->{field.name}[i] = {source}[{offset} + i];"]
        else:
            lines.append(f"    out->{field.name} = {get(field, f'{source} + {offset}')};")
        offset += field.size
    return lines


def write_lines(layout: Layout, target: str) -> list[str]:
    lines, offset = [], 0
    for field in layout.fixed:
        value = f"message->{field.name}"
        if field.kind.startswith("bytes"):
            lines += [f"    for (i = 0; i < {field.size}; i++)", f"        {target}[{offset} + i] = {value}[i];"]
        elif field.size == 1:
            lines.append(f"    {target}[{offset}] = (uint8_t){value};")
        else:
            lines.append(f"    nrw_put{8 * field.size}({target} + {offset}, (uint{8 * field.size}_t){value});")
        offset += field.size
    return lines


def counter(layout: Layout) -> list[str]:
    return ["    uint8_t i;"] if any(field.kind.startswith("bytes") for field in layout.fixed) else []


def access_lines(record: Layout) -> list[str]:
    name = record.name.lower()
    return [
        "", f"static inline void nrw_get_{name}(const uint8_t *list, uint8_t index, nrw_{name} *out)", "{",
        f"    const uint8_t *at = list + {record.size} * index;", *counter(record), *read_lines(record, "at"), "}",
        "", f"static inline void nrw_put_{name}(uint8_t *list, uint8_t index, const nrw_{name} *message)", "{",
        f"    uint8_t *at = list + {record.size} * index;", *counter(record), *write_lines(record, "at"), "}",
    ]  # fmt: skip


def unpack_lines(message: Layout, wire: Wire) -> list[str]:
    name = message.name.lower()
    out = ["", f"static inline int nrw_unpack_{name}(const uint8_t *payload, uint8_t payload_bytes, nrw_{name} *out)", "{"]
    out += counter(message)
    exact = not message.texts and message.tail is None
    if message.texts or message.tail:
        out.append(f"    uint8_t at = {message.size};")
    if message.size:
        out += [f"    if (payload_bytes {'!=' if exact else '<'} {message.size})", "        return 0;"]
    out += read_lines(message, "payload")
    for field in message.texts:
        out += [
            "    if (at >= payload_bytes || payload[at] >= payload_bytes - at)", "        return 0;",
            f"    out->{field.name}_bytes = payload[at];", f"    out->{field.name} = payload + at + 1;",
            f"    at = (uint8_t)(at + 1 + out->{field.name}_bytes);",
        ]  # fmt: skip
    tail = message.tail
    if tail is None:
        return [*out, "    return at == payload_bytes;" if message.texts else "    return 1;", "}"]
    out.append(f"    out->{tail.name} = payload + at;")
    if tail.kind in wire.records:
        size = wire.records[tail.kind].size
        out += [f"    out->{tail.name}_count = (uint8_t)((payload_bytes - at) / {size});"]
        return [*out, f"    return (payload_bytes - at) % {size} == 0;", "}"]
    return [*out, f"    out->{tail.name}_bytes = (uint8_t)(payload_bytes - at);", "    return 1;", "}"]


def pack_lines(message: Layout, wire: Wire) -> list[str]:
    name = message.name.lower()
    out = ["", f"static inline int nrw_pack_{name}(uint8_t payload[NRW_PAYLOAD_BYTES], const nrw_{name} *message)", "{"]
    out += counter(message)
    pieces = [(field.name, f"message->{field.name}_bytes", 1) for field in message.texts]
    if message.tail is not None:
        kind, tail = message.tail.kind, message.tail.name
        size = wire.records[kind].size if kind in wire.records else 1
        pieces.append((tail, f"{size} * message->{tail}_count" if kind in wire.records else f"message->{tail}_bytes", 0))
    if not pieces:
        return [*out, *write_lines(message, "payload"), f"    return {message.size};", "}"]
    total = " + ".join([str(message.size + len(message.texts)), *(length for _, length, _ in pieces)])
    out += ["    int at, n;", f"    if ({total} > NRW_PAYLOAD_BYTES)", "        return -1;"]
    out += [*write_lines(message, "payload"), f"    at = {message.size};"]
    for piece, length, prefixed in pieces:
        if prefixed:
            out.append(f"    payload[at++] = {length};")
        out += [f"    for (n = 0; n < {length}; n++)", f"        payload[at++] = message->{piece}[n];"]
    return [*out, "    return at;", "}"]
