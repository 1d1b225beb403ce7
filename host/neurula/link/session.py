"""One conversation with one far end, over any link: requests exactly once, values latest wins, and the way back when it breaks.

Nothing here runs by itself: time passes in `poll`, `request` and `connect`, by the clock that was handed in."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from neurula.errors import LinkLost, NeurulaError
from neurula.link.clock import Clock, SystemClock
from neurula.link.far_errors import NO_SESSION, code_of, ended, other_version, other_wire, refusal_of, restarted, silent
from neurula.link.link import ClosingLink, Link
from neurula.link.requests import FOREVER, FREE, NUMBERS, Request, RequestTable
from neurula.link.values import FIRST_VALUE_TYPE, ValueStreams, message_of
from neurula.link.wire import (
    MESSAGES,
    WIRE_FINGERPRINT,
    Error,
    Estop,
    Flag,
    Frame,
    FrameDecoder,
    GetStats,
    Greet,
    Hello,
    Message,
    MessageType,
    Ping,
    Stats,
    encode_frame,
)

EVENTS_KEPT = 1000
PINGS_KEPT = 64
PROBE_S = 1.0  # between two measurements, and between two questions whether the far end still knows the session
_SomeMessage = TypeVar("_SomeMessage", bound=Message)


class SessionState(Enum):
    """WAITING: nothing there yet. AVAILABLE: somebody is there, not agreed yet. LOST: was connected, and is being looked for."""

    WAITING = "waiting"
    AVAILABLE = "available"
    CONNECTED = "connected"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Timing:
    """ping_s: idle time before a sign of life, at most a quarter of the far end's failsafe time. silence_s: nothing heard for so long
    is a loss. retry_s: between two attempts to reach it. request_s: how long `request` tries when it is not told. refused_s: between two
    greetings of a far end that does not go together with this program."""

    ping_s: float = 0.1
    silence_s: float = 1.0
    retry_s: float = 0.05
    request_s: float = 5.0
    refused_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Event:
    """A change of state. fresh: the far end begins anew and knows nothing of what was bound or subscribed before."""

    at_s: float
    state: SessionState
    reason: str
    fresh: bool = False


class Session(ClosingLink):
    """The host's side. The link may be closed still: it is opened, and opened again, by itself.

    state; events: its changes, oldest first; hello: what the far end said when it was greeted; stats: its figures, asked every second;
    refusal: why the two do not go together, or None."""

    def __init__(self, link: Link, clock: Clock | None = None, timing: Timing | None = None, chance: random.Random | None = None) -> None:
        self._link, self._clock, self._timing = link, clock or SystemClock(), timing or Timing()
        self._chance = chance or random.SystemRandom()
        self._decoder = FrameDecoder()
        self._table = RequestTable(self._chance.randrange(NUMBERS))
        self._values = ValueStreams()
        self._session = 0  # 0: the far end is to be greeted
        self._is_open = False
        self._heard_s = self._sent_s = self._next_try_s = self._probed_s = self._pinged_s = -FOREVER
        self._pinged = 0
        self._pings: deque[tuple[float, int]] = deque(maxlen=PINGS_KEPT)  # (when it was sent, its number), oldest first
        self.state = SessionState.WAITING
        self.hello: Hello | None = None
        self.stats: Stats | None = None
        self.refusal: NeurulaError | None = None
        self.events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self.unexpected = 0  # frames that came whole and meant nothing here

    @property
    def name(self) -> str:
        return self._link.name

    @property
    def requests(self) -> RequestTable:
        """How requests fare: sent, repeated, round_trip."""
        return self._table

    @property
    def streams(self) -> ValueStreams:
        """How values fare: dropped, missed."""
        return self._values

    @property
    def rejected(self) -> int:
        """Pieces of the stream that were no frame since the link was opened."""
        return self._decoder.rejected

    # ---- what a host does ------------------------------------------------------------------------------------------------------

    def connect(self, timeout_s: float = 5.0) -> Hello:
        """Waits for the far end. LinkLost L122 when nobody answers, VerificationFailed L121 when the two do not go together."""
        deadline = self._clock.now() + timeout_s
        while self.state is not SessionState.CONNECTED or self.hello is None:
            if self.refusal is not None:
                raise self.refusal
            if self._clock.now() >= deadline:
                raise silent(self.name)
            self.poll(deadline - self._clock.now())
        return self.hello

    def request(self, message: Message, timeout_s: float | None = None) -> Message:
        """Asks and waits, also for a far end that is away. What it refuses is raised with its own code; LinkLost L122 when no answer
        came in time, L123 when it restarted meanwhile: then nobody knows whether it was carried out."""
        request = self.submit(message, timeout_s)
        while not request.done:
            self.poll(max(0.0, request.give_up_s - self._clock.now()))
        return self.result(request)

    def ask(self, message: Message, kind: type[_SomeMessage], timeout_s: float | None = None) -> _SomeMessage:
        """`request` for those who know what kind of answer comes."""
        answer = self.request(message, timeout_s)
        assert isinstance(answer, kind), (answer, kind)
        return answer

    def submit(self, message: Message, timeout_s: float | None = None) -> Request:
        """Begins a request; `poll` until it is `done`, then `result` has the answer. InvalidInput L102 for one that cannot be packed."""
        message.pack()
        now = self._clock.now()
        request = Request(message, now + (self._timing.request_s if timeout_s is None else timeout_s))
        if isinstance(message, Estop) and self._is_open:
            self._try(lambda: self._table.begin(request, now, self._send))  # overtakes all others, and needs no session
        else:
            self._table.add(request)
        return request

    def result(self, request: Request) -> Message:
        """The answer of a request that is done; what failed is raised."""
        if request.failure is not None:
            raise request.failure
        assert request.answer is not None
        answer = message_of(request.answer)
        if isinstance(answer, Error):
            raise refusal_of(answer)
        return answer

    def send_values(self, message: Message, flags: int = 0) -> bool:
        """Values go out once, and not at all while nobody is there: old ones are of no use. Whether they went out."""
        frame = self._values.frame_of(message, flags)
        return self.state is SessionState.CONNECTED and self._try(lambda: self._send(frame))

    def values(self, kind: type[_SomeMessage]) -> _SomeMessage | None:
        """The latest values of a kind; None before the first."""
        return self._values.latest(kind)

    def listen(self, kind: type[_SomeMessage], action: Callable[[_SomeMessage], None]) -> None:
        """From now on the action is called with all values of a kind that are newer than those before."""
        self._values.listen(kind, action)

    def poll(self, timeout_s: float = 0.0) -> bool:
        """Takes in what has come and does what is due; returns at the deadline, or sooner when something came. Whether it did."""
        deadline = self._clock.now() + timeout_s
        while True:
            self._act()
            if self._receive(max(0.0, min(deadline, self._next_s()) - self._clock.now())):
                while self._receive(0.0):
                    pass
                self._act()
                return True
            if self._clock.now() >= deadline:
                self._act()
                return False

    def close(self) -> None:
        """Ends the session; what waits for an answer fails with LinkLost L124."""
        self._table.fail_all(ended(self.name))
        self._link.close()
        self._is_open = False
        self._enter(SessionState.WAITING, "closed")

    # ---- what is due -----------------------------------------------------------------------------------------------------------

    def _act(self) -> None:
        now = self._clock.now()
        if self.state in (SessionState.CONNECTED, SessionState.AVAILABLE) and now >= self._loss_s():
            self._enter(SessionState.WAITING if self.hello is None else SessionState.LOST, "nothing heard")
        if self.state is not SessionState.CONNECTED and now >= self._next_try_s:
            self._next_try_s = now + self._timing.retry_s
            self._reach(now)
        if self._is_open:
            self._try(lambda: self._send_due(now))
        self._table.expire(now, lambda: self.refusal or silent(self.name))

    def _reach(self, now: float) -> None:
        """One attempt to get a word out of a far end that is away."""
        was_open, self._is_open = self._is_open, self._link.reopen()
        if self._is_open and not was_open:
            self._decoder = FrameDecoder()
        if self._is_open and self._session == 0:
            self._session = self._chance.randrange(1, 1 << 32)
            self._begin(Greet(self._session, WIRE_FINGERPRINT), now)
        elif self._is_open and not self._table.open:
            self._probe(now)

    def _ping(self, now: float) -> None:
        """A sign of life, and a measurement: each is sent once, so its answer leaves no doubt."""
        self._pinged, self._pinged_s = (self._pinged + 1) % NUMBERS, now
        self._pings.append((now, self._pinged))
        self._send(encode_frame(Frame(MessageType.PING, Flag.NEEDS_ACK, self._pinged, Ping(self._pinged.to_bytes(2, "little")).pack())))

    def _ponged(self, frame: Frame, now: float) -> None:
        for sent_s, number in self._pings:
            if frame.payload == number.to_bytes(2, "little"):
                self._table.round_trip.measured(now - sent_s)
                self._pings.remove((sent_s, number))
                return

    def _probe(self, now: float) -> None:
        """A request that is answered by who knows the session, and refused by who has restarted; PING needs no session."""
        self._probed_s = now
        self._begin(GetStats(), now)

    def _begin(self, message: Message, now: float) -> None:
        self._try(lambda: self._table.begin(Request(message), now, self._send))

    def _send_due(self, now: float) -> None:
        connected = self.state is SessionState.CONNECTED
        if connected:
            self._table.begin_waiting(now, self._send)
        self._table.repeat(now, self._send, self._oldest_s())
        if connected and now >= self._ping_s():
            self._ping(now)
            if now >= self._probed_s + PROBE_S and not self._table.open:
                self._probe(now)

    def _next_s(self) -> float:
        """The instant at which something is due again."""
        times = [self._table.next_failure_s()]
        if self._is_open:
            times.append(self._table.next_repeat_s(self._oldest_s()))
        times += [self._ping_s(), self._loss_s()] if self.state is SessionState.CONNECTED else [self._next_try_s]
        return min(times)

    def _loss_s(self) -> float:
        return self._heard_s + max(self._timing.silence_s, self._table.slow_s())

    def _ping_s(self) -> float:
        """The next sign of life. A board that works on something slow does not read, and has its failsafe under its own control."""
        if self._table.slow_s():
            return FOREVER
        failsafe_s = self.hello.failsafe_ms / 1000 if self.hello is not None else 0.0
        every_s = min(self._timing.ping_s, failsafe_s / 4) if failsafe_s else self._timing.ping_s
        return min(self._sent_s + every_s, self._pinged_s + PROBE_S)

    def _oldest_s(self) -> float:
        """Longest time between two sendings of the oldest request: who is looked for shall be found soon."""
        return self._timing.retry_s if self.state is SessionState.LOST else FOREVER

    # ---- what comes ------------------------------------------------------------------------------------------------------------

    def _receive(self, timeout_s: float) -> bool:
        """Whether something came."""
        if not self._is_open:
            if timeout_s > 0:
                self._clock.sleep(timeout_s)
            return False
        try:
            data = self._link.receive(timeout_s)
        except LinkLost as problem:
            self._broke(problem)
            return False
        for frame in self._decoder.feed(data):
            self._take(frame, self._clock.now())
        if self._decoder.other_version >= 0 and self.state is not SessionState.CONNECTED:
            self.refusal = other_version(self._decoder.other_version)
        return bool(data)

    def _take(self, frame: Frame, now: float) -> None:
        if frame.type not in MESSAGES:
            self.unexpected += 1
            return
        self._heard_s = now
        if self.state is SessionState.WAITING:
            self._enter(SessionState.AVAILABLE, "somebody is there")
        try:
            if frame.type >= FIRST_VALUE_TYPE:
                self._values.take(frame)
                return
            if frame.type == MessageType.PONG:
                self._ponged(frame, now)
                return
            request = self._table.answered(frame, now)
            if frame.type == MessageType.STATS:
                self.stats = Stats.unpack(frame.payload)  # asked for or not
            if request is not None:
                self._answered(request, message_of(frame), now)
        except LinkLost:  # it is not laid out as it should be: the same as not having come
            self.unexpected += 1

    def _answered(self, request: Request, answer: Message, now: float) -> None:
        if isinstance(request.message, Greet):
            self._greeted(request.message, answer, now)
        elif isinstance(answer, Error) and code_of(answer) == NO_SESSION:
            request.answer, request.failure = None, restarted(self.name)
            self._table.fail_open(restarted(self.name))
            self._session = 0
            self._next_try_s = now
            if self.state is SessionState.CONNECTED:
                self._enter(SessionState.LOST, "the far end restarted")
        elif self.state is SessionState.LOST:
            if request.message.TYPE in FREE:
                self._next_try_s = now
            else:
                self._enter(SessionState.CONNECTED, "the far end is back")

    def _greeted(self, greeting: Greet, answer: Message, now: float) -> None:
        if isinstance(answer, Hello) and answer.wire_fingerprint == WIRE_FINGERPRINT and answer.session == greeting.session:
            self.hello, self.refusal = answer, None
            self._values.begin()
            self._enter(SessionState.CONNECTED, "greeted", fresh=True)
            return
        if isinstance(answer, Hello):
            self.refusal = other_wire(answer)
        elif isinstance(answer, Error):
            self.refusal = refusal_of(answer)
        self._session = 0
        self._next_try_s = now + self._timing.refused_s

    # ---- the link --------------------------------------------------------------------------------------------------------------

    def _send(self, frame: bytes) -> None:
        self._link.send(frame)
        self._sent_s = self._clock.now()

    def _try(self, action: Callable[[], None]) -> bool:
        """Does something that sends; whether the link carried it."""
        try:
            action()
        except LinkLost as problem:
            self._broke(problem)
            return False
        return True

    def _broke(self, problem: LinkLost) -> None:
        self._is_open = False
        self._next_try_s = self._clock.now() + self._timing.retry_s
        self._enter(SessionState.WAITING if self.hello is None else SessionState.LOST, problem.message)

    def _enter(self, state: SessionState, reason: str, fresh: bool = False) -> None:
        if state is not self.state or fresh:
            self.state = state
            self.events.append(Event(self._clock.now(), state, reason, fresh))
