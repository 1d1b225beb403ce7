"""The C runtime compiles without a warning wherever it shall run, needs nothing from a libc, keeps no state and little stack."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from neurula.errors import DeviceNotFound, UsageError, VerificationFailed
from neurula.runtimes import open_runtime
from neurula.runtimes.c_build import TARGETS, build_blob, build_module
from neurula.sim.xtensa_cpu import XtensaCpu, build_monitor
from tests.c.compiling import RUNTIME, compile_program, compiler_of
from tests.conformance.brains import image_of, random_connectome
from tests.conftest import missing

STACK_BYTES = 1536  # of the deepest call, nrl_open with a SHA-256 in it, on a Cortex-M0+
CODE_BYTES = 18_000  # on a Cortex-M0+ with -O2; with -Os it is less


BUILDS = [(core, flags) for core in ("host", "m0") for flags in ("-O0", "-Os", "-O3", "-O2 -DNRL_PORTABLE")]


@pytest.mark.parametrize(("core", "flags"), [*((core, "-O2") for core in ("host", *TARGETS, "wasm32")), *BUILDS])
def test_it_compiles_without_a_warning(tmp_path: Path, core: str, flags: str) -> None:
    compile_program(tmp_path / "neurula.o", *flags.split(), "-c", RUNTIME / "neurula.c", core=core)


def test_a_cpp_program_can_include_the_header(tmp_path: Path) -> None:
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        missing("no C++ compiler")
    source = tmp_path / "sketch.cpp"
    source.write_text('#include "neurula.h"\nextern "C" int run(nrl_brain *b) { return nrl_step(b, nullptr, 0, nullptr, 0); }\n')
    command = [str(compiler), "-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{RUNTIME}", "-c", str(source)]
    run = subprocess.run([*command, "-o", str(tmp_path / "sketch.o")], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def symbols(folder: Path, core: str) -> list[list[str]]:
    """Lines of nm for the object file."""
    compiler = compiler_of(core)
    compile_program(folder / "neurula.o", "-O2", "-c", RUNTIME / "neurula.c", core=core)
    nm = compiler[0][: -len("gcc")] + "nm"
    listing = subprocess.run([nm, str(folder / "neurula.o")], capture_output=True, text=True, check=True).stdout
    return [line.split() for line in listing.splitlines()]


@pytest.mark.parametrize("core", ["m0", "m4", "rv32", "xtensa"])
def test_it_needs_nothing_but_what_every_compiler_brings(tmp_path: Path, core: str) -> None:
    for *_, kind, name in symbols(tmp_path, core):
        assert kind not in "bBdDC", f"{name} is state outside the RAM block"
        if kind == "U":
            assert name in ("memcpy", "memset") or name.startswith("__"), f"{name} would have to come from a library"
        if kind == "T":
            assert name.startswith("nrl_"), f"{name} may clash with a name of the program"


def test_it_needs_little_code_and_stack(tmp_path: Path) -> None:
    compile_program(tmp_path / "neurula.o", "-O2", "-fstack-usage", "-c", RUNTIME / "neurula.c", core="m0")
    frames = {}
    for line in (tmp_path / "neurula.su").read_text().splitlines():
        place, size, kind = line.split("\t")
        assert kind == "static", place
        frames[place.rsplit(":", 1)[1]] = int(size)
    # below nrl_open the digests are the deepest; every other function is a leaf or inlined
    assert frames["nrl_open"] + frames.get("sha256_matches", 0) + frames["sha256_block"] <= STACK_BYTES
    assert frames["nrl_step"] + sum(frames.get(name, 0) for name in ("deliver", "deliver_valued", "update", "learn")) <= STACK_BYTES
    assert len(build_blob("m0")) <= CODE_BYTES


def test_a_missing_compiler_is_said_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    for name in ("c", "c:m0"):
        if name == "c":
            from neurula.runtimes.c_runtime import load_library

            load_library.cache_clear()
        with pytest.raises(DeviceNotFound) as caught:
            open_runtime(name, b"")
        assert caught.value.code == "R103"
        assert "gcc" in caught.value.remedy


def test_missing_tools_of_webassembly_and_xtensa_are_said_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    for build, code, tool in ((build_module, "R103", "clang"), (build_monitor.__wrapped__, "S138", "binutils-xtensa-lx106"),
                              (XtensaCpu, "S138", "qemu-system-misc")):
        with pytest.raises(DeviceNotFound) as caught:
            build()
        assert caught.value.code == code
        assert tool in caught.value.remedy


def test_a_compiler_that_fails_is_said_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    false = shutil.which("false")
    assert false is not None
    monkeypatch.setenv("CC", false)
    from neurula.runtimes.c_runtime import load_library

    load_library.cache_clear()
    with pytest.raises(DeviceNotFound) as caught:
        open_runtime("c", b"")
    assert caught.value.code == "R104"


def test_an_unknown_core_and_a_bad_image_are_refused() -> None:
    compiler_of("host")
    with pytest.raises(UsageError) as unknown:
        open_runtime("c:z80", b"")
    assert unknown.value.code == "S125"
    image = image_of(random_connectome(1))
    for bad, code in ((b"", "I101"), (image[:-4], "I105"), (bytes(len(image)), "I102"), (image[:200] + b"\xff" + image[201:], "I108")):
        with pytest.raises(VerificationFailed) as caught:
            open_runtime("c", bad)
        assert caught.value.code == code
