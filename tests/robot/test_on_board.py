"""A body here, its brain on the real firmware: MicroPython for Unix with whole numbers of 64 and of 32 bits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from neurula.errors import NeurulaError
from neurula.link.link import ClosingLink, broken
from neurula.robot import Robot, RobotMapping, parse_mapping, read_mapping
from neurula.robot.robot import load_brain
from neurula.runtimes.firmware_files import firmware_source
from neurula.sim.unix import UnixMicroPython
from tests.conftest import ROOT
from tests.robot.brains import Sizes, image_of

REFLEX = ROOT / "examples" / "reflex"
FACTS = {"board": "linux", "failsafe_ms": 200, "rate_hz": 100, "watchdog_ms": 2000, "slot_bytes": 65536}
RUN = """
import hashlib
from binascii import crc32
from neurula_mcu.main import open_slots, read_facts, run
slots = open_slots(read_facts(), lambda: None)
data = open("brain.nrl", "rb").read()
writer = slots.begin(len(data), hashlib.sha256(data).digest())
at = 0
while at < len(data):
    part = data[at : at + 180]
    at = writer.write(at, part, crc32(part))
writer.finish()
slots.choose()
slots.confirm()
run()
"""
ALL = [
    ("push", "accelerometer", "move", "motor", (6, 1, 10), "linear", 0.1),
    ("spin", "quaternion", "turn", "motor", (8, 1, 7), "fractional", 0.01),
    ("near", "analog_in", "show", "analog_out", (1, 1, 10), "linear", 0.1),
    ("high", "analog_in", "lift", "analog_out", (1, 1, 21), "scale", 0.05),
    ("grow", "analog_in", "fade", "analog_out", (1, 1, 10), "rising", 0.1),
    ("gate", "analog_in", "door", "analog_out", (1, 1, 1), "boolean", 0.5),
]


class BoardLink(ClosingLink):
    """The standard streams of a program on MicroPython."""

    def __init__(self, machine: UnixMicroPython) -> None:
        self.machine = machine

    @property
    def name(self) -> str:
        return "unix"

    def send(self, data: bytes) -> None:
        self.machine.write(data)

    def receive(self, timeout_s: float) -> bytes:
        try:
            return self.machine.read(timeout_s)
        except NeurulaError as problem:
            raise broken(self.name, problem.message) from None

    def reopen(self) -> bool:
        return self.machine.running()

    def close(self) -> None:
        """The test ends the program."""


@pytest.fixture(params=["unix64", pytest.param("unix32", marks=pytest.mark.needs_firmware)])
def interpreter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def boards() -> Iterator[list[UnixMicroPython]]:
    started: list[UnixMicroPython] = []
    yield started
    for machine in started:
        machine.close()


def on_board(boards: list[UnixMicroPython], interpreter: str, mapping: RobotMapping, image: bytes) -> Robot:
    files = {"brain.nrl": image, "neurula_board.json": json.dumps(FACTS).encode()}
    machine = UnixMicroPython(interpreter, files=files, import_path=[firmware_source().parent])
    boards.append(machine)
    machine.launch(RUN)
    robot = Robot(mapping, image, link=BoardLink(machine))
    robot._brain._hold_s = 2.0  # type: ignore[union-attr]  # this computer may be busy
    return robot


def test_the_reflex_drives_on_a_board_as_it_does_here(boards: list[UnixMicroPython], interpreter: str) -> None:
    mapping = read_mapping(REFLEX / "robot.toml")
    image = load_brain(REFLEX / "genome.json", mapping)[0]
    far, near = on_board(boards, interpreter, mapping, image), Robot(mapping, image)
    for left, right in ((1, 1), (0.1, 1), (1, 0.1), (0, 0)):
        for robot in (far, near):
            robot.sense(left_eye=left, right_eye=right)
        assert far.step(40) == pytest.approx(near.step(40), abs=0.26), "a spike more or less in a window of eight"


def test_numbers_of_every_coding_and_pictures_go_through_a_board(boards: list[UnixMicroPython], interpreter: str) -> None:
    sizes: Sizes = {}
    copies = {}
    text = '[sensors.see]\nkind = "camera"\narea = "i_see"\n[motors.view]\nkind = "image_out"\narea = "o_view"\n'
    for sensor, kind, motor, acts, size, coding, _ in ALL:
        sizes |= {f"i_{sensor}": size, f"o_{motor}": size}
        copies[f"i_{sensor}"] = f"o_{motor}"
        text += f'[sensors.{sensor}]\nkind = "{kind}"\narea = "i_{sensor}"\ncoding = "{coding}"\n'
        text += f'[motors.{motor}]\nkind = "{acts}"\narea = "o_{motor}"\ncoding = "{coding}"\n'
    sizes |= {"i_see": (6, 5, 1), "o_view": (6, 5, 1)}
    robot = on_board(boards, interpreter, parse_mapping(text.encode()), image_of(sizes, {**copies, "i_see": "o_view"}))
    picture = np.eye(5, 6, dtype=np.uint8) * 200
    for number in (0.9, 0.0, 0.35):
        sent: dict[str, Any] = {sensor: number for sensor, *_ in ALL}
        robot.sense(**{**sent, "push": (-number, 0.1, 0.2), "spin": (-number, 0, 0, 0)}, see=picture)
        values = robot.step(10)
        for _, kind, motor, _, _, coding, step in ALL:
            wanted = -number if kind in ("accelerometer", "quaternion") else number
            assert float(values[motor]) == pytest.approx(wanted, abs=step + 0.001), (motor, coding)
        assert np.array_equal(values["view"][:, :, 0] > 0, picture > 0)
    plan = robot._brain.plan  # type: ignore[union-attr]
    assert (plan.raw_sensors, plan.raw_motors) == (("see",), ("view",))
