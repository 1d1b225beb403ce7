"""Bodies as the bridge sees them: one that lives in this process, or one at the far end of a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from random import Random
from typing import Any, Protocol

from neurula.bridge.channels import Arrivals, Channels
from neurula.errors import InvalidInput, LinkLost, UsageError
from neurula.link.clock import Clock
from neurula.link.link import Link
from neurula.link.session import Event, Session, SessionState, Timing
from neurula.link.wire import Sense, Stream, Subscribe
from neurula.robot import RobotMapping, kinds

HOLD_S = 0.2  # a sensor that says nothing for so long is silent to the brain: it is blind rather than deceived
MOTORS_HZ_MAX = 100.0  # commands in a second, whatever the brain's rate: a cable of 115,200 baud carries no more
CONNECT_S = 5.0
LOCKSTEP_S = 10.0  # how long a body in lockstep may take over a step
EVERY = 1


@dataclass(frozen=True, slots=True)
class LinkQuality:
    """How a link fares. missed: the share of values that never came or came too late; rejected: pieces that were no frame."""

    name: str
    state: str
    round_trip_s: float
    missed: float
    rejected: int
    repeated: int


def quality_of(session: Session) -> LinkQuality:
    """How the link of a session fares."""
    streams, table = session.streams, session.requests
    return LinkQuality(session.name, session.state.value, table.round_trip.smoothed_s, streams.missed, session.rejected, table.repeated)


class BodyPort(Protocol):
    """What the bridge needs of a body."""

    @property
    def name(self) -> str: ...

    def open(self) -> None:
        """Waits until it is there. LinkLost L122 if it is not."""

    def listen(self, timeout_s: float) -> None:
        """Lets so much time pass at most, and takes in what comes."""

    def sense(self) -> Mapping[str, Any]:
        """What the sensors say that is new, by name, in their own units; None: a sensor that has gone silent."""

    def act(self, burst: int, values: Mapping[str, Any]) -> None:
        """What the motors shall do from now on."""

    def advance(self, seconds: float) -> None:
        """The world goes on, if it is ours to move."""

    def quality(self) -> LinkQuality | None:
        """None for a body without a link."""

    def events(self) -> Sequence[Event]:
        """What happened to the link, oldest first."""

    def close(self) -> None:
        """Motors go neutral. Harmless when repeated."""


class World(Protocol):
    """A body and what is around it, which moves only when it is told to. examples/bodies has some."""

    def sense(self) -> Mapping[str, Any]: ...
    def act(self, values: Mapping[str, Any]) -> None: ...
    def step(self, dt_s: float) -> None: ...


class LocalBody:
    """A world in this process."""

    def __init__(self, world: World, mapping: RobotMapping, clock: Clock, name: str = "body") -> None:
        self.world, self._clock, self._name = world, clock, name
        self._neutral = neutral_values(mapping)
        self._known: dict[str, Any] = {}
        self._wants = {device.name for device in mapping.devices if device.way == "sensor"}

    @property
    def name(self) -> str:
        return self._name

    @property
    def over(self) -> bool:
        return bool(getattr(self.world, "over", False))

    def open(self) -> None:
        """InvalidInput W103 if it does not sense what the file names."""
        has = set(self.world.sense())
        if has != self._wants:
            odd = ", ".join(sorted(has ^ self._wants))
            raise InvalidInput("W103", f"the body and its robot.toml name different sensors: {odd}")

    def listen(self, timeout_s: float) -> None:
        self._clock.sleep(timeout_s)  # nothing comes by itself

    def sense(self) -> Mapping[str, Any]:
        """Numbers that have not changed are no news; pictures and tokens always are."""
        known = self._known
        news = {name: value for name, value in self.world.sense().items() if type(value) is not float or known.get(name) != value}
        known.update(news)
        return news

    def act(self, burst: int, values: Mapping[str, Any]) -> None:
        self.world.act(values)

    def advance(self, seconds: float) -> None:
        self.world.step(seconds)

    def quality(self) -> LinkQuality | None:
        return None

    def events(self) -> Sequence[Event]:
        return ()

    def close(self) -> None:
        self.world.act(self._neutral)


class NoBody:
    """Nobody: the brain's own pins are its body, or it is only watched."""

    name = "its own pins"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def open(self) -> None:
        """Nothing is to be opened."""

    def listen(self, timeout_s: float) -> None:
        self._clock.sleep(timeout_s)

    def sense(self) -> Mapping[str, Any]:
        return {}

    def act(self, burst: int, values: Mapping[str, Any]) -> None:
        """Nobody listens."""

    def advance(self, seconds: float) -> None:
        """Nothing moves."""

    def quality(self) -> LinkQuality | None:
        return None

    def events(self) -> Sequence[Event]:
        return ()

    def close(self) -> None:
        """Nothing is open."""


