"""A genome of the community (not ours, not shipped) in a body of the kind it was made for: what it does, and what it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from examples.bodies.pioneer.body import Pioneer
from neurula.robot import Robot
from tests.bodies.living import Changed, brain_of, lived

SEES = (0, 1, 5, 6, 7, 8)  # the sensors that make it turn wherever something is near; 2 does for one distance only
READINGS = [f"ds{i}" for i in range(16)]
SECONDS = 40.0
ROOMS = range(5)


@pytest.fixture(scope="module")
def genome(shared: Path) -> Path:
    return shared / "genomes" / "Webots_pioneer2_pioneer2_basic_genome_98cb.json"


def told(robot: Robot, **readings: float) -> dict[str, Any]:
    robot.sense(**{name: readings.get(name, 0.0) for name in READINGS})
    return robot.step(4)


def test_with_nothing_near_it_drives_slowly_straight_on(genome: Path) -> None:
    assert told(brain_of("pioneer", genome)) == pytest.approx({"left_wheel": 0.3, "right_wheel": 0.3})


@pytest.mark.parametrize("sensor", SEES)
def test_what_is_near_in_front_on_its_left_or_behind_turns_it_to_the_right(genome: Path, sensor: int) -> None:
    values = told(brain_of("pioneer", genome), **{f"ds{sensor}": 800.0})
    assert values["left_wheel"] > 0.5
    assert values["right_wheel"] < -0.5


@pytest.mark.parametrize("sensor", [3, 4, *range(9, 16)])
def test_it_is_blind_on_its_right(genome: Path, sensor: int) -> None:
    robot = brain_of("pioneer", genome)
    assert told(robot, **{f"ds{sensor}": 1024.0}) == told(robot)


def test_in_an_empty_room_it_avoids_most_walls_and_blind_it_avoids_none(genome: Path) -> None:
    """Longer and in more rooms: see the README."""
    blind = Changed(brain_of("pioneer", genome), sensors=lambda values: dict.fromkeys(values, 0.0))
    seeing = [lived("pioneer", seed, SECONDS, brain_of("pioneer", genome)) for seed in ROOMS]
    covered = [lived("pioneer", seed, SECONDS / 2, blind) for seed in ROOMS]
    assert sum(clean(body) for body in seeing) >= 4
    assert sum(clean(body) for body in covered) == 0
    assert sum(body.score() for body in seeing) / len(ROOMS) > 0.3


def clean(body: Any) -> bool:
    assert isinstance(body, Pioneer)
    return body.collisions == 0
