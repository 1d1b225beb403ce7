"""A board that speaks the wire, without a board: two slots, probation, restarts, and whatever can go wrong on the way."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from neurula.errors import LinkLost
from neurula.link import wire
from neurula.link.answers import AnswerMemory, Judgement
from neurula.link.responder import error, framed
from neurula.link.values import message_of
from neurula.link.wire import BrainState, Frame, FrameDecoder, Message, SlotState
from neurula.sim.machine import ByteStream

BOOT_S = 0.2
BURSTS_A_SECOND = 100
SLOT_BYTES = 65_536


@dataclass
class FakeSlot:
    image: bytes = b""
    sequence: int = 0
    state: str = "empty"


@dataclass
class Faults:
    """break_at: the connection breaks at these chunks (counted from 1); spoil: these arrive damaged; lose: these are carried out
    and the answer is lost; late: it comes only together with the next one.

    brain: what a new brain does: "runs", "hangs" (no burst), "restarts" (after three seconds), "refuses" (fails at boot)."""

    break_at: set[int] = field(default_factory=set)
    spoil: set[int] = field(default_factory=set)
    lose: set[int] = field(default_factory=set)
    late: set[int] = field(default_factory=set)
    brain: str = "runs"
    chatter: bool = False


class FakeBoard(ByteStream):
    """Also a Connection. Its clock moves while somebody waits. chunks: frames with a chunk that were sent; written: those carried out."""

    poll_s = 0.01

    def __init__(self, faults: Faults | None = None) -> None:
        super().__init__()
        self.faults = faults or Faults()
        self.slots = [FakeSlot(), FakeSlot()]
        self.running = -1
        self.pending_upload: tuple[bytes, int, bytearray] | None = None
        self.chunks = self.written = 0
        self.asked: list[str] = []
        self.broken = False
        self.closed = False
        self._now = 0.0
        self._booted_at = -BOOT_S
        self._session = 0
        self._memory = AnswerMemory()
        self._decoder = FrameDecoder()
        self._held = b""

    # ---- a connection ----------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        self._require_whole()
        for frame in self._decoder.feed(data):
            if self._now >= self._booted_at + BOOT_S:
                self._hear(frame)

    def seconds(self) -> float:
        return self._now

    def _let_run(self, until_seconds: float) -> None:
        self._require_whole()
        self._now = max(self._now + 0.001, until_seconds)

    def reconnect(self, timeout_s: float) -> None:
        self.broken = False
        self._received.clear()
        self._decoder.drop()

    def close(self) -> None:
        self.closed = True

    def _require_whole(self) -> None:
        if self.broken:
            raise LinkLost("K106", "the connection broke: the test wanted it")

    # ---- a board ---------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        """The newest that may run; a brain that refuses to start uses up its three attempts at once."""
        self._booted_at = self._now
        self._session = 0
        order = sorted((0, 1), key=lambda i: -self.slots[i].sequence)
        for slot in order:
            if self.slots[slot].state == "pending" and self.faults.brain == "refuses":
                self.slots[slot].state = "rejected"
            if self.slots[slot].state in ("pending", "confirmed"):
                self.running = slot
                return
        self.running = -1

    def burst(self) -> int:
        since = max(0.0, self._now - self._booted_at)
        on_probation = self.running >= 0 and self.slots[self.running].state == "pending"
        if self.running < 0 or (on_probation and self.faults.brain == "hangs"):
            return 0
        if on_probation and self.faults.brain == "restarts" and since > 3.0:
            self.slots[self.running].state = "rejected"
            self.boot()
            return 0
        return int(since * BURSTS_A_SECOND)

    def _hear(self, frame: Frame) -> None:
        """A request, carried out once."""
        message = message_of(frame)
        self.burst()  # it may have restarted meanwhile
        if isinstance(message, wire.Chunk):
            self.chunks += 1
            if self.chunks in self.faults.break_at:
                self.broken = True
            if self.broken or self.chunks in self.faults.spoil:
                return
        if isinstance(message, wire.Greet):
            if message.session != self._session:
                self._session = message.session
                self._memory.begin(frame.sequence)
            self._send(framed(frame, self._hello()))
            return
        if not self._session:
            self._send(framed(frame, error("F138", "there is no session")))
            return
        judgement = self._memory.judge(frame.sequence)
        if judgement is Judgement.NEW:
            self.asked.append(message.TYPE.name)
            answer = getattr(self, f"_{message.TYPE.name.lower()}")(message)
            self._memory.keep(frame.sequence, framed(frame, answer or wire.Ack()))
            if isinstance(message, wire.Reset):
                self._send(self._memory.answer(frame.sequence))
                self.boot()
                return
        if judgement is not Judgement.STALE and not (isinstance(message, wire.Chunk) and self.chunks in self.faults.lose):
            self._send(self._memory.answer(frame.sequence), hold=isinstance(message, wire.Chunk) and self.chunks in self.faults.late)

    def _send(self, data: bytes, *, hold: bool = False) -> None:
        self._held += (b"log 12 F140 1 0\n" if self.faults.chatter else b"") + data
        if not hold:
            self._received += self._held
            self._held = b""

    def _hello(self) -> wire.Hello:
        state = BrainState[self.slots[self.running].state.upper()] if self.running >= 0 else BrainState.SAFE
        return wire.Hello(
            self._session, wire.WIRE_FINGERPRINT, 0x0123ABCD, 120_000, SLOT_BYTES, self.burst(), BURSTS_A_SECOND, 200,
            self.running if self.running >= 0 else 255, state, 1, 0, bytes(8), "fake", "reset", "",
        )  # fmt: skip

    def _get_stats(self, _: Any) -> Message:
        return wire.Stats(self.burst(), 0, 300, 250, 120_000, 90_000, 0, 0, 0)

    def _get_slots(self, _: Any) -> Message:
        rows = [
            wire.Slot(s.sequence, SlotState[s.state.upper()], len(s.image), hashlib.sha256(s.image).digest()[:8]) for s in self.slots
        ]
        return wire.Slots(SLOT_BYTES, tuple(rows))

    def _put(self, message: wire.Put) -> Message:
        if message.size > SLOT_BYTES - 4096:
            return error("F102", "the image is larger than a slot")
        if self.pending_upload is None or self.pending_upload[:2] != (message.sha256, message.size):
            self.pending_upload = (message.sha256, message.size, bytearray())
        return wire.Offset(len(self.pending_upload[2]))

    def _chunk(self, message: wire.Chunk) -> Message:
        assert self.pending_upload is not None
        assert message.offset == len(self.pending_upload[2])
        self.pending_upload[2].extend(message.data)
        self.written += 1
        return wire.Offset(len(self.pending_upload[2]))

    def _commit(self, _: Any) -> Message:
        assert self.pending_upload is not None
        digest, size, received = self.pending_upload
        if len(received) != size or hashlib.sha256(received).digest() != digest:
            return error("F104", "the image is not the one that was announced")
        slot = 1 - self.running if self.running >= 0 else 0
        sequence = 1 + max(s.sequence for s in self.slots)
        self.slots[slot] = FakeSlot(bytes(received), sequence, "pending")
        self.pending_upload = None
        return wire.Committed(slot, sequence)

    def _reset(self, _: Any) -> None:
        """It happens after the answer."""

    def _confirm(self, _: Any) -> None:
        self.slots[self.running].state = "confirmed"

    def _rollback(self, _: Any) -> None:
        max(self.slots, key=lambda slot: slot.sequence).state = "rejected"

    def _get_logs(self, message: wire.GetLogs) -> Message:
        entries = (wire.LogEntry(5, 140, 1, 0), wire.LogEntry(90, 141, 2, 7))
        return wire.Logs(message.first, 2, entries[message.first : message.first + 1])
