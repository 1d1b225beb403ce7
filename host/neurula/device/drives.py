"""The drive that an RP2040 or RP2350 shows while its bootloader waits: a UF2 file copied there is written to flash."""

from __future__ import annotations

import os
import re
import string
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

INFO_FILE = "INFO_UF2.TXT"
INFO_BYTES_MAX = 4096
CHIPS = {"RPI-RP2": "RP2040", "RP2350": "RP2350"}


@dataclass(frozen=True, slots=True)
class Drive:
    """A mounted bootloader. board_id: as the drive says; chip: as boards/*.toml writes it, "" if not known."""

    folder: Path
    board_id: str
    chip: str


def find_drives() -> tuple[Drive, ...]:
    """All mounted bootloader drives, by path."""
    return tuple(drive for drive in map(read_drive, sorted(set(mounted_folders()))) if drive is not None)


def read_drive(folder: Path) -> Drive | None:
    """The bootloader drive that is mounted at a folder, or None."""
    try:
        with (folder / INFO_FILE).open("rb") as file:
            text = file.read(INFO_BYTES_MAX).decode("ascii", "replace")
    except (OSError, ValueError):
        return None
    entries = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    board_id = "".join(c for c in entries.get("Board-ID", "") if c.isprintable())[:60]
    return Drive(folder, board_id, CHIPS.get(board_id, ""))


def mounted_folders() -> Iterable[Path]:
    """Where removable drives appear on this system."""
    if sys.platform == "win32":
        return (Path(f"{letter}:\\") for letter in string.ascii_uppercase if letter > "B")
    if sys.platform == "darwin":
        return Path("/Volumes").glob("*")
    return fat_mounts(Path("/proc/self/mounts"))


def fat_mounts(table: Path) -> list[Path]:
    """Mount points of FAT file systems in a table of mounts, in which spaces are written as \\040."""
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    rows = [line.split() for line in lines]
    return [Path(unescape(row[1])) for row in rows if len(row) > 2 and row[2] in ("vfat", "msdos")]


def unescape(mount: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), mount)


def copy_to_drive(content: bytes, drive: Drive, name: str) -> None:
    """Writes a file to the drive. The board restarts as soon as it has the last block, so what fails after that is not told.

    OSError where the drive cannot be written at all."""
    file = os.open(drive.folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0))
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(file, rest[: 1 << 16]) :]
        try:
            os.fsync(file)
        except OSError:
            return  # the drive has gone: the board took it
    finally:
        close_gone(file)


def close_gone(file: int) -> None:
    """Closes a file on a drive that may not be there any more."""
    try:
        os.close(file)
    except OSError:
        return
