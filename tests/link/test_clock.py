"""Simulated time moves only while somebody waits, and what is due happens in order."""

from __future__ import annotations

from neurula.link.clock import SimulatedClock, SystemClock


def test_what_is_due_happens_in_the_order_of_time_and_then_of_making() -> None:
    clock = SimulatedClock(10.0)
    seen: list[tuple[str, float]] = []
    for name, when in (("late", 12.0), ("first", 11.0), ("second", 11.0), ("past", 3.0)):
        clock.call_at(when, lambda name=name: seen.append((name, clock.now())))  # type: ignore[misc]
    assert clock.now() == 10.0
    clock.sleep(1.5)
    assert seen == [("past", 10.0), ("first", 11.0), ("second", 11.0)]
    assert clock.now() == 11.5
    clock.sleep(10.0)
    assert seen[-1] == ("late", 12.0)
    assert clock.now() == 21.5


def test_a_ticker_keeps_its_pace_and_stops() -> None:
    clock = SimulatedClock()
    ticks: list[float] = []
    ticker = clock.call_every(0.1, lambda: ticks.append(clock.now()))
    clock.sleep(100.05)
    assert len(ticks) == 1000
    assert ticks[-1] == 100.0
    ticker.stop()
    clock.sleep(1.0)
    assert len(ticks) == 1000


def test_waiting_ends_with_the_condition_or_at_the_deadline() -> None:
    clock = SimulatedClock()
    happened: list[int] = []
    clock.call_after(2.0, lambda: happened.append(1))
    assert not clock.wait_until(lambda: bool(happened), 1.0)
    assert clock.now() == 1.0
    assert clock.wait_until(lambda: bool(happened), 5.0)
    assert clock.now() == 2.0


def test_somebody_who_waits_inside_an_event_does_not_turn_time_back() -> None:
    clock = SimulatedClock()
    times: list[float] = []

    def wait() -> None:
        clock.sleep(5.0)
        times.append(clock.now())

    clock.call_after(1.0, wait)
    clock.call_after(2.0, lambda: times.append(clock.now()))
    clock.sleep(3.0)
    assert times == [2.0, 6.0]
    assert clock.now() == 6.0


def test_the_computers_clock_does_not_go_back() -> None:
    clock = SystemClock()
    before = clock.now()
    clock.sleep(-1.0)
    assert clock.now() >= before
