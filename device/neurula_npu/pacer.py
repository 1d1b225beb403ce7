"""Bursts at a fixed rate: instants counted from the first, so that nothing adds up."""

from __future__ import annotations

import time
from collections.abc import Callable

SLACK = "/proc/self/timerslack_ns"  # how late Linux may wake a process so that it wakes several at once: 50 µs unless told otherwise


class Pacer:
    """An instant every 1/rate_hz seconds from the first `wait` on. missed: instants that passed while somebody was busy; they are left
    out and not made up for.

    clock: nanoseconds that never go back; sleep: lets so many seconds pass. rate_hz: above 0.
    """

    def __init__(
        self, rate_hz: float, *, clock: Callable[[], int] = time.monotonic_ns, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        if not rate_hz > 0:
            raise ValueError("a rate is above 0")
        self._period_ns = 1e9 / rate_hz
        self._clock, self._sleep = clock, sleep
        self._begun_ns = 0
        self._number = -1
        self.missed = 0

    def wait(self) -> None:
        """Until the next instant; returns at once the first time, and when it is late."""
        now = self._clock()
        self._number += 1
        if not self._number:
            self._begun_ns = now
            return
        due = self._begun_ns + int(self._number * self._period_ns)
        if now - due >= self._period_ns:
            passed = int((now - due) / self._period_ns)
            self.missed += passed
            self._number += passed
            due = self._begun_ns + int(self._number * self._period_ns)
        while now < due:
            self._sleep((due - now) / 1e9)
            now = self._clock()


def wake_precisely() -> bool:
    """Asks Linux to wake this process when it asked for, and not up to 50 µs later. Says whether it will."""
    try:
        with open(SLACK, "w", encoding="ascii") as file:
            file.write("1")
    except OSError:
        return False
    return True
