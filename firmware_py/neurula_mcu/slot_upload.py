"""Writes an image into the slot that does not run, chunk by chunk, and goes on after a power cut."""

from binascii import crc32

from neurula_mcu.slot_record import BLOCK, PENDING, SlotError, pack_record


class Writer:
    """One upload; `Slots.begin` makes it. written: bytes taken so far, all of them verified after a resume."""

    def __init__(self, slots, slot, size, sha256):
        self.slots = slots
        self.region = slots.region
        self.record_block = slots.blocks[slot]
        self.slot = slot
        self.base = slot * slots.slot_bytes
        self.size = size
        self.sha256 = bytes(sha256)
        self.page = bytearray(min(self.region.page, BLOCK))
        self.crc = 0
        self.done = self._finished_before()
        if self.done:
            self.written = size
        elif self.record_block.begun() == (size, self.sha256) and self.record_block.home_blank():
            self.written = self._verified_prefix()
        else:
            slots.clear(slot)
            self.record_block.write_begun(size, self.sha256)
            self.written = 0

    def _finished_before(self):
        """(slot, sequence) when this very image is already the pending one; its host missed the answer."""
        record = self.slots.record(self.slot)
        if record is None or record.state != PENDING or record.size != self.size or record.sha8 != self.sha256[:8]:
            return None
        newest = self.slots.candidates()[0] == self.slot
        return (self.slot, record.sequence) if newest and self.slots.intact(self.slot) else None

    def _verified_prefix(self):
        for at in range(0, self.size, BLOCK):
            data = self.region.read(self.base + at, min(BLOCK, self.size - at))
            self.slots.feed()
            if crc32(data) != self.record_block.block_crc(at // BLOCK):
                return at
        return self.size

    def write(self, offset, data, crc):
        """The next offset. SlotError F103 damaged on its way, F104 out of order, F102 beyond the end, F106 bad flash."""
        if crc32(data) != crc:
            raise SlotError("F103", "the chunk was damaged on its way", offset)
        if offset > self.written:
            raise SlotError("F104", "a chunk is missing before this one", self.written)
        if offset < self.written:
            return self.written
        if offset + len(data) > self.size:
            raise SlotError("F102", "the chunk reaches beyond the image", self.size)
        data = memoryview(data)
        at = 0
        while at < len(data):
            at += self._fill(data[at:])
        return self.written

    def _fill(self, data):
        """Takes bytes up to the end of the page; how many."""
        inside = self.written % len(self.page)
        if self.written % BLOCK == 0:
            self.region.erase(self.base + self.written)
            self.crc = 0
        part = data[: len(self.page) - inside]
        self.page[inside : inside + len(part)] = part
        self.crc = crc32(part, self.crc)
        self.written += len(part)
        if self.written % len(self.page) == 0 or self.written == self.size:
            used = inside + len(part)
            self.region.program(self.base + self.written - used, memoryview(self.page)[:used])
            if self.written % BLOCK == 0 or self.written == self.size:
                self._close_block()
        return len(part)

    def _close_block(self):
        first = (self.written - 1) // BLOCK * BLOCK
        self.slots.feed()
        if crc32(self.region.read(self.base + first, self.written - first)) != self.crc:
            self.written = first
            raise SlotError("F106", "the flash does not hold what was written", self.base + first)
        self.record_block.write_block_crc(first // BLOCK, self.crc)

    def finish(self):
        """(slot, sequence) of the brain that the next boot tries. SlotError F104 incomplete, F107 not the image promised."""
        if self.done:
            return self.done
        if self.written < self.size:
            raise SlotError("F104", "the image is not complete", self.written)
        if self.slots.digest(self.slot, self.size) != self.sha256:
            self.slots.clear(self.slot)
            self.written = 0
            self.record_block.write_begun(self.size, self.sha256)
            raise SlotError("F107", "the image in flash is not the one that was announced")
        sequence = self.slots.next_sequence()
        self.record_block.write_home(pack_record(sequence, self.size, self.sha256))
        self.done = (self.slot, sequence)
        self.slots.healthy()
        return self.done
