"""Makes one slot of the flash that `claim_rp2` set aside, for a brain that is larger than half of it, or two slots again; docs/adr/0014."""

import os

from neurula_mcu.claim_rp2 import BLOCK, WHERE, ClaimError, claimed

PAGE = 256
BLANK = b"\xff" * PAGE
MARKS = 32  # a record at the beginning of a block; the last page holds copies of the other slot's
ERASE = 6  # rp2.Flash().ioctl


def divide(single):
    """One slot or two; True if anything was done. Brains that are there are given up, the board is in safe mode until the
    next one is whole; an upload that was begun in this layout stays. Cut anywhere, an old brain runs or none. ClaimError F116."""
    import rp2

    flash = rp2.Flash()
    base, first, second, blocks, was = claimed()
    if single and second != first + blocks:
        raise ClaimError("F116", "the flash that was set aside does not lie in one piece", first)
    before = record_blocks(first, second, blocks, was)
    if was == single and all(without_record(flash, block) for block in before):
        return False
    after = record_blocks(first, second, blocks, single)
    for block in before + [block for block in after if block not in before]:  # first what could run
        forget(flash, block)
    with open(WHERE + ".new", "w") as file:
        file.write("%d %d %d %d %d\n" % (base, first, second, blocks, single))
    os.rename(WHERE + ".new", WHERE)
    return True


def record_blocks(first, second, blocks, single):
    """Where the records of both slots lie."""
    last = second + blocks - 1
    return [last - 1 if single else first + blocks - 1, last]


def without_record(flash, block):
    page = bytearray(PAGE)
    flash.readblocks(block, page, BLOCK - PAGE)
    if page != BLANK:
        return False
    flash.readblocks(block, page, 0)
    return page[:MARKS] == BLANK[:MARKS]


def forget(flash, block):
    """Voids what the block says before it is erased: a torn erase could leave a part of it."""
    for at in (0, BLOCK - PAGE):
        flash.writeblocks(block, bytes(PAGE), at)
    flash.ioctl(ERASE, block)
