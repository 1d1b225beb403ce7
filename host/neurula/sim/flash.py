"""The 2 MB of flash of a Raspberry Pi Pico: firmware, then raw data, then MicroPython's file system."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from neurula.errors import DoesNotFit, InvalidInput
from neurula.sim.packages import require

FLASH_BYTES = 2 << 20
BLOCK_BYTES = 4096
FILESYSTEM_OFFSET = 0xA0000
"""Where MicroPython's file system begins on a Pico; it reaches to the end of the flash."""
FILESYSTEM_BLOCKS = (FLASH_BYTES - FILESYSTEM_OFFSET) // BLOCK_BYTES

_ERASED = b"\xff"


def build_flash(firmware: bytes, files: Mapping[str, bytes], blobs: Mapping[int, bytes]) -> bytearray:
    """A whole flash. `files`: absolute path on the board -> content. `blobs`: flash offset -> raw bytes, which a
    program reads at 0x10000000 + offset.

    A blob may lie between firmware and file system, or in blocks of the file system that no file uses; there the
    board itself may later write files over it. InvalidInput S104 when it overlaps anything, DoesNotFit S103 when
    the files are too many."""
    flash = bytearray(_ERASED * FLASH_BYTES)
    if len(firmware) > FILESYSTEM_OFFSET:
        raise InvalidInput("S102", "the firmware reaches into the file system", where=f"{len(firmware)} bytes",
                           remedy="Use a firmware for the Raspberry Pi Pico with 2 MB of flash.")
    flash[:len(firmware)] = firmware
    if files:
        flash[FILESYSTEM_OFFSET:] = build_filesystem(files)
    for offset, blob in blobs.items():
        _place(flash, offset, blob, len(firmware))
    return flash


def build_filesystem(files: Mapping[str, bytes]) -> bytes:
    """A littlefs image of the Pico's geometry that holds these files; folders are made as needed. Its end stays free."""
    lfs = require("littlefs", "littlefs-python")
    filesystem = _mountable(lfs)
    unused = _allocate_from_the_front(filesystem)
    _write_files(lfs, filesystem, files)
    flash = filesystem.context.buffer
    for at, content in unused.items():
        if flash[at:at + BLOCK_BYTES] == content:
            flash[at:at + BLOCK_BYTES] = _ERASED * BLOCK_BYTES
    return bytes(flash)


def _allocate_from_the_front(filesystem: Any) -> dict[int, bytes]:
    """littlefs begins somewhere in the middle: a file that reaches from there to the end, removed again, makes it begin anew.

    Returns the blocks that this left written, by offset: whichever is still the same at the end belongs to no file."""
    flash, filler = filesystem.context.buffer, "/filler"

    def written() -> list[int]:
        blocks = range(0, len(flash), BLOCK_BYTES)
        return [at for at in blocks if flash[at:at + BLOCK_BYTES].count(_ERASED) != BLOCK_BYTES]

    _write_file(filesystem, filler, bytes(BLOCK_BYTES))
    blocks = (len(flash) - max(written())) // BLOCK_BYTES
    _write_file(filesystem, filler, bytes(blocks * (BLOCK_BYTES - 32)))
    filesystem.remove(filler)
    return {at: bytes(flash[at:at + BLOCK_BYTES]) for at in written()[2:]}


def change_files(flash: bytes, files: Mapping[str, bytes], without: Iterable[str] = ()) -> bytes:
    """The flash with other files in its file system, everything else in its place. `without`: paths that go, if they are there.

    InvalidInput S107 when there is no file system, DoesNotFit S103 when the files are too many."""
    lfs = require("littlefs", "littlefs-python")
    filesystem = _mounted(lfs, flash)
    for path in without:
        with contextlib.suppress(FileNotFoundError):
            filesystem.remove(path)
    _write_files(lfs, filesystem, files)
    return flash[:FILESYSTEM_OFFSET] + bytes(filesystem.context.buffer)


def read_files(flash: bytes) -> dict[str, bytes]:
    """All files in the file system of a flash, by absolute path; InvalidInput S107 when there is none."""
    lfs = require("littlefs", "littlefs-python")
    filesystem = _mounted(lfs, flash)
    try:
        found = {}
        for folder, _, names in filesystem.walk("/"):
            for name in names:
                path = f"{folder.rstrip('/')}/{name}"
                with filesystem.open(path, "rb") as handle:
                    found[path] = handle.read()
    except lfs.LittleFSError as problem:
        raise _unreadable(problem) from problem
    return found


def _unreadable(problem: Exception) -> InvalidInput:
    return InvalidInput("S107", f"the flash holds no readable file system: {problem}",
                        remedy="Let the board boot once; it formats an empty flash.")


def _mounted(lfs: Any, flash: bytes) -> Any:
    """A file system on a copy of the flash's own."""
    filesystem = _mountable(lfs, mount=False)
    filesystem.context.buffer[:] = flash[FILESYSTEM_OFFSET:FLASH_BYTES]
    try:
        filesystem.mount()
    except lfs.LittleFSError as problem:
        raise _unreadable(problem) from problem
    return filesystem


def _write_files(lfs: Any, filesystem: Any, files: Mapping[str, bytes]) -> None:
    try:
        for name, content in files.items():
            _write_file(filesystem, name, content)
    except lfs.LittleFSError as problem:
        total = sum(len(content) for content in files.values())
        raise DoesNotFit("S103", f"the files do not fit into the board's file system: {problem}",
                         where=f"{len(files)} files, {total} of {FILESYSTEM_BLOCKS * BLOCK_BYTES} bytes",
                         remedy="Leave files out, or put the brain into raw flash.") from problem


def _mountable(lfs: Any, *, mount: bool = True) -> Any:
    # Written as on-disk version 2.0, which every MicroPython with littlefs 2 reads; a board may raise it to 2.1.
    return lfs.LittleFS(block_size=BLOCK_BYTES, block_count=FILESYSTEM_BLOCKS, prog_size=256, read_size=32,
                        cache_size=256, lookahead_size=32, disk_version=0x00020000 if mount else 0, mount=mount)


def _write_file(filesystem: Any, name: str, content: bytes) -> None:
    path = "/" + name.strip("/")
    folder = path.rpartition("/")[0]
    if folder:
        with contextlib.suppress(FileExistsError):
            filesystem.makedirs(folder)
    with filesystem.open(path, "wb") as handle:
        handle.write(content)


def _place(flash: bytearray, offset: int, blob: bytes, firmware_bytes: int) -> None:
    end = offset + len(blob)
    if not firmware_bytes <= offset <= end <= FLASH_BYTES:
        raise InvalidInput("S104", f"a blob at flash offset 0x{offset:x} of {len(blob)} bytes does not lie between the "
                           f"firmware (ends at 0x{firmware_bytes:x}) and the end of the flash (0x{FLASH_BYTES:x})",
                           remedy=f"Raw data is safest between the firmware and 0x{FILESYSTEM_OFFSET:x}.")
    if flash[offset:end].count(_ERASED) != len(blob):
        raise InvalidInput("S104", f"a blob at flash offset 0x{offset:x} overlaps files or another blob",
                           remedy=f"Raw data is safest between the firmware and 0x{FILESYSTEM_OFFSET:x}.")
    flash[offset:end] = blob
