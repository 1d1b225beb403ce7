"""The C runtime, compiled: a library for this machine, a blob of code for an emulated core, a WebAssembly module. Kept by contents."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from neurula.errors import DeviceNotFound, UsageError
from neurula.sim.cpu import CODE_BASE

COMPILE_TIMEOUT_S = 120
FLAGS = ("-std=c99", "-O2")
BLOB_FLAGS = (*FLAGS, "-ffreestanding", "-nostdlib", "-Wl,-e,entry", "-Wl,--build-id=none")


@dataclass(frozen=True)
class Target:
    """How to compile for one core: names of the compiler in order of preference, its flags; in runtime_c/emulated the linker's
    script, and what the compiler's own library lacks."""

    compilers: tuple[str, ...]
    flags: tuple[str, ...]
    script: str = "blob.ld"
    library: tuple[str, ...] = ()


_ARM = ("arm-none-eabi-gcc",)
_RISCV = ("riscv64-unknown-elf-gcc", "riscv32-unknown-elf-gcc", "riscv32-esp-elf-gcc")
TARGETS = {
    "m0": Target(_ARM, ("-mthumb", "-mcpu=cortex-m0plus")),
    "m3": Target(_ARM, ("-mthumb", "-mcpu=cortex-m3")),
    "m4": Target(_ARM, ("-mthumb", "-mcpu=cortex-m4")),
    "m7": Target(_ARM, ("-mthumb", "-mcpu=cortex-m7")),
    "m33": Target(_ARM, ("-mthumb", "-mcpu=cortex-m33")),
    "rv32": Target(_RISCV, ("-march=rv32imc", "-mabi=ilp32", "-msmall-data-limit=0")),
    "xtensa": Target(("xtensa-lx106-elf-gcc",), ("-mlongcalls",), "xtensa.ld", ("xtensa_arithmetic.c",)),
}
WASM = Target(("clang",), ("--target=wasm32", "-ffreestanding"))
MODULE_FLAGS = ("-nostdlib", "-Wl,--no-entry", "-Wl,--export=entry")


def sources() -> Path:
    """The folder of neurula.c and neurula.h. Raises DeviceNotFound R105."""
    folder = Path(__file__).resolve().parents[3] / "runtime_c"
    if not (folder / "neurula.c").is_file():
        raise DeviceNotFound("R105", f"There are no sources of the C runtime at {folder}.", remedy="Use a checkout of the repository.")
    return folder


def host_compiler() -> str:
    """The C compiler of this machine: $CC, cc, gcc or clang. Raises DeviceNotFound R103."""
    return _first((os.environ.get("CC", ""), "cc", "gcc", "clang"), "this machine")


def build_library() -> Path:
    """The shared library for this machine. Raises DeviceNotFound R103, R104, R105."""
    folder = sources()
    return _built([host_compiler(), *FLAGS, "-shared", "-fPIC", str(folder / "neurula.c")], folder, ".so")


def build_blob(core: str, base: int = CODE_BASE, extra: tuple[str, ...] = ()) -> bytes:
    """The code for a core, linked to run at `base`, its entry first. Raises UsageError for an unknown core, DeviceNotFound."""
    if core not in TARGETS:
        raise UsageError("S125", f"There is no simulated core {core!r}.", remedy=f"Use one of {', '.join(TARGETS)}.")
    target = TARGETS[core]
    compiler = _first(target.compilers, f"the core {core}")
    folder = sources()
    emulated = folder / "emulated"
    command = [compiler, *target.flags, *BLOB_FLAGS, *extra, f"-Wl,--defsym=BASE={base:#x}", "-T", str(emulated / target.script)]
    programs = [str(emulated / name) for name in ("entry.c", *target.library)]
    linked = _built([*command, *programs, "-lgcc"], folder, ".elf")
    objcopy = compiler[: -len("gcc")] + "objcopy"
    return _built([objcopy, "-O", "binary", str(linked)], folder, ".bin").read_bytes()


def build_module() -> Path:
    """The WebAssembly module, which exports `entry` and its memory. Raises DeviceNotFound R103, R104, R105."""
    folder = sources()
    command = [_first(WASM.compilers, "WebAssembly"), *WASM.flags, *FLAGS, *MODULE_FLAGS]
    return _built([*command, str(folder / "emulated" / "entry.c")], folder, ".wasm")


def _first(names: tuple[str, ...], purpose: str) -> str:
    found = next((path for path in map(shutil.which, filter(None, names)) if path), None)
    if found is None:
        wanted = ", ".join(filter(None, names))
        raise DeviceNotFound("R103", f"There is no C compiler for {purpose}.", remedy=f"Install one of these: {wanted}.")
    return found


def _built(command: list[str], folder: Path, suffix: str) -> Path:
    """The output of a command that reads only files of `folder` and its own arguments, kept from earlier if nothing changed."""
    digest = hashlib.sha256("\0".join([*command, str(os.stat(shutil.which(command[0]) or command[0]).st_mtime_ns)]).encode())
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".c", ".h", ".ld")):
        digest.update(path.read_bytes())
    place = Path(platformdirs.user_cache_dir("neurula")) / "c" / (digest.hexdigest()[:32] + suffix)
    if place.exists():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
            fresh = Path(scratch) / ("out" + suffix)
            output = [str(fresh)] if suffix == ".bin" else ["-o", str(fresh)]
            run = subprocess.run([*command, *output], capture_output=True, text=True, timeout=COMPILE_TIMEOUT_S, check=False)
            if run.returncode != 0 or not fresh.exists():
                said = (run.stderr.strip().splitlines() or ["nothing"])[0]
                raise DeviceNotFound("R104", f"{command[0]} cannot build the C runtime: {said}", remedy="Choose another compiler with CC.")
            os.replace(fresh, place)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise DeviceNotFound("R104", f"The C runtime cannot be built: {problem}", remedy="Is the cache folder writable?") from None
    return place
