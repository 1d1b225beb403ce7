"""The self-test knows right kernels from wrong ones, and falls back to others or refuses."""

from __future__ import annotations

import importlib.util
import random
import types
from pathlib import Path
from typing import Any

import pytest

import neurula_npu.brain as engine
from neurula.runtimes.firmware_files import firmware_source
from neurula.sim.unix import UnixMicroPython
from neurula_npu import Brain
from tests.firmware.mutants import bounded, mutant

MUTANTS = 80
ROUNDS_MAX = 200_000  # right kernels need a tenth of it
CAUGHT_AT_LEAST = 0.65  # of the rest most are equal in effect (> for >= where both saturate) or need larger brains
PURE = Path(engine.__file__).with_name("kernels.py")


def load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILD = load(firmware_source().parent / "build_selftest.py")
KNOWN = load(firmware_source() / "selftest_image.py")


def test_the_self_tests_data_are_what_its_script_gives_today() -> None:
    text = (firmware_source() / "selftest_image.py").read_text(encoding="ascii")
    assert text == BUILD.selftest_source(), "run firmware_py/build_selftest.py"


@pytest.mark.parametrize("pure", [True, False])
def test_right_kernels_pass(pure: bool) -> None:
    assert BUILD.check_of(Brain(KNOWN.IMAGE, pure=pure), KNOWN.COURSE) == KNOWN.CHECK


class Endless(Exception):
    """The mutant never ends, or its numbers grow without an end; on a board the watchdog would tell."""


def shifted(value: int, by: int) -> int:
    """value << by, where both are such as a machine has."""
    if not 0 <= by < 64 or not -(1 << 64) < value < 1 << 64:
        raise Endless
    return value << by


def check_with(text: str) -> int | None:
    """The check that kernels give; None when they break or do not end."""
    left = ROUNDS_MAX

    def tick() -> bool:
        nonlocal left
        left -= 1
        if left < 0:
            raise Endless
        return True

    module = types.ModuleType("mutant")
    module.__dict__.update(__file__=str(PURE), tick_=tick, shifted_=shifted)
    exec(compile(bounded(text), "mutant", "exec"), module.__dict__)
    brain = Brain(KNOWN.IMAGE, pure=True)
    brain._kernels = module.Kernels(brain.ram, brain.image.data, brain._room, max(brain._sizes))
    try:
        return int(BUILD.check_of(brain, KNOWN.COURSE))
    except Exception:
        return None


def test_most_wrong_kernels_are_caught() -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    assert check_with(PURE.read_text(encoding="utf-8")) == KNOWN.CHECK
    missed = []
    for _ in range(MUTANTS):
        what, text = mutant(PURE, chance)
        if check_with(text) == KNOWN.CHECK:
            missed.append(what)
    print("\n".join(missed))
    assert len(missed) <= (1 - CAUGHT_AT_LEAST) * MUTANTS


def wrong_viper(name: str) -> bytes:
    """The firmware's kernels with a neuron that never stores its leak: the right shape, the wrong sum."""
    text = (firmware_source() / name).read_text(encoding="utf-8")
    assert text.count("v = v + c * gain") >= 1
    return text.replace("v = v + c * gain", "v = v - c * gain").encode()


CHOOSE = """
from neurula_mcu import selftest, brain
right = brain.kernels
print(selftest.choose_kernels(), brain.kernels is right)
selftest.forget()
import sys
print("neurula_mcu.selftest" in sys.modules, "neurula_mcu.selftest_image" in sys.modules)
"""


@pytest.fixture(params=["unix64", pytest.param("unix32", marks=pytest.mark.needs_firmware)])
def interpreter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def firmware_with(**changed: bytes) -> dict[str, bytes]:
    """The firmware's source files, some of them changed or added. thumb kernels stay out: they are for boards."""
    files = {f"neurula_mcu/{p.name}": p.read_bytes() for p in firmware_source().glob("*.py") if p.name != "kernels_thumb.py"}
    return {**files, **{f"neurula_mcu/{name}.py": text for name, text in changed.items()}}


def test_right_kernels_pass_in_micropython_and_the_test_gives_its_memory_back(interpreter: str) -> None:
    with UnixMicroPython(interpreter, files=firmware_with()) as machine:
        assert machine.run(CHOOSE) == "True True\nFalse False\n"


def test_wrong_kernels_are_refused(interpreter: str) -> None:
    name = "kernels64" if interpreter == "unix64" else "kernels"
    with UnixMicroPython(interpreter, files=firmware_with(**{name: wrong_viper(name + ".py")})) as machine:
        assert machine.run(CHOOSE).splitlines()[0] == "False True"
