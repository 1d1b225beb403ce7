"""The line protocol of a board that runs the firmware: one ASCII line there, lines back, the last begins with ok or error."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from neurula.device.ports import Connection
from neurula.error_codes import CODES
from neurula.errors import (
    DeviceNotFound,
    DoesNotFit,
    InvalidInput,
    LinkLost,
    NeurulaError,
    UsageError,
    VerificationFailed,
)

PROTOCOL = "1"
CHUNK_BYTES = 180  # most that a line of the protocol carries
ANSWER_TIMEOUT_S = 3.0
GREETING_TIMEOUT_S = 1.0
ERASE_TIMEOUT_S = 60.0  # opening an upload erases a slot: some 25 ms a block of 4 KB
VERIFY_TIMEOUT_S = 120.0  # the board hashes the image and walks every row of it
STEP_TIMEOUT_S = 60.0
LINES_MAX = 1000
KINDS: dict[int, type[NeurulaError]] = {2: UsageError, 3: DeviceNotFound, 4: InvalidInput, 5: DoesNotFit, 6: VerificationFailed}


@dataclass(frozen=True, slots=True)
class Hello:
    """Who answers. slot: "0", "1" or "-"; state: confirmed, pending or safe; burst: the last one's number."""

    board: str
    fingerprint: str
    free_bytes: int
    slot: str
    state: str
    burst: int
    boot_reason: str


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
    """What one slot holds. sequence: higher is newer; sha8: first bytes of the image's SHA-256 in hex; all "-" in an empty slot."""

    sequence: str
    state: str
    bytes: str
    sha8: str


