"""Two places for a brain, of which one always runs: chooses at boot, counts boots, confirms, goes back.

    region = neurula_mcu.flash_rp2.open_region()          # or flash_file.FolderRegion(folder, bytes)
    slots = Slots(region, region.slot_bytes, feed)        # feed(): called during long work, e.g. the watchdog's feed
    choice = slots.choose(Brain)                          # counts this boot in flash, then loads; None: safe mode
                                                          # choose(Brain, POWER_FAILURES) at a boot after power-on
        .slot .sequence .size .state ("confirmed" or "pending") .loaded (what load(data) gave) .image() .address()
    slots.safe_reason                                     # of None: empty, damaged, rejected, failed (three boots in a row)
    slots.refusals                                        # [(slot, error), ...]: what load raised for slots passed over
    slots.healthy()                                       # this boot went well: call it a few seconds after choose(), and
                                                          # before a reset that somebody asked for
    slots.confirm()                                       # the pending brain that runs is good
    slots.rollback()                                      # -> slot that the next boot runs; None: it will be safe mode
    slots.retry()                                         # forgets the failed boots that led to safe mode
    slots.describe()                                      # [(sequence, state, bytes, first 8 bytes of the SHA-256, hex), ...]
    writer = slots.begin(image_bytes, sha256)             # sha256: 32 bytes, of the whole file
    writer.written                                        # resume here: 0, or the end of what an earlier upload wrote
    writer.write(offset, data, crc32)                     # -> next offset; a chunk that came before is ignored
    writer.finish()                                       # -> (slot, sequence); reads back, then writes the record: pending

Two slots of equal size, or a single one: then slot 0 has all of the region but slot 1's last block, and slot 1 has no room.

A region (flash) offers: size, slot_bytes (of slot 0), block (4096, smallest erase), page (largest program), erase(offset)
one block to 0xFF, program(offset, data) inside one page, only clears bits; read(offset, n) -> bytes-like, in place where
flash is mapped; address(offset) -> where that is, or None; check(): raises SlotError when the region is no longer ours.

Refusals are SlotError(code, message, at); load refuses an image with ValueError (ImageError is one) or MemoryError.
Never a brick: whatever write is cut, the old or the new brain runs; docs/adr/0007.
"""

from hashlib import sha256 as new_sha256

from neurula_mcu.slot_record import (
    ATTEMPTS, CONFIRMED, CONFIRMED_AT, PENDING, REJECTED, REJECTED_AT, RecordBlock, SlotError, attempt_at, newer,
)

FAILURES = 3  # boots in a row of a confirmed brain that did not get as far as healthy()
POWER_FAILURES = 10  # the same when the power was off before this boot: somebody may just have switched it off early


class Choice:
    """The brain that this boot runs."""

    def __init__(self, slots, slot, record):
        self._region = slots.region
        self._at = slot * slots.slot_bytes
        self.slot = slot
        self.sequence = record.sequence
        self.size = record.size
        self.state = record.state
        self.loaded = None

    def image(self):
        """The image's bytes: in place where flash is mapped into memory, else a copy in RAM."""
        return self._region.read(self._at, self.size)

    def address(self):
        """Where the image lies in memory, None when flash is not mapped."""
        return self._region.address(self._at)


