"""Compiling to .mpy and reading it: names are found, damage is refused in plain words and at once."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest

from neurula.errors import InvalidInput, UsageError
from neurula.sim.mpy import compile_mpy, native_functions
from neurula.sim.mpy_container import CodeKind, parse_mpy
from neurula.sim.static_qstrs import STATIC_QSTRS
from sample_kernels import KERNELS

MARCHES = ["armv6m", "armv7m", "armv7emsp", "rv32imc", "xtensawin", "x64"]


@pytest.mark.parametrize("march", MARCHES)
def test_every_viper_function_is_found_by_its_name(march: str) -> None:
    functions = native_functions(compile_mpy(KERNELS, march))
    assert sorted(functions) == ["accumulate", "count_bits", "leak_and_fire"]
    for function in functions.values():
        assert function.kind == CodeKind.VIPER
        assert function.architecture == march
        assert 30 < len(function.code) < 1500


def test_names_survive_other_code_around_the_functions() -> None:
    source = """
import sys
from array import array as a
x = [i for i in range(3) if i] + [{"k": (1, 2.5, None, True)}]
def plain(p, *q, **r):
    def inner(): return p
    return inner
class Holder:
    @micropython.viper
    def method(self, n: int) -> int: return n
if x:
    @micropython.viper
    def first(n: int) -> int: return n
else:
    first = None
try:
    @micropython.viper
    def second(n: int) -> int: return n
finally:
    del x
@micropython.native
def third(n): return n + 1
"""
    functions = native_functions(compile_mpy(source, "armv6m"))
    assert {name: function.kind for name, function in functions.items()} == {
        "first": CodeKind.VIPER, "second": CodeKind.VIPER, "third": CodeKind.NATIVE}


def test_names_that_the_format_abbreviates_are_read_in_full() -> None:
    """mpy-cross writes these names as numbers; that it and we mean the same by each number is checked one by one."""
    names = [name for name in STATIC_QSTRS if name.isidentifier()]
    source = "\n".join(f"@micropython.viper\ndef {name}(n: int) -> int: return n" for name in names)
    assert list(native_functions(compile_mpy(source, "armv6m"))) == names
    assert len(names) > 140


def test_the_bytes_depend_on_the_source_alone(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "kernels.py").write_text(KERNELS)
    assert compile_mpy(tmp_path / "a/kernels.py", "armv6m") == compile_mpy(tmp_path / "b/kernels.py", "armv6m")


def test_bytecode_has_no_native_functions() -> None:
    mpy = compile_mpy("def f(n):\n    return n\n")
    assert parse_mpy(mpy).architecture == "bytecode"
    assert native_functions(mpy) == {}


def test_a_program_that_does_not_compile_is_refused_with_its_line() -> None:
    with pytest.raises(InvalidInput) as caught:
        compile_mpy("x = 1\ny = = 2\n")
    assert caught.value.code == "S121"
    assert "SyntaxError" in caught.value.message
    assert "line 2" in caught.value.where


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        compile_mpy("", "z80")
    assert caught.value.code == "S123"


def test_a_file_cut_off_anywhere_is_refused() -> None:
    whole = compile_mpy(KERNELS, "armv6m")
    for size in range(len(whole)):
        with pytest.raises(InvalidInput) as caught:
            native_functions(whole[:size])
        assert caught.value.code == "S122"


def test_damaged_files_never_cause_anything_but_a_refusal() -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    whole = compile_mpy(KERNELS, "rv32imc")
    for _ in range(3000):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.getrandbits(8)
        with contextlib.suppress(InvalidInput):  # many bits of a file change nothing that is read here
            native_functions(bytes(damaged))


@pytest.mark.parametrize(("header", "reason"), [
    (b"\x00\x06\x13\x1f", "begin with M"), (b"M\x05\x13\x1f", "version is 5"), (b"M\x06\x12\x1f", "ABI is 6.2"),
    (b"M\x06\x3f\x1f", "architecture 15"), (b"M\x06\x13\x1f\xff\xff\xff\xff\xff\xff", "larger than 32 bits"),
    (b"M\x06\x13\x1f\x83\xff\x7f\x01", "promises 65535"), (b"", "ends at byte 0"), (b"M" * (2 << 20), "more than a board"),
])
def test_a_foreign_file_is_refused_with_the_reason(header: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        parse_mpy(header)
