"""The last block of a slot: what lies in the slot, how far it is trusted, how its boots went.

Offset in the block, everything little-endian; bits are only ever cleared until the whole block is erased:
   0  record, 32 bytes: magic, sequence, image bytes (u32 each), first 8 bytes of the image's SHA-256,
      marks (confirmed 2 bytes, rejected 2, attempts 3 of 1 byte, spare 1; each made by clearing it), CRC-32 of the first 20
  64  upload that was begun, 44 bytes: magic, image bytes, SHA-256, CRC-32
 256  CRC-32 of each 4096 bytes of the image that were written and read back, 512 entries
2304  boots of the confirmed brain, 2 bits each: begun, went well
3840  copies of the other slot's record, 8 entries: they bridge the erasing of its block
A mark counts when most of its bits are cleared, so that one rotten bit changes nothing.
"""

import struct
from binascii import crc32

MAGIC = 0x534C524E
BEGUN_MAGIC = 0x554C524E
RECORD_BYTES = 32
CONFIRMED_AT = 20
REJECTED_AT = 22
ATTEMPT_AT = 24
ATTEMPTS = 3
MARK_BYTES = {CONFIRMED_AT: 2, REJECTED_AT: 2, ATTEMPT_AT: 1, ATTEMPT_AT + 1: 1, ATTEMPT_AT + 2: 1}
BEGUN_AT = 64
TABLE_AT = 256
TABLE_ENTRIES = 512
JOURNAL_AT = 2304
GUESTS_AT = 3840
BLOCK = 4096
PENDING = "pending"
CONFIRMED = "confirmed"
REJECTED = "rejected"
BLANK_ENTRY = b"\xff" * RECORD_BYTES


class SlotError(Exception):
    """A slot or the flash below refuses. code: stable; at: offset or size that the message is about."""

    def __init__(self, code, message, at=0):
        super().__init__(message)
        self.code = code
        self.message = message
        self.at = at


class Record:
    """One record that passed its CRC. raw: its 32 bytes."""

    def __init__(self, raw):
        self.raw = raw
        _, self.sequence, self.size = struct.unpack_from("<III", raw)
        self.sha8 = raw[12:20]
        self.state = REJECTED if marked(raw, REJECTED_AT) else CONFIRMED if marked(raw, CONFIRMED_AT) else PENDING
        self.attempts = sum(marked(raw, ATTEMPT_AT + i) for i in range(ATTEMPTS))


def marked(raw, at):
    """Whether most bits of a mark are cleared."""
    size = MARK_BYTES[at]
    return sum(bin(byte).count("1") for byte in raw[at : at + size]) < 4 * size


def attempt_at(used):
    """The mark of the next attempt."""
    return ATTEMPT_AT + used


def pack_record(sequence, size, sha256):
    head = struct.pack("<III", MAGIC, sequence, size) + bytes(sha256[:8])
    return head + b"\xff" * 8 + struct.pack("<I", crc32(head))


def parse_record(raw):
    """A Record, None when the bytes are none."""
    raw = bytes(raw)
    if struct.unpack_from("<I", raw)[0] != MAGIC or struct.unpack_from("<I", raw, 28)[0] != crc32(raw[:20]):
        return None
    return Record(raw)


def newer(first, second):
    """Whether `first` was written after `second`; sequence numbers wrap, and equal ones go to the confirmed."""
    if first is None or second is None:
        return first is not None
    if first.sequence == second.sequence:
        return first.state == CONFIRMED or second.state != CONFIRMED
    return (first.sequence - second.sequence) & 0xFFFFFFFF < 0x80000000


