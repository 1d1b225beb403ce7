"""Instants of bursts: counted from the first, so that nothing adds up; what was missed is skipped and not made up for."""

from __future__ import annotations

from collections.abc import Callable

from neurula.link.clock import Clock

FINE_S = 0.002  # waits on links are rounded up to milliseconds by the system; the last bit is slept
GRAIN_S = 1e-9


class Schedule:
    """Every period_s from the first `wait` on. overruns: bursts that were skipped because the one before took too long."""

    def __init__(self, clock: Clock, period_s: float) -> None:
        self._clock, self.period_s = clock, period_s
        self._begun_s: float | None = None
        self._number = 0
        self.overruns = 0
        self.lateness = Lateness()

    def wait(self, listen: Callable[[float], object]) -> None:
        """Until the next instant. listen: lets time pass and takes in what comes; called at least once."""
        clock = self._clock
        if self._begun_s is None:
            self._begun_s = clock.now()
            listen(0.0)
            return
        self._number += 1
        due = self._begun_s + self._number * self.period_s
        behind = clock.now() - due
        if behind > self.period_s:
            missed = int(behind / self.period_s)
            self.overruns += missed
            self._number += missed
            due += missed * self.period_s
        while (left := due - clock.now()) > FINE_S + GRAIN_S:
            listen(left - FINE_S)
        left = due - clock.now()
        if left > GRAIN_S:
            clock.sleep(left)
        listen(0.0)
        self.lateness.add(clock.now() - due)


class Lateness:
    """How late bursts began, in classes of 2^(1/4): any number of them takes the same memory."""

    CLASSES = 120  # from a microsecond to a quarter of an hour
    FIRST_S = 1e-6

    def __init__(self) -> None:
        self._counts = [0] * self.CLASSES
        self.count = 0
        self.worst_s = 0.0

    def add(self, seconds: float) -> None:
        self.count += 1
        if seconds > self.worst_s:
            self.worst_s = seconds
        micros = int(seconds / self.FIRST_S)
        top = micros.bit_length()
        place = 4 * top + (micros >> max(0, top - 3) & 3) if top > 2 else micros
        self._counts[min(place, self.CLASSES - 1)] += 1

    def quantile_s(self, share: float) -> float:
        """The least that so large a share of the bursts was not later than, to a quarter of a factor of two."""
        left = share * self.count
        for place, count in enumerate(self._counts):
            left -= count
            if count and left <= 0:
                return min(self.worst_s, self._upper_s(place))
        return self.worst_s

    def _upper_s(self, place: int) -> float:
        if place < 12:
            return (place + 1) * self.FIRST_S
        top, quarter = divmod(place, 4)
        return (4 + quarter + 1) * 2.0 ** (top - 3) * self.FIRST_S
