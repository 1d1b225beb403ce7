"""The line follower: on the line for nearly all of the time, also when a fifth of what is said gets lost."""

from __future__ import annotations

import random
from typing import Any

import pytest

from examples.bodies.line_follower.body import SENSORS
from tests.bodies.living import SEEDS, Changed, brain_of, lived

FULL, SLOW, CREEP = 0.8, 0.4, 0.1
HELD = 6


def told(*dark: str, before: str = "") -> dict[str, Any]:
    """What the motors do when these sensors have seen the line for a while."""
    robot = brain_of("line_follower")
    if before:
        robot.sense(**{name: float(name == before) for name in SENSORS})
        robot.step(HELD)
    robot.sense(**{name: float(name in dark) for name in SENSORS})
    return robot.step(HELD)


@pytest.mark.parametrize("seed", SEEDS)
def test_it_stays_on_the_line_and_gets_on(seed: int) -> None:
    figures = (body := lived("line_follower", seed, 90.0)).figures()
    assert body.score() >= 0.95
    assert figures["rounds"] >= 2.5


@pytest.mark.parametrize("seed", SEEDS)
def test_it_forgives_values_that_get_lost_or_come_late(seed: int) -> None:
    """20 % of the values of sensors and of motors are lost, the others are up to 50 ms late; the newest that has come counts."""
    print(f"seed {seed}")
    clean, noisy = lived("line_follower", seed, 30.0), lived("line_follower", seed, 30.0, worn(seed))
    assert noisy.score() >= 0.95 * clean.score()
    assert noisy.figures()["rounds"] > 0.9 * clean.figures()["rounds"]


class Channel:
    """Values on their way: lost, late, out of order; what is out is the newest that has arrived."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._on_the_way: list[tuple[float, int, dict[str, Any]]] = []
        self._burst = 0
        self._newest: tuple[int, dict[str, Any]] = (-1, {})

    def pass_on(self, values: dict[str, Any]) -> dict[str, Any]:
        if self._chance.random() >= 0.2:
            self._on_the_way.append((self._burst + self._chance.uniform(0, 2.5), self._burst, values))
        arrived = [(sent, said) for due, sent, said in self._on_the_way if due <= self._burst]
        self._on_the_way = [entry for entry in self._on_the_way if entry[0] > self._burst]
        self._newest = max([self._newest, *arrived], key=lambda entry: entry[0])
        self._burst += 1
        return self._newest[1]


def worn(seed: int) -> Changed:
    return Changed(brain_of("line_follower"), Channel(2 * seed).pass_on, Channel(2 * seed + 1).pass_on)


def test_it_leaves_the_line_when_its_sides_are_exchanged() -> None:
    exchanged = Changed(brain_of("line_follower"), motors=lambda v: {"left_wheel": v["right_wheel"], "right_wheel": v["left_wheel"]})
    assert lived("line_follower", 1, 30.0, exchanged).score() < 0.3


def test_the_middle_sensor_drives_straight_on_and_the_others_towards_the_line() -> None:
    assert told("middle") == pytest.approx({"left_wheel": FULL, "right_wheel": FULL})
    assert told("left") == pytest.approx({"left_wheel": SLOW, "right_wheel": FULL})
    assert told("right") == pytest.approx({"left_wheel": FULL, "right_wheel": SLOW})
    assert told("far_left") == pytest.approx({"left_wheel": -CREEP, "right_wheel": FULL})
    assert told("far_right") == pytest.approx({"left_wheel": FULL, "right_wheel": -CREEP})


def test_two_sensors_together_ask_for_something_between() -> None:
    assert told("middle", "left") == pytest.approx({"left_wheel": (FULL + SLOW) / 2, "right_wheel": FULL})


def test_a_lost_line_is_searched_where_it_was_last() -> None:
    assert told(before="far_left") == pytest.approx({"left_wheel": -SLOW, "right_wheel": SLOW})
    assert told(before="right") == pytest.approx({"left_wheel": SLOW, "right_wheel": -SLOW})
