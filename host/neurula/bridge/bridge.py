"""The bridge itself: takes what a body senses to a brain, burst by burst, and what the brain wants back to the body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from neurula.bridge.bodies import BodyPort
from neurula.bridge.brains import Outcome
from neurula.bridge.meters import Meters
from neurula.bridge.recording import Recorder
from neurula.bridge.schedule import Schedule
from neurula.link.clock import Clock
from neurula.link.session import Event

LOOK_S = 0.25  # between two looks at the link's figures


class BrainPort(Protocol):
    """What the bridge needs of a brain."""

    @property
    def name(self) -> str: ...

    def step(self, news: Mapping[str, Any]) -> Outcome:
        """The next burst, with what the sensors say that is new."""

    def close(self) -> None: ...


class Bridge:
    """brain and body, open both. lockstep: bursts follow each other as fast as both can, and the body's time goes on by a period with each.

    Otherwise a burst begins every period of the clock. meters say how it goes; lateness of the bursts is in `schedule`."""

    def __init__(
        self, brain: BrainPort, body: BodyPort, clock: Clock, meters: Meters, *, lockstep: bool = False, recorder: Recorder | None = None
    ) -> None:
        self._brain, self._body, self._clock, self._lockstep, self._recorder = brain, body, clock, lockstep, recorder
        self.meters = meters
        self.schedule = Schedule(clock, 1 / meters.rate_hz)
        self._begun_s: float | None = None
        self._looked_s = float("-inf")
        self._noted: Event | None = None

    def run(self, bursts: int) -> None:
        """So many bursts, or until the body's life is over. Raises NeurulaError."""
        for _ in range(bursts):
            if getattr(self._body, "over", False):
                return
            self.burst()

    def burst(self) -> Outcome:
        """Waits for the instant of the next burst and carries it out."""
        if self._lockstep:
            self._body.listen(0.0)
        else:
            self.schedule.wait(self._body.listen)
        outcome = self._brain.step(self._body.sense())
        self._body.act(outcome.burst, outcome.motors)
        self._body.advance(self.schedule.period_s)
        self._account(outcome)
        return outcome

    def _account(self, outcome: Outcome) -> None:
        now = self._clock.now()
        if self._begun_s is None:
            self._begun_s = now
        seconds = self.meters.bursts * self.schedule.period_s if self._lockstep else now - self._begun_s
        if now - self._looked_s >= LOOK_S:
            self._looked_s = now
            self.look(seconds)
        self.meters.add(outcome, seconds)
        if self._recorder is not None:
            self._recorder.add(round(1e6 * seconds), outcome)

    def finish(self) -> None:
        """The last look, before everything is closed."""
        self.look(self.meters.seconds)

    def look(self, seconds: float) -> None:
        """Takes over the figures of the link, and what happened to it."""
        meters = self.meters
        meters.overruns, meters.late_s = self.schedule.overruns, self.schedule.lateness.quantile_s(0.99)
        meters.quality = self._body.quality()
        for event in newer(self._body.events(), self._noted):
            self._noted = event
            text = f"{event.state.value}: {event.reason}"
            meters.note(seconds, text)
            if self._recorder is not None:
                self._recorder.note(round(1e6 * seconds), text)


def newer(events: Sequence[Event], last: Event | None) -> list[Event]:
    """Those behind the last one that is known; the oldest of them may be forgotten already."""
    found: list[Event] = []
    for event in reversed(events):
        if event is last:
            break
        found.append(event)
    return found[::-1]
