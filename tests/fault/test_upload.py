"""What the writer takes, refuses and resumes, and when a slot may be written at all."""

from __future__ import annotations

import random
from binascii import crc32

import pytest

from neurula_mcu.slot_record import SlotError
from neurula_mcu.slots import Slots
from tests.fault.brains import (
    NEW,
    OLD,
    OLDER,
    SIZE,
    SLOT_BYTES,
    board_with,
    boot,
    image,
    install,
    reboot,
    runs,
    sha,
    upload,
    with_full_journal,
)
from tests.fault.fake_flash import BLOCK, FakeFlash, PowerCut, Tear


def refused(code: str, act, *arguments) -> SlotError:  # type: ignore[no-untyped-def]
    with pytest.raises(SlotError) as caught:
        act(*arguments)
    assert caught.value.code == code
    return caught.value


def healthy(flash: FakeFlash) -> Slots:
    slots, choice = boot(flash)
    assert choice is not None
    slots.healthy()
    return slots


@pytest.mark.parametrize("size", [1, 255, 256, 257, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK])
@pytest.mark.parametrize("chunk", [1, 100, 180, 5000])
def test_every_size_arrives_in_chunks_of_every_size(size: int, chunk: int) -> None:
    flash = FakeFlash(SIZE)
    data = image(size, size)
    upload(boot(flash)[0], data, chunk)
    assert runs(boot(flash)[1]) == data


def test_an_image_larger_than_a_slot_is_refused_before_anything_is_written() -> None:
    flash = board_with(OLD)
    slots = healthy(flash)
    before = bytes(flash.content)
    assert refused("F102", slots.begin, SLOT_BYTES - BLOCK + 1, sha(b"")).at == SLOT_BYTES - BLOCK
    refused("F102", slots.begin, 0, sha(b""))
    assert bytes(flash.content) == before


def test_slots_that_do_not_fit_are_refused() -> None:
    for slot_bytes in (0, BLOCK, SLOT_BYTES + 1, SIZE):
        refused("F101", Slots, FakeFlash(SIZE), slot_bytes)


def test_chunks_damaged_missing_or_beyond_the_end_are_refused_and_repeated_ones_ignored() -> None:
    slots = healthy(board_with(OLD))
    writer = slots.begin(len(NEW), sha(NEW))
    refused("F103", writer.write, 0, NEW[:100], crc32(NEW[:100]) ^ 1)
    assert writer.write(0, NEW[:100], crc32(NEW[:100])) == 100
    assert refused("F104", writer.write, 200, NEW[200:300], crc32(NEW[200:300])).at == 100
    assert writer.write(0, NEW[:100], crc32(NEW[:100])) == 100
    assert refused("F104", writer.finish).at == 100
    rest = NEW[100:] + b"more"
    refused("F102", writer.write, 100, rest, crc32(rest))
    assert writer.write(100, NEW[100:], crc32(NEW[100:])) == len(NEW)
    assert writer.finish() == (1, 2)
    assert writer.finish() == (1, 2)


def test_an_image_that_is_not_the_one_announced_never_becomes_a_brain() -> None:
    flash = board_with(OLD)
    slots = healthy(flash)
    writer = slots.begin(len(NEW), sha(OLDER))
    writer.write(0, NEW, crc32(NEW))
    refused("F107", writer.finish)
    assert writer.written == 0
    assert slots.describe()[1] == (0, "upload", len(NEW), sha(OLDER)[:8].hex())
    assert runs(boot(flash)[1]) == OLD


def test_an_upload_goes_on_after_a_power_cut_with_a_prefix_that_was_checked() -> None:
    flash = board_with(OLD)
    writer = healthy(flash).begin(len(NEW), sha(NEW))
    writer.write(0, NEW[:BLOCK + 300], crc32(NEW[:BLOCK + 300]))
    slots = healthy(reboot(flash))
    again = slots.begin(len(NEW), sha(NEW))
    assert again.written == BLOCK
    again.write(BLOCK, NEW[BLOCK:], crc32(NEW[BLOCK:]))
    assert again.finish() == (1, 2)


def test_a_copy_of_the_record_of_a_damaged_brain_does_not_undo_the_upload_over_it() -> None:
    flash = with_full_journal(board_with(OLD, NEW))
    slots, choice = boot(flash)
    assert (choice.slot, slots.blocks[0].guest() is not None) == (1, True)
    flash.rot(8 * SLOT_BYTES)
    slots = healthy(flash)
    assert runs(slots.running) == OLD
    slots.begin(len(OLDER), sha(OLDER)).write(0, OLDER[:BLOCK], crc32(OLDER[:BLOCK]))
    slots = healthy(reboot(flash))
    assert slots.begin(len(OLDER), sha(OLDER)).written == BLOCK


