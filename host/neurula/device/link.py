"""Asks a board that runs the firmware, by the frames of docs/WIRE.md over any connection."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from neurula.device.ports import Connection
from neurula.error_codes import CODES
from neurula.errors import LinkLost, NeurulaError
from neurula.link import wire
from neurula.link.far_errors import KINDS, NO_SESSION, refusal_of
from neurula.link.values import message_of
from neurula.link.wire import (
    ENCODED_BYTES,
    MESSAGES,
    BrainState,
    Error,
    Flag,
    Frame,
    FrameDecoder,
    Message,
    SlotState,
    encode_frame,
)

ANSWER_TIMEOUT_S = 3.0
GREETING_TIMEOUT_S = 1.0
ERASE_TIMEOUT_S = 60.0  # opening an upload erases a slot: some 25 ms a block of 4 KB
VERIFY_TIMEOUT_S = 120.0  # the board hashes the image and walks every row of it
STEP_TIMEOUT_S = 60.0
REPEAT_S, REPEAT_MAX_S = 0.25, 2.0  # a request without an answer goes out again after so long, then after twice as long, ...
NO_SLOT = 255
PER_FRAME = 20  # injections that one message carries
_Answer = TypeVar("_Answer", bound=Message)
ORDERS: dict[str, Message] = {
    "start": wire.Reset(), "reset": wire.Reset(), "confirm": wire.Confirm(), "rollback": wire.Rollback(), "retry": wire.Retry(),
    "release": wire.Release(), "run": wire.Start(), "stop": wire.Stop(), "rewind": wire.Rewind(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hello:
    """Who answers. slot: "0", "1" or "-"; state: confirmed, pending or safe; burst: the last one's number; stopped: the emergency stop
    is latched."""

    board: str
    fingerprint: str
    free_bytes: int
    slot: str
    state: str
    burst: int
    boot_reason: str
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Stats:
    """Bursts since boot, those that took longer than their period, durations, and the heap."""

    burst: int
    overruns: int
    worst_us: int
    mean_us: int
    free_bytes: int
    allocated_bytes: int


@dataclass(frozen=True, slots=True)
class Slot:
    """What one slot holds. sequence: higher is newer; sha8: first bytes of the image's SHA-256 in hex; "-" in an empty slot."""

    sequence: str
    state: str
    bytes: str
    sha8: str


