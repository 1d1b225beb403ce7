"""A board that speaks the line protocol, without a board: two slots, probation, restarts, and whatever can go wrong on the way."""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import dataclass, field

from neurula.errors import LinkLost
from neurula.sim.machine import ByteStream

BOOT_S = 0.2
BURSTS_A_SECOND = 100
SLOT_BYTES = 65_536


@dataclass
class FakeSlot:
    image: bytes = b""
    sequence: int = 0
    state: str = "empty"

    @property
    def sha8(self) -> str:
        return hashlib.sha256(self.image).hexdigest()[:16] if self.image else "-"


@dataclass
class Faults:
    """break_at: the connection breaks at these chunks (counted from 1); spoil: these arrive damaged; lose: these are not answered;
    late: these are, but only together with the next line's answer.

    brain: what a new brain does: "runs", "hangs" (no burst), "restarts" (after three seconds), "refuses" (fails at boot)."""

    break_at: set[int] = field(default_factory=set)
    spoil: set[int] = field(default_factory=set)
    lose: set[int] = field(default_factory=set)
    late: set[int] = field(default_factory=set)
    brain: str = "runs"
    chatter: bool = False


class FakeBoard(ByteStream):
    """Also a Connection. Its clock moves while somebody waits."""

    poll_s = 0.01

    def __init__(self, faults: Faults | None = None) -> None:
        super().__init__()
        self.faults = faults or Faults()
        self.slots = [FakeSlot(), FakeSlot()]
        self.running = -1
        self.pending_upload: tuple[str, int, bytearray] | None = None
        self.chunks = 0
        self.asked: list[str] = []
        self.broken = False
        self.closed = False
        self._now = 0.0
        self._booted_at = -BOOT_S
        self._line = b""
        self._held = b""

    # ---- a connection ----------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        self._require_whole()
        for byte in data:
            if byte != 10:
                self._line += bytes([byte])
                continue
            line, self._line = self._line.decode(), b""
            if line.strip() and self._now >= self._booted_at + BOOT_S:
                self._obey(line.split())

    def seconds(self) -> float:
        return self._now

    def _let_run(self, until_seconds: float) -> None:
        self._require_whole()
        self._now = max(self._now + 0.001, until_seconds)

    def reconnect(self, timeout_s: float) -> None:
        self.broken = False
        self._received.clear()
        self._line = b""

    def close(self) -> None:
        self.closed = True

    def _require_whole(self) -> None:
        if self.broken:
            raise LinkLost("K106", "the connection broke: the test wanted it")

    # ---- a board ---------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        """The newest that may run; a brain that refuses to start uses up its three attempts at once."""
        self._booted_at = self._now
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

    def say(self, text: str) -> None:
        noise = b"log 12 F140 1 0\n" if self.faults.chatter else b""
        self._held += noise + text.encode() + b"\r\n"
        if self.asked[-1] == "chunk" and self.chunks in self.faults.late:
            return
        self._received += self._held
        self._held = b""

    def _obey(self, words: list[str]) -> None:
        self.asked.append(words[0])
        answer = getattr(self, f"_{words[0]}", None)
        if answer is None:
            self.say("error F150 0 there is no such command")
        else:
            answer(*words[1:])

    def _hello(self) -> None:
        burst = self.burst()
        state = self.slots[self.running].state if self.running >= 0 else "safe"
        slot = str(self.running) if self.running >= 0 else "-"
        self.say(f"ok neurula 1 fake 0123abcd 120000 {slot} {state} {burst} reset")

    def _stats(self) -> None:
        self.say(f"ok {self.burst()} 0 300 250 120000 90000")

    def _slots(self) -> None:
        rows = [f"{s.sequence} {s.state} {len(s.image)} {s.sha8}" for s in self.slots]
        self.say(f"ok {rows[0]} / {rows[1]} / {SLOT_BYTES}")

    def _put(self, size: str, digest: str) -> None:
        if int(size) > SLOT_BYTES - 4096:
            self.say(f"error F102 {SLOT_BYTES - 4096} the image is larger than a slot")
            return
        if self.pending_upload is None or self.pending_upload[:2] != (digest, int(size)):
            self.pending_upload = (digest, int(size), bytearray())
        self.say(f"ok {len(self.pending_upload[2])}")

    def _chunk(self, offset: str, checksum: str, text: str) -> None:
        self.chunks += 1
        if self.chunks in self.faults.break_at:
            self.broken = True
            return
        if self.chunks in self.faults.lose:
            return
        data = base64.b64decode(text)
        if self.chunks in self.faults.spoil or zlib.crc32(data) != int(checksum, 16):
            self.say(f"error F103 {offset} a chunk arrived damaged")
            return
        assert self.pending_upload is not None
        assert int(offset) == len(self.pending_upload[2])
        self.pending_upload[2].extend(data)
        self.say(f"ok {len(self.pending_upload[2])}")

    def _commit(self) -> None:
        assert self.pending_upload is not None
        digest, size, received = self.pending_upload
        if len(received) != size or hashlib.sha256(received).hexdigest() != digest:
            self.say("error F104 0 the image is not the one that was announced")
            return
        slot = 1 - self.running if self.running >= 0 else 0
        sequence = 1 + max(s.sequence for s in self.slots)
        self.slots[slot] = FakeSlot(bytes(received), sequence, "pending")
        self.pending_upload = None
        self.say(f"ok {slot} {sequence}")

    def _start(self) -> None:
        self.say("ok")
        self.boot()

    _reset = _start

    def _confirm(self) -> None:
        self.slots[self.running].state = "confirmed"
        self.say("ok")

    def _rollback(self) -> None:
        newest = max(self.slots, key=lambda slot: slot.sequence)
        newest.state = "rejected"
        self.say("ok")

    def _logs(self) -> None:
        self._received += b"log 5 F140 1 0\nlog 90 F141 2 7\n"
        self.say("ok")
