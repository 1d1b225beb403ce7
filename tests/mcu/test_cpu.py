"""The simulated cores: exact counts, and every wrong access, endless loop or Python object is an error with its place."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import open_core

from neurula.errors import InvalidInput, LinkLost, NeurulaError, UsageError, VerificationFailed
from neurula.sim.cores import MARCH, open_cpu
from neurula.sim.cpu import CONTEXT_BASE, Cpu
from neurula.sim.mpy import NativeFunction, compile_mpy, native_functions
from neurula.sim.mpy_container import CodeKind
from neurula.sim.unicorn_cpu import UnicornCpu
from neurula.sim.xtensa_cpu import XtensaCpu

FLASH, RAM = 0x10000000, 0x20000000
CORES = sorted(MARCH)

SOURCE = """
@micropython.viper
def load8(address: int) -> int:
    return ptr8(address)[0]

@micropython.viper
def load16(address: int) -> int:
    return ptr16(address)[0]

@micropython.viper
def load32(address: int) -> int:
    return ptr32(address)[0]

@micropython.viper
def store8(address: int, value: int):
    ptr8(address)[0] = value

@micropython.viper
def store32(address: int, value: int):
    ptr32(address)[0] = value

@micropython.viper
def fill(address: int, end: int, value: int):
    while address < end:
        ptr32(address)[0] = value
        address = address + 4

@micropython.viper
def for_ever(value: int) -> int:
    while True:
        value = value + 1

@micropython.viper
def previous(value: uint) -> uint:
    return value - 1

@micropython.viper
def differs(a: int, b: int) -> bool:
    return a != b

@micropython.viper
def ratio(a: int, b: int) -> int:
    return a // b * 1000 + a % b

@micropython.viper
def six(a: int, b: int, c: int, d: int, e: int, f: int) -> int:
    return a + b * 2 + c * 4 + d * 8 + e * 16 + f * 32

@micropython.viper
def uses_a_global(value: int) -> int:
    return int(len("abc")) + value

@micropython.viper
def gives_an_object(value):
    return value

@micropython.native
def not_viper(value):
    return value
