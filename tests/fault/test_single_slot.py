"""One slot of all the flash: a brain larger than half of it, nothing beside it, and still never a brick."""

from __future__ import annotations

import random
import sys
from binascii import crc32
from pathlib import Path
from types import SimpleNamespace

import pytest

from neurula_mcu import claim_rp2, layout_rp2
from neurula_mcu.claim_rp2 import ClaimError
from neurula_mcu.slots import Choice, Slots
from tests.fault.brains import NEW, OLD, OLDER, SIZE, board_with, image, runs, upload
from tests.fault.fake_flash import BLOCK, FakeFlash, PowerCut, Tear
from tests.fault.test_upload import refused

FIRST, BLOCKS = 5, SIZE // 2 // BLOCK  # where the region lies in the flash of the fake chip
SINGLE_BYTES = SIZE - BLOCK
LARGE = image(4, SIZE // 2 + 700)  # in no slot of two
LARGER = image(5, SINGLE_BYTES - BLOCK)
TEARS = [Tear("before"), Tear("after"), Tear("prefix", 3), Tear("bits", seed=1), Tear("zeros"), Tear("hole", 20)]


def boot_single(flash: FakeFlash) -> tuple[Slots, Choice | None]:
    slots = Slots(flash, SINGLE_BYTES)
    return slots, slots.choose()


def board_with_one(data: bytes) -> FakeFlash:
    """A board with one slot, in which this brain is confirmed."""
    flash = FakeFlash(SIZE)
    upload(boot_single(flash)[0], data)
    slots, choice = boot_single(flash)
    assert runs(choice) == data
    slots.confirm()
    return FakeFlash(SIZE, bytes(flash.content))


def test_a_brain_larger_than_half_of_the_flash_is_stored_confirmed_and_runs() -> None:
    for data in (LARGE, LARGER, OLD):
        slots, choice = boot_single(board_with_one(data))
        assert (runs(choice), choice.slot, choice.state) == (data, 0, "confirmed")
        assert slots.describe()[1][1] == "empty"
    refused("F102", boot_single(FakeFlash(SIZE))[0].begin, len(LARGER) + 1, b"")


def test_a_brain_that_runs_is_never_written_over() -> None:
    flash = board_with_one(LARGE)
    slots, _ = boot_single(flash)
    before = bytes(flash.content)
    refused("F115", slots.begin, len(OLD), bytes(32))
    assert bytes(flash.content) == before


def test_a_brain_on_trial_that_fails_three_times_leads_to_safe_mode_and_makes_room() -> None:
    flash = FakeFlash(SIZE)
    upload(boot_single(flash)[0], LARGE)
    states = [boot_single(flash)[1] for _ in range(3)]
    assert [choice.state for choice in states if choice] == ["pending"] * 3
    slots, choice = boot_single(flash)
    assert (choice, slots.safe_reason) == (None, "rejected")
    upload(slots, OLD)
    assert runs(boot_single(flash)[1]) == OLD


def test_a_confirmed_brain_that_fails_can_be_replaced_from_safe_mode_or_tried_again() -> None:
    flash = board_with_one(LARGE)
    boot_single(flash)[0].healthy()
    for _ in range(3):
        boot_single(flash)
    slots, choice = boot_single(flash)
    assert (choice, slots.safe_reason) == (None, "failed")
    again = FakeFlash(SIZE, bytes(flash.content))
    Slots(again, SINGLE_BYTES).retry()
    assert runs(boot_single(again)[1]) == LARGE
    upload(slots, OLD)
    assert runs(boot_single(flash)[1]) == OLD


def test_ten_thousand_boots_do_not_use_it_up() -> None:
    flash = board_with_one(LARGE)
    for _ in range(10_000):
        slots, choice = boot_single(flash)
        assert choice is not None
        slots.healthy()
    assert runs(boot_single(flash)[1]) == LARGE


def upload_and_confirm(flash: FakeFlash) -> None:
    slots, choice = boot_single(flash)
    if choice is None:
        upload(slots, LARGE)
        slots, choice = boot_single(flash)
    slots.confirm()


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("tear", TEARS, ids=lambda tear: tear.kind)
def test_an_upload_that_is_cut_anywhere_leaves_nothing_or_all_and_goes_on(tear: Tear, cached: bool) -> None:
    whole = FakeFlash(SIZE)
    upload_and_confirm(whole)
    for cut in range(whole.operations):
        flash = FakeFlash(SIZE, cut_at=cut, tear=tear, cached=cached)
        with pytest.raises(PowerCut):
            upload_and_confirm(flash)
        left = FakeFlash(SIZE, flash.after_power_cut())
        _, choice = boot_single(left)
        assert choice is None or runs(choice) == LARGE, cut
        upload_and_confirm(left)
        assert runs(boot_single(left)[1]) == LARGE


class FakeChip:
    """rp2.Flash on a fake region that begins at block FIRST."""

    def __init__(self, region: FakeFlash) -> None:
        self.region = region

    def at(self, block: int) -> int:
        assert FIRST <= block < FIRST + 2 * BLOCKS, "outside of what was set aside"
        return (block - FIRST) * BLOCK

    def readblocks(self, block: int, buffer: bytearray, offset: int) -> None:
        buffer[:] = self.region.read(self.at(block) + offset, len(buffer))

    def writeblocks(self, block: int, data: bytes, offset: int) -> None:
        self.region.program(self.at(block) + offset, data)

    def ioctl(self, operation: int, block: int) -> None:
        assert operation == layout_rp2.ERASE
        self.region.erase(self.at(block))


class Rig:
    """A chip on which `divide` works, and what it then boots."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path, second: int = FIRST + BLOCKS) -> None:
        self.patch = patch
        self.where = folder / "where"
        self.second = second
        patch.setattr(claim_rp2, "WHERE", str(self.where))
        patch.setattr(layout_rp2, "WHERE", str(self.where))

    def divide(self, flash: FakeFlash, single: int) -> bool:
        self.patch.setitem(sys.modules, "rp2", SimpleNamespace(Flash=lambda: FakeChip(flash)))  # type: ignore[arg-type]
        return bool(layout_rp2.divide(single))

    def lay_out(self, single: int) -> None:
        self.where.write_text(f"0 {FIRST} {self.second} {BLOCKS} {single}\n")

    def slot_bytes(self) -> int:
        return SINGLE_BYTES if self.where.read_text().split()[4] == "1" else SIZE // 2

    def boot(self, flash: FakeFlash) -> tuple[Slots, Choice | None]:
        slots = Slots(flash, self.slot_bytes())
        return slots, slots.choose()


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Rig:
    return Rig(monkeypatch, tmp_path)


def test_two_slots_become_one_and_one_becomes_two(rig: Rig) -> None:
    flash = board_with(OLDER, OLD)
    rig.lay_out(0)
    assert rig.divide(flash, 1)
    slots, choice = rig.boot(flash)
    assert (choice, slots.safe_reason) == (None, "empty")
    upload(slots, LARGE)
    slots, choice = rig.boot(flash)
    assert runs(choice) == LARGE
    slots.confirm()
    assert rig.divide(flash, 0)
    slots, choice = rig.boot(flash)
    assert (choice, slots.safe_reason) == (None, "empty")
    for data in (OLD, NEW):
        upload(slots, data)
        slots, choice = rig.boot(flash)
        assert runs(choice) == data
        slots.confirm()


def test_a_single_slot_is_emptied_for_the_next_brain_but_an_upload_that_was_begun_stays(rig: Rig) -> None:
    flash = board_with_one(LARGE)
    rig.lay_out(1)
    assert rig.divide(flash, 1)
    slots, choice = rig.boot(flash)
    assert choice is None
    writer = slots.begin(len(LARGER), bytes(32))
    written = flash.operations
    writer.write(0, LARGER[: BLOCK + 10], crc32(LARGER[: BLOCK + 10]))
    assert flash.operations > written
    assert not rig.divide(flash, 1)
    assert rig.boot(flash)[0].begin(len(LARGER), bytes(32)).written == BLOCK


def test_stretches_that_lie_apart_are_no_single_slot(rig: Rig) -> None:
    flash = board_with(OLD)
    rig.second += 1
    rig.lay_out(0)
    with pytest.raises(ClaimError) as caught:
        rig.divide(flash, 1)
    assert caught.value.code == "F116"
    assert runs(rig.boot(flash)[1]) == OLD


@pytest.mark.parametrize("single", [1, 0])
@pytest.mark.parametrize("tear", TEARS, ids=lambda tear: tear.kind)
def test_a_change_that_is_cut_anywhere_leaves_an_old_brain_or_none_and_can_be_made_again(rig: Rig, single: int, tear: Tear) -> None:
    before = board_with(OLDER, OLD) if single else board_with_one(LARGE)
    may_run = {OLDER, OLD} if single else {LARGE}
    cut = 0
    while True:
        rig.lay_out(1 - single)
        flash = FakeFlash(SIZE, bytes(before.content), cut_at=cut, tear=tear)
        try:
            rig.divide(flash, single)
        except PowerCut:
            pass
        else:
            break
        left = FakeFlash(SIZE, flash.after_power_cut())
        slots, choice = rig.boot(left)
        assert choice is None or runs(choice) in may_run, cut
        rig.divide(left, single)
        slots, choice = rig.boot(left)
        assert choice is None
        wanted = LARGE if single else NEW
        upload(slots, wanted)
        assert runs(rig.boot(left)[1]) == wanted
        cut += 1
    assert cut >= 9  # four blocks, three writes each; one of them may be both layouts'


def test_noise_in_the_flash_is_no_brain_whichever_way_it_is_divided(rig: Rig) -> None:
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)
    noise = random.Random(seed)
    for single in (0, 1):
        rig.lay_out(single)
        for _ in range(50):
            flash = FakeFlash(SIZE, noise.randbytes(SIZE))
            assert rig.boot(flash)[1] is None
