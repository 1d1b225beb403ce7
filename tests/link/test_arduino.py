"""The example robot of the Arduino class: its sketch compiled for this computer, its wire and its clock in the test's hands."""

from __future__ import annotations

import ctypes
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from neurula.link.wire import (
    MESSAGES,
    WIRE_FINGERPRINT,
    Flag,
    Frame,
    FrameDecoder,
    Greet,
    MessageType,
    Motor,
    Sense,
    Subscribe,
    Value,
    encode_frame,
)
from tests.conftest import ROOT, missing
from tests.link.frames import changed, pool_of

SKETCH = ROOT / "examples" / "arduino" / "two_wheels" / "two_wheels.ino"
LEFT, RIGHT, LEFT_BACKWARD, RIGHT_BACKWARD = 5, 6, 7, 8


class Robot:
    """The sketch, running."""

    def __init__(self, library: Path) -> None:
        self._sketch = ctypes.CDLL(str(library))
        self._sketch.begin()
        self._answer = ctypes.create_string_buffer(65536)
        self._decoder = FrameDecoder()
        self._sequence = 0

    def run(self, data: bytes = b"", ms: int = 0) -> list[Any]:
        """What it says to some bytes and in the milliseconds after them."""
        size = self._sketch.run(data, len(data), ms, self._answer)
        return [MESSAGES[frame.type].unpack(frame.payload) for frame in self._decoder.feed(self._answer.raw[:size])]

    def ask(self, message: Any, flags: int = Flag.NEEDS_ACK) -> Any:
        self._sequence += 1
        return self.run(encode_frame(Frame(message.TYPE, flags, self._sequence, message.pack())))[0]

    def drive(self, sequence: int, left: int, right: int) -> None:
        motor = Motor(1, (Value(0, left), Value(1, right)))
        assert self.run(encode_frame(Frame(motor.TYPE, 0, sequence, motor.pack()))) == []

    def wheels(self) -> tuple[int, int]:
        levels = [self._sketch.pin_level(pin) for pin in (LEFT, RIGHT, LEFT_BACKWARD, RIGHT_BACKWARD)]
        return (-levels[0] if levels[2] else levels[0]), (-levels[1] if levels[3] else levels[1])

    def set_reading(self, pin: int, reading: int) -> None:
        self._sketch.set_reading(pin, reading)


@pytest.fixture(scope="module")
def sketch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        missing("no C++ compiler")
    folder = tmp_path_factory.mktemp("sketch")
    source = folder / "sketch.cpp"
    source.write_text(f'#include "{ROOT}/tests/link/arduino.h"\n#include "{SKETCH}"\n')
    command = [str(compiler), "-std=c++11", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/runtime_c", str(source)]
    run = subprocess.run([*command, "-o", str(folder / "sketch.so")], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return folder / "sketch.so"


@pytest.fixture
def robot(sketch: Path, tmp_path: Path) -> Robot:
    copy = tmp_path / "robot.so"  # a library of its own has variables of its own
    shutil.copy(sketch, copy)
    return Robot(copy)


def greeted(robot: Robot) -> Robot:
    hello = robot.ask(Greet(77, WIRE_FINGERPRINT))
    assert (hello.board, hello.session, hello.slot, hello.failsafe_ms, hello.image_fingerprint) == ("two_wheels", 77, 255, 200, 0)
    return robot


def test_it_drives_by_the_latest_motor_values(robot: Robot) -> None:
    greeted(robot)
    robot.drive(5, 32767, -16384)
    assert robot.wheels() == (255, -128)
    robot.drive(4, 100, 100)
    assert robot.wheels() == (255, -128)
    robot.drive(6, 0, -32768)
    assert robot.wheels() == (0, -255)


def test_its_wheels_stand_still_when_the_brain_has_gone(robot: Robot) -> None:
    greeted(robot)
    robot.drive(1, 20000, 20000)
    robot.run(ms=198)
    assert robot.wheels() == (156, 156)
    robot.run(ms=2)
    assert robot.wheels() == (0, 0)


def test_the_emergency_stop_holds_until_it_is_released(robot: Robot) -> None:
    assert robot.ask(MESSAGES[MessageType.ESTOP]()) == MESSAGES[MessageType.ACK]()
    greeted(robot)
    robot.drive(1, 20000, 20000)
    assert robot.wheels() == (0, 0)
    robot.ask(MESSAGES[MessageType.RELEASE]())
    robot.drive(2, 20000, 20000)
    assert robot.wheels() == (156, 156)


def test_it_says_what_its_sensors_see_fifty_times_a_second(robot: Robot) -> None:
    greeted(robot)
    robot.set_reading(14, 1023)
    robot.set_reading(16, 512)
    assert robot.run(ms=100) == []
    robot.ask(Subscribe(0, 0, 1))
    said = robot.run(ms=100)
    assert len(said) == 5
    assert said[0] == Sense((Value(0, 32736), Value(1, 0), Value(2, 16384)))


def test_what_it_cannot_do_is_an_error_and_nothing_is_done_outside_of_a_session(robot: Robot) -> None:
    robot.drive(1, 20000, 20000)
    assert robot.wheels() == (0, 0)
    assert robot.ask(Greet(1, 12345)).code == b"F131"
    assert robot.ask(MESSAGES[MessageType.RELEASE]()).code == b"F138"
    assert robot.ask(MESSAGES[MessageType.GET_STATS]()).code == b"F138"
    greeted(robot)
    assert robot.ask(MESSAGES[MessageType.COMMIT]()).code == b"F131"
    assert robot.ask(MESSAGES[MessageType.GET_STATS]()).code == b"F131"
    assert robot.ask(MESSAGES[MessageType.PING](b"hello")).data == b"hello"


def test_garbage_moves_nothing(robot: Robot) -> None:
    greeted(robot)
    chance = random.Random(3)
    pool = [data for frame, data in pool_of(chance) if frame.type not in (MessageType.MOTOR, MessageType.ESTOP)]
    for _ in range(100):
        robot.run(b"".join(changed(chance, *chance.choices(pool, k=2)) for _ in range(30)))
        assert robot.wheels() == (0, 0)
    robot.drive(1, 20000, 20000)
    assert robot.wheels() == (156, 156)
