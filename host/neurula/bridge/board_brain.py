"""A brain that keeps its own time on a board: sensors go there between two bursts, motors and spikes come from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurula.bridge.bodies import CONNECT_S, LinkQuality, quality_of
from neurula.bridge.brains import BoundBrain, Outcome
from neurula.errors import LinkLost, UsageError
from neurula.link.clock import Clock
from neurula.link.link import Link
from neurula.link.session import Event, Session, SessionState, Timing
from neurula.link.wire import Fired, Flag, Hello, Rate, Start, Stats, Stream
from neurula.robot.remote import RemoteBrain

NO_SLOT = 255
AWAY_S = 0.5  # how long a burst is waited for before somebody else may look
HELD_S = 10.0  # a board that is there and runs nothing for so long is an error


class BoardBrain:
    """What runs on the board must be the image of `brain`; it is started, and set to the rate of `brain`, where that is not so.

    Raises NeurulaError; a link that breaks is no error, but None instead of bursts."""

    paced = True

    def __init__(self, brain: BoundBrain, link: Link, clock: Clock, timing: Timing | None = None) -> None:
        self._coders = brain.coders()
        self._brain, self._clock = brain, clock
        self._remote = RemoteBrain(self._coders, brain.image, link, clock, timing, streams=Stream.FIRED)
        self._fired: dict[int, list[int]] = {}
        self._fired_burst = 0
        self._complete = False
        self._heard_s = clock.now()
        self._settled: Hello | None = None
        self._remote.session.listen(Fired, self._told)

    @property
    def name(self) -> str:
        return self.session.name if self._settled is None else self._settled.board

    @property
    def session(self) -> Session:
        return self._remote.session

    def open(self, timeout_s: float = CONNECT_S) -> None:
        """UsageError W108 for a body without a brain, W109 where no brain runs; VerificationFailed M402 where another one does."""
        self._settle(self.session.connect(timeout_s))
        self._remote.agree(timeout_s)
        self._heard_s = self._clock.now()

    def step(self, news: Mapping[str, Any]) -> Outcome | None:
        """LinkLost M401 where a board that is there runs no bursts."""
        for name, value in news.items():
            self._coders.sense(name, value)
        connected = self.session.state is SessionState.CONNECTED
        if connected and self.session.hello is not None and self.session.hello is not self._settled:
            self._settle(self.session.hello)
        try:
            self._remote.step(1, AWAY_S)
        except LinkLost:
            if connected and self._clock.now() - self._heard_s > HELD_S:
                raise
            return None
        self._heard_s = self._clock.now()
        burst = self._remote.burst
        self._await_spikes(burst)
        fired = tuple((area, tuple(neurons)) for area, neurons in sorted(self._fired.items())) if self._fired_burst == burst else ()
        return Outcome(burst, news, fired, None, self._coders.values)

    def quality(self) -> LinkQuality | None:
        return quality_of(self.session)

    def stats(self) -> Stats | None:
        return self.session.stats

    def events(self) -> Sequence[Event]:
        return list(self.session.events)

    def close(self) -> None:
        self._remote.close()

    def _settle(self, hello: Hello) -> None:
        """Once with every board that is greeted."""
        self._settled = hello
        if not hello.image_fingerprint:
            raise UsageError("W108", f"the far end ({hello.board}) has no brain of its own", where=self.session.name)
        if hello.refusal:
            raise UsageError("W109", f"no brain runs on {hello.board}: {hello.refusal}", where=self.session.name)
        if hello.rate_hz != round(self._brain.rate_hz):
            self.session.request(Rate(round(self._brain.rate_hz)))
        if not hello.running:
            self.session.request(Start())

    def _told(self, message: Fired) -> None:
        if message.burst != self._fired_burst:
            self._fired, self._fired_burst = {}, message.burst
        for area, neurons in message.spikes:
            self._fired.setdefault(area, []).extend(neurons)
        self._complete = not self.session.streams.flags & Flag.MORE

    def _await_spikes(self, burst: int) -> None:
        """They come right behind the motors; what gets lost is waited for during half a period and no longer."""
        deadline = self._clock.now() + 0.5 / self._brain.rate_hz
        while (self._fired_burst, self._complete) != (burst, True) and self._clock.now() < deadline:
            self.session.poll(deadline - self._clock.now())