"""


@pytest.fixture(params=CORES)
def cpu(request: pytest.FixtureRequest) -> Cpu:
    return loaded(request.param)


def loaded(core: str, **options: Any) -> Cpu:
    cpu = open_core(core, **options)
    cpu.load(native_functions(compile_mpy(SOURCE, MARCH[core])))
    return cpu


def refusal(kind: type[NeurulaError], code: str, cpu: Cpu, name: str, *arguments: int) -> NeurulaError:
    with pytest.raises(kind) as caught:
        cpu.call(name, *arguments)
    assert caught.value.code == code
    return caught.value


def test_narrow_loads_are_unsigned_and_words_are_signed(cpu: Cpu) -> None:
    cpu.map_ram(RAM, b"\xff" * 8)
    assert [cpu.call(name, RAM) for name in ("load8", "load16", "load32")] == [255, 65535, -1]


def test_results_have_the_type_that_the_function_declares(cpu: Cpu) -> None:
    assert cpu.call("previous", 0) == 0xFFFFFFFF
    assert cpu.call("differs", 3, 4) == 1
    assert cpu.call("six", 1, 2, 3, 4, 5, -6) == 1 + 4 + 12 + 32 + 80 - 192
    cpu.map_ram(RAM, 4)
    assert cpu.call("store32", RAM, -2) == 0
    assert cpu.read(RAM, 4) == b"\xfe\xff\xff\xff"


def test_division_rounds_down_as_it_does_on_a_board(cpu: Cpu) -> None:
    assert cpu.call("ratio", -7, 2) == -4 * 1000 + 1
    refusal(VerificationFailed, "S137", cpu, "ratio", 1, 0)


def test_a_read_outside_every_region_names_the_address(cpu: Cpu) -> None:
    cpu.map_ram(RAM, 10)
    behind = RAM + (4096 if cpu.core == "xtensa" else 10)  # it has no strict checks: bounds hold to the page
    assert f"0x{behind:08x}" in refusal(VerificationFailed, "S131", cpu, "load8", behind).message
    assert "0x40000000" in refusal(VerificationFailed, "S131", cpu, "load32", 0x40000000).message
    assert "0x00000000" in refusal(VerificationFailed, "S131", cpu, "load32", 0).message


def test_a_write_to_flash_is_an_error_and_changes_nothing(cpu: Cpu) -> None:
    cpu.map_flash(FLASH, b"abcd")
    assert "0x10000000" in refusal(VerificationFailed, "S131", cpu, "store32", FLASH, 0).message
    assert cpu.read(FLASH, 4) == b"abcd"


def test_a_write_just_behind_a_region_is_found_without_strict_checks_too() -> None:
    cpu = loaded("m0", strict=False)
    cpu.map_ram(RAM, 10)
    assert "0x2000000a" in refusal(VerificationFailed, "S131", cpu, "store8", RAM + 10, 1).message


def test_a_kernel_cannot_write_over_its_own_code(cpu: Cpu) -> None:
    refusal(VerificationFailed, "S131", cpu, "store32", cpu.code_base, 0)


def test_an_unaligned_access_is_an_error_with_its_place(cpu: Cpu) -> None:
    cpu.map_ram(RAM, 64)
    problem = refusal(VerificationFailed, "S134", cpu, "load32", RAM + 2)
    assert "0x20000002" in problem.message
    assert "of its code" in problem.where


def test_an_endless_loop_ends_at_the_limit() -> None:
    for core in CORES:
        cpu = loaded(core, instruction_limit=10_000)
        refusal(LinkLost, "S132", cpu, "for_ever", 0)
        assert cpu.call("previous", 7) == 6


def test_an_emulator_that_ends_is_an_error_and_no_wait() -> None:
    cpu = loaded("xtensa")
    assert isinstance(cpu, XtensaCpu)
    cpu._process.kill()
    refusal(LinkLost, "S139", cpu, "previous", 7)
    refusal(LinkLost, "S139", cpu, "previous", 7)
    cpu.close()


def test_a_kernel_that_needs_the_interpreter_is_refused_by_what_it_calls(cpu: Cpu) -> None:
    message = refusal(VerificationFailed, "S133", cpu, "uses_a_global", 1).message
    assert "calls the interpreter" in message
    refusal(VerificationFailed, "S133", cpu, "gives_an_object", 1)


def test_a_wrong_number_of_arguments_is_refused(cpu: Cpu) -> None:
    for arguments in ((), (1,), (1, 2, 3)):
        refusal(UsageError, "S128", cpu, "ratio", *arguments)
    refusal(UsageError, "S128", cpu, "ratio", *range(40))


def test_names_kinds_and_architectures_that_do_not_fit_are_refused(cpu: Cpu) -> None:
    refusal(UsageError, "S124", cpu, "nothing")
    refusal(UsageError, "S127", cpu, "not_viper", 1)
    other = "rv32imc" if cpu.core != "rv32" else "armv6m"
    with pytest.raises(UsageError) as caught:
        cpu.load(native_functions(compile_mpy(SOURCE, other)))
    assert caught.value.code == "S126"
    with pytest.raises(UsageError) as caught:
        open_cpu("z80")
    assert caught.value.code == "S125"


@pytest.mark.parametrize("address", [RAM + 4, 0, RAM, 0x08000000, 0xFFFFF000 + 0x1000])
def test_memory_that_cannot_be_mapped_is_refused(address: int) -> None:
    cpu = open_cpu("m0")
    cpu.map_ram(RAM, 4096)
    with pytest.raises(InvalidInput) as caught:
        cpu.map_ram(address, 8)
    assert caught.value.code == "S135"


@pytest.mark.parametrize("core", [core for core in CORES if core != "xtensa"])
def test_counts_are_exact(core: str) -> None:
    unicorn = pytest.importorskip("unicorn")
    cpu = loaded(core, strict=False)
    assert isinstance(cpu, UnicornCpu)
    cpu.map_ram(RAM, 4096)
    stepped = []
    hook = cpu._uc.hook_add(unicorn.UC_HOOK_CODE, lambda uc, address, size, data: stepped.append(address),
                            None, 0x08000000, 0x08040000)
    cpu.call("fill", RAM, RAM + 400, 7)
    cpu._uc.hook_del(hook)
    # Of the two instructions behind an if-then-else, one is skipped: it takes its cycle and is counted, not stepped.
    if_then_else = [address for address in stepped if cpu.core not in ("m0", "rv32") and cpu.read(address + 1, 1) == b"\xbf"]
    assert cpu.instructions == len(stepped) + len(if_then_else)
    once = cpu.instructions
    cpu.call("fill", RAM, RAM + 800, 7)
    per_word, rest = divmod(cpu.instructions - once, 100)
    assert rest == 0
    assert 5 <= per_word <= 40
    assert cpu.total_instructions == once + cpu.instructions
    assert cpu.runtime_calls == {"convert-object": 3}


def test_counts_of_the_xtensa_core_are_exact() -> None:
    """Code of which every instruction is known, alone and with a call of the interpreter."""
    codes = {
        "count_down": "364100 0b22 56a2ff 1df0",  # entry a1, 32; 1: addi.n a2, a2, -1; bnez a2, 1b; retw.n
        "convert": "364100 ad03 b0bb30 e00200 2d0a 1df0",  # entry; mov.n a10, a3; xor a11, a11, a11; callx8 a2; mov.n a2, a10; retw.n
    }
    cpu = open_core("xtensa")
    cpu.load({name: NativeFunction(name, CodeKind.ASSEMBLER, "xtensawin", bytes.fromhex(code), -1, 0) for name, code in codes.items()})
    for rounds in (1, 10, 100_000):
        assert cpu.call("count_down", rounds) == 0
        assert cpu.instructions == 1 + 2 * rounds + 1
    convert_object = int.from_bytes(cpu.read(CONTEXT_BASE + 4 * 3, 4), "little")
    assert cpu.call("convert", convert_object, 77) == 77
    assert (cpu.instructions, cpu.runtime_calls.total()) == (6, 1)


@pytest.mark.parametrize("core", CORES)
def test_counts_repeat_and_grow_with_the_work(core: str) -> None:
    cpu = loaded(core)
    cpu.map_ram(RAM, 4096)
    counts = []
    for words in (100, 200, 300, 300):
        cpu.call("fill", RAM, RAM + 4 * words, 7)
        counts.append(cpu.instructions)
    assert counts[3] == counts[2]
    assert counts[2] - counts[1] == counts[1] - counts[0]


@pytest.mark.parametrize("core", ["m0", "m4"])
def test_inline_assembler_is_called_with_its_arguments_in_registers(core: str) -> None:
    cpu = open_cpu(core)
    cpu.load(native_functions(compile_mpy("""
@micropython.asm_thumb
def difference(r0, r1):
    sub(r0, r0, r1)
""", MARCH[core])))
    assert cpu.call("difference", 3, 10) == -7
    assert cpu.instructions >= 3