class Slots:
    """Both slots of a region, slot_bytes from one to the next. SlotError F101 when they do not fit into it."""

    def __init__(self, region, slot_bytes, feed=None):
        block = region.block
        second = min(slot_bytes, region.size - slot_bytes)
        if slot_bytes % block or slot_bytes < 2 * block or second not in (slot_bytes, block):
            raise SlotError("F101", "two slots of this size do not fit into the flash that was set aside", slot_bytes)
        self.region = region
        self.slot_bytes = slot_bytes
        self.capacities = slot_bytes - block, second - block
        self.feed = feed or (lambda: None)
        self.blocks = RecordBlock(region, slot_bytes - block), RecordBlock(region, slot_bytes + second - block)
        self.running = None
        self.safe_reason = ""
        self.refusals = []
        self._settle()

    # ---- boot ------------------------------------------------------------------------------------------------------

    def choose(self, load=None, patience=FAILURES):
        """The newest brain that may run. The boot is counted in flash before load(image) is called; default: SHA-256.

        patience: failed boots in a row of a confirmed brain after which nothing runs."""
        self.running = None
        self.refusals = []
        self.safe_reason = "empty"
        for slot in self.order():
            record = self.record(slot)
            if record and record.state == PENDING and record.attempts >= ATTEMPTS:
                record = self._reject(slot)
            if record is None or record.state == REJECTED:
                self.safe_reason = "rejected" if record and self.safe_reason == "empty" else self.safe_reason
                continue
            if record.state == CONFIRMED and self.blocks[slot].failures() >= patience:
                self.safe_reason = "failed"
                return None
            if self._count_boot(slot, record) and self._load(slot, record, load):
                self.safe_reason = ""
                return self.running
            self.safe_reason = "damaged"
        return None

    def _count_boot(self, slot, record):
        """False when a pending brain's boot cannot be counted: then it must not run."""
        try:
            if record.state == PENDING:
                self._mark(slot, attempt_at(record.attempts))
            elif not self.blocks[slot].begin_boot():
                self._renew(slot)
                self.blocks[slot].begin_boot()
        except SlotError as error:
            self.refusals.append((slot, error))
            return record.state == CONFIRMED
        return True

    def _load(self, slot, record, load):
        choice = Choice(self, slot, record)
        try:
            if load:
                choice.loaded = load(choice.image())
            elif self.digest(slot, record.size)[:8] != record.sha8:
                raise ValueError("the image is damaged")
        except (ValueError, MemoryError) as error:
            self.refusals.append((slot, error))
            if record.state == PENDING:
                self._reject(slot)
            else:
                self.blocks[slot].end_boot()
            return False
        self.running = choice
        return True

    def _reject(self, slot):
        """The slot's record, given up; a flash that does not take the mark must not keep the other brain from running."""
        try:
            self._mark(slot, REJECTED_AT)
        except SlotError as error:
            self.refusals.append((slot, error))
        record = self.record(slot)
        if record:
            record.state = REJECTED
        return record

    def healthy(self):
        """The confirmed brain has run well for a while: this boot does not count as failed. An upload or an order to
        restart says the same: whoever sends it has a board that answers."""
        if self.running and self.running.state == CONFIRMED:
            self.blocks[self.running.slot].end_boot()

    # ---- decisions -------------------------------------------------------------------------------------------------

    def confirm(self):
        """The brain that runs becomes the one to fall back to. SlotError F109 when none runs or it was given up."""
        if self.running is None or self.running.state == REJECTED:
            raise SlotError("F109", "no brain runs that could be confirmed")
        if self.running.state == PENDING:
            self._mark(self.running.slot, CONFIRMED_AT)
            self.running.state = CONFIRMED
        self.healthy()

    def rollback(self):
        """Gives up the newest brain for the one before. SlotError F108 when a confirmed one has none before it."""
        self.healthy()
        candidates = self.candidates()
        if not candidates:
            raise SlotError("F108", "there is no brain to go back to")
        newest = candidates[0]
        before = candidates[1] if len(candidates) == 2 and self.intact(candidates[1]) else None
        if before is None and self.record(newest).state == CONFIRMED:
            raise SlotError("F108", "there is no brain to go back to")
        if before is not None:
            self.blocks[before].end_boot()
        self._mark(newest, REJECTED_AT)
        if self.running and self.running.slot == newest:
            self.running.state = REJECTED
        return before

    def retry(self):
        """Forgets failed boots, so that the next boot tries the confirmed brain again."""
        for slot in self.candidates():
            self.blocks[slot].end_boot()

    def begin(self, size, sha256):
        """Opens an upload into the slot that does not run. SlotError F102 too large, F105 would lose the way back, F115 the
        only slot that is large enough runs."""
        fitting = [slot for slot in (0, 1) if 0 < size <= self.capacities[slot]]
        if not fitting:
            raise SlotError("F102", "the image is larger than a slot", self.capacities[0])
        self.region.check()
        target = self._target(fitting)
        from neurula_mcu.slot_upload import Writer

        return Writer(self, target, size, sha256)

    def _target(self, fitting):
        if self.running is None:
            refused = [slot for slot, _ in self.refusals]
            return min(fitting, key=lambda slot: self._worth(slot, refused))
        other = 1 - self.running.slot
        if other not in fitting:
            raise SlotError("F115", "the board has a single slot and the brain in it runs")
        if self.running.state != CONFIRMED and other in self.candidates():
            raise SlotError("F105", "the running brain is not confirmed and the other slot is the way back")
        return other

    def _worth(self, slot, refused):
        candidates = self.candidates()
        if slot not in candidates:
            return 0 if self.record(slot) is None else 1
        return 2 if slot in refused else 4 - candidates.index(slot)

    # ---- records ---------------------------------------------------------------------------------------------------

    def record(self, slot):
        """The slot's record, from its own block or from the copy that a renewal keeps in the other; None: empty."""
        return self.blocks[slot].home() or self.blocks[1 - slot].guest()

    def order(self):
        """Both slots, the newest first."""
        return (0, 1) if newer(self.record(0), self.record(1)) else (1, 0)

    def candidates(self):
        """Slots whose record lets them run, the newest first."""
        return [slot for slot in self.order() if self.record(slot) and self.record(slot).state != REJECTED]

    def next_sequence(self):
        newest = self.record(self.order()[0])
        return (newest.sequence + 1) & 0xFFFFFFFF if newest else 1

    def describe(self):
        """Per slot: (sequence, state, bytes, first 8 bytes of the image's SHA-256 in hexadecimal)."""
        rows = []
        for slot in (0, 1):
            record = self.record(slot)
            begun = self.blocks[slot].begun()
            if record:
                rows.append((record.sequence, record.state, record.size, record.sha8.hex()))
            else:
                rows.append((0, "upload", begun[0], begun[1][:8].hex()) if begun else (0, "empty", 0, "-"))
        return rows

    def digest(self, slot, size):
        """SHA-256 of what the flash holds."""
        digest = new_sha256()
        for at in range(0, size, 4096):
            digest.update(self.region.read(slot * self.slot_bytes + at, min(4096, size - at)))
            self.feed()
        return digest.digest()

    def intact(self, slot):
        """Whether the slot's image is the one that its record names."""
        record = self.record(slot)
        return record is not None and self.digest(slot, record.size)[:8] == record.sha8

    def clear(self, slot):
        """Makes a slot empty: the copies of its record become invalid first, then the record, then all is erased."""
        self.blocks[1 - slot].void_guests()
        self.blocks[slot].erase()

    def _mark(self, slot, at):
        self.blocks[1 - slot].mark_guest(at)
        self.blocks[slot].mark_home(at)

    def _renew(self, slot, host_too=True):
        """Begins a new journal: the record waits in the other block while its own is erased. Safe to cut anywhere."""
        host = self.blocks[1 - slot]
        if host_too and host.free_guest() is None:
            if host.home():
                self._renew(1 - slot, False)
            else:
                host.erase()
        raw = self.record(slot).raw
        host.add_guest(raw)
        self.blocks[slot].replace(raw)

    def _settle(self):
        """Ends a renewal that was cut."""
        for slot in (0, 1):
            guest = self.blocks[1 - slot].guest()
            if guest and not self.blocks[slot].home():
                try:
                    self.blocks[slot].replace(guest.raw)
                except SlotError as error:  # the copy still serves
                    self.refusals.append((slot, error))
