"""Boards that are installed once for a whole test run, and booted once for each of its workers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.firmware.board_process import BoardProcess
from tests.firmware.boards import Bench, board_flash, keeping, reflex_image
from tests.firmware.robot import INPUTS, NOTHING, TRAPS, Look, look, moves, see

BOOT_S = 1.5  # the longest that a boot may take
STEP_S = 0.005
LIVELY_S = 0.1  # bursts before the tests of a running board begin


@pytest.fixture(scope="session", autouse=True)
def _flash_is_kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with keeping(tmp_path_factory):
        yield


@pytest.fixture(scope="session")
def robot_flash() -> bytes:
    """A Pico with the reflex robot's brain, confirmed, and traps in its program."""
    return board_flash(reflex_image(), main=TRAPS, facts='{"watchdog_ms": 600}')


@pytest.fixture(scope="session")
def fresh_robot(robot_flash: bytes) -> Iterator[BoardProcess]:
    """The robot a moment after power-on; nothing is in its way. To be copied."""
    with BoardProcess(robot_flash, inputs=INPUTS) as board:
        see(Bench(board), NOTHING, NOTHING)
        yield board


@pytest.fixture(scope="session")
def first_drive(fresh_robot: BoardProcess) -> Iterator[tuple[BoardProcess, list[Look]]]:
    """The robot when it drives, and all that could be seen of it since power-on. To be copied."""
    with fresh_robot.copy() as board:
        bench, seen = Bench(board), []
        while not moves(bench) and board.seconds() < BOOT_S:
            seen.append(look(bench))
            board.sleep(STEP_S)
        seen.append(look(bench))
        board.sleep(LIVELY_S)
        yield board, seen


@pytest.fixture
def robot(first_drive: tuple[BoardProcess, list[Look]]) -> Iterator[Bench]:
    """The robot as it drives straight on: each test has its own, from the same instant."""
    with Bench(first_drive[0].copy()) as bench:
        yield bench
