"""Flash forgets: whatever bit of a record, an image or both changes, an undamaged brain runs if there is one."""

from __future__ import annotations

import random
from binascii import crc32

import pytest

from neurula_mcu.slot_record import GUESTS_AT, JOURNAL_AT, SlotError
from neurula_mcu.slots import Slots
from tests.fault.brains import NEW, OLD, OLDER, SIZE, SLOT_BYTES, board_with, boot, install, reboot, runs, sha, upload, with_full_journal
from tests.fault.fake_flash import BLOCK, FakeFlash

RECORD_BITS = 32 * 8


def record_at(slot: int) -> int:
    return (slot + 1) * SLOT_BYTES - BLOCK


def other_than(brain: bytes) -> bytes:
    return NEW if brain == OLD else OLD


@pytest.mark.parametrize("state", ["pending", "confirmed"])
def test_any_bit_of_the_newest_record_leaves_one_of_the_brains(state: str) -> None:
    start = board_with(OLD)
    slots, _ = boot(start)
    slots.healthy()
    upload(slots, NEW)
    if state == "confirmed":
        slots, _ = boot(start)
        slots.confirm()
    for bit in range(RECORD_BITS):
        flash = reboot(start)
        flash.rot(8 * record_at(1) + bit)
        slots, choice = boot(flash)
        in_marks = 20 <= bit // 8 < 28
        assert runs(choice) == (NEW if in_marks else OLD), bit
        assert choice.state == (state if in_marks else "confirmed"), bit
        if choice.state == "confirmed":
            install(flash, OLDER)
            assert runs(boot(flash)[1]) == OLDER


@pytest.mark.parametrize("damaged", [OLD, NEW])
def test_any_bit_of_one_image_makes_the_other_run(damaged: bytes) -> None:
    start = board_with(OLD, NEW)
    slot = 0 if damaged == OLD else 1
    for bit in [*range(64), *range(0, 8 * len(damaged), 101), 8 * len(damaged) - 1]:
        flash = reboot(start)
        flash.rot(8 * slot * SLOT_BYTES + bit)
        for _ in range(5):  # a damaged image does not count as failed boots
            slots, choice = boot(flash)
            assert runs(choice) == other_than(damaged), bit
            slots.healthy()
        if damaged == OLD:
            with pytest.raises(Exception, match="no brain to go back to"):
                slots.rollback()


def test_both_images_damaged_is_safe_mode_and_an_upload_leads_out() -> None:
    flash = board_with(OLD, NEW)
    flash.rot(8 * 100)
    flash.rot(8 * (SLOT_BYTES + 100))
    slots, choice = boot(flash)
    assert (choice, slots.safe_reason) == (None, "damaged")
    assert [slot for slot, _ in slots.refusals] == [1, 0]
    upload(slots, OLDER)
    assert runs(boot(flash)[1]) == OLDER


def test_the_undamaged_slot_is_kept_when_an_upload_leads_out_of_safe_mode() -> None:
    flash = board_with(OLD, NEW)
    for _ in range(3):
        boot(flash)  # three boots of NEW that never became healthy
    flash.rot(8 * 100)
    slots, choice = boot(flash)
    assert (choice, slots.safe_reason) == (None, "failed")
    upload(slots, OLDER)
    assert sha(bytes(flash.content[SLOT_BYTES : SLOT_BYTES + len(NEW)])) == sha(NEW)


def test_both_records_damaged_is_safe_mode_and_an_upload_leads_out() -> None:
    for first in range(0, 160, 7):
        for second in range(0, 160, 13):
            flash = board_with(OLD, NEW)
            flash.rot(8 * record_at(0) + first)
            flash.rot(8 * record_at(1) + second)
            slots, choice = boot(flash)
            assert (choice, slots.safe_reason) == (None, "empty")
            upload(slots, OLDER)
            assert runs(boot(flash)[1]) == OLDER


def test_a_bit_of_the_journal_neither_stops_nor_changes_a_brain() -> None:
    start = board_with(OLD)
    for _ in range(11):
        boot(start)[0].healthy()
    for bit in [*range(200), *range(200, 8 * (GUESTS_AT - JOURNAL_AT), 59)]:
        flash = reboot(start)
        flash.rot(8 * (record_at(0) + JOURNAL_AT) + bit)
        for _ in range(3):
            slots, choice = boot(flash)
            assert runs(choice) == OLD, bit
            slots.healthy()


