"""The flash of an RP2040 or RP2350 that `claim_rp2` set aside, written raw and read where it is mapped into memory."""

import os

from uctypes import bytearray_at

from neurula_mcu.slot_record import SlotError

FOLDER = "/slots"
HELD_BYTES = 1280  # of a file that holds a block, as claim_rp2 makes it
BLOCK = 4096
PAGE = 256
BLANK = b"\xff" * PAGE
ERASE = 6  # rp2.Flash().ioctl


def open_region():
    """The region, two stretches of equal length. SlotError F110 nothing was set aside, F111 the file system changed since."""
    try:
        with open(FOLDER + "/where") as file:
            base, first, second, blocks, single = (int(word) for word in file.read().split())
    except (OSError, ValueError):
        raise SlotError("F110", "no flash was set aside for brains")
    return Rp2Region(base, first, second, blocks, single)


class Rp2Region:
    """base: memory address of the file system's block 0; first, second: first blocks of both halves of `blocks` each.

    single: one slot for a brain that is larger than half; then the halves lie side by side."""

    block = BLOCK
    page = PAGE

    def __init__(self, base, first, second, blocks, single=0):
        import rp2

        self._flash = rp2.Flash()
        self._base = base
        self._firsts = (first, second)
        self._half = blocks * BLOCK
        self._page = bytearray(PAGE)
        self.size = 2 * self._half
        self.slot_bytes = self.size - BLOCK if single else self._half
        self._flash.readblocks(0, self._page)
        last = self._flash.ioctl(4, 0) - blocks
        lie = 0 <= first <= last and 0 <= second <= last and (second == first + blocks or not single)
        if not lie or bytearray_at(base, PAGE) != self._page:
            raise SlotError("F111", "the file system is not the one in which flash was set aside", base)

    def _block(self, offset):
        half = 1 if offset >= self._half else 0
        return self._firsts[half] + (offset - half * self._half) // BLOCK

    def address(self, offset):
        return self._base + self._block(offset) * BLOCK + offset % BLOCK

    def read(self, offset, size):
        """In place; within one slot."""
        return bytearray_at(self.address(offset), size)

    def erase(self, offset):
        self._flash.ioctl(ERASE, self._block(offset))

    def program(self, offset, data):
        inside = offset % PAGE
        page = self._page
        page[:] = BLANK
        page[inside : inside + len(data)] = data
        self._flash.writeblocks(self._block(offset), page, offset % BLOCK - inside)

    def check(self):
        """SlotError F111 when a file that holds flash for us is gone: the flash could be somebody else's now."""
        held = 0
        for entry in os.ilistdir(FOLDER):
            if entry[1] & 0x4000:
                held += sum(1 for file in os.ilistdir(FOLDER + "/" + entry[0]) if file[3] == HELD_BYTES)
        if held * BLOCK != self.size:
            raise SlotError("F111", "files that hold the flash for brains were deleted", held)
