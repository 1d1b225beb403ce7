"""The coders of a board compute in whole numbers what the host's compute in fractions, on every interpreter, and take no memory."""

from __future__ import annotations

import contextlib
import io
import random
from array import array
from typing import Any

import pytest

from neurula.robot.coders import Boolean, Coder, Fractional, Linear, Percentage, Rate, Scale, Signed
from neurula.robot.coders.voxels import Voxel
from neurula.sim.unix import UnixMicroPython
from neurula_mcu import coders
from neurula_mcu.coders import ONE, Decoder, Encoder
from neurula_mcu.voxels import Voxels
from tests.conftest import ROOT
from tests.robot import coder_run
from tests.robot.coder_run import PaperBrain

FIRST, PER_VOXEL, MINUS, UNITS = 7, 3, 500, 1 << 20
NAMES = {"linear": coders.LINEAR, "rising": coders.RISING, "fractional": coders.FRACTIONAL, "scale": coders.SCALE, "rate": coders.RATE,
         "boolean": coders.BOOLEAN}  # fmt: skip
CASES = [
    *((name, depth, sign) for name in ("linear", "rising") for depth in (1, 2, 3, 7, 10, 21, 31, 100, 128) for sign in (False, True)),
    *(("fractional", depth, sign) for depth in (1, 2, 5, 10, 14) for sign in (False, True)),
    *(("scale", depth, False) for depth in (2, 3, 10, 21, 128)),
    ("rate", 1, False), ("rate", 1, True), ("boolean", 1, False),
]  # fmt: skip


def host_coder(name: str, depth: int, signed: bool) -> Coder:
    if name == "boolean":
        return Boolean()
    if name == "rate":
        return Rate(1, signed)
    column: Any = {"fractional": Fractional(depth), "scale": Scale(depth)}.get(name) or Linear(depth, name == "rising")
    return Signed(column) if signed else Percentage(column)


def host_value(name: str, value: int) -> float:
    """The fraction that a whole number stands for."""
    return (value / ONE + 1) / 2 if name == "scale" else value / ONE


