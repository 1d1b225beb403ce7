"""Time as a value that is handed in: the computer's, or one that a test moves."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since some fixed point; never goes back."""

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The computer's own time."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class SimulatedClock:
    """Time that moves only while somebody waits. What is due meanwhile happens in the order of its time, then of its making."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._now = start_s
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._made = 0

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.wait_until(never, self._now + seconds)

    def call_at(self, when_s: float, action: Callable[[], None]) -> None:
        """An instant that has passed is now: the action happens as soon as somebody waits."""
        self._made += 1
        heapq.heappush(self._due, (max(when_s, self._now), self._made, action))

    def call_after(self, delay_s: float, action: Callable[[], None]) -> None:
        self.call_at(self._now + delay_s, action)

    def call_every(self, period_s: float, action: Callable[[], None]) -> Ticker:
        """The action after every period, until the ticker is stopped."""
        return Ticker(self, period_s, action)

    def wait_until(self, condition: Callable[[], bool], deadline_s: float) -> bool:
        """Lets time pass until the condition holds, and at most to the deadline; whether it holds."""
        while not condition():
            if not self._due or self._due[0][0] > deadline_s:
                self._now = max(self._now, deadline_s)
                return condition()
            when, _, action = heapq.heappop(self._due)
            self._now = max(self._now, when)
            action()
        return True


class Ticker:
    """An action that comes again and again. Each instant is counted from the first one, so that no rounding adds up."""

    def __init__(self, clock: SimulatedClock, period_s: float, action: Callable[[], None]) -> None:
        self._clock, self._period_s, self._action = clock, period_s, action
        self._begun = clock.now()
        self._ticks = 0
        self.stopped = False
        self._plan()

    def stop(self) -> None:
        self.stopped = True

    def _plan(self) -> None:
        self._ticks += 1
        self._clock.call_at(self._begun + self._ticks * self._period_s, self._tick)

    def _tick(self) -> None:
        if not self.stopped:
            self._action()
            self._plan()


def never() -> bool:
    return False
