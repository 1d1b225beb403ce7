"""CartPole and MuJoCo's swimmer, driven by genomes of ours."""

from __future__ import annotations

from statistics import mean
from typing import Any

import pytest

from examples.bodies.swimmer.design import PULL
from tests.bodies.living import SEEDS, Changed, NoBrain, brain_of, lived

POLES = 4 * len(SEEDS)


def test_the_pole_stands_for_475_of_500_steps_on_average() -> None:
    scores = [lived("cart_pole", seed, 10.0).score() for seed in range(POLES)]
    assert mean(scores) >= 475 / 500, scores


def test_the_pole_falls_at_once_without_a_brain_or_with_the_wrong_sign() -> None:
    wrong = [lived("cart_pole", seed, 10.0, Changed(brain_of("cart_pole"), motors=backwards)).score() for seed in range(4)]
    assert mean(wrong) < 0.05
    assert mean(lived("cart_pole", seed, 10.0, NoBrain()).score() for seed in range(4)) < 0.05


def backwards(values: dict[str, Any]) -> dict[str, Any]:
    return {name: -value for name, value in values.items()}


@pytest.mark.parametrize(
    ("state", "push"),
    [
        ({"pole_angle": 3.0}, 1), ({"pole_angle": -3.0}, -1),
        ({"pole_turning": 40.0}, 1), ({"pole_turning": -40.0}, -1),
        ({"cart_place": 1.5}, 1), ({"cart_speed": -1.0}, -1),
        ({"pole_angle": 2.0, "pole_turning": -60.0}, -1), ({"pole_angle": 2.0, "cart_speed": -0.5}, 1),
    ],
)  # fmt: skip
def test_the_push_is_the_sign_of_the_weighted_sum(state: dict[str, float], push: int) -> None:
    """One unit of each number counts as much as its range in robot.toml is small."""
    weights = {"pole_angle": 1 / 12, "pole_turning": 1 / 150, "cart_place": 1 / 19, "cart_speed": 1 / 8}
    assert (sum(weights[name] * value for name, value in state.items()) > 0) == (push > 0)
    robot = brain_of("cart_pole")
    robot.sense(**{**dict.fromkeys(weights, 0.0), **state})
    assert robot.step(2)["push"] == push


@pytest.mark.parametrize("seed", SEEDS)
def test_the_swimmer_swims_nine_metres_in_forty_seconds(seed: int) -> None:
    body = lived("swimmer", seed, 40.0)
    assert body.figures()["seconds"] == pytest.approx(40)
    assert body.figures()["way_m"] > 9
    assert body.score() > 0.6
    assert body.over


def test_the_swimmer_without_a_brain_or_with_stiff_joints_gets_nowhere() -> None:
    stiff = Changed(brain_of("swimmer"), sensors=lambda values: dict.fromkeys(values, 0.0))
    assert lived("swimmer", 1, 40.0, stiff).figures()["way_m"] < 2
    assert lived("swimmer", 1, 40.0, NoBrain()).figures()["way_m"] < 2


def test_the_half_centre_changes_sides_where_the_rear_joint_is_bent_and_holds_between() -> None:
    robot, full = brain_of("swimmer"), (PULL + 1) / 10
    seen = []
    for degrees in (0.0, 60.0, 0.0, -20.0, -60.0, 0.0, 20.0):
        robot.sense(front_joint=0.0, rear_joint=degrees)
        seen.append(robot.step(6)["rear_muscle"])
    assert seen == pytest.approx([full, -full, -full, -full, full, full, full])
