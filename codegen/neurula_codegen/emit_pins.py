"""The image section `pins`: its constants for the compiler and its tables for docs/SPEC.md, out of pins.toml."""

from __future__ import annotations

from neurula_codegen.emit_tables import spec_tables
from neurula_codegen.language import GENERATED
from neurula_codegen.schema import HERE, Flags, Record, Schema, read_toml


def read_pins() -> Schema:
    """The records and flags of pins.toml; what only a whole image has is empty."""
    raw = read_toml(HERE / "pins.toml")
    records = {r["name"]: Record(r["name"], r["doc"], tuple((f[0], f[1]) for f in r["fields"])) for r in raw["record"]}
    flags = {f["name"]: Flags(f["name"], f["doc"], tuple((v[0], v[1], v[2]) for v in f["values"])) for f in raw["flags"]}
    return Schema(raw["version"], "", {}, records, flags, (), 0)


def emit_layout(pins: Schema) -> str:
    """pin_layout.py of neurula.compiler."""
    lines = ['"""Names and numbers of the image section `pins`.', "", GENERATED.format(source="pins.toml"), '"""', ""]
    lines += ["from __future__ import annotations", "", "from typing import Final", "", f"PINS_VERSION: Final = {pins.version}"]
    for flags in pins.flags.values():
        lines += [f"{flags.name}_{name}: Final = {value}" for name, value, _ in flags.values]
    for record in pins.records.values():
        lines += [f"{record.name}_FIELDS: Final = ("]
        lines += [f'    "{name}",' for name, _ in record.fields] + [")"]
    return "\n".join([*lines, ""])


def pin_tables(pins: Schema) -> dict[str, str]:
    """Markdown tables by name."""
    names = {*pins.records, *pins.flags}
    return {name: table for name, table in spec_tables(pins).items() if name in names}
