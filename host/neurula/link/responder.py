"""The far end of a session, for processes and simulated boards: carries each request out once, however often it comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from neurula.errors import LinkLost, NeurulaError
from neurula.link.answers import AnswerMemory, Judgement
from neurula.link.clock import Clock, SystemClock
from neurula.link.link import ClosingLink, Link
from neurula.link.requests import FREE
from neurula.link.values import FIRST_VALUE_TYPE, ValueStreams, message_of
from neurula.link.wire import (
    ANSWERS,
    MESSAGES,
    WIRE_FINGERPRINT,
    Ack,
    Error,
    Frame,
    FrameDecoder,
    Greet,
    Hello,
    Message,
    MessageType,
    Ping,
    Pong,
    encode_frame,
)

FOREVER = float("inf")
TEXT_BYTES = 200
_SomeMessage = TypeVar("_SomeMessage", bound=Message)
Handler = Callable[[Any], "Message | None"]


class Responder(ClosingLink):
    """handlers: message type -> what carries it out: it returns the answer (None: ACK) or raises NeurulaError, which is the answer then.
    hello: what to say to who greets, with any session number and fingerprint: the right ones are put in.

    Time passes in `poll`; `on_greeting` is called when a new session begins. carried_out counts requests, not PING and GREET."""

    def __init__(self, link: Link, handlers: Mapping[type[Message], Handler], hello: Callable[[], Hello],
                 clock: Clock | None = None) -> None:
        self._link, self._clock, self._hello = link, clock or SystemClock(), hello
        self._handlers = {kind.TYPE: handler for kind, handler in handlers.items()}
        self._decoder = FrameDecoder()
        self._memory = AnswerMemory()
        self._values = ValueStreams()
        self._session = 0
        self.heard_s = -FOREVER
        self.carried_out = 0
        self.on_greeting: Callable[[], None] | None = None

    @property
    def name(self) -> str:
        return self._link.name

    @property
    def greeted(self) -> bool:
        """Whether a host has a session here."""
        return self._session != 0

    def silence_s(self) -> float:
        """Seconds since the host was heard; infinity before the first time."""
        return self._clock.now() - self.heard_s

    def send_values(self, message: Message, flags: int = 0) -> bool:
        """Once, and not at all before a host has greeted. Whether it went out."""
        frame = self._values.frame_of(message, flags)
        return self.greeted and self._send(frame)

    def values(self, kind: type[_SomeMessage]) -> _SomeMessage | None:
        """The latest values of a kind; None before the first."""
        return self._values.latest(kind)

    def listen(self, kind: type[_SomeMessage], action: Callable[[_SomeMessage], None]) -> None:
        """From now on the action is called with all values of a kind that are newer than those before."""
        self._values.listen(kind, action)

    def poll(self, timeout_s: float = 0.0) -> bool:
        """Answers what has come; waits for it at most so long. Whether something came."""
        try:
            data = self._link.receive(timeout_s)
        except LinkLost:
            self._decoder.drop()
            if not self._link.reopen() and timeout_s > 0:
                self._clock.sleep(timeout_s)
            return False
        for frame in self._decoder.feed(data):
            self._take(frame)
        return bool(data)

    def close(self) -> None:
        self._link.close()

    # ---- what comes ------------------------------------------------------------------------------------------------------------

    def _take(self, frame: Frame) -> None:
        """Who sends what cannot be read gets an answer if it was a request, and nothing otherwise."""
        if frame.type not in MESSAGES:
            return
        self.heard_s = self._clock.now()
        if frame.type >= FIRST_VALUE_TYPE:
            if self.greeted:
                try:
                    self._values.take(frame)
                except LinkLost:
                    return
        elif frame.type in ANSWERS:
            self._send(self._answer(frame))

    def _answer(self, frame: Frame) -> bytes:
        """The frame that answers a request, b"" for none."""
        if frame.type == MessageType.GREET:
            return self._greet(frame)
        if frame.type in FREE:  # as often as they come
            return framed(frame, self._carry_out(frame))
        if not self.greeted:
            return framed(frame, error("F138", "there is no session: greet first"))
        judgement = self._memory.judge(frame.sequence)
        if judgement is Judgement.NEW:
            answer = framed(frame, self._carry_out(frame))
            self._memory.keep(frame.sequence, answer)
            return answer
        return self._memory.answer(frame.sequence) if judgement is Judgement.KNOWN else b""

    def _greet(self, frame: Frame) -> bytes:
        try:
            greeting = message_of(frame)
        except LinkLost as problem:
            return framed(frame, error_of(problem))
        assert isinstance(greeting, Greet)
        if greeting.wire_fingerprint != WIRE_FINGERPRINT or not greeting.session:
            told = f"the far end has wire {WIRE_FINGERPRINT:08x}, this program {greeting.wire_fingerprint:08x}"
            return framed(frame, error("L121", f"the two sides do not speak the same language: {told}"))
        if greeting.session != self._session:
            self._session = greeting.session
            self._memory.begin(frame.sequence)
            self._values.begin()
            if self.on_greeting is not None:
                self.on_greeting()
        return framed(frame, replace(self._hello(), session=self._session, wire_fingerprint=WIRE_FINGERPRINT))

    def _carry_out(self, frame: Frame) -> Message:
        try:
            request = message_of(frame)
            if isinstance(request, Ping):
                return Pong(request.data)
            if frame.type not in self._handlers:
                return error("F131", f"nothing here carries out {request.TYPE.name}")
            self.carried_out += 1
            return self._handlers[request.TYPE](request) or Ack()
        except NeurulaError as problem:
            return error_of(problem)

    def _send(self, data: bytes) -> bool:
        try:
            if data:
                self._link.send(data)
        except LinkLost:
            return False  # whoever wanted it asks again
        return bool(data)


def framed(request: Frame, answer: Message) -> bytes:
    return encode_frame(Frame(answer.TYPE, 0, request.sequence, answer.pack()))


def error(code: str, text: str) -> Error:
    return Error(code.encode("ascii"), 0, text.encode()[:TEXT_BYTES].decode("utf-8", "ignore"))


def error_of(problem: NeurulaError) -> Error:
    return error(problem.code, problem.message)
