"""The outputs belong to a timer: neutral unless a burst was fresh, the stop is released, and nothing is broken."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from neurula_mcu.failsafe import TICK_MS, Failsafe
from tests.firmware.fakes import PERIOD, Clock, FakeMachine

NEUTRAL, GO = 7, 1000


class Wheel:
    """An output that notes when it changes."""

    def __init__(self) -> None:
        self.neutral = self.target = self.shown = NEUTRAL
        self.level = NEUTRAL
        self.fails = False

    def show(self, value: int) -> None:
        if value != self.shown:
            if self.fails and value != self.neutral:
                raise OSError("the chip does not answer")
            self.level = self.shown = value


@dataclass
class Button:
    down: bool = False

    def pressed(self) -> bool:
        return self.down


@dataclass
class Wiring:
    outputs: list[Any]
    buttons: list[Any] = field(default_factory=list)
    failsafe_ms: int = 200
    needs_host: bool = False


class Rig:
    """Two wheels, a stop button, and time in steps of a millisecond with the timer's ticks in between."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failsafe_ms: int = 200, needs_host: bool = False) -> None:
        self.clock = Clock(monkeypatch)
        self.wheels = [Wheel(), Wheel()]
        self.button = Button()
        self.failsafe = Failsafe(Wiring(self.wheels, [self.button], failsafe_ms, needs_host), 500)
        self.machine = FakeMachine()
        self.failsafe.start(self.machine)

    @property
    def levels(self) -> set[int]:
        return {wheel.level for wheel in self.wheels}

    def burst(self) -> None:
        for wheel in self.wheels:
            wheel.target = GO
        self.failsafe.fresh(self.clock.ticks_ms())

    def wait(self, ms: int, every_ms: int = 0) -> None:
        """every_ms: bursts go on."""
        for _ in range(ms):
            self.clock.us += 1000
            now = self.clock.us // 1000
            if every_ms and now % every_ms == 0:
                self.burst()
            if now % TICK_MS == 0:
                self.machine.timers[0].callback(None)


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    return Rig(monkeypatch)


def test_nothing_moves_before_the_first_burst_and_everything_after_it(rig: Rig) -> None:
    assert rig.machine.timers[0].period == TICK_MS
    rig.wait(1000)
    assert rig.levels == {NEUTRAL}
    rig.burst()
    rig.wait(TICK_MS)
    assert rig.levels == {GO}


@pytest.mark.parametrize("failsafe_ms", [50, 120, 200, 1000])
def test_without_fresh_bursts_the_outputs_are_neutral_in_time_and_not_before(monkeypatch: pytest.MonkeyPatch, failsafe_ms: int) -> None:
    for phase in range(TICK_MS):
        rig = Rig(monkeypatch, failsafe_ms)
        rig.wait(phase)
        rig.wait(300, every_ms=20)
        assert rig.levels == {GO}
        rig.burst()
        passed = 0
        while rig.levels == {GO}:
            rig.wait(1)
            passed += 1
        assert failsafe_ms - 2 * TICK_MS < passed <= failsafe_ms
        assert rig.levels == {NEUTRAL}
        assert rig.failsafe.trips == 1


def test_they_come_back_with_the_next_burst_and_never_by_themselves(rig: Rig) -> None:
    rig.wait(300, every_ms=10)
    rig.wait(1000)
    assert rig.levels == {NEUTRAL}
    rig.clock.us += PERIOD * 1000 - 1_500_000  # the counter of milliseconds comes round to where it was
    rig.wait(2000)
    assert rig.levels == {NEUTRAL}
    rig.wait(100, every_ms=10)
    assert rig.levels == {GO}


def test_bursts_across_the_wrap_of_the_counter_are_fresh(rig: Rig) -> None:
    rig.clock.us = PERIOD * 1000 - 500_000
    rig.burst()
    for _ in range(100):
        rig.wait(10, every_ms=10)
        assert rig.levels == {GO}
    assert rig.failsafe.trips == 0


def test_the_stop_is_latched_until_it_is_released(rig: Rig) -> None:
    rig.wait(100, every_ms=10)
    rig.failsafe.stop()
    assert rig.levels == {NEUTRAL}
    rig.wait(500, every_ms=10)
    assert rig.levels == {NEUTRAL}
    rig.failsafe.release()
    assert rig.levels == {NEUTRAL}
    rig.wait(50, every_ms=10)
    assert rig.levels == {GO}