class LinkedBody:
    """A body at the far end of a link. lockstep: it waits for MOTOR with every step of its own, and we for its SENSE.

    session: the conversation with it; its events tell when the cable was out."""

    def __init__(
        self, channels: Channels, mapping: RobotMapping, link: Link, clock: Clock, *, lockstep: bool = False, timing: Timing | None = None,
        hold_s: float = HOLD_S, period_s: float = 0.0, chance: Random | None = None,
    ) -> None:  # fmt: skip
        """period_s: of the bursts, in which the body's silence is counted; chance: draws the numbers of sessions."""
        self.session = Session(link, clock, timing, chance)
        self._channels, self._clock, self._lockstep = channels, clock, lockstep
        self._arrivals = Arrivals(channels.sensors)
        self._neutral = neutral_values(mapping)
        self._hold_s = max(hold_s, 2 * period_s)
        self._heard_s = self._acted_s = float("-inf")
        self._blind = True
        self._greeted: object = None
        self._closed = False
        self.session.listen(Sense, self._sensed)

    @property
    def name(self) -> str:
        return self.session.name

    def open(self) -> None:
        """UsageError W105 where a board answers that has a brain of its own."""
        hello = self.session.connect(CONNECT_S)
        if hello.image_fingerprint:
            raise UsageError("W105", f"the far end ({hello.board}) is a board with a brain of its own, no body", where=self.name)
        self._subscribe()

    def listen(self, timeout_s: float) -> None:
        self.session.poll(timeout_s)
        self._subscribe()

    def sense(self) -> Mapping[str, Any]:
        if self._lockstep:
            self._await_all()
        elif self._clock.now() - self._heard_s > self._hold_s:
            if self._blind:
                return {}
            self._blind = True
            return dict.fromkeys((device.name for device in self._channels.sensors), None)
        return self._arrivals.news()

    def act(self, burst: int, values: Mapping[str, Any]) -> None:
        now = self._clock.now()
        if not self._lockstep and now - self._acted_s < 0.999 / MOTORS_HZ_MAX:
            return
        self._acted_s = now
        for message in self._channels.motor(burst, values):
            self.session.send_values(message)

    def advance(self, seconds: float) -> None:
        """Its world has its own time."""

    def quality(self) -> LinkQuality:
        return quality_of(self.session)

    def events(self) -> Sequence[Event]:
        return list(self.session.events)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self.session.state is SessionState.CONNECTED:
            for message in self._channels.motor(0, self._neutral):
                self.session.send_values(message)
        self.session.close()

    def _sensed(self, message: Sense) -> None:
        self._heard_s, self._blind = self._clock.now(), False
        self._arrivals.take(message.values)

    def _subscribe(self) -> None:
        """Once with every far end that is greeted; the answer is not waited for."""
        hello = self.session.hello
        if self.session.state is SessionState.CONNECTED and hello is not self._greeted:
            self._greeted = hello
            self.session.submit(Subscribe(Stream(0), 0, EVERY), float("inf"))

    def _await_all(self) -> None:
        """LinkLost W106 if the body does not say what all its sensors see."""
        deadline = self._clock.now() + LOCKSTEP_S
        while not self._arrivals.complete:
            left = deadline - self._clock.now()
            if left <= 0:
                raise LinkLost("W106", "the body takes no steps", where=self.name)
            self.listen(left)


def neutral_values(mapping: RobotMapping) -> dict[str, Any]:
    """What the motors do when nobody commands them: what the file says, else the middle of a range with a sign, else the range's first
    end. Pictures, tokens and choices are left out: they move nothing."""
    found: dict[str, Any] = {}
    for device in mapping.devices:
        if device.way == "motor":
            kind = kinds()[device.kind]
            layout = kind.parts[0].layout_of(device.areas.get(kind.parts[0].name, ""))
            low, high = device.range or kind.range
            rest = device.neutral if device.neutral is not None else 0.0 if low == -high else low
            count = prod(layout.size) if layout.family == "switch" else layout.components
            if layout.family in ("number", "signed", "switch"):
                found[device.name] = rest if count == 1 else (rest,) * count
    return found
