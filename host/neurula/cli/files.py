"""Files that verbs read and write. An output appears whole or not at all, and never over the file being read."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from neurula.errors import InvalidInput, UsageError

STDOUT = "-"
MAGIC_BYTES = 4


def require_output(path: str, *inputs: str | None) -> None:
    """Raises UsageError before any work if `path` cannot be written (U203) or is one of the inputs (U204)."""
    place = Path(path)
    for other in inputs:
        with suppress(OSError, ValueError):
            if other is not None and place.samefile(other):
                raise UsageError("U204", "the output would overwrite the file that is being read", where=path)
    try:
        parent = place.resolve().parent
        if place.is_dir():
            raise UsageError("U203", "the output is a folder", where=path)
        if not parent.is_dir():
            raise UsageError("U203", f"there is no folder {str(parent)!r}", where=path)
        if not os.access(parent, os.W_OK) and is_ordinary(place):
            raise UsageError("U203", f"the folder {str(parent)!r} cannot be written", where=path)
    except (OSError, ValueError) as problem:
        raise _unwritable(path, problem) from None


def is_ordinary(place: Path) -> bool:
    """True for a regular file or none yet; devices and pipes must not be replaced by a file."""
    try:
        return stat.S_ISREG(place.stat().st_mode)
    except OSError:
        return True


@contextmanager
def open_output(path: str) -> Iterator[IO[bytes]]:
    """A binary file that takes its name when the block ends well, and is gone when it does not. UsageError U203."""
    if path == STDOUT:
        yield sys.stdout.buffer
        return
    place = Path(path)
    try:
        if not is_ordinary(place):
            with place.open("wb") as device:
                yield device
            return
        place = place.resolve()
        descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name[:100]}.")
    except (OSError, ValueError) as problem:
        raise _unwritable(path, problem) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~current_umask())
        os.replace(name, place)
    except OSError as problem:
        if isinstance(problem, BrokenPipeError):
            raise
        raise _unwritable(path, problem) from None
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def write_output(path: str, content: bytes) -> None:
    """Writes a whole file, or nothing. UsageError U203."""
    with open_output(path) as file:
        file.write(content)


def read_input(path: str, most_bytes: int) -> bytes:
    """A whole input file. InvalidInput N101 if it cannot be read or is larger than most_bytes."""
    try:
        with open(path, "rb") as file:
            content = file.read(most_bytes + 1)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InvalidInput("N101", f"the file cannot be read: {reason}", where=path) from None
    if len(content) > most_bytes:
        raise InvalidInput("N101", f"the file is larger than {most_bytes:,} bytes", where=path)
    return content


def magic_of(path: str) -> bytes:
    """The first bytes of a regular file; b"" for anything else, which its reader will judge."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return b""
        with open(path, "rb") as file:
            return file.read(MAGIC_BYTES)
    except (OSError, ValueError):
        return b""


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(path: str, problem: Exception) -> UsageError:
    reason = getattr(problem, "strerror", None) or problem
    return UsageError("U203", f"the file cannot be written: {reason}", where=path)
