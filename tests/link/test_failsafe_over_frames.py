"""Whatever happens to the host, the cable, the loop or any part of the firmware: the outputs are neutral within failsafe_ms + one burst.

The firmware's own loop, link and failsafe, driven by a real session, on simulated time."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from typing import Any

import pytest

from neurula.errors import NeurulaError
from neurula.link.fault_pipe import Faults
from neurula.link.requests import Request
from neurula.link.session import SessionState
from neurula.link.wire import (
    Chunk,
    Commit,
    Confirm,
    Estop,
    Force,
    GetLogs,
    GetOutputs,
    GetSlots,
    GetStats,
    Injections,
    Message,
    Put,
    Rate,
    Release,
    Retry,
    Rollback,
    Snapshot,
    Start,
    Step,
    Stop,
    Subscribe,
)
from tests.link.board import GO, NEUTRAL, Board, BoardTime, patched_time

TRIALS = int(os.environ.get("NEURULA_FAILSAFE_TRIALS", "10000"))
WARM_S = 0.08
AFTER_S = 0.05  # how long they are watched after they must be neutral
RATES_HZ = (50, 100, 200)
SURPRISES = (OSError, ValueError, MemoryError, IndexError, TypeError, RuntimeError, ZeroDivisionError, AttributeError, KeyError)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> BoardTime:
    monkeypatch.setattr(sys, "print_exception", lambda error: None, raising=False)
    return patched_time(monkeypatch)


@pytest.fixture
def chance() -> random.Random:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    return random.Random(seed)


# ---- what goes wrong ---------------------------------------------------------------------------------------------------------


def kill_the_host(board: Board, chance: random.Random) -> None:
    board.host_program.stop()


def freeze_the_host(board: Board, chance: random.Random) -> None:
    """It goes on receiving and says nothing: a program that computes too long."""
    board.host_program.stop()
    board.clock.call_every(0.01, lambda: board.pipe.a.receive(0.0))


def pull_the_cable(board: Board, chance: random.Random) -> None:
    board.pipe.unplug()


def cut_the_line(board: Board, chance: random.Random) -> None:
    board.pipe.mute()


def turn_the_line_to_noise(board: Board, chance: random.Random) -> None:
    """What arrives has flipped bits, all of it."""
    board.pipe.mute()
    board.clock.call_every(0.003, lambda: board.pipe.b.deliver(chance.randbytes(chance.randint(1, 60))))


def frozen(board: Board, place: Any, name: str) -> None:
    def freeze(*_: Any) -> None:
        board.failed_s = board.clock.now()
        board.clock.sleep(1e6)

    setattr(place, name, freeze)


def raising(board: Board, chance: random.Random, place: Any, name: str) -> None:
    def surprise(*_: Any) -> Any:
        board.failed_s = board.clock.now()
        raise chance.choice(SURPRISES)("a surprise")

    setattr(place, name, surprise)


def places_of(board: Board) -> dict[str, tuple[Any, str]]:
    """Every handler that the loop calls in each of its rounds, or at the next sign of life."""
    return {
        "the brain": (board.brain, "run"),
        "the sensors": (board.wiring, "sense"),
        "the pins": (board.wiring, "decode"),
        "the link's stimulus": (board.link, "sense"),
        "the link's motors": (board.link, "decode"),
        "the link's values": (board.link, "publish"),
        "the link": (board.link, "serve"),
        "the port": (board.port, "take"),
        "the port's answers": (board.port, "write"),
        "the loop's notes": (board.loop, "notice"),
        "the watchdog": (board.loop.hardware, "feed"),
        "the nap": (board.loop.hardware, "idle"),
    }


def freeze_the_loop(board: Board, chance: random.Random) -> None:
    frozen(board, *chance.choice(list(places_of(board).values())))


def raise_in_a_handler(board: Board, chance: random.Random) -> None:
    raising(board, chance, *chance.choice(list(places_of(board).values())))


def break_an_output(board: Board, chance: random.Random) -> None:
    """It raises when it is to show anything but neutral; what it shows then is out of our hands, so the others are watched."""
    wheel = chance.choice(board.wiring.outputs)
    show = wheel.show

    def failing(value: int) -> None:
        if value != NEUTRAL:
            raise OSError("the chip does not answer")
        show(value)

    wheel.show = failing  # type: ignore[method-assign]


FAULTS: dict[str, Callable[[Board, random.Random], None]] = {
    "host killed": kill_the_host, "host frozen": freeze_the_host, "cable pulled": pull_the_cable, "line cut": cut_the_line,
    "line noisy": turn_the_line_to_noise, "loop frozen": freeze_the_loop, "exception in a handler": raise_in_a_handler,
    "output broken": break_an_output,
}  # fmt: skip


def late_by(time: BoardTime, chance: random.Random, fault: Callable[[Board, random.Random], None]) -> float:
    """One trial: how many seconds after failsafe_ms + one burst the last output was neutral; negative = in time.

    AssertionError when the outputs were not moving before, or did not stay neutral."""
    rate_hz, failsafe_ms = chance.choice(RATES_HZ), chance.choice((50, 60, 80, 100, 150))
    board = Board(time, seed=chance.randrange(1 << 30), failsafe_ms=failsafe_ms, rate_hz=rate_hz, faults=Faults(latency_s=0.001))
    allowed_s = board.failsafe.failsafe_ms / 1000 + board.loop.period_us / 1e6
    fails_s = board.clock.now() + WARM_S + chance.random() * 0.04

    def fail() -> None:
        assert board.levels == {GO}, board.host.state
        assert board.host.state is SessionState.CONNECTED
        board.failed_s = board.clock.now()
        fault(board, chance)

    board.clock.call_at(fails_s, fail)
    board.live(fails_s + allowed_s + AFTER_S)
    assert board.levels == {NEUTRAL}
    return max(wheel.neutral_s for wheel in board.wiring.outputs) - board.failed_s - allowed_s


@pytest.mark.parametrize("kind", FAULTS)
def test_the_outputs_are_neutral_in_time_in_every_trial(kind: str, time: BoardTime, chance: random.Random) -> None:
    trials = TRIALS // len(FAULTS)
    worst_s = max(late_by(time, chance, FAULTS[kind]) for _ in range(trials))
    print(f"{kind}: {trials:,} trials, neutral {-1000 * worst_s:.1f} ms or more before the limit")
    assert worst_s <= 0.0


def test_the_trials_would_notice_a_failsafe_that_sleeps(time: BoardTime, chance: random.Random) -> None:
    def fall_asleep(board: Board, chance: random.Random) -> None:
        board.timer.stop()
        kill_the_host(board, chance)

    with pytest.raises(AssertionError):
        late_by(time, chance, fall_asleep)


def test_a_robot_that_needs_no_host_goes_on_without_one(time: BoardTime, chance: random.Random) -> None:
    for fault in (kill_the_host, freeze_the_host, pull_the_cable, cut_the_line, turn_the_line_to_noise):
        board = Board(time, seed=chance.randrange(1 << 30), needs_host=False)
        board.clock.call_after(0.1, lambda board=board, fault=fault: fault(board, chance))  # type: ignore[misc]
        board.live(board.clock.now() + 2.0)
        assert board.levels == {GO}
        assert board.failsafe.trips == 0


def test_the_wheels_turn_again_when_the_host_is_back(time: BoardTime, chance: random.Random) -> None:
    for _ in range(20):
        board = Board(time, seed=chance.randrange(1 << 30), failsafe_ms=100)
        pull = chance.choice((board.pipe.unplug, board.pipe.mute))
        board.clock.call_after(0.1, pull)
        board.clock.call_after(chance.uniform(0.5, 3.0), board.pipe.mend)
        board.live(board.clock.now() + 4.0)
        assert board.levels == {GO}
        assert board.host.state is SessionState.CONNECTED
        assert all(wheel.neutral_s == float("inf") for wheel in board.wiring.outputs)
        assert board.host.hello is not None
        assert len([event for event in board.host.events if event.fresh]) == 1


def test_the_emergency_stop_halts_over_a_line_that_loses_half_and_stays(time: BoardTime, chance: random.Random) -> None:
    board = Board(time, seed=chance.randrange(1 << 30), faults=Faults(loss=0.5, latency_s=0.002))
    board.clock.call_after(1.0, lambda: board.host.submit(Estop(), 60.0))
    board.live(board.clock.now() + 5.0)
    assert board.failsafe.stopped
    assert board.levels == {NEUTRAL}


REQUESTS = (
    GetStats(), GetSlots(), GetLogs(0), GetOutputs(), Put(1000, bytes(32)), Chunk(0, b"x"), Commit(), Confirm(), Rollback(), Retry(),
    Start(), Stop(), Rate(100), Step(1), Injections(()), Force(()), Snapshot(0), Subscribe(1, 1, 1), Release(),
)  # fmt: skip


def test_a_request_that_fails_is_an_answer_and_the_wheels_go_on(time: BoardTime, chance: random.Random) -> None:
    for message in REQUESTS:
        board = Board(time, seed=chance.randrange(1 << 30))
        asked: list[Request] = []

        def fail(board: Board = board, message: Message = message, asked: list[Request] = asked) -> None:
            raising(board, chance, board.link.requests, message.TYPE.name.lower())
            asked.append(board.host.submit(message))

        board.clock.call_after(0.1, fail)
        board.live(board.clock.now() + 1.0)
        assert board.levels == {GO}
        with pytest.raises(NeurulaError) as caught:
            board.host.result(asked[0])
        assert caught.value.code in ("F133", "F136", "R101"), message
