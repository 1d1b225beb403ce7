"""Reads wire.toml: frames, records and messages of the wire, checked, and the fingerprint that both ends compare."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any

from neurula_codegen.schema import HERE, Flags, read_toml

NUMBERS = {"u8": ("B", 1), "u16": ("H", 2), "u32": ("I", 4), "i8": ("b", 1), "i16": ("h", 2), "i32": ("i", 4)}
LOUD = {0, 3, 4}  # Ctrl-C, Ctrl-D; and a zero would make a COBS code of what precedes it
ENDLESS = ("rest", "spikes", "values")


class WireError(Exception):
    """wire.toml says what the emitters cannot express; the message says where."""


@dataclass(frozen=True)
class Field:
    name: str
    kind: str
    doc: str

    @property
    def size(self) -> int:
        """Bytes of a fixed field; 0 for a text or a tail."""
        if self.kind in NUMBERS:
            return NUMBERS[self.kind][1]
        return int(self.kind[5:]) if self.kind.startswith("bytes") else 0

    @property
    def code(self) -> str:
        """What it is for `struct`."""
        return NUMBERS[self.kind][0] if self.kind in NUMBERS else f"{self.size}s"


@dataclass(frozen=True)
class Layout:
    """A record or a message: fixed fields, then texts, then perhaps one tail without a length of its own."""

    name: str
    doc: str
    fixed: tuple[Field, ...]
    texts: tuple[Field, ...] = ()
    tail: Field | None = None
    type: int = -1
    answer: str = ""

    @property
    def size(self) -> int:
        """Bytes of the fixed fields."""
        return sum(field.size for field in self.fixed)

    @property
    def format(self) -> str:
        """For `struct`."""
        return "<" + "".join(field.code for field in self.fixed)

    @property
    def fields(self) -> tuple[Field, ...]:
        return (*self.fixed, *self.texts, *([self.tail] if self.tail else []))

    @property
    def title(self) -> str:
        """GET_STATS -> GetStats."""
        return "".join(word.capitalize() for word in self.name.split("_"))


@dataclass(frozen=True)
class Wire:
    version: int
    constants: dict[str, tuple[int, str]]
    flags: tuple[Flags, ...]
    records: dict[str, Layout]
    messages: tuple[Layout, ...]
    fingerprint: int


def read_wire() -> Wire:
    """WireError if something in wire.toml does not hold together."""
    return wire_of(read_toml(HERE / "wire.toml"))


def wire_of(raw: dict[str, Any]) -> Wire:
    records = {r["name"]: layout_of(r, ()) for r in raw["record"]}
    for record in records.values():
        require(not record.texts and not record.tail and record.size > 0, record.name, "a record has fixed fields only")
    messages = tuple(layout_of(m, tuple(records)) for m in raw["message"])
    names = {message.name for message in messages}
    require(len(names) == len(messages) == len({m.type for m in messages}), "message", "a name or a type stands twice")
    limit = raw["constants"]["PAYLOAD_BYTES"][0]
    for message in messages:
        require((message.type < 64) == bool(message.answer), message.name, "requests, and only they, have an answer")
        require(not message.answer or message.answer in names, message.name, "its answer is no message")
        require(0 < message.type < 256 and message.size <= limit, message.name, "its type or its length is out of range")
    return Wire(
        version=raw["version"],
        constants={name: (value, doc) for name, (value, doc) in raw["constants"].items()},
        flags=tuple(Flags(f["name"], f["doc"], tuple((v[0], v[1], v[2]) for v in f["values"])) for f in raw["flags"]),
        records=records,
        messages=messages,
        fingerprint=fingerprint_of(raw),
    )


def layout_of(raw: dict[str, Any], records: tuple[str, ...]) -> Layout:
    fields = [Field(*entry) for entry in raw["fields"]]
    tail = fields.pop() if fields and fields[-1].kind in (*ENDLESS, *records) else None
    texts = tuple(field for field in fields if field.kind == "text")
    fixed = tuple(field for field in fields if field.kind != "text")
    require(tuple(fields) == fixed + texts, raw["name"], "texts come after the numbers")
    for field in fixed:
        known = field.kind in NUMBERS or (field.kind.startswith("bytes") and field.kind[5:].isdigit())
        require(known, raw["name"], f"{field.name} is of no known kind")
    return Layout(raw["name"], raw["doc"], fixed, texts, tail, raw.get("type", -1), raw.get("answer", ""))


def require(condition: bool, name: str, reason: str) -> None:
    if not condition:
        raise WireError(f"wire.toml, {name}: {reason}")


def fingerprint_of(raw: dict[str, Any]) -> int:
    """CRC-32 of what matters to a reader of bytes, without the explanations, and of the least number that keeps out the bytes of
    LOUD: a greeting may reach a board that runs something else."""
    core = {
        "version": raw["version"],
        "constants": {name: value for name, (value, _) in raw["constants"].items()},
        "flags": [[f["name"], [v[:2] for v in f["values"]]] for f in raw["flags"]],
        "records": [[r["name"], [f[:2] for f in r["fields"]]] for r in raw["record"]],
        "messages": [[m["name"], m["type"], m.get("answer"), [f[:2] for f in m["fields"]]] for m in raw["message"]],
    }
    text = json.dumps(core, sort_keys=True, separators=(",", ":")).encode()
    salt = 0
    while set((found := zlib.crc32(b"%d" % salt + text)).to_bytes(4, "little")) & LOUD:
        salt += 1
    return found
