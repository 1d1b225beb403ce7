"""Which of two records is the newer: numbers wrap, and may be equal."""

from __future__ import annotations

import pytest

from neurula_mcu.slot_record import Record, newer, pack_record, parse_record
from tests.fault.brains import NEW, OLD, OLDER, SLOT_BYTES, board_with, boot, image, install, runs, sha, upload, with_sequence
from tests.fault.fake_flash import BLOCK, FakeFlash


def record(sequence: int, confirmed: bool = False) -> Record:
    raw = bytearray(pack_record(sequence, 100, sha(b"x")))
    if confirmed:
        raw[20:22] = bytes(2)
    parsed = parse_record(raw)
    assert parsed is not None
    return parsed


@pytest.mark.parametrize(("first", "second"), [(2, 1), (0, 0xFFFFFFFF), (5, 0xFFFFFFF0), (0x80000000, 0x7FFFFFFF), (0x7FFFFFFF, 0)])
def test_the_later_number_is_newer_also_past_the_end(first: int, second: int) -> None:
    assert newer(record(first), record(second))
    assert not newer(record(second), record(first))


def test_equal_numbers_go_to_the_confirmed() -> None:
    assert newer(record(7, confirmed=True), record(7))
    assert not newer(record(7), record(7, confirmed=True))


def test_a_record_is_newer_than_none() -> None:
    assert newer(record(0), None)
    assert not newer(None, record(0))


@pytest.mark.parametrize("start", [0xFFFFFFFD, 0xFFFFFFFF, 0x7FFFFFFE])
def test_updates_past_the_end_of_the_numbers_run_the_newest(start: int) -> None:
    flash = with_sequence(board_with(OLDER, OLD), start)
    for seed in range(6):
        install(flash, image(100 + seed))
        slots, choice = boot(flash)
        slots.healthy()
        assert runs(choice) == image(100 + seed)
        assert choice.sequence == (start + 1 + seed) & 0xFFFFFFFF


def equal_numbers(first_state: str, second_state: str) -> FakeFlash:
    flash = board_with(OLD, NEW)
    for slot, data, state in ((0, OLD, first_state), (1, NEW, second_state)):
        at = (slot + 1) * SLOT_BYTES - BLOCK
        raw = bytearray(pack_record(9, len(data), sha(data)))
        raw[20:22] = bytes(2) if state == "confirmed" else raw[20:22]
        flash.content[at : at + 32] = raw
    return flash


@pytest.mark.parametrize("states", [("confirmed", "confirmed"), ("confirmed", "pending"), ("pending", "confirmed"), ("pending", "pending")])
def test_two_records_of_one_number_run_the_confirmed_and_take_an_update(states: tuple[str, str]) -> None:
    flash = equal_numbers(*states)
    slots, choice = boot(flash)
    if "confirmed" in states:
        assert choice.state == "confirmed"
        assert runs(choice) == (OLD if states[0] == "confirmed" else NEW)
    else:
        assert runs(choice) in (OLD, NEW)
        slots.confirm()
    upload(slots, OLDER)
    assert runs(boot(flash)[1]) == OLDER