def test_the_button_latches_within_one_tick_and_holds_as_long_as_it_is_down(rig: Rig) -> None:
    rig.wait(100, every_ms=10)
    rig.button.down = True
    rig.wait(TICK_MS, every_ms=10)
    assert rig.levels == {NEUTRAL}
    rig.failsafe.release()
    rig.wait(TICK_MS, every_ms=10)
    assert rig.failsafe.stopped
    rig.button.down = False
    rig.wait(200, every_ms=10)
    assert rig.levels == {NEUTRAL}
    rig.failsafe.release()
    rig.wait(50, every_ms=10)
    assert rig.levels == {GO}


def test_a_stop_from_before_a_reset_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch)
    rig.failsafe = Failsafe(Wiring(rig.wheels), 200, stopped=True)
    rig.failsafe.start(rig.machine)
    for _ in range(50):
        rig.burst()
        rig.machine.timers[-1].callback(None)
        assert rig.levels == {NEUTRAL}


def test_where_the_pins_ask_for_it_silence_of_the_host_stops_too(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch, needs_host=True)
    rig.wait(300, every_ms=10)
    assert rig.levels == {NEUTRAL}
    rig.failsafe.command()
    rig.wait(150, every_ms=10)
    assert rig.levels == {GO}
    rig.wait(60, every_ms=10)
    assert rig.levels == {NEUTRAL}
    assert rig.failsafe.trips == 0
    rig.failsafe.command()
    rig.wait(20, every_ms=10)
    assert rig.levels == {GO}


def test_an_output_that_fails_takes_all_of_them_to_neutral(rig: Rig) -> None:
    rig.wheels[1].fails = True
    rig.wait(50, every_ms=10)
    assert rig.failsafe.broken
    assert rig.levels == {NEUTRAL}
    rig.wheels[1].fails = False
    rig.wait(500, every_ms=10)
    assert rig.levels == {NEUTRAL}


def test_an_output_that_cannot_even_go_neutral_does_not_keep_the_others_from_it(rig: Rig) -> None:
    rig.wait(50, every_ms=10)

    def refuse(value: int) -> None:
        raise OSError

    rig.wheels[0].show = refuse  # type: ignore[method-assign]
    rig.failsafe.neutral()
    assert rig.wheels[1].level == NEUTRAL
    assert rig.failsafe.broken


def test_after_the_end_everything_is_neutral_and_the_timer_gone(rig: Rig) -> None:
    rig.wait(50, every_ms=10)
    rig.failsafe.close()
    assert rig.levels == {NEUTRAL}
    assert rig.machine.timers[0].ended
    rig.failsafe.close()


def test_a_timer_that_may_be_an_interrupt_is_made_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    class Machine:
        class Timer:
            PERIODIC = 1

            def __init__(self, **named: Any) -> None:
                asked.append(named)

    Clock(monkeypatch)
    Failsafe(Wiring([Wheel()]), 200).start(Machine)
    assert [named["hard"] for named in asked] == [True]


def test_a_port_that_numbers_its_timers_gets_number_0(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    class Machine:
        class Timer:
            PERIODIC = 1

            def __init__(self, number: int) -> None:
                asked.append(number)

            def init(self, **named: Any) -> None:
                asked.append(named["period"])

    Clock(monkeypatch)
    Failsafe(Wiring([Wheel()]), 200).start(Machine)
    assert asked == [0, TICK_MS]


def test_random_lives_never_show_anything_but_neutral_when_stale_or_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    rig = Rig(monkeypatch, needs_host=True)
    last_burst = last_command = -(10**9)
    stopped = False
    shown_go = 0
    for _ in range(4000):
        now = rig.clock.us // 1000
        action = chance.random()
        if action < 0.5:
            rig.burst()
            last_burst = now
        elif action < 0.7:
            rig.failsafe.command()
            last_command = now
        elif action < 0.72:
            rig.failsafe.stop()
            stopped = True
        elif action < 0.8:
            rig.failsafe.release()
            stopped = False
        rig.wait(chance.choice([1, 5, 10, 40, 190, 400] if chance.random() < 0.2 else [1, 5, 10]))
        now = rig.clock.us // 1000
        if stopped or now - last_burst >= 200 or now - last_command >= 200:
            assert rig.levels == {NEUTRAL}
        shown_go += rig.levels == {GO}
    assert shown_go > 200
