"""Flash of Picos as `neurula flash` leaves them, made without a cable: what a test is about happens on the board, what led to it does not.

Only setting flash aside is done by the board; the firmware's files are put into its file system here, and brains into its slots by the
firmware's own slot code, which runs here too."""

from __future__ import annotations

import hashlib
from binascii import crc32

from neurula.boards import load_board
from neurula.device.install import Interpreter, wanted_files
from neurula.runtimes.firmware_files import firmware_source
from neurula.sim.firmware import find_firmware
from neurula.sim.flash import BLOCK_BYTES, FILESYSTEM_OFFSET, change_files, read_files
from neurula.sim.rp2040 import Rp2040
from neurula_mcu.slots import Slots
from tests.firmware.boards import kept

PICO = Interpreter((1, 25, 0), "Raspberry Pi Pico with RP2040", 4102, "rp2", {})
SLOT_BLOCKS = 20  # room for the largest oracle; far fewer than a Pico has, which are set aside sooner
PAGE = 256


class SlotFlash:
    """What was set aside in a whole flash, as the firmware's slot code wants it."""

    block = BLOCK_BYTES
    page = PAGE

    def __init__(self, flash: bytes) -> None:
        self.flash = bytearray(flash)
        base, first, second, blocks, single = map(int, read_files(flash)["/slots/where"].split())
        self.firsts, self.blocks = (first, second), blocks
        self.size = 2 * blocks * BLOCK_BYTES
        self.slot_bytes = self.size - BLOCK_BYTES if single else self.size // 2
        self.base = base

    def place(self, offset: int) -> int:
        """Where a byte of the region lies in the flash."""
        half, rest = divmod(offset, self.blocks * BLOCK_BYTES)
        return FILESYSTEM_OFFSET + self.firsts[half] * BLOCK_BYTES + rest

    def read(self, offset: int, size: int) -> bytes:
        at = self.place(offset)
        return bytes(self.flash[at : at + size])

    def erase(self, offset: int) -> None:
        at = self.place(offset)
        self.flash[at : at + BLOCK_BYTES] = b"\xff" * BLOCK_BYTES

    def program(self, offset: int, data: bytes | memoryview) -> None:
        at = self.place(offset)
        self.flash[at : at + len(data)] = bytes(a & b for a, b in zip(self.flash[at : at + len(data)], data, strict=True))

    def address(self, offset: int) -> int:
        return self.base + self.place(offset) - FILESYSTEM_OFFSET

    def check(self) -> None:
        """Nobody has deleted anything."""


def claimed_flash(blocks: int = SLOT_BLOCKS) -> bytes:
    """A Pico with MicroPython on which so many blocks were set aside for each slot, and nothing else was done."""
    firmware = find_firmware("rp2040")
    source = (firmware_source() / "claim_rp2.py").read_text(encoding="utf-8")

    def make() -> bytes:
        with Rp2040(firmware, wall_limit_s=600) as board:
            board.run(source)
            board.run(f"claim({blocks})", timeout_s=60)
            return board.flash_bytes()

    return kept(["claimed", firmware.read_bytes(), source, blocks], make)


def installed_flash(blocks: int = SLOT_BLOCKS, rate_hz: int = 100, board: str = "rpi_pico", **more: bytes) -> bytes:
    """The same with the firmware's files as `neurula flash` sends them. more: content of other files in the root, by name."""
    files = wanted_files(load_board(board), PICO, rate_hz)
    return change_files(claimed_flash(blocks), {**files, **{f"/{name}.py": content for name, content in more.items()}})


def with_brains(flash: bytes, *images: bytes, pending: bool = False) -> bytes:
    """The same with brains in its slots, one uploaded after the other, all confirmed; pending: but the last one."""
    region = SlotFlash(flash)
    for image in images:
        slots = Slots(region, region.slot_bytes)
        slots.choose()
        slots.healthy()
        writer = slots.begin(len(image), hashlib.sha256(image).digest())
        writer.write(0, image, crc32(image))
        writer.finish()
        if not pending or image is not images[-1]:
            slots = Slots(region, region.slot_bytes)
            assert slots.choose()
            slots.confirm()
    return bytes(region.flash)


def changed_blocks(before: bytes, after: bytes) -> dict[int, bytes]:
    """Offset -> content of the blocks in which two flashes differ."""
    places = range(0, len(after), BLOCK_BYTES)
    return {at: after[at : at + BLOCK_BYTES] for at in places if after[at : at + BLOCK_BYTES] != before[at : at + BLOCK_BYTES]}
