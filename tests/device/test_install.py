"""An update of the firmware's files sends what differs, and wherever it is cut the board has the old files or the new ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from neurula.boards import load_board
from neurula.device.board_programs import BOARD_FILE, FINISH, JOURNAL, MAIN_FILE, MAIN_PROGRAM, PACKAGE, STAGED
from neurula.device.install import (
    MAIN_KEPT,
    Interpreter,
    Reserved,
    board_of,
    choose_slots,
    install,
    plain_firmware,
    probe,
    reserve_slots,
    wanted_files,
)
from neurula.device.repl import Repl
from neurula.error_codes import CODES
from neurula.errors import DoesNotFit, NeurulaError, UsageError
from neurula.sim.firmware import find_firmware, read_flash_image
from neurula.sim.flash import build_flash
from neurula.sim.mpy_container import ARCHITECTURES as MPY_ARCHITECTURES
from neurula.sim.rp2040 import Rp2040


class Pico(Rp2040):
    """Also a Connection."""

    poll_s = 0.002

    def reconnect(self, timeout_s: float) -> None:
        self._await_console(timeout_s)


class PowerCut(Exception):
    """The test took the power away."""


class CutRepl(Repl):
    """The power fails before the n-th program from now; None = never. last: the program that did not run."""

    cut_at: int | None = None
    last = ""

    def run(self, code: str, timeout_s: float = 10.0) -> str:
        if self.cut_at is not None:
            self.cut_at -= 1
            if self.cut_at < 0:
                self.last = code
                raise PowerCut
        return super().run(code, timeout_s)


def firmware(version: int, *names: str) -> dict[str, bytes]:
    """A tiny firmware whose main prints the version of each of its modules."""
    modules = ("first", "second", *names)
    files = {f"{PACKAGE}{name}.py": f"VERSION = {version}\n".encode() for name in modules}
    imports = "".join(f"from neurula_mcu import {name}\n" for name in modules)
    show = f"def run():\n    print('versions', {', '.join(f'{name}.VERSION' for name in modules)})\n"
    files[f"{PACKAGE}main.py"] = (imports + show).encode()
    return {**files, BOARD_FILE: b"{}\n", MAIN_FILE: MAIN_PROGRAM.encode()}


def quiet(stage: str, fraction: float) -> None:
    assert 0 <= fraction <= 1


def entered(board: Pico) -> CutRepl:
    repl = CutRepl(board)
    repl.enter()
    return repl


def flash_with(files: Mapping[str, bytes]) -> bytes:
    return bytes(build_flash(read_flash_image(find_firmware("rp2040")), files, {}))


def versions_after_a_power_on(flash: bytes) -> str:
    """What main prints after a boot."""
    with Pico(flash=flash) as board:
        board.write(b"\r")
        board.read_until(b">>> ", 5.0)  # main.py has ended; what it printed may have come before the console was there
        return entered(board).run("from neurula_mcu.main import run\nrun()").strip()


@pytest.mark.needs_firmware
def test_a_new_board_gets_everything_and_then_only_what_changed() -> None:
    with Pico() as board:
        repl = entered(board)
        first = install(repl, probe(repl), firmware(1, "third"), quiet)
        assert set(first.sent) == set(firmware(1, "third"))
        assert board.files() == firmware(1, "third")
        again = install(repl, probe(repl), firmware(1, "third"), quiet)
        assert (dict(again.sent), again.removed, again.kept) == ({}, (), 6)
        changed = firmware(1) | {f"{PACKAGE}first.py": b"VERSION = 2\n"}
        update = install(repl, probe(repl), changed, quiet)
        assert set(update.sent) == {f"{PACKAGE}first.py", f"{PACKAGE}main.py"}
        assert update.removed == (f"{PACKAGE}third.py",)
        assert board.files() == changed


@pytest.mark.needs_firmware
def test_a_persons_own_program_is_kept_under_another_name() -> None:
    with Pico(flash=flash_with({MAIN_FILE: b"print('mine')\n", "/lib/mine.py": b"x = 1\n"})) as board:
        repl = entered(board)
        install(repl, probe(repl), firmware(1), quiet)
        found = board.files()
    assert found[MAIN_KEPT] == b"print('mine')\n"
    assert found["/lib/mine.py"] == b"x = 1\n"


@pytest.mark.needs_firmware
def test_a_power_cut_between_any_two_steps_leaves_the_old_files_or_the_new() -> None:
    old, new = flash_with(firmware(1, "gone")), firmware(2)
    seen, cut = [], 0
    while True:
        with Pico(flash=old) as board:
            repl = entered(board)
            there = probe(repl)
            repl.cut_at = cut
            try:
                install(repl, there, new, quiet)
                flash, done = board.flash_bytes(), True
            except PowerCut:
                flash, done = board.flash_bytes(), False
        seen.append(versions_after_a_power_on(flash))
        if done:
            break
        cut += 1
    assert cut > 10
    assert set(seen) == {"versions 1 1 1", "versions 2 2"}
    assert seen == sorted(seen)
    assert seen[-2] == "versions 2 2"  # cut before the last step, and carried through at boot


@pytest.mark.needs_firmware
@pytest.mark.parametrize("share", [0.05, 0.2, 0.4, 0.6, 0.8, 0.95])
def test_a_power_cut_inside_the_last_step_is_carried_through_at_boot(share: float) -> None:
    old = firmware(1, "gone")
    staged = {path + STAGED: content for path, content in firmware(2).items() if path not in (MAIN_FILE, BOARD_FILE)}
    journal = "\n".join([f"-{PACKAGE}gone.py", *(path.removesuffix(STAGED) for path in staged)]).encode()
    files = {**old, **staged, JOURNAL: journal}
    del files[MAIN_FILE]  # it would carry the journal through before the test does
    flash = flash_with(files)
    with Pico(flash=flash) as board:
        repl = entered(board)
        begun = board.cycles
        repl.run(FINISH)
        cycles = board.cycles - begun
    with Pico(flash=flash) as board:
        repl = entered(board)
        begun = board.cycles
        repl.launch(FINISH)
        while board.cycles - begun < share * cycles:
            board.sleep(0.0005)
        files = board.files()
        assert JOURNAL in files
    resumed = flash_with({**files, MAIN_FILE: MAIN_PROGRAM.encode()})
    assert versions_after_a_power_on(resumed) == "versions 2 2"


PICO = Interpreter((1, 25, 0), "Raspberry Pi Pico with RP2040", 4870, "rp2", {})
OLD_PICO = Interpreter((1, 18, 0), "Raspberry Pi Pico with RP2040", 4869, "rp2", {})  # .mpy version 5
RISC_V = Interpreter((1, 25, 0), "Generic ESP32C3 module with ESP32C3", 11270, "esp32", {})
OLD_DEVKIT = Interpreter((1, 18, 0), "ESP32 module with ESP32", 10245, "esp32", {})
DEVKIT = Interpreter((1, 25, 0), "Generic ESP32 module with ESP32", 10246, "esp32", {})


def test_the_board_is_known_by_its_chip() -> None:
    assert board_of(PICO, None).name == "rpi_pico"
    assert board_of(PICO, "rpi_pico").name == "rpi_pico"
    machine = "Generic ESP32C3 module with ESP32C3"
    assert board_of(Interpreter((1, 25), machine, 0, "esp32", {}), None).name == "esp32c3"
    for wanted, code in (("esp32", "K113"), ("linux", "K113")):
        with pytest.raises(UsageError) as caught:
            board_of(PICO, wanted)
        assert caught.value.code == code
    with pytest.raises(UsageError) as caught:
        board_of(Interpreter((1, 25), "PYBv1.1 with STM32F405RG", 0, "pyboard", {}), None)
    assert caught.value.code == "K114"


def test_modules_are_compiled_for_the_board_or_sent_as_they_are() -> None:
    assert PICO.march == "armv6m"
    assert DEVKIT.march == "xtensawin"
    assert Interpreter((1, 25), "", 0, "x", {}).march is None
    assert OLD_PICO.march is None
    board = load_board("rpi_pico")
    compiled, plain = wanted_files(board, PICO, 100), wanted_files(board, OLD_PICO, 100)
    assert f"{PACKAGE}main.mpy" in compiled
    assert f"{PACKAGE}main.py" in plain
    assert {path.rpartition(".")[0] for path in compiled} == {path.rpartition(".")[0] for path in plain}
    assert f"{PACKAGE}kernels64.py" not in plain_firmware()


def test_only_boards_with_a_network_of_their_own_get_the_files_for_it() -> None:
    udp = {f"{PACKAGE}udp_auth.mpy", f"{PACKAGE}udp_link.mpy"}
    assert udp <= set(wanted_files(load_board("esp32c3"), RISC_V, 100))
    assert not udp & set(wanted_files(load_board("rpi_pico"), PICO, 100))
    assert {f"{PACKAGE}udp_link.py"} <= set(wanted_files(load_board("esp32"), OLD_DEVKIT, 100))


def test_another_rate_is_only_another_file() -> None:
    board = load_board("rpi_pico")
    slow, fast = wanted_files(board, PICO, 50), wanted_files(board, PICO, 100)
    assert {path for path in slow if slow[path] != fast[path]} == {BOARD_FILE}
    assert json.loads(slow[BOARD_FILE])["rate_hz"] == 50


def test_only_a_board_without_flash_of_its_own_for_brains_is_told_how_large_its_slots_are() -> None:
    assert "slot_bytes" not in json.loads(wanted_files(load_board("rpi_pico"), PICO, 100)[BOARD_FILE])
    esp32 = load_board("esp32")
    assert json.loads(wanted_files(esp32, DEVKIT, 100)[BOARD_FILE])["slot_bytes"] == esp32.slot_bytes == 524_288


TWO, ONE, APART, FILES = Reserved(120, False, True), Reserved(120, True, True), Reserved(120, False, False), Reserved(128, False, False)
SLOT, WHOLE = 119 * 4096, 238 * 4096


@pytest.mark.parametrize(
    ("reserved", "image_bytes", "wanted", "single"),
    [
        (TWO, SLOT, None, False), (TWO, SLOT, False, False), (TWO, 100, True, True), (TWO, WHOLE, True, True), (ONE, WHOLE, True, True),
        (ONE, SLOT, False, False), (APART, SLOT, None, False),
    ],
)  # fmt: skip
def test_a_board_has_two_slots_unless_somebody_says_otherwise(
    reserved: Reserved, image_bytes: int, wanted: bool | None, single: bool
) -> None:
    assert choose_slots(reserved, image_bytes, wanted, load_board("rpi_pico")) is single


@pytest.mark.parametrize(
    ("reserved", "image_bytes", "wanted", "code", "exit_code", "remedy"),
    [
        (TWO, SLOT + 1, None, "K115", 5, "--single-slot makes room for 974,848 bytes"),
        (TWO, WHOLE + 1, None, "K115", 5, "fewer synapses"),
        (APART, SLOT + 1, None, "K115", 5, "fewer synapses"),
        (TWO, WHOLE + 1, True, "K115", 5, "fewer synapses"),
        (ONE, SLOT + 1, False, "K115", 5, "--single-slot"),
        (ONE, 100, None, "K125", 2, "--two-slots"),
        (APART, 100, True, "F116", 5, "erase its flash"),
    ],
)
def test_slots_that_cannot_be_or_were_not_asked_for_are_refused(
    reserved: Reserved, image_bytes: int, wanted: bool | None, code: str, exit_code: int, remedy: str
) -> None:
    with pytest.raises(NeurulaError) as caught:
        choose_slots(reserved, image_bytes, wanted, load_board("rpi_pico"))
    assert (caught.value.code, caught.value.exit_code) == (code, exit_code)
    assert remedy in (caught.value.remedy or CODES[code][1])


def test_a_board_that_keeps_brains_in_files_has_no_single_slot() -> None:
    assert choose_slots(FILES, 100, False, load_board("esp32")) is False
    with pytest.raises(UsageError) as caught:
        choose_slots(FILES, 100, True, load_board("esp32"))
    assert caught.value.code == "K126"


@pytest.mark.needs_firmware
def test_the_files_for_an_esp32_arrive_byte_by_byte_on_a_micropython_that_it_could_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """No ESP32 is emulated here: its files go to the MicroPython of a Pico, which cannot run them but keeps and hashes them."""
    board, wanted = load_board("esp32"), wanted_files(load_board("esp32"), DEVKIT, 100)
    assert wanted[f"{PACKAGE}kernels.mpy"][2] >> 2 == MPY_ARCHITECTURES.index("xtensawin")
    asked: list[str] = []
    with Pico() as pico:
        repl = entered(pico)
        monkeypatch.setattr(repl, "run", lambda code, timeout_s=10.0, run=repl.run: asked.append(code) or run(code, timeout_s))
        assert reserve_slots(repl, DEVKIT, board, quiet) == Reserved(board.slot_bytes // 4096, False, False)
        assert asked == []  # slots are files: nothing is set aside
        assert set(install(repl, replace(probe(repl), platform="esp32"), wanted, quiet).sent) == set(wanted)
        assert pico.files() == wanted
        again = probe(repl)
        assert again.files == {path: hashlib.sha256(content).hexdigest() for path, content in wanted.items()}


@pytest.mark.needs_firmware
def test_a_full_file_system_is_told_and_left_as_it_was() -> None:
    there = {**firmware(1), "/filler": bytes(1_380_000)}
    with Pico(flash=flash_with(there)) as board:
        repl = entered(board)
        with pytest.raises(DoesNotFit) as caught:
            install(repl, probe(repl), firmware(2) | {f"{PACKAGE}large.py": bytes(50_000)}, quiet)
        assert (caught.value.code, caught.value.exit_code) == ("K117", 5)
        assert board.files() == there
