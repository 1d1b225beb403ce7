"""The wire for MicroPython: firmware_py/neurula_mcu/wire.py, and the constants of the modules that use it.

A name takes memory on a board, so constants stand where they are used, between `# <wire NAMES>` and `# </wire>`: MicroPython
puts names that begin with an underscore into the code and forgets them."""

from __future__ import annotations

from neurula_codegen.emit_wire import PARTS
from neurula_codegen.language import GENERATED
from neurula_codegen.wire_schema import Layout, Wire

BEGIN, END = "# <wire ", "# </wire>"
HEAD = """\
from array import array

try:
    from micropython import const
except ImportError:
    const = int

_ENCODED = const({encoded})
_VERSION = const({version})
PAYLOAD_AT = const(6)  # in a decoder's buffer
PAYLOAD_OUT = const(7)  # in a writer's buffer
"""


def emit_micropython(wire: Wire) -> str:
    """The whole module; it runs under CPython too."""
    lines = ['"""Frames between this board and its host; docs/WIRE.md says what they mean.', ""]
    lines += [GENERATED.format(source="wire.toml"), '"""', ""]
    lines += [HEAD.format(encoded=wire.constants["ENCODED_BYTES"][0], version=wire.version)]
    return "\n".join([*lines, *table_lines(wire), "", (PARTS / "frames_mcu.py.txt").read_text(encoding="utf-8").rstrip(), ""])


def table_lines(wire: Wire) -> list[str]:
    """Requests by type."""
    requests: list[Layout | None] = [None] * (1 + max(m.type for m in wire.messages if m.answer))
    numbers = {message.name: message.type for message in wire.messages}
    for message in wire.messages:
        if message.answer:
            requests[message.type] = message
    names = [f'    "{r.name.lower() if r else ""}",' for r in requests]
    layouts = [f'    "{r.format if r else "<"}",' for r in requests]
    answers = bytes(numbers[r.answer] if r else 0 for r in requests)
    more = bytes(1 if r and (r.tail or r.texts) else 0 for r in requests)
    return [
        "# of requests, by type", "NAMES = (", *names, ")", "LAYOUTS = (  # of the fixed fields, for struct", *layouts, ")",
        f"ANSWERS = {answers!r}  # types", f"MORE = {more!r}  # whether something may follow the fixed fields",
    ]  # fmt: skip


def values_of(wire: Wire) -> dict[str, str]:
    """What a name between the marks stands for: messages, constants, flags, NAME_LAYOUT and WIRE_FINGERPRINT."""
    found = {name: str(value) for name, (value, _) in wire.constants.items()}
    found["WIRE_FINGERPRINT"] = f"{wire.fingerprint:#010x}"
    for layout in (*wire.messages, *wire.records.values()):
        found[f"{layout.name}_LAYOUT"] = f'"{layout.format}"'
    for flags in wire.flags:
        found |= {f"{flags.name}_{name}": str(value) for name, value, _ in flags.values}
        found[f"{flags.name}S"] = repr(tuple(name.lower() for name, _, _ in flags.values)).replace("'", '"')
    return found | {message.name: str(message.type) for message in wire.messages}


def fill_constants(text: str, wire: Wire) -> str:
    """Writes the constants that a module names anew. KeyError for a name that the wire does not have."""
    known = values_of(wire)
    parts = text.split(BEGIN)
    out = [parts[0]]
    for part in parts[1:]:
        names, rest = part.split(">\n", 1)
        after = rest.split(END, 1)[1]
        lines = [f"_{name} = const({known[name]})" for name in names.split()]
        out.append(BEGIN + names + ">\n" + "\n".join(lines) + "\n" + END + after)
    return "".join(out)
