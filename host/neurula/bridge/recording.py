"""A recording of a bridge: the brain, the robot, and for every burst what went in and what came out. docs/BRIDGE.md has the bytes.

Files come from strangers: a reader never takes more memory than the file brings bytes, and believes nothing whose checksum is wrong."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from zlib import crc32

from neurula.bridge.brains import Outcome
from neurula.errors import InvalidInput, LinkLost, NeurulaError, UsageError
from neurula.link.wire import pack_spikes, unpack_spikes
from neurula.robot import Gaze

MAGIC, VERSION = b"NRLR", 1
START = struct.Struct("<4sHH")  # magic, version, 0
RECORD = struct.Struct("<IB")  # bytes of the payload, kind
CHECK = struct.Struct("<I")  # CRC-32 of the record and of the check before it
BURST = struct.Struct("<IQBIII")  # burst, microseconds since the start, 1 if the hash is known, hash, bytes of sensors, of motors
END = struct.Struct("<IQ")  # bursts, spikes
HEAD_KIND, ROBOT_KIND, BRAIN_KIND, BURST_KIND, EVENT_KIND, END_KIND = range(1, 7)
PAYLOAD_MAX = {HEAD_KIND: 4096, ROBOT_KIND: 128 << 10, BRAIN_KIND: 1 << 20, BURST_KIND: 4 << 20, EVENT_KIND: 4096, END_KIND: END.size}
PART = ".part"
TEXT_MAX = 500
Json = Any


@dataclass(frozen=True, slots=True)
class Head:
    """What was bridged. repeatable: the brain waited for its sensors in every burst, so that a replay must give the same."""

    runtime: str
    rate_hz: float
    body: str
    repeatable: bool


@dataclass(frozen=True, slots=True)
class Happening:
    """A burst, and when it was: microseconds since the first. motors: of this burst or, where None, as before."""

    at_us: int
    outcome: Outcome


class Recorder:
    """Writes a recording. The file takes its name when it is closed; until then, and after a crash, it is NAME.part.

    UsageError U203 where it cannot be written."""

    def __init__(self, path: Path, head: Head, robot: bytes, image: bytes) -> None:
        self._path, self._part = path, path.with_name(path.name + PART)
        try:
            self._file: IO[bytes] | None = self._part.open("wb")
            self._check = 0
            self._file.write(START.pack(MAGIC, VERSION, 0))
            self._put(HEAD_KIND, dumped(asdict(head)))
            self._put(ROBOT_KIND, robot)
            for at in range(0, len(image), PAYLOAD_MAX[BRAIN_KIND]):
                self._put(BRAIN_KIND, image[at : at + PAYLOAD_MAX[BRAIN_KIND]])
        except OSError as problem:
            raise unwritable(self._part, problem) from None
        self._motors = b""
        self.bursts = self.spikes = 0

    def add(self, at_us: int, outcome: Outcome) -> None:
        """One burst."""
        sensed = dumped(plain(outcome.sensed)) if outcome.sensed else b""
        motors = dumped(plain(outcome.motors))
        self._motors, told = motors, motors if motors != self._motors else b""
        known = outcome.state_hash is not None
        head = BURST.pack(outcome.burst, max(0, at_us), known, outcome.state_hash or 0, len(sensed), len(told))
        self.bursts += 1
        self.spikes += sum(len(neurons) for _, neurons in outcome.fired)
        self._try(BURST_KIND, head + sensed + told + pack_spikes(outcome.fired))

    def note(self, at_us: int, text: str) -> None:
        """Something that happened on the way."""
        self._try(EVENT_KIND, dumped({"at_us": at_us, "text": text[:TEXT_MAX]}))

    def close(self) -> None:
        """The recording is whole. Harmless when repeated."""
        if self._file is None:
            return
        self._try(END_KIND, END.pack(self.bursts & 0xFFFFFFFF, self.spikes))
        file, self._file = self._file, None
        try:
            file.close()
            os.replace(self._part, self._path)
        except OSError as problem:
            raise unwritable(self._path, problem) from None

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _try(self, kind: int, payload: bytes) -> None:
        try:
            self._put(kind, payload)
        except OSError as problem:
            raise unwritable(self._part, problem) from None

    def _put(self, kind: int, payload: bytes) -> None:
        assert self._file is not None
        record = RECORD.pack(len(payload), kind) + payload
        self._check = crc32(record, self._check)
        self._file.write(record + CHECK.pack(self._check))


class Recording:
    """A recording to be read once, from front to back. head, robot (a robot.toml) and image are there at once.

    whole: after the last burst, whether it was closed properly; events: what was noted, as far as it was read.
    InvalidInput W201 for a file that cannot be read, W202 for one that is no recording, W203 for one that is damaged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: IO[bytes] = path.open("rb")
        except (OSError, ValueError) as problem:
            raise unreadable(path, problem) from None
        self._check = 0
        self._motors: Mapping[str, Json] = {}
        self.bursts = self.spikes = 0
        self.whole = False
        self.events: list[tuple[int, str]] = []
        try:
            self._require_magic()
            self.head = self._head(self._expect(HEAD_KIND))
            self.robot = self._expect(ROBOT_KIND)
            self._ahead, self.image = self._brain()
        except BaseException:
            self._file.close()
            raise

    def happenings(self) -> Iterator[Happening]:
        """Bursts in their order; a file that breaks off gives those before."""
        record = self._ahead
        while record is not None:
            kind, payload = record
            if kind == BURST_KIND:
                self.bursts += 1
                yield self._happening(payload)
            elif kind == EVENT_KIND:
                note = self._json(payload)
                self.events.append((int(note.get("at_us", 0)), str(note.get("text", ""))[:TEXT_MAX]))
            elif kind == END_KIND:
                self._end(payload)
                return
            else:
                raise self._damaged("a record of a kind that there is not")
            record = self._next()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # ---- records ---------------------------------------------------------------------------------------------------------------

    def _read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except OSError as problem:
            raise unreadable(self._path, problem) from None

    def _require_magic(self) -> None:
        start = self._read(START.size)
        if len(start) < START.size or start[:4] != MAGIC:
            raise InvalidInput("W202", "this file is no recording of a bridge", where=str(self._path))
        version = START.unpack(start)[1]
        if version != VERSION:
            raise InvalidInput("W202", f"this recording has version {version}, this program reads {VERSION}", where=str(self._path))

    def _next(self) -> tuple[int, bytes] | None:
        """(kind, payload) of the next record; None where the file breaks off."""
        head = self._read(RECORD.size)
        if len(head) < RECORD.size:
            return None
        size, kind = RECORD.unpack(head)
        if size > PAYLOAD_MAX.get(kind, 0):
            raise self._damaged("a record longer than there can be")
        rest = self._read(size + CHECK.size)
        if len(rest) < size + CHECK.size:
            return None
        self._check = crc32(rest[:size], crc32(head, self._check))
        if CHECK.unpack(rest[size:])[0] != self._check:
            raise self._damaged("a checksum is wrong")
        return kind, rest[:size]

    def _expect(self, kind: int) -> bytes:
        record = self._next()
        if record is None or record[0] != kind:
            raise self._damaged("it has no beginning")
        return record[1]

    def _brain(self) -> tuple[tuple[int, bytes] | None, bytes]:
        """The first record behind the image, and the image."""
        parts = []
        record = self._next()
        while record is not None and record[0] == BRAIN_KIND:
            parts.append(record[1])
            record = self._next()
        return record, b"".join(parts)

    def _head(self, payload: bytes) -> Head:
        told = self._json(payload)
        runtime, rate_hz, body = told.get("runtime"), told.get("rate_hz"), told.get("body")
        number = isinstance(rate_hz, (int, float)) and not isinstance(rate_hz, bool) and 0 < rate_hz <= 1e6
        if not (isinstance(runtime, str) and isinstance(body, str) and number and isinstance(told.get("repeatable"), bool)):
            raise self._damaged("its head is not laid out as it should be")
        return Head(runtime[:TEXT_MAX], float(told["rate_hz"]), body[:TEXT_MAX], told["repeatable"])

    def _happening(self, payload: bytes) -> Happening:
        if len(payload) < BURST.size:
            raise self._damaged("a burst is too short")
        burst, at_us, known, state_hash, sensed_bytes, motors_bytes = BURST.unpack_from(payload)
        motors_at = BURST.size + sensed_bytes
        spikes_at = motors_at + motors_bytes
        if spikes_at > len(payload):
            raise self._damaged("a burst is too short")
        sensed = self._json(payload[BURST.size : motors_at]) if sensed_bytes else {}
        if motors_bytes:
            self._motors = self._json(payload[motors_at:spikes_at])
        try:
            fired = unpack_spikes(payload[spikes_at:])
        except LinkLost:
            raise self._damaged("its spikes are not laid out as they should be") from None
        self.spikes += sum(len(neurons) for _, neurons in fired)
        values = {name: restored(value) for name, value in sensed.items()}
        return Happening(at_us, Outcome(burst, values, fired, state_hash if known else None, self._motors))

    def _end(self, payload: bytes) -> None:
        if len(payload) != END.size or END.unpack(payload) != (self.bursts & 0xFFFFFFFF, self.spikes):
            raise self._damaged("its end counts other bursts or spikes")
        self.whole = True

    def _json(self, payload: bytes) -> dict[str, Json]:
        try:
            told = json.loads(payload.decode("utf-8"))
        except (ValueError, RecursionError):
            raise self._damaged("a part that is not JSON") from None
        if not isinstance(told, dict):
            raise self._damaged("a part that is no table")
        return told

    def _damaged(self, what: str) -> InvalidInput:
        return InvalidInput("W203", f"the recording is damaged: {what}", where=f"{self._path}, byte {self._file.tell()}")


def dumped(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def plain(value: Any) -> Json:
    """Values of devices as JSON has them: arrays as lists, a picture with a gaze as a table of both."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], Gaze):
        return {"picture": plain(value[0]), "gaze": list(asdict(value[1]).values())}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value.tolist() if hasattr(value, "tolist") else value


def restored(value: Json) -> Any:
    """What `plain` made of a sensor's value, as coders take it."""
    if isinstance(value, dict) and set(value) == {"picture", "gaze"} and isinstance(value["gaze"], list):
        try:
            return value["picture"], Gaze(*map(float, value["gaze"]))
        except (TypeError, ValueError):
            return None
    return value


def unreadable(path: Path, problem: Exception) -> NeurulaError:
    return InvalidInput("W201", f"the recording cannot be read: {getattr(problem, 'strerror', None) or problem}", where=str(path))


def unwritable(path: Path, problem: OSError) -> NeurulaError:
    return UsageError("U203", f"the file cannot be written: {problem.strerror or problem}", where=str(path))