def test_noise_over_the_record_blocks_never_raises_and_never_runs_a_damaged_image() -> None:
    start = board_with(OLD, NEW)
    for seed in range(400):
        chance = random.Random(seed)
        flash = reboot(start)
        for slot in (0, 1):
            for _ in range(chance.choice((0, 1, 3, 30, 3000))):
                at = record_at(slot) + chance.choice((chance.randrange(BLOCK), chance.randrange(32), chance.randrange(GUESTS_AT, BLOCK)))
                flash.content[at] &= chance.randrange(256)
        slots, choice = boot(flash)
        slots.describe()
        if choice is not None:
            assert runs(choice) in (OLD, NEW), seed
        elif slots.safe_reason != "failed":
            upload(slots, OLDER)
            assert runs(boot(flash)[1]) == OLDER, seed


def test_a_flash_of_noise_is_an_empty_board() -> None:
    for seed in range(50):
        flash = FakeFlash(SIZE, random.Random(seed).randbytes(SIZE))
        slots, choice = boot(flash)
        assert (choice, slots.safe_reason) == (None, "empty")
        install(flash, NEW)
        install(flash, OLD)
        assert runs(boot(flash)[1]) == OLD


class WornFlash(FakeFlash):
    """Takes no program in these places: their cells are stuck at one."""

    stuck: range = range(0)

    def program(self, offset: int, data: bytes | memoryview) -> None:
        if offset not in self.stuck:
            super().program(offset, data)


def test_a_worn_record_block_does_not_stop_the_confirmed_brain_and_never_runs_an_uncounted_one() -> None:
    start = board_with(OLD)
    slots, _ = boot(start)
    slots.healthy()
    upload(slots, NEW)
    flash = WornFlash(SIZE, bytes(start.content))
    flash.stuck = range(record_at(1), record_at(1) + BLOCK)
    slots, choice = boot(flash)
    assert runs(choice) == OLD
    flash.stuck = range(record_at(0), record_at(0) + BLOCK)
    flash.content[record_at(1)] = 0
    slots, choice = boot(flash)
    assert runs(choice) == OLD
    assert Slots(flash, SLOT_BYTES).describe()[1][1] == "upload"


class NoMoreRecords(FakeFlash):
    """Takes everything but a new record in slot 0."""

    def program(self, offset: int, data: bytes | memoryview) -> None:
        if offset != record_at(0) or not any(data):
            super().program(offset, data)


def test_a_record_that_can_only_be_kept_in_the_other_block_still_counts() -> None:
    flash = NoMoreRecords(SIZE, bytes(with_full_journal(board_with(OLD)).content))
    for _ in range(5):
        slots, choice = boot(flash)
        assert runs(choice) == OLD
        assert slots.blocks[0].home() is None
        slots.healthy()


def test_flash_that_does_not_take_a_page_is_noticed_at_the_end_of_its_block() -> None:
    flash = WornFlash(SIZE, bytes(board_with(OLD).content))
    flash.stuck = range(SLOT_BYTES + 512, SLOT_BYTES + 513)
    slots, _ = boot(flash)
    writer = slots.begin(len(NEW), sha(NEW))
    with pytest.raises(SlotError, match="does not hold") as caught:
        writer.write(0, NEW, crc32(NEW))
    assert (caught.value.code, writer.written) == ("F106", 0)
    flash.stuck = range(0)
    upload(slots, NEW)
    assert runs(boot(flash)[1]) == NEW


def test_dirt_where_the_record_will_stand_makes_the_upload_begin_anew() -> None:
    flash = board_with(OLD)
    slots, _ = boot(flash)
    slots.begin(len(NEW), sha(NEW)).write(0, NEW, crc32(NEW))
    flash.content[record_at(1)] = 0
    slots, _ = boot(flash)
    assert slots.begin(len(NEW), sha(NEW)).written == 0
    upload(slots, NEW)
    assert runs(boot(flash)[1]) == NEW
