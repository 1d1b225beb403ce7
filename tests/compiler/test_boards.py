"""Boards are data that is checked: every wrong file is refused with a code, and the shipped ones are sound."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from neurula.boards import FILE_BYTES_MAX, MPY_ARCHES, board_folder, board_from_toml, list_boards, load_board
from neurula.errors import InvalidInput, UsageError

PICO = (board_folder() / "rpi_pico.toml").read_text(encoding="utf-8")


def code_of(text: str | bytes) -> str:
    with pytest.raises(InvalidInput) as refused:
        board_from_toml(text if isinstance(text, bytes) else text.encode(), "test.toml")
    assert refused.value.where == "test.toml"
    return refused.value.code


def test_every_shipped_board_is_sound_and_named_like_its_file() -> None:
    boards = list_boards()
    assert [board.name for board in boards] == sorted(path.stem for path in board_folder().glob("*.toml"))
    for board in boards:
        assert load_board(board.name) == board
        assert "roven" in board.proven or "Runs on" in board.proven
        assert board.runtime == "npu" or board.arch in MPY_ARCHES


def test_only_boards_that_run_here_claim_measured_memory() -> None:
    assert {board.name for board in list_boards() if board.memory_figures == "measured"} == {"rpi_pico"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("= 125_000_000", "= ["), "B103"),
        (('chip = "RP2040"', 'chip = "RP2040"\nwheels = 4'), "B104"),
        (('chip = "RP2040"', ""), "B105"),
        (("= 125_000_000", "= -1"), "B106"),
        (("= 125_000_000", "= 1.5"), "B106"),
        (("= 125_000_000", "= true"), "B106"),
        (("= 125_000_000", '= "fast"'), "B106"),
        (('"rpi_pico"', '"RPI Pico"'), "B106"),
        (('runtime = "micropython"', 'runtime = "cloud"'), "B106"),
        (('runtime = "micropython"', 'runtime = ["micropython"]'), "B106"),
        (('transports = ["usb-serial", "uart"]', "transports = []"), "B106"),
        (('transports = ["usb-serial", "uart"]', 'transports = ["pigeon"]'), "B106"),
        (("image_in_ram = false", "image_in_ram = 0"), "B106"),
        (("led = [25]", "led = 25"), "B106"),
        (("led = [25]", "led = [-25]"), "B106"),
        (("led = [25]", "lamp = [25]"), "B106"),
        (("led = [25]", "led = [24]"), "B107"),
        (('arch = "armv6m"', 'arch = "z80"'), "B107"),
        (("heap_bytes = 241_040", "heap_bytes = 999_999"), "B107"),
        (("ram_for_brain_bytes = 135_168", "ram_for_brain_bytes = 240_000"), "B107"),
        (("flash_for_brain_bytes = 983_040", "flash_for_brain_bytes = 9_000_000"), "B107"),
        (("cycles_per_event = 8.5", "cycles_per_event = inf"), "B106"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused(change: tuple[str, str], code: str) -> None:
    assert change[0] in PICO
    assert code_of(PICO.replace(change[0], change[1], 1)) == code


def without_cycles(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("cycles_per_"))


def test_cycles_are_given_together_or_not_at_all() -> None:
    bare = without_cycles(PICO)
    lines = ["cycles_per_burst = 5000", "cycles_per_neuron = 29.5", "cycles_per_event = 19.8"]
    board = board_from_toml(bare.replace("[pins]", "\n".join([*lines, "[pins]"])).encode(), "test.toml")
    assert (board.cycles_per_burst, board.cycles_per_event, board.measured) == (5000, 19.8, True)
    assert not board_from_toml(bare.encode(), "test.toml").measured
    assert code_of(bare.replace("[pins]", "\n".join([*lines[:2], "[pins]"]))) == "B107"
    assert code_of(bare.replace("[pins]", "\n".join([*lines, "[pins]"])).replace("125_000_000", "0", 1)) == "B107"


def test_names_that_are_no_board_are_usage_errors(tmp_path: Path) -> None:
    for name in ("pico", "", "..", "rpi_pico\n", "RPI_PICO"):
        with pytest.raises(UsageError) as refused:
            load_board(name)
        assert refused.value.code == "B101"
        assert "rpi_pico2" in refused.value.remedy
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(InvalidInput) as unreadable:
            load_board(str(path))
        assert unreadable.value.code == "B102"


def test_a_file_larger_than_any_board_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.toml"
    path.write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    with pytest.raises(InvalidInput) as refused:
        load_board(str(path))
    assert refused.value.code == "B102"
    with pytest.raises(InvalidInput):
        load_board("/dev/zero")


def test_hostile_text_is_refused() -> None:
    assert code_of("[" * 5000) == "B103"
    assert code_of("a = " + "[" * 5000) == "B103"
    assert code_of("clock_hz = " + "9" * 5000) in ("B103", "B106")
    assert code_of(b"\xff\xfe") == "B103"


@pytest.mark.parametrize("seed", range(300))
def test_damaged_files_are_read_or_refused(seed: int) -> None:
    rng = random.Random(seed)
    content = bytearray(PICO.encode())
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(content))
        content[at : at + rng.randint(0, 3)] = bytes(rng.randrange(256) for _ in range(rng.randint(0, 3)))
    codes = {""}
    try:
        board_from_toml(bytes(content), "test.toml")
    except InvalidInput as refused:
        codes = {refused.code}
    assert codes <= {"", "B103", "B104", "B105", "B106", "B107"}, f"seed {seed}"
