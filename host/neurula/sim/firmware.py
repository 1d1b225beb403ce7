"""Where the firmware that `make boards` builds lies, and how its bytes become a flash memory."""

from __future__ import annotations

import struct
from pathlib import Path

import platformdirs

from neurula.errors import DeviceNotFound, InvalidInput

FIRMWARE_VERSION = "1.25.0"
"""MicroPython's version in the cache. 1.26 miscompiles viper pointer indexing (micropython issue 18800)."""

FIRMWARE_FILES = {
    "rp2040": "rp2.uf2",
    "pico": "rp2.uf2",
    "unix32": "micropython32",
    "qemu-m3": "qemu-m3.elf",
}
"""Board name -> file that `make boards` builds for it."""

FLASH_BASE = 0x10000000
"""Where the RP2040 sees its flash."""

_UF2_BLOCK = struct.Struct("<IIIIIIII476sI")
_UF2_MAGIC = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
_UF2_NOT_MAIN_FLASH = 0x00000001
_UF2_FAMILY_PRESENT = 0x00002000
UF2_FAMILY_RP2040 = 0xE48BFF56
_LARGEST_FILE = 16 << 20  # a UF2 is twice its contents; the largest RP2040 flash is 16 MB, MicroPython well below 1 MB


def firmware_folder() -> Path:
    """The folder in the user's cache that holds the finished firmware of FIRMWARE_VERSION; it need not exist."""
    return Path(platformdirs.user_cache_dir("neurula")) / "firmware" / FIRMWARE_VERSION


def find_firmware(board: str, named: str | Path | None = None) -> Path:
    """The firmware file for a simulated board: the one that a person names, else the one that `make boards` built.

    DeviceNotFound S101 when there is none, S106 for a board that has no simulator firmware."""
    if named is not None:
        path = Path(named)
        if not path.is_file():
            raise DeviceNotFound("S101", f"there is no firmware file {str(path)!r}",
                                 remedy="Name a .uf2 or .bin file, or leave it out and run `make boards` once.")
        return path
    if board not in FIRMWARE_FILES:
        raise DeviceNotFound("S106", f"no simulator firmware is built for the board {board!r}",
                             remedy=f"Boards with one: {', '.join(sorted(FIRMWARE_FILES))}.")
    path = firmware_folder() / FIRMWARE_FILES[board]
    if not path.is_file():
        raise DeviceNotFound("S101", f"the firmware for the simulated board {board!r} is not built yet",
                             where=str(path), remedy="Run `make boards` once (about three minutes, on Debian).")
    return path


def read_flash_image(path: Path) -> bytes:
    """The bytes that lie from FLASH_BASE on, out of a .uf2 or a raw .bin file; InvalidInput S102 when it is neither."""
    if path.stat().st_size > _LARGEST_FILE:
        raise _unusable(path, "it is larger than any RP2040 firmware")
    content = path.read_bytes()
    if content[:4] == struct.pack("<I", _UF2_MAGIC[0]):
        return _unpack_uf2(path, content)
    # A raw image starts with the 256-byte second stage and then the vector table: stack in RAM, reset vector in flash.
    if len(content) < 512:
        raise _unusable(path, "it is too short")
    stack, reset = struct.unpack_from("<II", content, 256)
    if stack >> 20 != 0x200 or reset >> 24 != FLASH_BASE >> 24:
        raise _unusable(path, "it has no RP2040 vector table at offset 256")
    return content


def pack_uf2(image: bytes, address: int = FLASH_BASE) -> bytes:
    """A UF2 file (RP2040 family) that writes `image` from `address` on; both in whole 256-byte pages, 0xFF padded."""
    pages = [image[start:start + 256].ljust(256, b"\xff") for start in range(0, len(image), 256)]
    return b"".join(
        _UF2_BLOCK.pack(_UF2_MAGIC[0], _UF2_MAGIC[1], _UF2_FAMILY_PRESENT, address + 256 * number, 256, number,
                        len(pages), UF2_FAMILY_RP2040, page, _UF2_MAGIC[2])
        for number, page in enumerate(pages))


def _unpack_uf2(path: Path, content: bytes) -> bytes:
    if len(content) % _UF2_BLOCK.size:
        raise _unusable(path, "its length is not a multiple of 512 bytes")
    flash = bytearray()
    for number, block in enumerate(_UF2_BLOCK.iter_unpack(content)):
        start0, start1, flags, address, size, _, _, family, payload, end = block
        if (start0, start1, end) != _UF2_MAGIC or size > 476:
            raise _unusable(path, f"its block {number} is damaged")
        if flags & _UF2_NOT_MAIN_FLASH:
            continue
        if flags & _UF2_FAMILY_PRESENT and family != UF2_FAMILY_RP2040:
            raise _unusable(path, f"it is for another chip (family 0x{family:08x})")
        offset = address - FLASH_BASE
        if not 0 <= offset <= _LARGEST_FILE - size:
            raise _unusable(path, f"its block {number} lies outside the flash (0x{address:08x})")
        if len(flash) < offset + size:
            flash.extend(b"\xff" * (offset + size - len(flash)))
        flash[offset:offset + size] = payload[:size]
    return bytes(flash)


def _unusable(path: Path, why: str) -> InvalidInput:
    return InvalidInput("S102", f"the file is no RP2040 firmware: {why}", where=str(path),
                        remedy="Name a .uf2 or .bin of MicroPython for the Raspberry Pi Pico.")