class BoardLink:
    """Asks a board. Errors of the board keep its own codes (F1xx, I1xx, R1xx); LinkLost K105, K106, K112 when it does not answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._behind = False  # an answer is still to come that nobody waits for any more

    # ---- what a board can be asked -------------------------------------------------------------------------------

    def hello(self, timeout_s: float = GREETING_TIMEOUT_S) -> Hello:
        """Also finds the beginning of a line again after whatever went before: late answers are passed over."""
        self._connection.write(b"\nhello\n")
        _, words = self._answer(timeout_s, is_greeting)
        self._behind = False
        if len(words) < 9:
            raise unexpected(words)
        if words[2] != PROTOCOL:
            raise LinkLost("K112", f"the board speaks version {words[2][:20]} of the protocol, this command version {PROTOCOL}")
        return Hello(words[3], words[4], number(words[5]), words[6], words[7], number(words[8]), " ".join(words[9:]))

    def stats(self) -> Stats:
        words = self.ask("stats", least=6)
        return Stats(*map(number, words[:6]))

    def slots(self) -> tuple[tuple[Slot, Slot], int]:
        """Both slots, and the bytes that one has."""
        words = self.ask("slots", least=5)
        parts = [part.split() for part in " ".join(words).split("/")]
        if len(parts) != 3 or not parts[2]:
            raise unexpected(["ok", *words])
        first, second = (Slot(*[*part, "-", "-", "-", "-"][:4]) for part in parts[:2])
        return (first, second), number(parts[2][0])

    def logs(self) -> list[str]:
        """The board's log ring, oldest entry first."""
        return self._exchange("logs", ANSWER_TIMEOUT_S)[0]

    def put(self, size: int, sha256: str) -> int:
        """Opens an upload; how many bytes of it the board has already."""
        return number(self.ask(f"put {size} {sha256}", ERASE_TIMEOUT_S)[0])

    def chunk(self, offset: int, data: bytes) -> int:
        """Sends at most CHUNK_BYTES; the offset that the board wants next."""
        text = base64.b64encode(data).decode("ascii")
        return number(self.ask(f"chunk {offset} {zlib.crc32(data):08x} {text}")[0])

    def commit(self) -> tuple[str, str]:
        """The board verifies the upload and marks it pending: (slot, sequence)."""
        slot, sequence = self.ask("commit", VERIFY_TIMEOUT_S, least=2)[:2]
        return slot, sequence

    def order(self, verb: str) -> str:
        """start, confirm, rollback, reset, estop, release, stop, rewind or run; the rest of the answer."""
        return " ".join(self.ask(verb, least=0))

    def step(
        self, bursts: int, forced: Iterable[tuple[int, int]] = (), inject: Iterable[tuple[int, int, int]] = ()
    ) -> list[tuple[int, int, bytes]]:
        """Runs bursts of a brain that is held, the first with this stimulus: (number, CRC-32 of the state, fired bitmaps) of each."""
        for area, neuron, units in inject:
            self.ask(f"inject {area} {neuron} {units}", least=0)
        for area, neuron in forced:
            self.ask(f"force {area} {neuron}", least=0)
        lines, _ = self._exchange(f"step {bursts}", STEP_TIMEOUT_S)
        try:
            rows = [line.split() for line in lines if line.startswith("burst ")]
            seen = [(int(row[1]), int(row[2], 16), bytes.fromhex(row[3])) for row in rows]
        except (ValueError, IndexError):
            raise unexpected(lines[-1:]) from None
        if len(seen) != bursts:
            raise unexpected([f"{len(seen)} of {bursts} bursts"])
        return seen

    def state(self) -> bytes:
        """The whole RAM block of a brain that is held."""
        return bytes.fromhex(self.ask("state", STEP_TIMEOUT_S)[0])

    def reconnect(self, timeout_s: float) -> None:
        self._connection.reconnect(timeout_s)

    def pass_time(self, seconds: float) -> None:
        """Lets the board work; what it says unasked is passed over."""
        deadline = self._connection.seconds() + seconds
        while (rest := deadline - self._connection.seconds()) > 0:
            self._connection.read(rest)

    def seconds(self) -> float:
        return self._connection.seconds()

    # ---- lines ---------------------------------------------------------------------------------------------------

    def ask(self, line: str, timeout_s: float = ANSWER_TIMEOUT_S, *, least: int = 1) -> list[str]:
        """The words after "ok", at least `least`."""
        words = self._exchange(line, timeout_s)[1][1:]
        if len(words) < least:
            raise unexpected(["ok", *words])
        return words

    def _exchange(self, line: str, timeout_s: float) -> tuple[list[str], list[str]]:
        """(lines before the answer, words of the answer). A late answer to an earlier line is never taken for this one's."""
        if self._behind:
            self.hello()
        self._behind = True
        self._connection.write(line.encode("ascii") + b"\n")
        answer = self._answer(timeout_s, lambda words: not is_greeting(words))
        self._behind = False
        return answer

    def _answer(self, timeout_s: float, wanted: Callable[[list[str]], bool]) -> tuple[list[str], list[str]]:
        before: list[str] = []
        deadline = self._connection.seconds() + timeout_s
        for _ in range(LINES_MAX):
            rest = max(0.0, deadline - self._connection.seconds())
            line = self._connection.read_until(b"\n", rest).decode("ascii", "replace").strip()
            words = line.split()
            if words and words[0] in ("ok", "error") and wanted(words):
                if words[0] == "error":
                    self._behind = False
                    raise refusal(words)
                return before, words
            if words:
                before.append(line)
        raise LinkLost("K112", f"the board sent {LINES_MAX} lines and no answer among them")


def is_greeting(words: list[str]) -> bool:
    """Greetings may come late and more than once: a board that boots is asked until it answers, and then answers all."""
    return words[:2] == ["ok", "neurula"]


def refusal(words: list[str]) -> NeurulaError:
    """The error that a board's line `error CODE AT TEXT` means, of the kind that its code has in the list of codes."""
    code, at, text = words[1] if len(words) > 1 else "", words[2] if len(words) > 2 else "", " ".join(words[3:])
    if code not in CODES:
        return unexpected(words)
    kind = KINDS.get(CODES[code][0], LinkLost)
    return kind(code, text[:300] or "the board refused", where=f"byte {at}" if at.isdigit() and at != "0" else "")


def unexpected(words: list[str]) -> LinkLost:
    return LinkLost("K112", "the board answered with something else than the protocol has", where=" ".join(words)[:120])


def number(word: str) -> int:
    """LinkLost K112 if the word is none."""
    if not word.isascii() or not word.lstrip("-").isdigit() or len(word) > 20:
        raise unexpected(["ok", word])
    return int(word)
