"""python -m neurula_codegen [--check]: writes every generated file of the repository, or compares and lists what differs."""

from __future__ import annotations

import sys
from pathlib import Path

from neurula_codegen import (
    emit_c,
    emit_cython,
    emit_pins,
    emit_python,
    emit_tables,
    emit_thumb,
    emit_viper,
    emit_wire,
    emit_wire_c,
    emit_wire_mcu,
)
from neurula_codegen.language import read_kernels
from neurula_codegen.schema import HERE, read_schema
from neurula_codegen.wire_schema import read_wire

ROOT = HERE.parent.parent
WITH_CONSTANTS = ("link.py", "requests.py", "channels.py")  # of the firmware: the rest of them is written by hand


def generate() -> dict[Path, str]:
    """Path -> text of all generated files."""
    schema = read_schema()
    kernels = read_kernels(schema, HERE / "kernels.py", HERE / "verification.py")
    compact = read_kernels(schema, HERE / "kernels.py", HERE / "verification.py", keep=("spikes", "integrate"))
    thumb = read_kernels(schema, HERE / "kernels.py", keep=("integrate",))
    passages = read_kernels(schema, HERE / "kernels.py", passages=True)
    loader = emit_tables.emit_loader(schema)
    npu = ROOT / "device" / "neurula_npu"
    mcu = ROOT / "firmware_py" / "neurula_mcu"
    header, source = emit_c.emit(schema, kernels, "kernels.py")
    spec = ROOT / "docs" / "SPEC.md"
    pins = emit_pins.read_pins()
    wire = read_wire()
    wire_page = ROOT / "docs" / "WIRE.md"
    tables = emit_tables.spec_tables(schema) | emit_pins.pin_tables(pins)
    return {
        npu / "kernels.py": emit_python.emit(kernels, "kernels.py"),
        npu / "compiled.pyx": emit_cython.emit(compact, "kernels.py", schema),
        npu / "schema.py": emit_tables.emit_schema(schema),
        npu / "image.py": loader,
        mcu / "image.py": loader,
        mcu / "kernels.py": emit_viper.emit(kernels, "kernels.py", 32),
        mcu / "kernels_thumb.py": emit_thumb.emit(thumb, passages, "kernels.py"),
        mcu / "kernels64.py": emit_viper.emit(kernels, "kernels.py", 64),
        ROOT / "runtime_c" / "neurula.h": header,
        ROOT / "runtime_c" / "neurula.c": source,
        ROOT / "host" / "neurula" / "error_codes.py": emit_tables.emit_remedies(),
        ROOT / "docs" / "ERRORS.md": emit_tables.emit_errors_page(),
        ROOT / "host" / "neurula" / "compiler" / "pin_layout.py": emit_pins.emit_layout(pins),
        ROOT / "host" / "neurula" / "link" / "wire.py": emit_wire.emit_python(wire),
        mcu / "wire.py": emit_wire_mcu.emit_micropython(wire),
        **{mcu / name: emit_wire_mcu.fill_constants((mcu / name).read_text(encoding="utf-8"), wire) for name in WITH_CONSTANTS},
        ROOT / "runtime_c" / "neurula_wire.h": emit_wire_c.emit_header(wire),
        wire_page: emit_tables.fill_spec(wire_page.read_text(encoding="utf-8"), emit_wire.wire_tables(wire)),
        spec: emit_tables.fill_spec(spec.read_text(encoding="utf-8"), tables),
    }


def main(arguments: list[str]) -> int:
    stale = []
    for path, text in generate().items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(path.relative_to(ROOT)))
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
    if "--check" in arguments:
        print("\n".join(f"out of date: {name}" for name in stale) or "generated files are up to date")
        return 1 if stale else 0
    print("\n".join(f"wrote {name}" for name in stale) or "nothing to write")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
