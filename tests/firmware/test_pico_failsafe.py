"""Whatever goes wrong in a burst, the robot stands still in time: on an emulated Pico, in emulated time.

Each test springs a trap (tests/firmware/robot.py) in the program of a robot that drives."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.firmware.boards import FACTS, Bench
from tests.firmware.robot import FAULT, FREEZE, HANG, LAMP, LATE, NEUTRAL, duties, look, moves

pytestmark = pytest.mark.needs_firmware

FAILSAFE_S = FACTS["failsafe_ms"] / 1000
BURST_S = 1 / FACTS["rate_hz"]
WATCHDOG_S = 0.6  # of the robot with traps
BOOT_S = 1.5


def stands_still(robot: Bench) -> float:
    """Emulated seconds until no output shows anything but neutral; checks that they stay so."""
    took = robot.until(lambda: look(robot).harmless, 2 * FAILSAFE_S)
    for _ in range(20):
        robot.board.sleep(0.005)
        assert look(robot).harmless
    return took


def harmless_until(robot: Bench, holds: Callable[[], bool]) -> None:
    """Lets a board that has just been reset boot, and looks all the time."""
    deadline = robot.board.seconds() + BOOT_S
    while not holds():
        assert look(robot).harmless
        assert robot.board.seconds() < deadline
        robot.board.sleep(0.005)


@pytest.mark.parametrize("trap", [HANG, FREEZE])
def test_a_burst_that_never_ends_is_stopped_in_time_even_in_machine_code(robot: Bench, trap: int) -> None:
    robot.board.set_pin(trap, 1)
    assert FAILSAFE_S / 2 < stands_still(robot) <= FAILSAFE_S + BURST_S


def test_the_watchdog_starts_a_hung_board_again_and_its_brain_runs_on(robot: Bench) -> None:
    robot.board.set_pin(FREEZE, 1)
    assert robot.until(lambda: robot.board.resets == 1, 2 * WATCHDOG_S) <= WATCHDOG_S + 2 * BURST_S
    robot.board.set_pin(FREEZE, 0)
    harmless_until(robot, lambda: look(robot).bursts_began)
    robot.until(lambda: moves(robot), 0.2)
    assert robot.hello() == ("0", "confirmed", "watchdog")
    assert robot.logs() == ["F148"]
    assert robot.board.resets == 1


def test_three_boots_that_fail_lead_to_safe_mode_with_outputs_neutral_and_the_host_heard(robot: Bench) -> None:
    robot.board.set_pin(FAULT, 1)
    assert robot.until(lambda: look(robot).harmless, 0.1) <= 2 * BURST_S  # no failsafe needed: an exception is noticed
    robot.until(lambda: robot.board.resets == 1, 0.1)
    harmless_until(robot, lambda: robot.board.resets == 2)
    harmless_until(robot, lambda: robot.board.resets == 3)
    seen = []
    for _ in range(80):
        robot.board.sleep(0.01)
        seen.append(look(robot))
    assert all(at.harmless and not at.bursts_began for at in seen)
    assert robot.board.resets == 3
    assert robot.hello() == ("-", "safe", "F141 failed")
    assert robot.logs() == ["F141"]


def test_when_the_host_stops_the_bursts_the_outputs_hold_no_longer_than_the_failsafe_lets_them(robot: Bench) -> None:
    robot.stopped()
    assert moves(robot)
    assert FAILSAFE_S / 2 < stands_still(robot) <= FAILSAFE_S + BURST_S
    assert robot.logs()[-1] == "F144"
    robot.go_on()
    robot.until(lambda: moves(robot), 0.15)


def test_late_bursts_are_counted_and_do_not_stop_the_robot(robot: Bench) -> None:
    robot.hello()  # looks at the heap, which is late, too
    before = robot.stats()
    robot.board.set_pin(LATE, 1)
    for _ in range(40):
        robot.board.sleep(0.01)
        assert moves(robot)
    after = robot.stats()
    assert after["burst"] - before["burst"] >= 20
    assert abs(after["overruns"] - before["overruns"] - (after["burst"] - before["burst"])) <= 2


def test_ctrl_c_leads_to_the_repl_with_neutral_outputs_and_no_watchdog(robot: Bench) -> None:
    failures = "from neurula_mcu.main import open_slots\nprint(open_slots({}, None).blocks[0].failures())"
    assert robot.board.run(failures) == "0\n"  # sends Ctrl-C twice, as mpremote does; and the boot is not held against the brain
    assert duties(robot) == NEUTRAL
    assert robot.board.pin(LAMP) == 0
    robot.board.sleep(2 * WATCHDOG_S)
    assert robot.board.resets == 0
    assert duties(robot) == NEUTRAL
