"""A brain that hangs, raises or resets is given up after three boots, and the old one runs; never is there nothing to talk to."""

from __future__ import annotations

from contextlib import suppress

import pytest

from neurula_mcu.slots import FAILURES, POWER_FAILURES, Slots
from tests.fault.boot_loop import CONFIRM_AT, ENDINGS, HEALTHY_AT, Board, FailingBrain
from tests.fault.brains import NEW, OLD, SLOT_BYTES, board_with, boot, install, reboot, runs, upload, with_full_journal, with_pending
from tests.fault.fake_flash import BLOCK, FakeFlash, PowerCut, Tear

FIRST_BURSTS = 1000


def pending() -> FakeFlash:
    """OLD is confirmed, NEW is uploaded and was never run."""
    return with_pending(board_with(OLD), NEW)


def loader(fails_at: int | None, failure: type[Exception], failing: bytes = NEW):  # type: ignore[no-untyped-def]
    """What main.py gives to choose(): the image `failing` fails, all others run."""
    return lambda image: FailingBrain(bytes(image), fails_at if bytes(image) == failing else None, failure)


@pytest.mark.parametrize("kind", ENDINGS)
def test_a_pending_brain_that_fails_at_any_of_its_first_bursts_gives_way_to_the_old_one(kind: str) -> None:
    start = pending()
    for burst in range(FIRST_BURSTS):
        board = Board(reboot(start), loader(burst, ENDINGS[kind]))
        assert board.until_it_runs(CONFIRM_AT, boots=4) == OLD, burst
        assert board.boots == (1 if kind == "raises" and burst == 0 else 4), burst
        assert board.slots.describe()[1][1] == "rejected"
        assert Board(board.flash, loader(burst, ENDINGS[kind])).until_it_runs(CONFIRM_AT, boots=1) == OLD


@pytest.mark.parametrize("kind", ENDINGS)
def test_the_power_failing_while_a_boot_is_counted_does_not_make_a_failing_brain_run_for_ever(kind: str) -> None:
    start = pending()
    for cut_boot in range(4):
        for operation in range(2):
            for tear in (Tear("before"), Tear("after"), Tear("prefix", 1), Tear("bits", seed=cut_boot)):
                flash = reboot(start)
                ran = 0
                for boot_number in range(6):
                    cut = operation if boot_number == cut_boot else -1
                    board = Board(reboot(flash, cut_at=cut, tear=tear), loader(7, ENDINGS[kind]))
                    with suppress(PowerCut):
                        running, _ = board.power_on(HEALTHY_AT)
                        ran += running == NEW
                    flash = board.flash
                assert ran <= 3
                assert Board(reboot(flash), loader(7, ENDINGS[kind])).until_it_runs(HEALTHY_AT, boots=1) == OLD


def test_a_pending_brain_that_runs_is_confirmed_and_stays() -> None:
    flash = pending()
    board = Board(flash, loader(None, ValueError))
    assert board.power_on(CONFIRM_AT) == (NEW, "runs")
    for _ in range(10):
        assert Board(flash, loader(None, ValueError)).power_on(HEALTHY_AT) == (NEW, "runs")


def test_a_pending_brain_that_nobody_confirms_gives_way_after_three_boots() -> None:
    flash = pending()
    ran = [Board(flash, loader(None, ValueError)).power_on(CONFIRM_AT, host_confirms=False)[0] for _ in range(5)]
    assert ran == [NEW, NEW, NEW, OLD, OLD]


@pytest.mark.parametrize("kind", ENDINGS)
def test_a_confirmed_brain_that_fails_three_boots_in_a_row_leads_to_safe_mode_and_out_again(kind: str) -> None:
    flash = board_with(OLD)
    fails = loader(HEALTHY_AT - 1, ENDINGS[kind], failing=OLD)
    ends = [Board(flash, fails).power_on(CONFIRM_AT)[1] for _ in range(4)]
    assert ends == ["failed", "failed", "failed", "safe"]
    board = Board(flash, fails)
    assert board.power_on(1) == (None, "safe")
    assert board.slots.safe_reason == "failed"
    upload(board.slots, NEW)
    assert Board(flash, fails).until_it_runs(CONFIRM_AT, boots=1) == NEW


