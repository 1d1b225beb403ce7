"""The power fails in the middle of an update: the old or the new brain runs afterwards, and the update can be repeated."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from tests.fault.brains import (
    NEW,
    OLD,
    OLDER,
    board_with,
    boot,
    reboot,
    rolled_back,
    run_update,
    runs,
    with_full_journal,
    with_pending,
    with_sequence,
)
from tests.fault.fake_flash import PAGE, FakeFlash, Tear

BOARDS: dict[str, Callable[[], FakeFlash]] = {
    "two brains": lambda: board_with(OLDER, OLD),
    "one brain": lambda: board_with(OLD),
    "writes reordered": lambda: board_with(OLDER, OLD, cached=True),
    "numbers wrap": lambda: with_sequence(board_with(OLDER, OLD), 0xFFFFFFFF),
    "a brain was given up": lambda: rolled_back(with_pending(board_with(OLD), OLDER)),
    "given up after a new journal": lambda: rolled_back(with_full_journal(board_with(OLD, OLDER))),
    "journal full": lambda: with_full_journal(board_with(OLDER, OLD)),
    "journal full, writes reordered": lambda: with_full_journal(board_with(OLDER, OLD, cached=True)),
}
WHOLE = ("before", "after", "zeros")


def operations(flash: FakeFlash) -> int:
    """Erases and programs of an update that nothing disturbs."""
    copy = reboot(flash)
    assert run_update(copy)[-1] == "confirmed"
    return copy.operations


def tears(operation: int) -> Iterator[Tear]:
    """Ways in which one operation can be cut short."""
    for kind in WHOLE:
        yield Tear(kind, seed=operation)
    yield Tear("hole", 20)
    for size in (1, 11, 20, 31, 32, PAGE // 2, PAGE - 1):
        yield Tear("prefix", size)
        yield Tear("suffix", size)
    for seed in (operation, operation + 1000):
        yield Tear("bits", seed=seed)


def some_tears(first: int, second: int) -> Iterator[Tear]:
    """A few of them, other ones for every pair of operations."""
    chance = random.Random(first * 1000 + second)
    for kind in (chance.choice(WHOLE), "prefix", "suffix", "bits"):
        yield Tear(kind, chance.randrange(PAGE), chance.randrange(1 << 30))


def require_old_or_new(flash: FakeFlash, reached: list[str]) -> None:
    """On a copy, since a boot is counted: what must run after what was reached."""
    slots, choice = boot(reboot(flash))
    running = runs(choice)
    assert running in (OLD, NEW)
    assert slots.intact(choice.slot)
    if not flash.cached and reached:  # what is only pending may be lost, as long as something runs
        assert running == NEW
    if not flash.cached and "confirmed" in reached:
        assert choice.state == "confirmed"
    if running == OLD:
        assert choice.state == "confirmed"


def require_repair(flash: FakeFlash) -> None:
    """The update, repeated without a cut, ends with the new brain; the old one is still there to go back to."""
    whole = reboot(flash)
    assert run_update(whole)[-1] == "confirmed"
    slots, choice = boot(whole)
    assert (runs(choice), choice.state) == (NEW, "confirmed")
    assert slots.rollback() is not None
    assert runs(boot(whole)[1]) == OLD


@pytest.mark.parametrize("board", BOARDS)
def test_a_cut_at_every_operation_leaves_the_old_or_the_new_brain(board: str) -> None:
    start = BOARDS[board]()
    for cut in range(operations(start)):
        for tear in tears(cut):
            flash = reboot(start, cut_at=cut, tear=tear)
            reached = run_update(flash)
            assert flash.dead, (cut, tear)
            require_old_or_new(flash, reached)
            require_repair(flash)


@pytest.mark.parametrize("board", BOARDS)
def test_a_second_cut_at_every_operation_of_the_repair_leaves_the_old_or_the_new_brain(board: str) -> None:
    start = BOARDS[board]()
    for first in range(operations(start)):
        once = reboot(start, cut_at=first, tear=next(some_tears(first, first)))
        reached = run_update(once)
        for second in range(operations(once)):
            for tear in some_tears(first, second):
                twice = reboot(once, cut_at=second, tear=tear)
                also = run_update(twice)
                assert twice.dead, (first, second, tear)
                require_old_or_new(twice, reached + also)
            require_repair(twice)


def test_cuts_again_and_again_leave_the_old_or_the_new_brain() -> None:
    for seed in range(300):
        chance = random.Random(seed)
        flash = BOARDS[chance.choice(list(BOARDS))]()
        reached: list[str] = []
        for cut in [chance.randrange(40) for _ in range(chance.randrange(3, 12))]:
            flash = reboot(flash, cut_at=cut, tear=next(some_tears(seed, cut)))
            reached += run_update(flash)
            slots, choice = boot(reboot(flash))
            assert runs(choice) in (OLD, NEW), seed
            assert slots.intact(choice.slot), seed


def test_a_record_cut_at_every_byte_is_whole_or_none() -> None:
    start = board_with(OLD)
    uploads = [cut for cut in range(operations(start)) if not came_to(start, cut, "uploaded") and came_to(start, cut + 1, "uploaded")]
    assert len(uploads) == 1
    for size in range(33):
        flash = reboot(start, cut_at=uploads[0], tear=Tear("prefix", size))
        run_update(flash)
        slots, choice = boot(reboot(flash))
        assert runs(choice) == (NEW if slots.record(1) else OLD)
        assert (slots.record(1) is not None) == (size == 32)


def came_to(start: FakeFlash, cut: int, step: str) -> bool:
    return step in run_update(reboot(start, cut_at=cut))
