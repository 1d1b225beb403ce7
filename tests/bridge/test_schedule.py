"""Bursts begin when they should: no drift, nothing made up for, and the counting of lateness is right."""

from __future__ import annotations

import random

import pytest

from neurula.bridge.schedule import Lateness, Schedule
from neurula.link.clock import SimulatedClock


def test_a_hundred_thousand_bursts_drift_by_nothing() -> None:
    clock = SimulatedClock()
    schedule = Schedule(clock, 0.001)
    for _ in range(100_000):
        schedule.wait(clock.sleep)
        clock.sleep(0.0004)
    schedule.wait(clock.sleep)
    assert clock.now() == pytest.approx(100.0, abs=1e-9)
    assert schedule.overruns == 0


def test_bursts_that_are_late_are_skipped_and_the_others_stay_on_the_grid() -> None:
    clock = SimulatedClock()
    schedule = Schedule(clock, 0.01)
    schedule.wait(clock.sleep)
    clock.sleep(0.0357)  # the bursts at 0.01 and 0.02 cannot begin any more; that at 0.03 begins late
    schedule.wait(clock.sleep)
    assert clock.now() == pytest.approx(0.0357)
    assert schedule.overruns == 2
    assert schedule.lateness.worst_s == pytest.approx(0.0057)
    schedule.wait(clock.sleep)
    assert clock.now() == pytest.approx(0.04)


def test_a_burst_that_is_a_little_late_does_not_shift_the_next() -> None:
    clock = SimulatedClock()
    schedule = Schedule(clock, 0.01)
    instants = []
    for _ in range(5):
        schedule.wait(clock.sleep)
        instants.append(clock.now())
        clock.sleep(0.013 if len(instants) == 2 else 0.001)
    assert instants == pytest.approx([0.0, 0.01, 0.023, 0.03, 0.04])
    assert schedule.overruns == 0


def test_what_comes_is_heard_while_it_waits_and_once_more_before_every_burst() -> None:
    clock = SimulatedClock()
    schedule = Schedule(clock, 0.02)
    listened: list[float] = []

    def listen(timeout_s: float) -> None:
        listened.append(timeout_s)
        clock.sleep(min(timeout_s, 0.007))

    for _ in range(3):
        schedule.wait(listen)
        assert listened[-1] == 0.0
    assert sum(timeout_s > 0 for timeout_s in listened) == 6


def test_quantiles_are_those_of_all_values_to_a_quarter_of_a_factor_of_two() -> None:
    chance = random.Random(3)
    for spread in (3.0, 7.0, 11.0):
        values = sorted(1e-6 * chance.lognormvariate(spread, 1.0) for _ in range(5000))
        lateness = Lateness()
        for value in values:
            lateness.add(value)
        for share in (0.1, 0.5, 0.9, 0.99, 0.999):
            exact = values[min(len(values) - 1, int(share * len(values)))]
            assert exact / 1.26 <= lateness.quantile_s(share) <= 1.26 * exact + 2e-6, (spread, share)
        assert lateness.quantile_s(1.0) == lateness.worst_s == values[-1]
    assert Lateness().quantile_s(0.5) == 0.0
