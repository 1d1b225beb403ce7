"""What examples/reflex promises: straight on, away from walls, back from dead ends."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.examples.example_runs import Run, changed, injected, rules_of

SENSORS, DANGER, MOTORS = "i__pro", "CDangr", "o__mot"
SIDES = ("left", "right")
FORWARD, BACKWARD = {"left": 0, "right": 2}, {"left": 1, "right": 3}
SEEN_FROM, SEEN_TO, LATENCY = 13, 72, 2
BURSTS = 80


def drive(left: int | None, right: int | None, genome: object = "reflex", bursts: range = range(SEEN_FROM, SEEN_TO + 1)) -> Run:
    voxels = [(side, 0, z) for side, z in enumerate((left, right)) if z is not None]
    assert isinstance(genome, (str, dict))
    return Run(genome, injected(SENSORS, voxels, bursts) if voxels else [], BURSTS)


def speed(run: Run, motor: int) -> int:
    """Spikes of a motor neuron while the sensors' news is in effect."""
    return sum(SEEN_FROM + LATENCY <= burst <= SEEN_TO + LATENCY for burst in run.bursts_of(MOTORS, motor))


def other(side: str) -> str:
    return SIDES[1 - SIDES.index(side)]


def seen_on(side: str, nearness: int, genome: object = "reflex") -> Run:
    return drive(nearness, None, genome) if side == "left" else drive(None, nearness, genome)


def test_on_a_free_road_both_wheels_turn_alike_at_a_quarter_of_the_bursts() -> None:
    run = drive(None, None)
    left, right = run.bursts_of(MOTORS, FORWARD["left"]), run.bursts_of(MOTORS, FORWARD["right"])
    assert left == right == list(range(4, BURSTS + 1, 4))
    assert not run.bursts_of(MOTORS, BACKWARD["left"])
    assert not run.bursts_of(MOTORS, BACKWARD["right"])


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("nearness", [7, 8, 9])
def test_a_near_wall_makes_it_turn_away_at_full_speed_about_the_standing_wheel(side: str, nearness: int) -> None:
    run = seen_on(side, nearness)
    assert speed(run, FORWARD[side]) == 30
    assert speed(run, FORWARD[other(side)]) == 0
    assert speed(run, BACKWARD["left"]) == speed(run, BACKWARD["right"]) == 0


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("nearness", [4, 5, 6])
def test_a_wall_at_middle_distance_makes_it_turn_away_without_stopping_a_wheel(side: str, nearness: int) -> None:
    run = seen_on(side, nearness)
    assert 0 < speed(run, FORWARD[other(side)]) <= 11
    assert speed(run, FORWARD[side]) >= 29


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("nearness", [0, 1, 2, 3])
def test_a_wall_that_is_far_changes_nothing(side: str, nearness: int) -> None:
    far, free = seen_on(side, nearness), drive(None, None)
    assert [far.at(burst, MOTORS) for burst in range(BURSTS + 1)] == [free.at(burst, MOTORS) for burst in range(BURSTS + 1)]


def test_a_wall_ahead_makes_it_back_off_in_a_curve() -> None:
    run = drive(9, 9)
    settled = SEEN_FROM + LATENCY + 1
    assert not [b for side in SIDES for b in run.bursts_of(MOTORS, FORWARD[side]) if settled <= b <= SEEN_TO + LATENCY]
    assert speed(run, BACKWARD["left"]) > speed(run, BACKWARD["right"]) >= 15


@pytest.mark.parametrize("side", SIDES)
def test_it_answers_two_bursts_after_the_first_near_echo(side: str) -> None:
    run = seen_on(side, 8)
    assert run.bursts_of(DANGER, SIDES.index(side))[0] == SEEN_FROM + 1
    assert run.bursts_of(MOTORS, FORWARD[side])[3] == SEEN_FROM + LATENCY  # after 4, 8, 12; without the wall it would be 16
    assert run.bursts_of(MOTORS, FORWARD[other(side)])[3] > SEEN_TO


@pytest.mark.parametrize("side", SIDES)
def test_a_single_echo_at_middle_distance_is_noise_but_two_in_a_row_are_not(side: str) -> None:
    x = SIDES.index(side)
    for bursts, believed in (([20], False), ([20, 21], True), ([20, 40], True)):
        run = Run("reflex", injected(SENSORS, [(x, 0, 5)], bursts), BURSTS)
        assert bool(run.bursts_of(DANGER, x)) == believed, bursts


def test_without_a_leak_a_single_echo_is_never_forgotten() -> None:
    remembers = changed("reflex", f"{DANGER}-nx-leak_c-f", 0.0)
    assert not Run(remembers, injected(SENSORS, [(0, 0, 5)], [20]), BURSTS).bursts_of(DANGER, 0)
    assert Run(remembers, injected(SENSORS, [(0, 0, 5)], [20, 70]), BURSTS).bursts_of(DANGER, 0) == [71]


@pytest.mark.parametrize("side", SIDES)
def test_with_own_and_other_side_exchanged_it_drives_at_walls(side: str) -> None:
    rules = rules_of("reflex", DANGER)
    for rule in rules[MOTORS]:
        rule["morphology_id"] = {"own_side": "other_side", "other_side": "own_side"}[rule["morphology_id"]]
    run = seen_on(side, 8, changed("reflex", f"{DANGER}-cx-dstmap-d", rules))
    assert speed(run, FORWARD[side]) == 0
    assert speed(run, FORWARD[other(side)]) == 30


@pytest.mark.parametrize(("rest", "period"), [(1, 2), (3, 4)])
def test_the_rest_of_the_motors_sets_their_top_speed(rest: int, period: int) -> None:
    run = seen_on("left", 8, changed("reflex", f"{MOTORS}-nx-refrac-i", rest))
    bursts = [b for b in run.bursts_of(MOTORS, FORWARD["left"]) if SEEN_FROM + LATENCY < b <= SEEN_TO]
    assert {later - earlier for earlier, later in pairwise(bursts)} == {period}
