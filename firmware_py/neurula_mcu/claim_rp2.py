"""Sets flash aside for two slots inside MicroPython's own file system, once in a board's life; docs/adr/0007.

A file that fits into one block has no pointer in it: the file system never checks or moves that block while the file is
there, and reads it only for who reads the file. So: many such files, of which those remain that lie side by side; their
blocks are then written raw. Each file
says through a mark in its block where it lies. Needs nothing else of ours, so that a host can run it before it installs
anything: the emptier the file system, the longer the stretches. Cut anywhere, it starts anew when called again.
"""

import os
import struct
import time
from hashlib import sha256

FOLDER = "/slots"
WHERE = FOLDER + "/where"
FILL = FOLDER + ".fill"  # beside the folder, whose own place is chosen with care
SKIP = FOLDER + ".skip"
BLOCK = 4096
HELD_BYTES = 1280  # of a file that takes a block: more than fits into a folder's own blocks, which is 1,022 at most
PER_FOLDER = 28  # one pair of metadata blocks suffices for more, but is slow when it is more than half full
STEP = 16
NEW_FILES = 2  # in the root of a file system that counts as new
MARGIN = 4  # a file of n blocks full of data has a few more, for its pointers
MAPPED = 0x10000000
MAPPED_BYTES = 16 << 20
SCATTERED = "the file system has no two stretches of free flash that are long enough"


class ClaimError(Exception):
    """No two stretches of flash are long enough. code: stable; at: the blocks per slot that were wanted at least."""

    def __init__(self, code, message, at=0):
        super().__init__(message)
        self.code = code
        self.message = message
        self.at = at


def claimed():
    """(address of block 0, first block of either half, blocks of one, 1 if both are a single slot), None: nothing was set
    aside."""
    try:
        with open(WHERE) as file:
            base, first, second, blocks, single = (int(word) for word in file.read().split())
        return base, first, second, blocks, single
    except (OSError, ValueError):
        return None


def claim(blocks, least=2, spare=32, feed=None, tell=None):
    """Sets aside two slots of `blocks` blocks, or as many as there is room for, but not below `least`; what was set
    aside before stays as it is. spare: blocks that files keep. tell(done, total). As `claimed`; ClaimError F112."""
    return claimed() or Claim(feed or (lambda: None), tell or (lambda done, total: None)).make(blocks, least, spare)


def release():
    """Gives the flash back to files; the brains in it are gone."""
    for path in (WHERE, FILL, SKIP):
        if exists(path):
            os.remove(path)
    if not exists(FOLDER):
        return
    for entry in list(os.ilistdir(FOLDER)):
        path = FOLDER + "/" + entry[0]
        if entry[1] & 0x4000:
            for inner in list(os.ilistdir(path)):
                os.remove(path + "/" + inner[0])
            os.rmdir(path)
        else:
            os.remove(path)
    os.rmdir(FOLDER)


