"""Images that are no brains but are told apart by their bytes, and the conversation that brings one onto a board."""

from __future__ import annotations

import hashlib
import random
from binascii import crc32
from collections.abc import Iterator

from neurula_mcu.slot_record import GUESTS_AT, JOURNAL_AT, pack_record
from neurula_mcu.slots import Choice, Slots
from tests.fault.fake_flash import BLOCK, FakeFlash, PowerCut

SLOT_BYTES = 3 * BLOCK  # two blocks of image, one of records
SIZE = 2 * SLOT_BYTES


def image(seed: int, size: int = BLOCK + 300) -> bytes:
    return random.Random(seed).randbytes(size)


OLDER, OLD, NEW = image(1), image(2), image(3, BLOCK + 777)


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def upload(slots: Slots, data: bytes, chunk: int = 180) -> tuple[int, int]:
    """As the host does it, from where the board says on."""
    writer = slots.begin(len(data), sha(data))
    while writer.written < len(data):
        part = data[writer.written : writer.written + chunk]
        assert writer.write(writer.written, part, crc32(part)) == writer.written
    slot, sequence = writer.finish()
    return slot, sequence


def boot(flash: FakeFlash) -> tuple[Slots, Choice | None]:
    slots = Slots(flash, SLOT_BYTES)
    return slots, slots.choose()


def reboot(flash: FakeFlash, **faults: object) -> FakeFlash:
    """The same cells after the power came back."""
    return FakeFlash(flash.size, flash.after_power_cut(), cached=flash.cached, **faults)


def runs(choice: Choice | None) -> bytes:
    assert choice is not None, "nothing runs"
    return bytes(choice.image())


def install(flash: FakeFlash, data: bytes) -> None:
    """Uploads, boots and confirms."""
    slots, _ = boot(flash)
    slots.healthy()
    upload(slots, data)
    slots, choice = boot(flash)
    assert runs(choice) == data
    slots.confirm()


def board_with(*images: bytes, cached: bool = False) -> FakeFlash:
    """A board on which these brains were installed one after the other and confirmed."""
    flash = FakeFlash(SIZE, cached=cached)
    for data in images:
        install(flash, data)
    return FakeFlash(SIZE, bytes(flash.content), cached=cached)


def with_full_journal(flash: FakeFlash) -> FakeFlash:
    """The same board after so many boots that its next one must begin a new journal."""
    _, choice = boot(flash)
    assert choice is not None
    at = (choice.slot + 1) * SLOT_BYTES - BLOCK
    flash.content[at + JOURNAL_AT : at + GUESTS_AT] = bytes(GUESTS_AT - JOURNAL_AT)
    return FakeFlash(flash.size, bytes(flash.content), cached=flash.cached)


def rolled_back(flash: FakeFlash) -> FakeFlash:
    """The same board after its newest brain was given up for the one before."""
    slots, _ = boot(flash)
    slots.rollback()
    slots, _ = boot(flash)
    slots.healthy()
    return FakeFlash(flash.size, bytes(flash.content), cached=flash.cached)


def with_pending(flash: FakeFlash, data: bytes) -> FakeFlash:
    """The same board after an upload that was not started yet."""
    slots, _ = boot(flash)
    slots.healthy()
    upload(slots, data)
    return FakeFlash(flash.size, bytes(flash.content), cached=flash.cached)


def with_sequence(flash: FakeFlash, newest: int) -> FakeFlash:
    """The same board as if its updates had been numbered so that the newest has this number."""
    slots = Slots(flash, SLOT_BYTES)
    shift = newest - slots.record(slots.order()[0]).sequence
    for slot in (0, 1):
        record = slots.record(slot)
        if record:
            raw = pack_record((record.sequence + shift) & 0xFFFFFFFF, record.size, record.sha8)
            at = (slot + 1) * SLOT_BYTES - BLOCK
            flash.content[at : at + 20], flash.content[at + 28 : at + 32] = raw[:20], raw[28:]
    return FakeFlash(flash.size, bytes(flash.content), cached=flash.cached)


def update(flash: FakeFlash) -> Iterator[str]:
    """A whole update to NEW, step by step: what was reached so far. Raises PowerCut where the flash does."""
    slots, choice = boot(flash)
    slots.healthy()
    if choice is not None and choice.state == "pending":
        if runs(choice) != NEW:
            yield "other"
        slots.confirm()
        yield "confirmed"
        return
    if choice is not None and runs(choice) == NEW:
        yield "confirmed"
        return
    upload(slots, NEW)
    yield "uploaded"
    slots, choice = boot(flash)
    assert runs(choice) == NEW
    slots.confirm()
    yield "confirmed"
    slots, choice = boot(flash)
    slots.healthy()


def run_update(flash: FakeFlash) -> list[str]:
    """The steps that were completed before the power failed, if it did."""
    reached = []
    try:
        for step in update(flash):
            reached.append(step)
    except PowerCut:
        pass
    return reached
