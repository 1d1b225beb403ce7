"""The reflex robot drives by itself: MicroPython's own firmware on an emulated Pico, no host attached, pins driven and read."""

from __future__ import annotations

import pytest

from tests.firmware.board_process import BoardProcess, power_on
from tests.firmware.boards import FACTS, Bench
from tests.firmware.robot import (
    INPUTS,
    LAMP,
    LEFT_BUMPER,
    LEFT_FORWARD,
    MIDDLE,
    MOTORS,
    NEAR,
    NEUTRAL,
    NOTHING,
    RIGHT_BUMPER,
    STOP_SWITCH,
    Look,
    duties,
    expected,
    moves,
    see,
)

pytestmark = pytest.mark.needs_firmware

SETTLED_S = 0.25
"""Two looks of the eyes, two bursts to the motors, a window of eight bursts, and a tick."""
ROUNDING = 2  # the chip counts pulses of a thousandth of a second in its own steps


def test_from_power_on_to_the_first_burst_the_outputs_are_neutral(first_drive: tuple[BoardProcess, list[Look]]) -> None:
    _, seen = first_drive
    before = [at for at in seen if not at.bursts_began]
    assert len(before) > 50
    assert all(at.harmless for at in before)
    assert before[0].duties == (None,) * len(MOTORS)
    assert before[-1].duties == NEUTRAL  # driven, and to a standstill
    assert not seen[-1].harmless
    print(f"first burst {before[-1].seconds:.2f} s after power-on")


def test_it_drives_straight_on_with_the_lamp_off(robot: Bench) -> None:
    left, back_left, right, back_right = duties(robot)
    assert left == right
    assert left is not None
    assert left > 10_000
    assert (back_left, back_right, robot.board.pin(LAMP)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("left", "right", "does"),
    [(NEAR, NOTHING, "right"), (NOTHING, NEAR, "left"), (MIDDLE, NOTHING, "gently right"), (NEAR, NEAR, "back"), (3, 65_535, "straight")],
)
def test_it_turns_away_from_walls_as_the_same_brain_does_elsewhere(robot: Bench, left: int, right: int, does: str) -> None:
    first = robot.stopped()
    before = robot.state()
    see(robot, left, right)
    robot.go_on()
    robot.board.sleep(SETTLED_S)
    last = robot.stopped()
    robot.board.sleep(0.02)  # two ticks of the timer that shows what the last burst said
    state, targets, lamp = expected(before, last - first, left, right)
    assert [abs((duty or 0) - target) <= ROUNDING for duty, target in zip(duties(robot), targets, strict=True)] == [True] * len(MOTORS)
    assert robot.board.pin(LAMP) == lamp
    assert robot.state() == state
    left_on, left_back, right_on, right_back = targets
    turns = {
        "right": left_on > 2 * right_on, "left": right_on > 2 * left_on, "gently right": left_on > right_on > 0,
        "back": left_back > 0 < right_back and not left_on + right_on, "straight": left_on == right_on > 0,
    }
    assert turns[does], targets
    assert lamp == (does != "straight")


def test_a_bumper_is_a_wall(robot: Bench) -> None:
    robot.board.set_pin(RIGHT_BUMPER, 0)
    robot.board.sleep(SETTLED_S)
    left_on, _, right_on, _ = duties(robot)
    assert (left_on, robot.board.pin(LAMP)) == (0, 1)
    assert right_on is not None
    assert right_on > 10_000
    robot.board.set_pin(RIGHT_BUMPER, 1)
    robot.board.set_pin(LEFT_BUMPER, 0)
    robot.board.sleep(SETTLED_S)
    assert robot.duty(LEFT_FORWARD) == right_on


def test_after_a_power_cut_it_drives_again_without_anybody(robot: Bench) -> None:
    board = power_on(robot.board.flash_bytes(), INPUTS)
    with Bench(board) as again:
        see(again, NOTHING, NOTHING)
        again.until(lambda: moves(again), 1.5, 0.02)
        assert again.hello() == ("0", "confirmed", "power")
        assert again.logs() == ["F149"]
        assert board.bus_warnings == []


def test_its_bursts_come_at_the_set_rate_of_emulated_time(robot: Bench) -> None:
    robot.hello()  # looks at the heap, which may take longer than a burst
    before, begun = robot.stats(), robot.board.seconds()
    robot.board.sleep(0.7)
    after = robot.stats()
    seconds = robot.board.seconds() - begun
    assert abs(after["burst"] - before["burst"] - FACTS["rate_hz"] * seconds) <= 1.5
    assert after["overruns"] == before["overruns"]
    assert 100 < after["mean_us"] <= after["worst_us"] < 10_000
    robot.set_rate(250)
    first, begun = robot.stats()["burst"], robot.board.seconds()
    robot.board.sleep(0.3)
    assert abs(robot.stats()["burst"] - first - 250 * (robot.board.seconds() - begun)) <= 2
    assert robot.board.bus_warnings == []


def test_the_stop_switch_is_latched_until_the_host_releases_it_even_over_a_reset(robot: Bench) -> None:
    robot.board.set_pin(STOP_SWITCH, 0)
    assert robot.until(lambda: not moves(robot), 0.05) <= 0.025
    robot.board.set_pin(STOP_SWITCH, 1)
    robot.board.sleep(0.3)
    assert duties(robot) == NEUTRAL
    assert robot.is_latched()
    robot.restart()
    burst = 0
    while burst < 10:
        robot.board.sleep(0.05)
        assert not moves(robot)
        burst = robot.stats()["burst"] if robot.board.pin(LAMP) is not None else 0
    assert robot.is_latched()
    assert robot.hello() == ("0", "confirmed", "reset")
    robot.release()
    robot.until(lambda: moves(robot), 0.1)


def test_the_host_can_stop_and_release_it_too(robot: Bench) -> None:
    robot.emergency_stop()
    assert duties(robot) == NEUTRAL
    robot.board.sleep(0.1)
    assert duties(robot) == NEUTRAL
    robot.release()
    robot.until(lambda: moves(robot), 0.1)
    assert robot.logs() == ["F149", "F145", "F146"]
