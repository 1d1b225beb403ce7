"""The wall avoider: five minutes in rooms that it does not know without touching anything, and what it is in the brain that does it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from examples.bodies.catalogue import CATALOGUE
from examples.bodies.wall_avoider import design
from examples.bodies.wall_avoider.body import RANGE_M, SENSORS
from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.genome import parse_genome
from neurula.robot import Robot, read_mapping
from tests.bodies.living import SEEDS, Changed, brain_of, lived

DRIVE, SPIN = 0.8, 0.7
HELD = 10  # bursts after which the brain has made up its mind


def told(**near: float) -> dict[str, Any]:
    """What the motors do when the sensors have said this for a while; sensors that are not named see nothing."""
    robot = brain_of("wall_avoider")
    robot.sense(**{name: near.get(name, RANGE_M) for name in SENSORS})
    return robot.step(HELD)


@pytest.mark.parametrize("seed", SEEDS)
def test_it_drives_for_five_minutes_without_a_collision(seed: int) -> None:
    figures = (body := lived("wall_avoider", seed, 300.0)).figures()
    assert figures["collisions"] == 0
    assert body.score() >= 0.5
    assert figures["way_m"] >= 35


@pytest.mark.parametrize("seed", SEEDS)
def test_with_its_sensors_covered_the_same_brain_runs_into_a_wall(seed: int) -> None:
    blind = Changed(brain_of("wall_avoider"), sensors=lambda values: dict.fromkeys(values, RANGE_M))
    assert lived("wall_avoider", seed, 20.0, blind).figures()["collisions"] >= 1


def test_chance_takes_it_about_where_it_would_else_drive_in_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    explored = []
    for spark in (design.SPARK, 0.0):
        monkeypatch.setattr(design, "SPARK", spark)
        image = write_image(lower(develop(parse_genome(design.wall_avoider_genome())).connectome))
        body = lived("wall_avoider", 3, 100.0, Robot(read_mapping(CATALOGUE["wall_avoider"].robot), image))
        explored.append(body.figures()["explored_percent"])
    assert explored[0] > 1.3 * explored[1]


def test_on_a_free_road_it_drives_straight_on_but_for_a_whim_to_either_side_now_and_then() -> None:
    robot = brain_of("wall_avoider")
    robot.sense(**dict.fromkeys(SENSORS, RANGE_M))
    robot.step(HELD)
    seen = Counter(tuple(round(value, 3) for value in robot.step().values()) for _ in range(3000))
    assert set(seen) <= {(DRIVE, DRIVE), (DRIVE, 0.4), (0.4, DRIVE), (0.4, 0.4)}
    assert seen[DRIVE, DRIVE] > 1500
    assert min(seen[DRIVE, 0.4], seen[0.4, DRIVE]) > 150


def test_it_has_no_whim_towards_what_it_sees() -> None:
    robot = brain_of("wall_avoider")
    robot.sense(**{**dict.fromkeys(SENSORS, RANGE_M), "far_right": 0.6})
    seen = {tuple(round(value, 3) for value in robot.step().values()) for _ in range(HELD + 1000)[HELD:]}
    assert (0.4, DRIVE) in seen
    assert (DRIVE, 0.4) not in seen


@pytest.mark.parametrize(("sensor", "metres"), [("far_left", 0.1), ("left", 0.2), ("front", 0.3)])
def test_what_is_near_on_the_left_or_in_front_turns_it_to_the_right(sensor: str, metres: float) -> None:
    assert told(**{sensor: metres}) == pytest.approx({"left_wheel": SPIN, "right_wheel": -SPIN})


@pytest.mark.parametrize(("sensor", "metres"), [("far_right", 0.1), ("right", 0.2)])
def test_what_is_near_on_the_right_turns_it_to_the_left(sensor: str, metres: float) -> None:
    assert told(**{sensor: metres}) == pytest.approx({"left_wheel": -SPIN, "right_wheel": SPIN})


def test_at_middle_distance_it_bends_away_without_stopping() -> None:
    assert told(left=0.4) == pytest.approx({"left_wheel": DRIVE, "right_wheel": 0.4})
    assert told(right=0.4) == pytest.approx({"left_wheel": 0.4, "right_wheel": DRIVE})


def test_a_corner_does_not_make_it_waver() -> None:
    """The turn that runs keeps the other out until nothing is near; both at once is decided too."""
    robot = brain_of("wall_avoider")
    corner = dict.fromkeys(SENSORS, 0.1)
    for first, turn in (({"right": 0.1}, -1), ({"left": 0.1}, 1), (corner, 1)):
        robot.sense(**dict.fromkeys(SENSORS, RANGE_M))
        robot.step(HELD)
        robot.sense(**first)
        robot.step(HELD)
        for _ in range(20):
            robot.sense(**corner)
            assert robot.step()["left_wheel"] * turn == pytest.approx(SPIN)
