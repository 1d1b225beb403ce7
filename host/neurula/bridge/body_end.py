"""The body's own end of a link, for processes: what an Arduino does in its sketch, for any world that can be stepped."""

from __future__ import annotations

from dataclasses import replace

from neurula.bridge.bodies import World, neutral_values
from neurula.bridge.channels import Arrivals, channels_of_body
from neurula.link.clock import Clock, SystemClock
from neurula.link.link import ClosingLink, Link
from neurula.link.responder import Handler, Responder
from neurula.link.wire import Estop, GetStats, Hello, Message, Motor, Release, Stats, Subscribe
from neurula.robot import RobotMapping

FAILSAFE_S = 0.2
SENSE_S = 0.02
GRAIN_S = 1e-9  # two instants that are nearer than this are one
SILENCE_S = 1.0  # nobody is told anything who has said nothing for so long
NO_SLOT = 255
BODY = Hello(0, 0, 0, 0, 0, 0, 0, 0, NO_SLOT, 0, 0, 0, bytes(8), "", "", "")


class BodyEnd(ClosingLink):
    """A world behind a link: tells what it senses every sense_s, does what it is told, goes neutral when the brain falls silent.

    Its time begins with the first brain, and passes in `run`, by the clock. lockstep_s: instead it goes on by so much with every
    MOTOR. steps of the world; trips: how often the failsafe made it neutral; driven: a brain commands it."""

    def __init__(
        self, world: World, mapping: RobotMapping, link: Link, clock: Clock | None = None, *, sense_s: float = SENSE_S,
        failsafe_s: float = FAILSAFE_S, lockstep_s: float | None = None,
    ) -> None:  # fmt: skip
        self.world, self._clock = world, clock or SystemClock()
        self._channels = channels_of_body(mapping, world.sense())
        self._arrivals = Arrivals(self._channels.motors)
        self._neutral = neutral_values(mapping)
        self._sense_s, self._failsafe_s, self._lockstep_s = sense_s, failsafe_s, lockstep_s
        self._hello = replace(BODY, failsafe_ms=round(1000 * failsafe_s), board=mapping.name[:60])
        handlers: dict[type[Message], Handler] = {
            Subscribe: self._subscribed, Estop: self._stop, Release: self._release, GetStats: self._stats,
        }  # fmt: skip
        self.responder = Responder(link, handlers, self._say_hello, self._clock)
        self.responder.on_greeting = self._greeted
        self.responder.listen(Motor, self._moved)
        self._subscription = self._stopped = self._lives = False
        self._moved_s = float("-inf")
        self._begun_s = self._clock.now()
        self._ticks = 0
        self.steps = self.trips = 0
        self.driven = False

    def run(self, seconds: float) -> None:
        """Lives for so long."""
        until = self._clock.now() + seconds
        while (now := self._clock.now()) < until:
            self.responder.poll(max(0.0, min(self._next_s(), until) - now))
            self.tick()

    def poll(self) -> None:
        """Takes in all that has come."""
        while self.responder.poll(0.0):
            pass

    def tick(self) -> None:
        """Does what is due: the failsafe, and a step of the world with what it senses then."""
        now = self._clock.now()
        if self.driven and now - self._moved_s >= self._failsafe_s and self._lockstep_s is None:
            self._halt()
            self.trips += 1
        if now - self._next_s() > SILENCE_S:  # this computer slept: its time did not pass here
            self._begun_s, self._ticks = now - self._sense_s, 0
        while now + GRAIN_S >= self._next_s():
            self._ticks += 1
            if self._lockstep_s is None and self._lives:
                self._step(self._sense_s)

    def _next_s(self) -> float:
        """The next step: counted from the first, so that no rounding adds up."""
        return self._begun_s + (self._ticks + 1) * self._sense_s

    def close(self) -> None:
        self.responder.close()

    # ---- what the brain's end asks ---------------------------------------------------------------------------------------------

    def _say_hello(self) -> Hello:
        return replace(self._hello, burst=self.steps, stopped=self._stopped)

    def _greeted(self) -> None:
        self._subscription = False
        self._halt()

    def _subscribed(self, message: Subscribe) -> None:
        self._subscription = message.every != 0
        self._lives = True
        if self._subscription and self._lockstep_s is not None:
            self._tell()

    def _moved(self, message: Motor) -> None:
        self._moved_s = self._clock.now()
        self._arrivals.take(message.values)
        if self._lockstep_s is not None and not self._arrivals.complete:
            return  # the other half of it is on the way
        values = {name: value for name, value in self._arrivals.news().items() if value is not None}
        if not self._stopped:
            self.driven = True
            self.world.act(values)
        if self._lockstep_s is not None:
            self._step(self._lockstep_s)

    def _stop(self, message: Estop) -> None:
        self._stopped = True
        self._halt()

    def _release(self, message: Release) -> None:
        self._stopped = False

    def _stats(self, message: GetStats) -> Message:
        return Stats(self.steps, 0, 0, 0, 0, 0, 0, 0, min(0xFFFF, self.trips))

    # ---- the world -------------------------------------------------------------------------------------------------------------

    def _halt(self) -> None:
        self.driven = False
        self.world.act(self._neutral)

    def _step(self, seconds: float) -> None:
        self.world.step(seconds)
        self.steps += 1
        self._tell()

    def _tell(self) -> None:
        if self._subscription and (self._lockstep_s is not None or self.responder.silence_s() < SILENCE_S):
            for message in self._channels.sense(self.world.sense()):
                self.responder.send_values(message)
