"""Compilers for the tests of the C runtime, and what each is asked."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from neurula.errors import DeviceNotFound
from neurula.runtimes.c_build import TARGETS, WASM, host_compiler, sources
from tests.conftest import ROOT, missing

RUNTIME = ROOT / "runtime_c"
STRICT = (
    "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wsign-conversion", "-Wcast-align", "-Wundef",
    "-Wstrict-prototypes", "-Wmissing-prototypes", "-Werror",
)


def compiler_of(core: str) -> list[str]:
    """Compiler and flags of "host" or of an emulated core; skips where there is none."""
    try:
        sources()
        if core == "host":
            return [host_compiler()]
    except DeviceNotFound as error:
        missing(str(error))
    target = WASM if core == "wasm32" else TARGETS[core]
    found = next((path for path in map(shutil.which, target.compilers) if path), None)
    if found is None:
        missing(f"no {target.compilers[0]} for {core}")
    # a compiler without a libc finds its own stdint.h only when it is told so
    return [str(found), *target.flags, *(["-ffreestanding"] if core in ("rv32", "xtensa") else [])]


def compile_program(out: Path, *arguments: str | Path, core: str = "host") -> Path:
    """Compiles and links with warnings as errors; the compiler's words in the failure."""
    command = [*compiler_of(core), *STRICT, f"-I{RUNTIME}", *map(str, arguments), "-o", str(out)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stderr
    return out
