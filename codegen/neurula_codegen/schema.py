"""Reads image.toml: the records, flags and constants of the image, and the fingerprint that every image carries."""

from __future__ import annotations

import json
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent


def read_toml(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return content


@dataclass(frozen=True)
class Record:
    """An array of 32-bit words: (field name, meaning) in order."""

    name: str
    doc: str
    fields: tuple[tuple[str, str], ...]

    @property
    def bytes(self) -> int:
        return 4 * len(self.fields)

    def offset(self, field: str) -> int:
        if field == "bytes":
            return self.bytes
        return 4 * [name for name, _ in self.fields].index(field)


@dataclass(frozen=True)
class Flags:
    """Named bits or numbers: (name, value, meaning)."""

    name: str
    doc: str
    values: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True)
class Schema:
    version: int
    magic: str
    constants: dict[str, tuple[int, str]]
    records: dict[str, Record]
    flags: dict[str, Flags]
    sections: tuple[tuple[str, str], ...]
    fingerprint: int

    def resolve(self, owner: str, name: str) -> int:
        """The number behind RECORD.field or FLAGS.name; KeyError or ValueError if there is none."""
        if owner in self.records:
            return self.records[owner].offset(name)
        return {n: v for n, v, _ in self.flags[owner].values}[name]


def fingerprint_of(raw: dict[str, Any]) -> int:
    """CRC-32 of what matters to a reader of bytes: names, orders and values, not the explanations."""
    core = {
        "version": raw["version"],
        "magic": raw["magic"],
        "constants": {name: value for name, (value, _) in raw["constants"].items()},
        "records": [[r["name"], [f[0] for f in r["fields"]]] for r in raw["record"]],
        "flags": [[f["name"], [v[:2] for v in f["values"]]] for f in raw["flags"]],
        "sections": [s["tag"] for s in raw["section"]],
    }
    return zlib.crc32(json.dumps(core, sort_keys=True, separators=(",", ":")).encode())


def read_schema() -> Schema:
    raw = read_toml(HERE / "image.toml")
    return Schema(
        version=raw["version"],
        magic=raw["magic"],
        constants={name: (value, doc) for name, (value, doc) in raw["constants"].items()},
        records={r["name"]: Record(r["name"], r["doc"], tuple((f[0], f[1]) for f in r["fields"])) for r in raw["record"]},
        flags={f["name"]: Flags(f["name"], f["doc"], tuple((v[0], v[1], v[2]) for v in f["values"])) for f in raw["flags"]},
        sections=tuple((s["tag"], s["doc"]) for s in raw["section"]),
        fingerprint=fingerprint_of(raw),
    )
