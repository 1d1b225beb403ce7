"""An Arduino robot as it is: the sketch in machine code on an emulated ATmega328P, its sensors as voltages, its wheels as pulses, a brain
here, 115,200 baud between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from neurula.bridge import Bridge, LinkedBody, Meters, SteppedBrain, bound_brain, channels_of_brain
from neurula.bridge.emulated import EmulatedClock, EmulatedLink
from neurula.genome.templates import design_from
from neurula.link.wire import Estop, Release
from neurula.robot import read_mapping
from neurula.robot.robot import load_brain
from tests.bridge.uno.rover import Rover
from tests.bridge.uno.uno import compiled_sketch, compiled_uno, require_tools
from tests.conftest import ROOT

ROBOT = ROOT / "examples" / "arduino" / "two_wheels" / "robot.toml"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(the emulated board, the sketch) as files."""
    require_tools()
    folder = tmp_path_factory.mktemp("uno")
    (folder / "rover.json").write_text(design_from("reflex", "rover").text())
    return compiled_uno(folder), compiled_sketch(folder)


class Drive:
    """A rover and its brain."""

    def __init__(self, made: tuple[Path, Path], seed: int) -> None:
        self.rover = Rover(*made, seed)
        self.clock = EmulatedClock(self.rover.uno)
        mapping = read_mapping(ROBOT)
        image, rate_hz = load_brain(made[1].parent / "rover.json", mapping)
        brain = bound_brain(image, mapping, rate_hz)
        link = EmulatedLink(self.rover.uno, "uno")
        self.body = LinkedBody(channels_of_brain(brain.robot), mapping, link, self.clock, period_s=1 / brain.rate_hz)
        self.body.open()
        self.bridge = Bridge(SteppedBrain(brain), self.body, self.clock, Meters(brain.geometry, brain.rate_hz))

    def run(self, seconds: float) -> Drive:
        self.bridge.run(round(seconds * self.bridge.meters.rate_hz))
        return self


@pytest.fixture
def drive(made: tuple[Path, Path]) -> Iterator[Drive]:
    one = Drive(made, 3)
    yield one
    one.rover.uno.power_off()


def test_it_drives_and_turns_away_from_walls(drive: Drive) -> None:
    drive.run(12.0)
    drive.bridge.finish()
    figures, quality = drive.rover.figures(), drive.body.quality()
    print(figures, quality)
    assert figures["way_m"] > 1.5
    assert figures["collisions"] == 0
    assert (quality.missed, quality.rejected, quality.state) == (0.0, 0, "connected")
    assert quality.round_trip_s < 0.02
    assert drive.bridge.schedule.overruns == 0


def test_its_eyes_are_told_in_metres_and_its_wheels_do_what_they_are_told(drive: Drive) -> None:
    uno = drive.rover.uno
    drive.rover.uno.outside = lambda: None  # the world stands still
    uno.set_analog(0, 0.75)
    uno.set_analog(2, 0.0)
    drive.run(0.5)
    sensed = drive.bridge.meters.sensed
    assert sensed["left_eye"] == pytest.approx(0.25, abs=0.002)
    assert sensed["right_eye"] == pytest.approx(1.0, abs=0.002)
    motors = drive.bridge.meters.motors
    assert motors["left_wheel"] > 0.9  # a wall on the left: it turns to the right
    assert motors["right_wheel"] < 0
    for name, (pulses, direction) in {"left_wheel": (5, 7), "right_wheel": (6, 8)}.items():
        assert uno.duty(pulses) == pytest.approx(abs(motors[name]), abs=0.01)
        assert uno.pin(direction) == (motors[name] < 0)


def test_it_stands_still_200_ms_after_the_last_word(drive: Drive) -> None:
    drive.run(1.0)
    uno = drive.rover.uno
    assert uno.duty(5) > 0.5
    said_s = uno.seconds()
    while uno.duty(5) or uno.duty(6):
        uno.sleep(0.001)
        assert uno.seconds() - said_s < 0.21
    drive.run(0.5)  # and goes on when the brain is back
    assert uno.duty(5) > 0.5


def test_the_emergency_stop_overrides_the_brain(drive: Drive) -> None:
    drive.run(0.5)
    drive.body.session.request(Estop())
    drive.run(0.5)
    assert (drive.rover.uno.duty(5), drive.rover.uno.duty(6)) == (0.0, 0.0)
    drive.body.session.request(Release())
    drive.run(0.5)
    assert drive.rover.uno.duty(5) > 0.5


def test_closing_the_bridge_stops_the_wheels_at_once(drive: Drive) -> None:
    drive.run(0.5)
    drive.body.close()
    sent = drive.rover.uno.seconds()
    drive.rover.uno.sleep(0.02)
    assert (drive.rover.uno.duty(5), drive.rover.uno.duty(6)) == (0.0, 0.0)
    assert drive.rover.uno.seconds() - sent < 0.1


def test_noise_on_the_cable_is_passed_over_in_both_directions(drive: Drive) -> None:
    import random

    chance = random.Random(6)
    drive.run(0.5)
    for _ in range(10):
        drive.rover.uno.write(chance.randbytes(chance.randrange(40)))
        drive.run(0.2)
    quality = drive.body.quality()
    assert quality.state == "connected"
    assert quality.missed < 0.05
    assert drive.rover.robot.way_m > 0.1
