"""Where the folders of the set-aside flash go, so that two long stretches are left: counted without a board."""

from __future__ import annotations

import random

import pytest

from neurula_mcu.claim_rp2 import MARGIN, folder_blocks, plan, windows

BLOCKS = 352  # of a Pico's file system


def given_out(free: set[int], pointer: int) -> list[int]:
    """Free blocks in the order in which the file system hands them out, the one at the pointer last."""
    return sorted(free, key=lambda block: (block - pointer - 1) % BLOCKS)


def require_stretches(order: list[int], blocks: int, skip: int, found: tuple[int, int, int]) -> None:
    first, second, used = found
    folders = set(order[skip : skip + folder_blocks(len(order)) + MARGIN])
    for start in (first, second):
        stretch = set(range(start, start + blocks))
        assert stretch <= set(order)
        assert not stretch & folders
    assert not set(range(first, first + blocks)) & set(range(second, second + blocks))
    assert 2 * blocks <= used <= len(order)


@pytest.mark.parametrize("pointer", range(2, BLOCKS))
def test_a_fresh_file_system_gives_two_slots_of_600_kb_wherever_it_begins(pointer: int) -> None:
    order = given_out(set(range(2, BLOCKS)), pointer)
    planned = plan(order, 151)
    assert planned is not None
    require_stretches(order, 151, *planned)


def test_stretches_keep_clear_of_files_and_folders() -> None:
    found = 0
    for seed in range(200):
        chance = random.Random(seed)
        files = set(chance.sample(range(2, BLOCKS), chance.randrange(1, 12)))
        order = given_out(set(range(2, BLOCKS)) - files, chance.randrange(BLOCKS))
        blocks = chance.randrange(10, 100)
        planned = plan(order, blocks)
        if planned:
            found += 1
            require_stretches(order, blocks, *planned)
    assert 50 < found < 200


@pytest.mark.parametrize(
    ("order", "blocks", "expected"),
    [
        ([5, 6, 7, 8], 2, (5, 7, 4)),
        ([5, 6, 8, 9, 11, 12, 13], 3, None),
        ([8, 9, 3, 4, 5], 2, (8, 3, 4)),
        ([1, 3, 5], 1, (1, 3, 2)),
        ([], 1, None),
    ],
)
def test_windows_are_the_first_two_stretches(order: list[int], blocks: int, expected: tuple[int, int, int] | None) -> None:
    assert windows(order, blocks) == expected