def exists(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def folder_blocks(files):
    """Metadata blocks for so many files."""
    return 2 * (1 + (files + PER_FOLDER - 1) // PER_FOLDER)


def run_end(order, blocks, start):
    """Where the first `blocks` consecutive numbers from order[start] on end; 0: nowhere."""
    begin = start
    for i in range(start, len(order)):
        if i > start and order[i] != order[i - 1] + 1:
            begin = i
        if i - begin + 1 == blocks:
            return i + 1
    return 0


def windows(order, blocks):
    """Two stretches of `blocks` consecutive numbers, side by side if there are such: (first, first, entries of `order` up to
    their end), or None."""
    end = run_end(order, 2 * blocks, 0)
    if end:
        return order[end - 2 * blocks], order[end - blocks], end
    end = run_end(order, blocks, 0)
    last = run_end(order, blocks, end) if end else 0
    return (order[end - blocks], order[last - blocks], last) if last else None


def plan(order, blocks):
    """How many free blocks to pass over so that the folders lie in nobody's way: (skip, windows of the rest), or None.

    order: free blocks as the file system gives them out, round and round."""
    folders = folder_blocks(len(order)) + MARGIN
    apart = None
    for skip in range(0, len(order) - folders, STEP):
        found = windows(order[skip + folders :] + order[:skip], blocks)
        if found and found[1] == found[0] + blocks:
            return skip, found
        if found and not apart:
            apart = skip, found
    return apart


class Claim:
    """One attempt on a board."""

    def __init__(self, feed, tell):
        import rp2

        self.feed = feed
        self.tell = tell
        self.flash = rp2.Flash()
        self.total = self.flash.ioctl(4, 0)
        self.marks = 0
        self.mark = self.new_mark()

    def new_mark(self):
        """12 bytes that no block holds yet, from the clock too: some chips' random numbers repeat after a reset."""
        self.marks += 1
        return sha256(b"%s %d %d" % (os.urandom(16), time.ticks_us(), self.marks)).digest()[:12]

    def make(self, blocks, least, spare):
        release()
        if 4 * blocks + spare <= self.total:  # so much room that chance will do
            try:
                return self.lay(blocks, 0, 2 * blocks, 3 * blocks)
            except ClaimError:
                pass
        if len(os.listdir("/")) <= NEW_FILES:  # all is free but the root: no need to chart it, which wears every block
            try:
                return self.divide(self.given_out(range(2, self.total)), blocks, least, spare)
            except ClaimError:
                pass
        return self.divide(self.chart(), blocks, least, spare)

    def divide(self, free, blocks, least, spare):
        """The longest slots that are to be had. free: in the order in which the file system gives blocks out."""
        blocks = min(blocks, (len(free) - spare) // 2)
        while blocks >= least:
            room = len(free) - 2 * blocks - folder_blocks(2 * blocks) >= spare
            planned = plan(free, blocks) if room else None
            if planned:
                return self.lay(blocks, planned[0], planned[1][2], len(free))
            blocks -= 1
        raise ClaimError("F112", SCATTERED, least)

    def lay(self, blocks, skip, files, most):
        """Folders `skip` free blocks further on, then about `files` files."""
        if skip:
            self.write(SKIP, skip)
        os.mkdir(FOLDER)
        for number in range((most + PER_FOLDER - 1) // PER_FOLDER):
            os.mkdir("%s/%d" % (FOLDER, number))
        if skip:
            os.remove(SKIP)
        first, second = self.occupy(blocks, files)
        self.prune(blocks, first, second)
        return self.keep(first, second, blocks)

    def write(self, path, blocks):
        """A long file full of marks; ends early when the file system is full."""
        buffer = bytearray((self.mark + b"\xff" * 20) * 128)
        file = open(path, "wb")
        try:
            for _ in range(blocks):
                file.write(buffer)
                self.feed()
            file.close()
        except OSError:
            try:
                file.close()
            except OSError:
                pass

    def chart(self):
        """Free blocks in the order in which the file system will give them out."""
        self.write(FILL, self.total)
        free = [block for block in range(self.total) if self.mark in self.head(block, 96)]
        os.remove(FILL)
        return self.given_out(free)

    def given_out(self, free):
        """The same blocks, from where the file system is now."""
        self.mark = self.new_mark()
        self.write(FILL, 1)
        pointer = next((block for block in range(self.total) if self.mark in self.head(block, 32)), 0)
        os.remove(FILL)
        self.mark = self.new_mark()
        return [block for block in free if block > pointer] + [block for block in free if block <= pointer]

    def head(self, block, size):
        buffer = bytearray(size)
        self.flash.readblocks(block, buffer, 0)
        return bytes(buffer)

    def path(self, index):
        return "%s/%d/%d" % (FOLDER, index // PER_FOLDER, index % PER_FOLDER)

    def occupy(self, blocks, expected):
        """One-block files until two stretches are full: the first blocks of both."""
        buffer = bytearray(b"\xff" * HELD_BYTES)
        index = 0
        full = False
        while not full:
            buffer[:16] = self.mark + struct.pack("<I", index)
            try:
                with open(self.path(index), "wb") as file:
                    file.write(buffer)
            except OSError:
                full = True
            self.feed()
            self.tell(min(index, expected), expected)
            index += 1
            if full or (index >= expected and (index - expected) % STEP == 0):
                found = windows([block for block, _ in self.marked()], blocks)
                if found:
                    return found[:2]
        release()
        raise ClaimError("F112", SCATTERED, blocks)

    def marked(self):
        """[(block, index of its file), ...] of the blocks that hold a mark that no other block repeats."""
        found = {}
        for block in range(self.total):
            head = self.head(block, 16)
            if head[:12] == self.mark:
                index = struct.unpack("<I", head[12:])[0]
                found[index] = -1 if index in found else block
        return sorted((block, index) for index, block in found.items() if block >= 0)

    def prune(self, blocks, first, second):
        """Removes what lies outside; whole folders that are then empty too."""
        kept = set()
        for block, index in self.marked():
            if first <= block < first + blocks or second <= block < second + blocks:
                kept.add("%d/%d" % (index // PER_FOLDER, index % PER_FOLDER))
        for entry in list(os.ilistdir(FOLDER)):
            path = FOLDER + "/" + entry[0]
            names = [inner[0] for inner in os.ilistdir(path)]
            for name in names:
                if entry[0] + "/" + name not in kept:
                    os.remove(path + "/" + name)
                    self.feed()
            if not any(entry[0] + "/" + name in kept for name in names):
                os.rmdir(path)

    def keep(self, first, second, blocks):
        """Writes down where the slots are, last of all."""
        from uctypes import bytearray_at

        mark = self.head(first, 16)
        for address in range(MAPPED, MAPPED + MAPPED_BYTES, BLOCK):
            if bytearray_at(address, 16) == mark:
                break
        base = address - first * BLOCK
        if mark[:12] != self.mark or bytearray_at(base + second * BLOCK, 16) != self.head(second, 16):
            raise ClaimError("F113", "the flash is not mapped into memory as it should be", first)
        with open(WHERE + ".new", "w") as file:
            file.write("%d %d %d %d 0\n" % (base, first, second, blocks))
        os.rename(WHERE + ".new", WHERE)
        return claimed()
