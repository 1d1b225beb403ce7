"""The emulated Pico: repeatable, binary-clean, with a file system, raw flash, resets and caps on everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from neurula.errors import LinkLost
from neurula.sim.rp2040 import Rp2040

pytestmark = pytest.mark.needs_firmware

ECHO = """
import micropython, sys
micropython.kbd_intr(-1)
buffer = bytearray(64)
while True:
    sys.stdin.buffer.readinto(buffer)
    sys.stdout.buffer.write(buffer)
"""
BLOB_OFFSET = 0x60000
FILES = {"/lib/inside.py": b"answer = 42\n", "/brain.nrl": bytes(range(256)) * 40}


@pytest.fixture
def board(pico_firmware: Path) -> Iterator[Rp2040]:
    with Rp2040(pico_firmware, files=FILES, blobs={BLOB_OFFSET: b"raw flash"}) as started:
        yield started


def test_it_is_a_pico_with_a_picos_memory(board: Rp2040) -> None:
    assert board.run("import sys, os\nprint(sys.platform, os.statvfs('/')[2])") == "rp2 352\n"
    assert int(board.run("import gc\ngc.collect()\nprint(gc.mem_free())")) > 200_000


def test_programs_see_the_files_and_the_raw_flash(board: Rp2040) -> None:
    assert board.run("import inside\nprint(inside.answer, len(open('/brain.nrl', 'rb').read()))") == "42 10240\n"
    assert board.run(f"import uctypes\nprint(bytes(uctypes.bytearray_at({0x10000000 + BLOB_OFFSET}, 9)))") == \
        "b'raw flash'\n"


def test_what_the_board_writes_is_in_its_files_and_in_the_next_boot(board: Rp2040, pico_firmware: Path) -> None:
    board.run("with open('/written', 'wb') as f: f.write(b'by the board')")
    assert board.files() == {**FILES, "/written": b"by the board"}
    with Rp2040(pico_firmware, flash=board.flash_bytes()) as later:
        assert later.run("print(open('/written').read())") == "by the board\n"


def test_a_main_program_starts_at_boot(pico_firmware: Path) -> None:
    main = b"import sys\nwhile True:\n    if sys.stdin.buffer.read(1) == b'?': sys.stdout.buffer.write(b'main here|')\n"
    with Rp2040(pico_firmware, files={"/main.py": main}) as board:
        board.write(b"xy?")
        assert board.read_until(b"|") == b"main here|"


def test_every_byte_value_passes_both_ways(board: Rp2040) -> None:
    board.launch(ECHO)
    everything = bytes(range(256)) * 4
    board.write(everything)
    assert board.read_exactly(len(everything)) == everything


def test_the_same_conversation_takes_the_same_cycles(pico_firmware: Path) -> None:
    ends = []
    for _ in range(2):
        with Rp2040(pico_firmware) as board:
            board.launch(ECHO)
            for number in range(5):
                board.write(bytes([number]) * 64)
                board.read_exactly(64)
            ends.append((board.cycles, board.seconds()))
    assert ends[0] == ends[1]


def test_sleeping_passes_time_and_costs_no_cycles(board: Rp2040) -> None:
    cycles, seconds = board.cycles, board.seconds()
    board.run("import time\ntime.sleep(2)", timeout_s=5)
    assert 2.0 < board.seconds() - seconds < 2.1
    assert board.cycles - cycles < 0.05 * 2 * 125_000_000


def test_an_exception_ends_run_with_its_message_and_lines(board: Rp2040) -> None:
    with pytest.raises(LinkLost) as caught:
        board.run("def f():\n    return 1 // 0\nf()\n")
    assert caught.value.code == "S114"
    assert "ZeroDivisionError" in caught.value.message
    assert "line 2" in caught.value.where
    assert board.run("print('still here')") == "still here\n"


def test_silence_is_bounded_in_emulated_time(board: Rp2040) -> None:
    board.launch("while True: pass")
    before = board.seconds()
    assert board.read(0.02) == b""
    with pytest.raises(LinkLost) as caught:
        board.read_exactly(1, 0.02)
    assert caught.value.code == "S113"
    assert 0.04 <= board.seconds() - before < 0.041


def test_a_chip_that_sleeps_for_ever_with_interrupts_off_is_bounded_too(board: Rp2040) -> None:
    board.launch("import machine\nmachine.disable_irq()\nwhile True: machine.idle()")
    assert board.read(0.05) == b""


def test_real_time_is_bounded(pico_firmware: Path) -> None:
    with Rp2040(pico_firmware) as board:
        board.launch("while True: pass")
        board.wall_limit_s = 0.05
        with pytest.raises(LinkLost) as caught:
            board.read(3600.0)
    assert caught.value.code == "S112"


def test_a_reset_forgets_ram_and_keeps_flash(board: Rp2040) -> None:
    board.run("x = 1")
    board.launch(ECHO)
    board.reset()
    assert board.resets == 1
    with pytest.raises(LinkLost, match="NameError"):
        board.run("print(x)")
    assert board.run("import inside\nprint(inside.answer)") == "42\n"


def test_the_watchdog_resets_the_board(board: Rp2040) -> None:
    board.launch("import machine\nmachine.WDT(timeout=100)\nwhile True: pass")
    board.sleep(0.3)
    assert board.resets == 1
    assert board.run("import machine\nprint(machine.reset_cause() == machine.WDT_RESET)") == "True\n"


def test_a_wild_pointer_is_noticed(board: Rp2040) -> None:
    board.run("import machine\nmachine.mem32[0x60000000]")
    assert len(board.bus_warnings) == 1
    assert "60000000" in board.bus_warnings[0]


def test_ram_can_be_looked_at_from_outside(board: Rp2040) -> None:
    address = int(board.run("import uctypes\nb = bytearray(b'neurula!')\nprint(uctypes.addressof(b))"))
    assert board.ram_bytes(address, 8) == b"neurula!"
    with pytest.raises(ValueError, match="not in RAM"):
        board.ram_bytes(0, 4)


def test_a_firmware_that_does_nothing_is_reported(tmp_path: Path) -> None:
    # A vector table and then branches to themselves: it runs, but no USB device ever appears.
    image = bytearray(b"\xfe\xe7" * 2048)
    image[256:264] = (0x20042000).to_bytes(4, "little") + (0x10000201).to_bytes(4, "little")
    (tmp_path / "idle.bin").write_bytes(image)
    board = Rp2040(tmp_path / "idle.bin")
    with pytest.raises(LinkLost) as caught:
        board.start(timeout_s=0.01)
    assert caught.value.code == "S111"