class RecordBlock:
    """The record block of one slot. base: its offset in the region. SlotError F106: the flash did not take a write."""

    def __init__(self, region, base):
        self.region = region
        self.base = base

    def read(self, at, size):
        return bytes(self.region.read(self.base + at, size))

    def program(self, at, data):
        """Clears bits and reads back."""
        self.region.program(self.base + at, data)
        if any(is_ & ~wanted for is_, wanted in zip(self.read(at, len(data)), data)):
            raise SlotError("F106", "the flash does not hold what was written", self.base + at)

    def erase(self):
        """Voids the record first: an erase that is cut could otherwise take its marks and leave the rest."""
        if not self.home_blank():
            self.program(0, bytes(RECORD_BYTES))
        self.region.erase(self.base)

    # ---- the record and its copies ---------------------------------------------------------------------------------

    def home(self):
        return parse_record(self.read(0, RECORD_BYTES))

    def home_blank(self):
        return self.read(0, RECORD_BYTES) == BLANK_ENTRY

    def write_home(self, raw):
        self.program(0, raw)
        record = self.home()
        if record is None or record.raw[:20] != raw[:20]:
            raise SlotError("F106", "the flash does not hold what was written", self.base)

    def replace(self, raw):
        """Erases the block and writes a record into it."""
        self.erase()
        self.write_home(raw)

    def mark_home(self, at):
        self.program(at, bytes(MARK_BYTES[at]))

    def _guests(self):
        """(offset, bytes) of the entries for copies of the other slot's record."""
        raw = self.read(GUESTS_AT, BLOCK - GUESTS_AT)
        return [(GUESTS_AT + i, raw[i : i + RECORD_BYTES]) for i in range(0, len(raw), RECORD_BYTES)]

    def guest(self):
        """The copy of the other slot's record, None when there is none."""
        for _, raw in self._guests():
            record = parse_record(raw)
            if record:
                return record
        return None

    def free_guest(self):
        for at, raw in self._guests():
            if raw == BLANK_ENTRY:
                return at
        return None

    def add_guest(self, raw):
        at = self.free_guest()
        if at is None:
            raise SlotError("F106", "the flash does not hold what was written", self.base + GUESTS_AT)
        self.program(at, raw)

    def mark_guest(self, mark):
        for at, raw in self._guests():
            if parse_record(raw):
                self.program(at + mark, bytes(MARK_BYTES[mark]))

    def void_guests(self):
        for at, raw in self._guests():
            if raw != BLANK_ENTRY:
                self.program(at, bytes(RECORD_BYTES))

    # ---- boots of a confirmed brain --------------------------------------------------------------------------------

    def _boots(self):
        """(number of the first, [bit 0: not begun, bit 1: did not go well; one entry for each of the last boots])."""
        used = self.read(JOURNAL_AT, GUESTS_AT - JOURNAL_AT).rstrip(b"\xff")
        boots = [(byte >> shift) & 3 for byte in used[-4:] for shift in (0, 2, 4, 6)]
        while boots and boots[-1] == 3:
            boots.pop()
        return 4 * max(0, len(used) - 4), boots

    def failures(self):
        """Boots in a row, up to the last, that were begun and did not go well."""
        count = 0
        for boot in reversed(self._boots()[1]):
            if boot & 2 == 0:
                break
            count += boot & 1 == 0
        return count

    def begin_boot(self):
        """Counts a boot before it runs anything; False when the journal is full."""
        skipped, boots = self._boots()
        number = skipped + len(boots)
        if number >= 4 * (GUESTS_AT - JOURNAL_AT):
            return False
        self.program(JOURNAL_AT + number // 4, bytes([0xFF ^ (1 << 2 * (number % 4))]))
        return True

    def end_boot(self):
        """The last boot that was begun went well."""
        skipped, boots = self._boots()
        if boots and boots[-1] & 2:
            number = skipped + len(boots) - 1
            self.program(JOURNAL_AT + number // 4, bytes([0xFF ^ (2 << 2 * (number % 4))]))

    # ---- an upload -------------------------------------------------------------------------------------------------

    def begun(self):
        """(image bytes, SHA-256) of the upload that was begun here, or None."""
        raw = self.read(BEGUN_AT, 44)
        magic, size = struct.unpack_from("<II", raw)
        if magic != BEGUN_MAGIC or struct.unpack_from("<I", raw, 40)[0] != crc32(raw[:40]):
            return None
        return size, raw[8:40]

    def write_begun(self, size, sha256):
        raw = struct.pack("<II", BEGUN_MAGIC, size) + sha256
        self.program(BEGUN_AT, raw + struct.pack("<I", crc32(raw)))

    def block_crc(self, index):
        """CRC-32 of the index-th 4096 bytes, when they were written and read back; 0xFFFFFFFF: they were not."""
        if index >= TABLE_ENTRIES:
            return 0xFFFFFFFF
        return struct.unpack("<I", self.read(TABLE_AT + 4 * index, 4))[0]

    def write_block_crc(self, index, crc):
        if index < TABLE_ENTRIES:
            self.program(TABLE_AT + 4 * index, struct.pack("<I", crc))