def test_a_good_boot_between_failed_ones_keeps_a_confirmed_brain() -> None:
    flash = board_with(OLD)
    for boot_number in range(30):
        fails_at = None if boot_number % 3 == 2 else 5
        running, end = Board(flash, loader(fails_at, ValueError, failing=OLD)).power_on(HEALTHY_AT)
        assert running == OLD
        assert end == ("runs" if fails_at is None else "failed")


def test_switching_off_early_a_few_times_is_no_failure_and_a_power_cycle_tries_once_more() -> None:
    flash = board_with(OLD)
    for boot_number in range(POWER_FAILURES):
        slots = Slots(flash, SLOT_BYTES)
        assert (boot_number < FAILURES) == (Slots(reboot(flash), SLOT_BYTES).choose() is not None)
        assert slots.choose(patience=POWER_FAILURES) is not None
    assert Slots(flash, SLOT_BYTES).choose(patience=POWER_FAILURES) is None


def test_retry_leads_out_of_safe_mode() -> None:
    flash = board_with(OLD)
    for _ in range(3):
        Board(flash, loader(1, ValueError, failing=OLD)).power_on(CONFIRM_AT)
    slots, choice = boot(flash)
    assert choice is None
    slots.retry()
    assert runs(boot(flash)[1]) == OLD


def test_the_first_brain_of_a_board_that_fails_leaves_a_board_that_takes_another() -> None:
    flash = FakeFlash(board_with(OLD).size)
    slots, choice = boot(flash)
    assert (choice, slots.safe_reason) == (None, "empty")
    upload(slots, NEW)
    board = Board(flash, loader(3, ValueError))
    assert board.until_it_runs(CONFIRM_AT, boots=4) is None
    assert board.slots.safe_reason == "rejected"
    install(flash, OLD)
    assert runs(boot(flash)[1]) == OLD


def test_ten_thousand_boots_keep_a_confirmed_brain() -> None:
    flash = board_with(NEW, OLD)
    wear = flash.operations
    for _ in range(10_000):
        slots, choice = boot(flash)
        assert choice.state == "confirmed"
        slots.healthy()
    assert flash.operations - wear < 2 * 10_000 + 10
    assert runs(boot(flash)[1]) == OLD
    slots, _ = boot(flash)
    assert slots.rollback() == 0
    assert runs(boot(flash)[1]) == NEW


def test_going_back_to_a_brain_forgets_how_its_boots_had_ended() -> None:
    flash = board_with(OLD)
    for _ in range(2):
        boot(flash)
    slots, choice = boot(flash)
    assert runs(choice) == OLD
    upload(slots, NEW)
    slots, _ = boot(flash)
    slots.confirm()
    flash.content[: 3 * BLOCK] = with_failed_boots(flash).content[: 3 * BLOCK]
    slots, choice = boot(flash)
    assert slots.rollback() == 0
    assert runs(boot(flash)[1]) == OLD


def with_failed_boots(flash: FakeFlash) -> FakeFlash:
    """The same board when slot 0 alone is left and boots three times without becoming healthy."""
    alone = FakeFlash(flash.size, bytes(flash.content[: 3 * BLOCK]) + b"\xff" * (flash.size - 3 * BLOCK))
    for _ in range(3):
        boot(alone)
    assert boot(alone)[1] is None
    return alone


def test_updates_in_quick_succession_are_no_failed_boots() -> None:
    flash = board_with(OLD)
    for _ in range(8):
        slots, choice = boot(flash)
        assert runs(choice) == OLD
        upload(slots, NEW)
        boot(flash)[0].rollback()


def test_a_brain_given_up_stays_so_when_the_record_rots_that_says_so() -> None:
    flash = with_full_journal(board_with(OLD, NEW))
    slots, choice = boot(flash)
    assert (runs(choice), slots.blocks[0].guest() is not None) == (NEW, True)
    slots.rollback()
    flash.rot(8 * (flash.size - BLOCK))
    slots, choice = boot(flash)
    assert (runs(choice), slots.describe()[1][1]) == (OLD, "rejected")
