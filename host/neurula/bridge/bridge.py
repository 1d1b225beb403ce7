"""The bridge itself: takes what a body senses to a brain, burst by burst, and what the brain wants back to the body."""

from __future__ import annotations

from collections.abc import Sequence

from neurula.bridge.bodies import BodyPort
from neurula.bridge.brains import BrainPort, Outcome
from neurula.bridge.meters import Meters
from neurula.bridge.recording import Recorder
from neurula.bridge.schedule import Schedule
from neurula.link.clock import Clock
from neurula.link.session import Event

LOOK_S = 0.25  # between two looks at the links' figures
LEAP_MAX = 100  # bursts that a body's time makes up for when it has not heard of them


class Bridge:
    """brain and body, open both. lockstep: bursts follow each other as fast as both can, and the body's time goes on by a period with each.

    Otherwise a burst begins every period of the clock, or when a brain that keeps its own time has one. meters say how it goes; lateness
    of the bursts is in `schedule`."""

    def __init__(
        self, brain: BrainPort, body: BodyPort, clock: Clock, meters: Meters, *, lockstep: bool = False, recorder: Recorder | None = None
    ) -> None:
        self._brain, self._body, self._clock, self._lockstep, self._recorder = brain, body, clock, lockstep, recorder
        self.meters = meters
        self.schedule = Schedule(clock, 1 / meters.rate_hz)
        self._begun_s: float | None = None
        self._looked_s = float("-inf")
        self._noted: dict[int, Event] = {}

    def run(self, bursts: int, seconds: float = float("inf")) -> None:
        """So many bursts, until so much time has passed by the clock, or until the body's life is over. Raises NeurulaError."""
        until_s, wanted = self._clock.now() + seconds, self.meters.bursts + bursts
        while self.meters.bursts < wanted and self._clock.now() < until_s and not getattr(self._body, "over", False):
            self.burst()

    def burst(self) -> Outcome | None:
        """Waits for the next burst and carries it out; None if the brain's link is away."""
        paced = self._brain.paced
        if paced or self._lockstep:
            self._body.listen(0.0)
        else:
            self.schedule.wait(self._body.listen)
        outcome = self._brain.step(self._body.sense())
        if outcome is None:
            self._look_again()
            return None
        passed = outcome.burst - self.meters.burst if paced and self.meters.bursts else 1
        self._body.act(outcome.burst, outcome.motors)
        self._body.advance(self.schedule.period_s * max(1, min(passed, LEAP_MAX)))
        self._account(outcome)
        return outcome

    def finish(self) -> None:
        """The last look, before everything is closed."""
        self._look()

    def _account(self, outcome: Outcome) -> None:
        if self._begun_s is None:
            self._begun_s = self._clock.now()
        self.meters.add(outcome, self._seconds())
        if self._recorder is not None:
            self._recorder.add(round(1e6 * self.meters.seconds), outcome)
        self._look_again()

    def _seconds(self) -> float:
        """Since the first burst: in lockstep those of the body."""
        if self._lockstep:
            return self.meters.bursts * self.schedule.period_s
        return 0.0 if self._begun_s is None else self._clock.now() - self._begun_s

    def _look_again(self) -> None:
        if self._clock.now() - self._looked_s >= LOOK_S:
            self._looked_s = self._clock.now()
            self._look()

    def _look(self) -> None:
        """Takes over the figures of links and boards, and what happened to them."""
        meters = self.meters
        meters.overruns, meters.late_s = self.schedule.overruns, self.schedule.lateness.quantile_s(0.99)
        meters.links = [quality for quality in (self._brain.quality(), self._body.quality()) if quality is not None]
        meters.stats = self._brain.stats()
        for port in (self._brain, self._body):
            for event in newer(port.events(), self._noted.get(id(port))):
                self._noted[id(port)] = event
                self._note(f"{event.state.value}: {event.reason}")

    def _note(self, text: str) -> None:
        seconds = self._seconds()
        self.meters.note(seconds, text)
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
