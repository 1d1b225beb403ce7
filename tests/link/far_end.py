"""A far end on simulated time: counts what it carries out, can hang, restart, and refuse."""

from __future__ import annotations

import random
from collections import Counter

from neurula.errors import InvalidInput
from neurula.link.clock import SimulatedClock
from neurula.link.fault_pipe import FaultPipe, Faults
from neurula.link.responder import Responder
from neurula.link.session import Session, Timing
from neurula.link.wire import (
    Chunk,
    Estop,
    GetStats,
    Hello,
    Message,
    Offset,
    Rate,
    Stats,
)

FAILSAFE_MS = 200
LOOK_S = 0.05


def hello(board: str = "paper") -> Hello:
    return Hello(0, 0, 0, 100_000, 65_536, 0, 100, FAILSAFE_MS, 0, 2, 1, 0, bytes(8), board, "power", "")


class FarEnd:
    """Answers on the clock's events. `done` counts how often each CHUNK, by its offset, was carried out."""

    def __init__(self, pipe: FaultPipe) -> None:
        self.pipe = pipe
        self.done: Counter[int] = Counter()
        self.greetings = 0
        self.stops = 0
        self.work_s = 0.0
        self.boot()
        pipe.b.on_data = self._on_data
        pipe.clock.call_every(LOOK_S, self._look)

    def boot(self) -> None:
        """Power on: everything that was in RAM is gone."""
        handlers = {Chunk: self._chunk, Rate: self._refuse, GetStats: self._stats, Estop: self._stop}
        self.responder = Responder(self.pipe.b, handlers, hello, self.pipe.clock)
        self.responder.on_greeting = self._greeted
        self.hangs = False

    def _on_data(self) -> None:
        if not self.hangs:
            while self.responder.poll(0.0):
                pass

    def _look(self) -> None:
        """A board notices that its cable is back."""
        if not self.pipe.b.open:
            self.pipe.b.reopen()

    def _greeted(self) -> None:
        self.greetings += 1

    def _chunk(self, message: Chunk) -> Message:
        self.done[message.offset] += 1
        return Offset(message.offset + 1)

    def _stats(self, message: GetStats) -> Message:
        return Stats(sum(self.done.values()), 0, 0, 0, 0, 0, 0, 0, 0)

    def _stop(self, message: Estop) -> None:
        self.stops += 1

    def _refuse(self, message: Rate) -> Message:
        raise InvalidInput("F137", "bursts so rare are not possible")


class Bench:
    """A host, a pipe of faults and a far end."""

    def __init__(self, faults: Faults | None = None, *, seed: int, back: Faults | None = None, timing: Timing | None = None) -> None:
        self.clock = SimulatedClock()
        self.pipe = FaultPipe(self.clock, faults, seed=seed, back=back)
        self.far = FarEnd(self.pipe)
        self.host = Session(self.pipe.a, self.clock, timing, random.Random(seed))

    def run(self, seconds: float) -> None:
        """The host polls as a loop at 100 Hz does."""
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            self.host.poll(min(0.01, end - self.clock.now()))