def test_a_prefix_that_rotted_is_sent_again() -> None:
    flash = board_with(OLD)
    writer = healthy(flash).begin(len(NEW), sha(NEW))
    writer.write(0, NEW, crc32(NEW))
    flash.rot(8 * (SLOT_BYTES + 1000))
    slots = healthy(reboot(flash))
    assert slots.begin(len(NEW), sha(NEW)).written == 0


def test_another_image_does_not_resume() -> None:
    flash = board_with(OLD)
    slots = healthy(flash)
    slots.begin(len(NEW), sha(NEW)).write(0, NEW, crc32(NEW))
    assert slots.begin(len(OLDER), sha(OLDER)).written == 0


def test_an_upload_whose_answer_was_lost_is_not_repeated() -> None:
    flash = board_with(OLD)
    slots = healthy(flash)
    upload(slots, NEW)
    operations = flash.operations
    again = slots.begin(len(NEW), sha(NEW))
    assert (again.written, again.finish(), flash.operations) == (len(NEW), (1, 2), operations)


def test_every_resume_point_gives_the_same_image() -> None:
    chance = random.Random(5)
    start = board_with(OLD)
    whole = reboot(start)
    upload(healthy(whole), NEW)
    assert whole.operations > 25
    for cut in range(whole.operations):
        flash = reboot(start, cut_at=cut, tear=Tear("bits", seed=cut))
        with pytest.raises(PowerCut):
            upload(healthy(flash), NEW, chance.randrange(1, 400))
        flash = reboot(flash)
        upload(healthy(flash), NEW, chance.randrange(1, 400))
        assert runs(boot(flash)[1]) == NEW


def test_the_way_back_is_not_overwritten_while_the_running_brain_is_on_probation() -> None:
    flash = board_with(OLD)
    upload(healthy(flash), NEW)
    slots, choice = boot(flash)
    assert choice.state == "pending"
    refused("F105", slots.begin, len(OLDER), sha(OLDER))
    slots.confirm()
    upload(slots, OLDER)
    assert runs(boot(flash)[1]) == OLDER


def test_the_first_brain_on_probation_may_be_replaced() -> None:
    flash = FakeFlash(SIZE)
    upload(boot(flash)[0], OLD)
    slots, choice = boot(flash)
    assert choice.state == "pending"
    upload(slots, NEW)
    assert runs(boot(flash)[1]) == NEW


def test_a_brain_that_was_never_started_may_be_replaced() -> None:
    flash = board_with(OLD)
    slots = healthy(flash)
    upload(slots, NEW)
    assert upload(slots, OLDER) == (1, 2)
    assert runs(boot(flash)[1]) == OLDER


def test_rollback_runs_the_brain_before_and_then_there_is_none() -> None:
    flash = board_with(OLDER, OLD)
    slots = healthy(flash)
    assert slots.rollback() == 0
    refused("F105", slots.begin, len(NEW), sha(NEW))  # OLD still executes from its slot
    slots = healthy(flash)
    assert runs(slots.running) == OLDER
    refused("F108", slots.rollback)
    refused("F108", boot(FakeFlash(SIZE))[0].rollback)
    install(flash, NEW)
    assert runs(boot(flash)[1]) == NEW


def test_rollback_of_a_pending_brain_without_one_before_it_is_safe_mode() -> None:
    flash = FakeFlash(SIZE)
    upload(boot(flash)[0], OLD)
    slots, _ = boot(flash)
    assert slots.rollback() is None
    refused("F109", slots.confirm)
    slots, choice = boot(flash)
    assert (choice, slots.safe_reason) == (None, "rejected")
    refused("F109", slots.confirm)


def test_load_refuses_for_good_reasons_only_once() -> None:
    flash = board_with(OLD)
    upload(healthy(flash), NEW)

    def load(data: bytes) -> str:
        if data == NEW:
            raise MemoryError
        return "loaded"

    slots = Slots(flash, SLOT_BYTES)
    choice = slots.choose(load)
    assert (runs(choice), choice.loaded) == (OLD, "loaded")
    assert [(slot, type(error)) for slot, error in slots.refusals] == [(1, MemoryError)]
    assert slots.describe()[1][1] == "rejected"


def test_long_work_feeds_the_watchdog() -> None:
    fed = []
    flash = board_with(OLD)
    slots = Slots(flash, SLOT_BYTES, lambda: fed.append(1))
    slots.choose()
    assert len(fed) == 2
    upload(slots, NEW)
    assert len(fed) == 2 + 2 + 2
