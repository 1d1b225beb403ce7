"""Snapshots of a running brain in a folder: each a whole file or none, checksummed, the last two kept.

A file `brain-<number>.snap` holds, little-endian: the mark NRLSNAP1; the lengths of genome, image and state, 32 bits each;
the three; a SHA-256 over all before it. It is written under another name, made certain, and only then given its own; what
is older than the one before is removed last. Whatever a power failure cuts, the newest file or the one before it is whole.
"""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass

from neurula.brain.files import Files
from neurula.errors import SnapshotError

MARK = b"NRLSNAP1"
KEPT = 2
CHUNK_BYTES = 1 << 20
_LENGTHS = struct.Struct("<III")
_HEAD = len(MARK) + _LENGTHS.size
_DIGEST = hashlib.sha256().digest_size
_NAME = re.compile(r"brain-(\d{1,12})\.snap")
_UNFINISHED = "brain.unfinished"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """genome: the text of its file; image: brain.nrl; state: the RAM block between two bursts."""

    genome: str
    image: bytes
    state: bytes


def encode_snapshot(snapshot: Snapshot) -> bytes:
    genome = snapshot.genome.encode("utf-8")
    parts = (genome, snapshot.image, snapshot.state)
    body = b"".join((MARK, _LENGTHS.pack(*(len(part) for part in parts)), *parts))
    return body + hashlib.sha256(body).digest()


def decode_snapshot(data: bytes) -> Snapshot | None:
    """None for what is cut, damaged or something else."""
    if len(data) < _HEAD + _DIGEST or not data.startswith(MARK):
        return None
    lengths = _LENGTHS.unpack_from(data, len(MARK))
    if _HEAD + sum(lengths) + _DIGEST != len(data) or hashlib.sha256(data[:-_DIGEST]).digest() != data[-_DIGEST:]:
        return None
    image_at, state_at = _HEAD + lengths[0], _HEAD + lengths[0] + lengths[1]
    try:
        genome = data[_HEAD:image_at].decode("utf-8")
    except UnicodeDecodeError:
        return None
    return Snapshot(genome, data[image_at:state_at], data[state_at:-_DIGEST])


class SnapshotStore:
    """The snapshots of one brain. One process at a time may write. Raises SnapshotError."""

    def __init__(self, files: Files, *, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._files = files
        self._chunk_bytes = chunk_bytes

    def numbers(self) -> list[int]:
        """Of the snapshots that are there, whole or not, the newest first."""
        try:
            found = (_NAME.fullmatch(name) for name in self._files.names())
            return sorted((int(match[1]) for match in found if match), reverse=True)
        except OSError as failure:
            raise _unreadable(failure) from None

    def write(self, snapshot: Snapshot) -> int:
        """Returns the number of the snapshot, which is certain then. H203 if it cannot be written; the others stay."""
        number = max(self.numbers(), default=0) + 1
        data = encode_snapshot(snapshot)
        try:
            self._files.create(_UNFINISHED)
            for start in range(0, len(data), self._chunk_bytes):
                self._files.append(_UNFINISHED, data[start : start + self._chunk_bytes])
            self._files.sync(_UNFINISHED)
            self._files.rename(_UNFINISHED, _name_of(number))
            self._files.sync_folder()
            self._remove_older(number)
        except OSError as failure:
            raise SnapshotError(
                "H203", f"the snapshot cannot be written: {failure.strerror or failure}",
                remedy="Check the folder, its permissions and the space that is left.",
            ) from None
        return number

    def newest(self) -> tuple[int, Snapshot]:
        """The newest whole one with its number. H202 if there is none, H204 if the folder cannot be read."""
        for number in self.numbers():
            try:
                snapshot = decode_snapshot(self._files.read(_name_of(number)))
            except OSError as failure:
                raise _unreadable(failure) from None
            if snapshot is not None:
                return number, snapshot
        raise SnapshotError("H202", "there is no whole snapshot", remedy="Take one with StateManager.snapshot.")

    def _remove_older(self, newest: int) -> None:
        """Keeps the newest and the last whole one before it."""
        before = 0
        for number in self.numbers():
            if number == newest:
                continue
            if before < KEPT - 1 and decode_snapshot(self._files.read(_name_of(number))) is not None:
                before += 1
            else:
                self._files.remove(_name_of(number))


def _name_of(number: int) -> str:
    return f"brain-{number:08}.snap"


def _unreadable(failure: OSError) -> SnapshotError:
    message = f"the snapshots cannot be read: {failure.strerror or failure}"
    return SnapshotError("H204", message, remedy="Check the folder and its permissions.")
