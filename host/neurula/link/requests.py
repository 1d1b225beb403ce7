"""Requests that wait for their answers: sent again in time, never more at once than the far end remembers."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from neurula.errors import NeurulaError
from neurula.link.round_trip import RoundTrip
from neurula.link.wire import ANSWERS, REMEMBERED, Flag, Frame, Message, MessageType, encode_frame

NUMBERS = 65_536
FOREVER = float("inf")
# Requests that a board works on for long, and how long it may be silent over them: erasing a slot, hashing and walking an image.
SLOW_S = {MessageType.PUT: 60.0, MessageType.COMMIT: 120.0, MessageType.STEP: 60.0, MessageType.CONFIRM: 5.0, MessageType.ROLLBACK: 5.0}
FREE = (MessageType.PING, MessageType.ESTOP)  # need no session
SLOW_REPEAT_S = 1.0  # a board that does not read has little room for repetitions
Send = Callable[[bytes], None]


@dataclass(eq=False, slots=True)
class Request:
    """One request. It is done when it has an answer or a failure. give_up_s: the instant at which nobody waits for it any more."""

    message: Message
    give_up_s: float = FOREVER
    sequence: int = -1
    frame: bytes = b""
    sendings: int = 0
    sent_s: float = 0.0
    answer: Frame | None = None
    failure: NeurulaError | None = None

    @property
    def done(self) -> bool:
        return self.answer is not None or self.failure is not None

    @property
    def slow_s(self) -> float:
        """How long the far end may work on it without a word."""
        return SLOW_S.get(self.message.TYPE, 0.0)


class RequestTable:
    """The requests of one host. sent, repeated: frames that went out."""

    def __init__(self, first_sequence: int) -> None:
        self._next = first_sequence
        self._waiting: deque[Request] = deque()  # not sent yet
        self._open: dict[int, Request] = {}  # sent and not answered, by sequence number, oldest first
        self._deadlines: list[tuple[float, int, Request]] = []  # a heap, with those that are done still in it
        self._made = 0
        self.round_trip = RoundTrip()
        self.sent = self.repeated = 0

    def add(self, request: Request) -> None:
        """It is sent when the far end is there and its turn has come."""
        self._waiting.append(request)
        self._watch(request)

    @property
    def open(self) -> tuple[Request, ...]:
        """Sent and not answered, oldest first."""
        return tuple(self._open.values())

    def slow_s(self) -> float:
        """How long the far end may be silent over what it has been asked."""
        return max((request.slow_s for request in self._open.values()), default=0.0)

    # ---- sending ---------------------------------------------------------------------------------------------------------------

    def begin(self, request: Request, now: float, send: Send) -> None:
        """Sends a request that was not added, whatever else is open."""
        self._watch(request)
        self._start(request, now, send)

    def _start(self, request: Request, now: float, send: Send) -> None:
        request.sequence = self._next
        self._next = (self._next + 1) % NUMBERS
        request.frame = encode_frame(Frame(request.message.TYPE, Flag.NEEDS_ACK, request.sequence, request.message.pack()))
        self._open[request.sequence] = request
        self.post(request, now, send)

    def begin_waiting(self, now: float, send: Send) -> None:
        """Sends those that wait, as long as all that are open fit into the far end's memory."""
        while self._waiting and self.has_room():
            request = self._waiting.popleft()
            if not request.done:
                self._start(request, now, send)

    def has_room(self) -> bool:
        return not self._open or (self._next - next(iter(self._open))) % NUMBERS < REMEMBERED

    def repeat(self, now: float, send: Send, oldest_s: float = FOREVER) -> None:
        """Sends again what has waited for its answer for long enough; oldest_s: the oldest one waits no longer than this."""
        for request, due_s in self._repetitions(oldest_s):
            if now >= due_s:
                self.post(request, now, send)

    def post(self, request: Request, now: float, send: Send) -> None:
        """Sends a request (again) now."""
        self.repeated += request.sendings > 0
        self.sent += 1
        request.sendings += 1
        request.sent_s = now
        send(request.frame)

    def next_repeat_s(self, oldest_s: float = FOREVER) -> float:
        """The instant of the next repetition; FOREVER when nothing is open."""
        return min((due_s for _, due_s in self._repetitions(oldest_s)), default=FOREVER)

    def _repetitions(self, oldest_s: float) -> list[tuple[Request, float]]:
        """(request, when to send it again), oldest first."""
        found = []
        for request in self._open.values():
            wait_s = SLOW_REPEAT_S if request.slow_s else min(self.round_trip.timeout_s(request.sendings), oldest_s)
            found.append((request, request.sent_s + wait_s))
            oldest_s = FOREVER
        return found

    # ---- what becomes of them --------------------------------------------------------------------------------------------------

    def answered(self, frame: Frame, now: float) -> Request | None:
        """The request that a frame answers; None for an answer that comes twice or late, or does not go with the request."""
        request = self._open.get(frame.sequence)
        if request is None or frame.type not in (ANSWERS[request.message.TYPE], MessageType.ERROR):
            return None
        del self._open[frame.sequence]
        if request.sendings == 1 and not request.slow_s:
            self.round_trip.measured(now - request.sent_s)
        request.answer = frame
        return request

    def next_failure_s(self) -> float:
        """The instant at which the next one is given up; FOREVER when there is none."""
        while self._deadlines and self._deadlines[0][2].done:
            heapq.heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else FOREVER

    def expire(self, now: float, reason: Callable[[], NeurulaError]) -> None:
        """Gives up those whose time has come."""
        while self.next_failure_s() <= now:
            self.fail(self._deadlines[0][2], reason())

    def fail(self, request: Request, reason: NeurulaError) -> None:
        request.failure = reason
        self._open.pop(request.sequence, None)

    def fail_open(self, reason: NeurulaError) -> None:
        """Gives up all that were sent and need a session."""
        for request in self.open:
            if request.message.TYPE not in FREE:
                self.fail(request, reason)

    def fail_all(self, reason: NeurulaError) -> None:
        for request in (*self._open.values(), *self._waiting):
            self.fail(request, reason)
        self._waiting.clear()

    def _watch(self, request: Request) -> None:
        if request.give_up_s < FOREVER:
            self._made += 1
            heapq.heappush(self._deadlines, (request.give_up_s, self._made, request))
