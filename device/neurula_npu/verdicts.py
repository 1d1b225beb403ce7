"""Image files that were verified before: mapped, and neither hashed nor walked again (docs/adr/0031-verified-once.md)."""

from __future__ import annotations

import mmap
import os
import stat
import time
from pathlib import Path
from typing import Any, BinaryIO
from zlib import crc32

from neurula_npu.image import FINGERPRINT, TRAILER, Image, ImageError, uword
from neurula_npu.schema import RECORDS

STILL_S = 2.0  # how long a file must have been as it is: file systems note changes in steps
MOST = 256  # verdicts that are kept
FILE_MAX = (1 << 31) + 4  # bytes that are read of a file at most
JUDGES = ("image.py", "kernels.py", "verdicts.py")  # a verdict holds as long as these do not change
_TABLE = 4 * len(RECORDS["HEADER"])


class KnownImage(Image):
    """An image of which every byte was verified before. What is cheap is looked at all the same: header, areas, groups."""

    def check_hash(self) -> None:
        """Was done."""

    def read_sections(self, total: int) -> None:
        """Takes the table as it stands."""
        self.optional = {}
        for at in range(_TABLE, _TABLE + 16 * total, 16):
            tag = bytes(self.data[at : at + 4])
            kept = self.optional if tag[0] & 32 else self.sections
            kept.setdefault(tag.decode("latin-1"), (uword(self.data, at + 4), uword(self.data, at + 8)))


class Verdicts:
    """The folder in which it is written which files were found sound. Only this user can write there, or it is not believed.

    folder: default neurula/verified in the user's cache; still_s: files that changed less than so long ago are not noted.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None, still_s: float = STILL_S) -> None:
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        self.folder = Path(folder) if folder is not None else Path(cache) / "neurula" / "verified"
        self._still_ns = int(1e9 * still_s)

    def holds(self, found: os.stat_result, data: Any) -> bool:
        """Whether this very file was found sound, and has not changed since."""
        want = verdict_on(found, data)
        try:
            with open(self._path(found), "rb") as file:
                return want is not None and is_own(os.fstat(file.fileno())) and is_own(os.stat(self.folder)) and file.read(1024) == want
        except OSError:
            return False

    def note(self, found: os.stat_result, after: os.stat_result, data: Any) -> None:
        """Remembers that a file is sound. found, after: as it was before it was verified, and afterwards. A verdict that cannot be
        written is not: the file will be verified again."""
        text = verdict_on(found, data)
        if text is None or text != verdict_on(after, data) or time.time_ns() - max(found.st_ctime_ns, found.st_mtime_ns) < self._still_ns:
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not is_own(os.stat(self.folder)):
                return
            self._forget()
            path = self._path(found)
            fresh = path.with_name(f"{path.name}.{os.getpid()}")
            fresh.write_bytes(text)
            os.replace(fresh, path)
        except OSError:
            return

    def _path(self, found: os.stat_result) -> Path:
        return self.folder / f"{found.st_dev:x}-{found.st_ino:x}"

    def _forget(self) -> None:
        """Makes room by giving up the oldest ones."""
        kept = sorted(self.folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for path in kept[: max(0, len(kept) + 1 - MOST)]:
            path.unlink(missing_ok=True)


def verdict_on(found: os.stat_result, data: Any) -> bytes | None:
    """What is written about a sound file: which file it is, when it last changed, its own SHA-256, and who judges."""
    judges = 0
    try:
        for name in JUDGES:
            judges = crc32(Path(__file__).with_name(name).read_bytes(), judges)
    except OSError:
        return None
    words = (FINGERPRINT, judges, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return f"sound {' '.join(map(str, words))} {bytes(data[-TRAILER:]).hex()}\n".encode()


def is_own(found: os.stat_result) -> bool:
    """Whether nobody but this user (and root) can change it."""
    return hasattr(os, "geteuid") and found.st_uid in (0, os.geteuid()) and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def image_bytes(file: BinaryIO, found: os.stat_result) -> Any:
    """The file's bytes: mapped where nobody else can change them while they are in use, else read. Raises ImageError."""
    if not stat.S_ISREG(found.st_mode):
        raise ImageError("I102", "not a file, and so no image of a brain")
    if is_own(found) and found.st_size:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return file.read(FILE_MAX)
