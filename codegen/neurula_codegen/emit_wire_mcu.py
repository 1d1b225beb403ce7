"""The wire for MicroPython: firmware_py/neurula_mcu/wire.py. Tables instead of names, for a name takes memory on a board."""

from __future__ import annotations

from neurula_codegen.emit_wire import PARTS
from neurula_codegen.language import GENERATED
from neurula_codegen.wire_schema import Layout, Wire

REQUESTS_END = 64
EXPORTED = ("PAYLOAD_BYTES", "ENCODED_BYTES", "FRAME_BYTES", "REMEMBERED", "BREAK_MS", "CHUNK_BYTES", "CHANNELS")
HEAD = """\
from array import array

try:
    from micropython import const
except ImportError:
    const = int
"""


def emit_micropython(wire: Wire) -> str:
    """The whole module; it runs under CPython too."""
    lines = ['"""Frames and messages between this board and its host; docs/WIRE.md says what they mean.', ""]
    lines += [GENERATED.format(source="wire.toml"), '"""', "", HEAD]
    lines += [f"_VERSION = const({wire.version})", f"_ENCODED = const({wire.constants['ENCODED_BYTES'][0]})"]
    lines += [f"WIRE_FINGERPRINT = {wire.fingerprint:#010x}"]
    lines += [f"{name} = const({wire.constants[name][0]})" for name in EXPORTED]
    lines += ["PAYLOAD_AT = const(6)  # in a decoder's buffer", "PAYLOAD_OUT = const(7)  # in a writer's buffer"]
    lines += [f"{message.name} = const({message.type})" for message in wire.messages if message.type >= REQUESTS_END]
    for flags in wire.flags:
        if flags.name.endswith("_STATE"):
            names = ", ".join(repr(name.lower()) for name, _, _ in flags.values)
            lines += [f"{flags.name}S = ({names})  # by number"]
        else:
            lines += [f"{flags.name}_{name} = const({value})" for name, value, _ in flags.values]
    lines += table_lines(wire)
    return "\n".join([*lines, "", (PARTS / "frames_mcu.py.txt").read_text(encoding="utf-8").rstrip(), ""])


def table_lines(wire: Wire) -> list[str]:
    """Requests by type; formats for `struct` of messages and of what a list has."""
    requests: list[Layout | None] = [None] * (1 + max(m.type for m in wire.messages if m.answer))
    numbers = {message.name: message.type for message in wire.messages}
    for message in wire.messages:
        if message.answer:
            requests[message.type] = message
    out = ["REQUESTS = (  # by type: name, type of the answer, format of the fixed fields, whether more may follow them"]
    for request in requests:
        if request is None:
            out.append('    ("", 0, "<", False),')
        else:
            more = request.tail is not None or bool(request.texts)
            out.append(f'    ("{request.name.lower()}", {numbers[request.answer]}, "{request.format}", {more}),')
    out += [")", "FORMATS = {  # of the fixed fields of answers and values"]
    out += [f'    {m.type}: "{m.format}",' for m in wire.messages if m.type >= REQUESTS_END and m.fixed]
    out += ["}"]
    out += [f'{name}_FORMAT = "{record.format}"' for name, record in wire.records.items() if record.fixed]
    return out