def voxels_of(words: Any, count: int) -> set[tuple[int, int]]:
    """(column, place) of injections, all of them whole voxels with the same units."""
    neurons = {words[3 * i + 1] for i in range(count)}
    assert len(neurons) == count
    assert {words[3 * i] for i in range(count)} <= {4}
    found = set()
    for neuron in neurons:
        column, rest = (1, neuron - FIRST - MINUS) if neuron >= FIRST + MINUS else (0, neuron - FIRST)
        found.add((column, rest // PER_VOXEL))
    assert len(found) * PER_VOXEL == count
    return found


@pytest.mark.parametrize(("name", "depth", "signed"), CASES)
def test_a_board_writes_the_voxels_that_the_host_writes(name: str, depth: int, signed: bool) -> None:
    coder = host_coder(name, depth, signed)
    encoder = Encoder(NAMES[name], Voxels(4, FIRST, PER_VOXEL, depth, PER_VOXEL), UNITS, MINUS if signed else 0)
    words = array("i", bytes(12 * (encoder.most + 1)))
    borders = {round(ONE * k / n) + e for n in (depth, 2 * depth, max(1, depth - 1)) for k in range(n + 1) for e in (-1, 0, 1)}
    values = borders | {-v for v in borders} | set(range(-ONE, ONE + 1, 97))
    for value in sorted(values & set(range(-ONE, ONE + 1))):
        count = encoder.encode(words, 0, value)
        assert count <= encoder.most
        host = coder.encode(host_value(name, value))
        if name == "rate" and abs(value) < ONE >> 9:
            assert count <= PER_VOXEL  # less than one part in 1023 may be nothing
            continue
        assert voxels_of(words, count) == {(x, z) for x, _, z, _ in host}, value
        if name == "rate":
            assert not host or abs(words[2] - host[0][3] * UNITS) <= UNITS / 500
        else:
            assert {words[3 * i + 2] for i in range(count)} <= {UNITS}


@pytest.mark.parametrize(("name", "depth", "signed"), [case for case in CASES if case[0] not in ("rate", "boolean")])
def test_a_board_reads_the_value_that_the_host_reads(name: str, depth: int, signed: bool) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    coder, brain = host_coder(name, depth, signed), PaperBrain()
    brain.ram = bytearray(8 + 256)
    decoder = Decoder(NAMES[name], brain, 0, FIRST, PER_VOXEL, depth, PER_VOXEL, MINUS if signed else 0, 4, 1, 123)
    held: Any = None
    quiet = 4
    for _ in range(300):
        fired = {(chance.randrange(1 + signed), chance.randrange(depth)) for _ in range(chance.choice([0, 0, 1, 1, 2, 9]))}
        brain.ram[8:] = bytes(256)
        for column, place in fired:
            neuron = FIRST + MINUS * column + place * PER_VOXEL + chance.randrange(PER_VOXEL)
            brain.ram[8 + (neuron >> 3)] |= 1 << (neuron & 7)
        decoder.decode()
        voxels: list[Voxel] = [(column, 0, place, 1.0) for column, place in fired]
        held = coder.decode(voxels)
        quiet = 0 if fired else quiet + 1
        if fired:
            exact = (2 * held - 1 if name == "scale" else held) * ONE
            last = decoder.value
            assert abs(decoder.value - exact) <= 1 + signed, fired
        else:
            assert decoder.value == (123 if quiet >= 4 else last)


@pytest.mark.parametrize(("name", "depth", "signed"), [case for case in CASES if case[0] not in ("rate", "boolean")])
def test_what_a_board_reads_it_writes_again_into_the_same_voxel(name: str, depth: int, signed: bool) -> None:
    """So a number that went around once never moves again."""
    coding, minus = NAMES[name], MINUS if signed else 0
    encoder = Encoder(coding, Voxels(4, FIRST, 1, depth, 1), UNITS, minus)
    brain = PaperBrain()
    brain.ram = bytearray(8 + 256)
    words = array("i", bytes(12 * (encoder.most + 1)))
    decoder = Decoder(coding, brain, 0, FIRST, 1, depth, 1, minus)
    for value in [*range(-ONE if signed or name == "scale" else 0, ONE + 1, 331), 0, ONE]:
        seen = []
        for _ in range(2):
            count = encoder.encode(words, 0, value)
            neurons = sorted(words[3 * i + 1] for i in range(count))
            brain.ram[8:] = bytes(256)
            for neuron in neurons:
                brain.ram[8 + (neuron >> 3)] |= 1 << (neuron & 7)
            decoder.decode()
            step = ONE * (2 if name == "scale" else 1) * host_coder(name, depth, signed).step  # type: ignore[attr-defined]
            assert abs(decoder.value - value) <= step + 2
            value = decoder.value
            seen.append(neurons)
        assert seen[0] == seen[1]


@pytest.mark.parametrize("signed", [False, True])
def test_a_rate_is_the_share_of_spikes_in_the_window(signed: bool) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    brain = PaperBrain()
    decoder = Decoder(coders.RATE, brain, 0, 0, 2, 1, 2, 8 if signed else 0, window=4, full=6, neutral=-50)
    history = [0, 0, 0, 0]
    for _ in range(300):
        plus, minus = chance.randrange(3), chance.randrange(3)
        brain.ram[8:10] = bytes([(1 << plus) - 1, (1 << minus) - 1])
        decoder.decode()
        history = [*history[1:], plus - minus * signed]
        total = sum(history)
        exact = -50 if not total else ONE * max(-6, min(6, total)) / 6
        assert abs(decoder.value - exact) < 1


def test_a_switch_is_on_until_it_was_silent_for_its_window() -> None:
    brain = PaperBrain()
    decoder = Decoder(coders.BOOLEAN, brain, 0, 0, 1, 1, 1, window=2)
    seen = []
    for fired in (0, 1, 0, 0, 0, 1, 1):
        brain.ram[8] = fired
        decoder.decode()
        seen.append(decoder.value)
    assert seen == [0, ONE, ONE, 0, 0, ONE, ONE]


@pytest.mark.parametrize(("coding", "depth", "minus"), [
    (0, 1, 0), (7, 1, 0), (coders.LINEAR, 129, 0), (coders.LINEAR, 0, 0), (coders.FRACTIONAL, 15, 0), (coders.SCALE, 1, 0),
    (coders.SCALE, 5, 1), (coders.BOOLEAN, 1, 1), (coders.RATE, 2, 0),
])  # fmt: skip
def test_what_a_board_cannot_code_is_refused(coding: int, depth: int, minus: int) -> None:
    with pytest.raises(ValueError, match=r"depth|sign"):
        Encoder(coding, Voxels(0, 0, 1, depth, 1), UNITS, minus)
    with pytest.raises(ValueError, match=r"depth|sign"):
        Decoder(coding, PaperBrain(), 0, 0, 1, depth, 1, minus)


class Counted(int):
    """A whole number that notes the largest result of its products, sums and shifts."""

    largest = 0

    def _noted(self, result: int) -> Counted:
        Counted.largest = max(Counted.largest, abs(result))
        return Counted(result)

    def __mul__(self, other: int) -> Counted:
        return self._noted(int(self) * int(other))

    def __rmul__(self, other: int) -> Counted:
        return self._noted(int(other) * int(self))

    def __add__(self, other: int) -> Counted:
        return self._noted(int(self) + int(other))

    def __sub__(self, other: int) -> Counted:
        return self._noted(int(self) - int(other))

    def __rsub__(self, other: int) -> Counted:
        return self._noted(int(other) - int(self))

    def __neg__(self) -> Counted:
        return Counted(-int(self))

    def __lshift__(self, other: int) -> Counted:
        return self._noted(int(self) << other)


@pytest.mark.parametrize(("name", "depth", "signed"), CASES)
def test_no_number_leaves_the_range_in_which_small_integers_cost_no_memory(
    name: str, depth: int, signed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2^30 - 1 is the largest integer that MicroPython keeps without taking memory on a 32-bit board."""
    monkeypatch.setattr(coders, "ONE", Counted(ONE))
    Counted.largest = 0
    encoder = Encoder(NAMES[name], Voxels(4, FIRST, PER_VOXEL, depth, PER_VOXEL), (1 << 30) - 1, MINUS if signed else 0)
    words = array("i", bytes(12 * (encoder.most + 1)))
    brain = PaperBrain()
    brain.ram = bytearray(8) + b"\xff" * 256
    decoder = Decoder(NAMES[name], brain, 0, FIRST, PER_VOXEL, depth, PER_VOXEL, MINUS if signed else 0)
    for value in (0, 1, ONE, -ONE, ONE // 2, -32768):
        encoder.encode(words, 0, Counted(value))
        decoder.decode()
    assert Counted.largest >= ONE or name == "boolean"
    assert Counted.largest < 1 << 30


@pytest.mark.parametrize(("interpreter", "step"), [("unix64", 61), ("unix32", 61)])
def test_micropython_computes_the_same_and_takes_no_memory(interpreter: str, step: int, request: pytest.FixtureRequest) -> None:
    if interpreter == "unix32":
        from neurula.errors import DeviceNotFound
        from neurula.sim.firmware import find_firmware
        from tests.conftest import missing

        try:
            find_firmware("unix32")
        except DeviceNotFound as error:
            missing(error.message)
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        coder_run.run(step, 64)
    files = {"coder_run.py": (ROOT / "tests" / "robot" / "coder_run.py").read_bytes()}
    with UnixMicroPython(interpreter, files=files, import_path=[ROOT / "firmware_py"]) as machine:
        there = machine.run(f"import coder_run\ncoder_run.run({step}, 64)\n", timeout_s=120)
    assert there == told.getvalue()
    assert len(told.getvalue().splitlines()) == 31
    assert all(line.endswith(" 0") for line in there.splitlines())