class BoardLink:
    """One session with a board. Its errors keep their own codes (F1xx, I1xx, R1xx); LinkLost K105, K106, K112 when it does not answer.

    A request is repeated until it is answered, and carried out once: the board remembers what it has answered."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._decoder = FrameDecoder()
        self._session, self._sequence = quiet_numbers()
        self._greeted = False

    # ---- what a board can be asked -------------------------------------------------------------------------------

    def hello(self, timeout_s: float = GREETING_TIMEOUT_S) -> Hello:
        """Begins the session, or goes on with it."""
        answer = self.request(wire.Greet(self._session, wire.WIRE_FINGERPRINT), wire.Hello, timeout_s)
        self._greeted = True
        slot = "-" if answer.slot == NO_SLOT else str(answer.slot)
        reason = f"{answer.boot_reason} {answer.refusal}".strip()
        state = name_of(BrainState, answer.state)
        fingerprint = f"{answer.image_fingerprint:08x}"
        return Hello(answer.board, fingerprint, answer.free_bytes, slot, state, answer.burst, reason, bool(answer.stopped))

    def stats(self) -> Stats:
        s = self.ask(wire.GetStats(), wire.Stats)
        return Stats(s.burst, s.overruns, s.worst_us, s.mean_us, s.free_bytes, s.used_bytes)

    def slots(self) -> tuple[tuple[Slot, Slot], int]:
        """Both slots, and the bytes that one has."""
        answer = self.ask(wire.GetSlots(), wire.Slots)
        if len(answer.slots) != 2:
            raise unexpected(f"{len(answer.slots)} slots")
        first, second = (shown(slot) for slot in answer.slots)
        return (first, second), answer.slot_bytes

    def logs(self) -> list[str]:
        """The board's log ring, oldest entry first."""
        lines: list[str] = []
        first, added = 0, 1
        while first < added:
            answer = self.ask(wire.GetLogs(first), wire.Logs)
            lines += [f"log {entry.ms} F{entry.code:03d} {entry.times} {entry.burst}" for entry in answer.entries]
            if not answer.entries:
                break
            first, added = answer.first + len(answer.entries), answer.added
        return lines

    def put(self, size: int, sha256: str) -> int:
        """Opens an upload; how many bytes of it the board has already."""
        return self.ask(wire.Put(size, bytes.fromhex(sha256)), wire.Offset, ERASE_TIMEOUT_S).offset

    def chunk(self, offset: int, data: bytes) -> int:
        """Sends at most CHUNK_BYTES; the offset that the board wants next."""
        return self.ask(wire.Chunk(offset, data), wire.Offset).offset

    def commit(self) -> tuple[str, str]:
        """The board verifies the upload and marks it pending: (slot, sequence)."""
        answer = self.ask(wire.Commit(), wire.Committed, VERIFY_TIMEOUT_S)
        return str(answer.slot), str(answer.sequence)

    def estop(self) -> None:
        """The emergency stop, which needs no session and begins none."""
        self.request(wire.Estop(), wire.Ack, GREETING_TIMEOUT_S)

    def order(self, verb: str) -> None:
        """One of ORDERS."""
        self.ask(ORDERS[verb], wire.Ack)

    def step(
        self, bursts: int, forced: Iterable[tuple[int, int]] = (), inject: Iterable[tuple[int, int, int]] = ()
    ) -> list[tuple[int, int, bytes]]:
        """Runs bursts of a brain that is held, the first with this stimulus: (number, CRC-32 of the state, fired bitmaps) of each."""
        injections = [wire.Injection(*one) for one in inject]
        for at in range(0, len(injections), PER_FRAME):
            self.ask(wire.Injections(tuple(injections[at : at + PER_FRAME])), wire.Ack)
        neurons = [wire.Forced(*one) for one in forced]
        for at in range(0, len(neurons), PER_FRAME):
            self.ask(wire.Force(tuple(neurons[at : at + PER_FRAME])), wire.Ack)
        return [self._one_step() for _ in range(bursts)]

    def _one_step(self) -> tuple[int, int, bytes]:
        answer = self.ask(wire.Step(1), wire.Stepped, STEP_TIMEOUT_S)
        bitmaps = answer.bitmaps
        while len(bitmaps) < answer.total:
            part = self.ask(wire.GetFired(len(bitmaps)), wire.Bitmaps).data
            if not part:
                raise unexpected("bitmaps without an end")
            bitmaps += part
        return answer.burst, answer.state_hash, bitmaps

    def state(self) -> bytes:
        """The whole RAM block of a brain that is held."""
        data, total = b"", 1
        while len(data) < total:
            answer = self.ask(wire.Snapshot(len(data)), wire.State)
            if not answer.data:
                raise unexpected("a state without an end")
            data, total = data + answer.data, answer.total
        return data

    def reconnect(self, timeout_s: float) -> None:
        self._connection.reconnect(timeout_s)
        self._decoder.drop()

    def pass_time(self, seconds: float) -> None:
        """Lets the board work; what it says unasked is passed over."""
        deadline = self._connection.seconds() + seconds
        while (rest := deadline - self._connection.seconds()) > 0:
            self._connection.read(rest)

    def seconds(self) -> float:
        return self._connection.seconds()

    # ---- requests ------------------------------------------------------------------------------------------------

    def ask(self, message: Message, kind: type[_Answer], timeout_s: float = ANSWER_TIMEOUT_S) -> _Answer:
        """`request` within the session, which it begins where there is none yet."""
        if not self._greeted:
            self.hello()
        return self.request(message, kind, timeout_s)

    def request(self, message: Message, kind: type[_Answer], timeout_s: float) -> _Answer:
        """Asks until the answer comes, at most so long. LinkLost K105 when none does, K112 when it is of another kind."""
        self._sequence = (self._sequence + 1) % 65536
        frame = encode_frame(Frame(message.TYPE, Flag.NEEDS_ACK, self._sequence, message.pack()))
        deadline = self._connection.seconds() + timeout_s
        wait = REPEAT_S
        while True:
            self._connection.write(frame)
            now = self._connection.seconds()
            answer = self._answer(min(deadline, now + wait))
            if answer is not None:
                break
            if self._connection.seconds() >= deadline:
                raise self._silent(timeout_s)
            wait = min(2 * wait, REPEAT_MAX_S)
        if isinstance(answer, Error):
            problem = refusal_of(answer)
            self._greeted = self._greeted and problem.code != NO_SESSION
            raise problem
        if not isinstance(answer, kind):
            raise unexpected(answer.TYPE.name)
        return answer

    def _answer(self, until_s: float) -> Message | None:
        """The answer to the last request; None when it has not come by then."""
        while True:
            data = self._connection.read(max(0.0, until_s - self._connection.seconds()))
            for frame in self._decoder.feed(data):
                if frame.sequence == self._sequence and 64 <= frame.type < 128 and frame.type in MESSAGES:
                    return message_of(frame)
            if not data and self._connection.seconds() >= until_s:
                return None
            if self._connection.seconds() >= until_s and self._decoder.unfinished > ENCODED_BYTES:
                return None

    def _silent(self, timeout_s: float) -> LinkLost:
        version = self._decoder.other_version
        if version >= 0:
            return LinkLost("K112", f"the board sends frames of version {version}, this command those of version {wire.WIRE_VERSION}")
        return LinkLost("K105", f"the board did not answer within {timeout_s:g} s")


def quiet_numbers() -> tuple[int, int]:
    """Numbers of a session and of the request before its first, so that the greeting neither interrupts a program of somebody
    else's on a board without our firmware (3 is Ctrl-C) nor resets it (4)."""
    while True:
        session, before = random.randrange(1, 1 << 32), random.randrange(65535)
        greeting = wire.Greet(session, wire.WIRE_FINGERPRINT)
        frame = encode_frame(Frame(greeting.TYPE, Flag.NEEDS_ACK, before + 1, greeting.pack()))
        if not {3, 4} & set(frame):
            return session, before


def name_of(kind: type[BrainState] | type[SlotState], number: int) -> str:
    """LinkLost K112 for a number that has no name."""
    try:
        return kind(number).name.lower()
    except ValueError:
        raise unexpected(f"{kind.__name__} {number}") from None


def shown(slot: wire.Slot) -> Slot:
    """A slot as a person sees it."""
    return Slot(str(slot.sequence), name_of(SlotState, slot.state), str(slot.size), slot.sha8.hex() if slot.size else "-")


def refusal(words: list[str]) -> NeurulaError:
    """The error that a line `error CODE AT TEXT` means, of the kind that its code has in the list of codes."""
    code, at, text = words[1] if len(words) > 1 else "", words[2] if len(words) > 2 else "", " ".join(words[3:])
    if code not in CODES:
        return unexpected(" ".join(words))
    kind = KINDS.get(CODES[code][0], LinkLost)
    return kind(code, text[:300] or "the board refused", where=f"byte {at}" if at.isdigit() and at != "0" else "")


def unexpected(what: str) -> LinkLost:
    return LinkLost("K112", "the board answered with something else than the wire has", where=what[:120])
