"""`neurula flash` and `neurula device` where no brain runs: what is missing, ambiguous, silent or foreign is told with its exit code."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from neurula.device import find
from neurula.device.find import Device
from neurula.device.stored_pico import with_firmware
from neurula.sim.firmware import find_firmware, read_flash_image
from neurula.sim.rp2040 import Rp2040
from neurula.sim.serve_port import served
from tests.cli.genomes import large_genome, write_genome
from tests.device.conftest import REFLEX, Neurula


def test_several_boards_end_with_3_and_a_list(neurula: Neurula, monkeypatch: pytest.MonkeyPatch) -> None:
    boards = tuple(Device(f"/dev/ttyACM{i}", "serial", "MicroPython", f"S{i}") for i in range(2))
    monkeypatch.setattr(find, "list_devices", lambda: boards)
    for line in (["flash", REFLEX], ["device", "info"], ["device", "reset"]):
        told = neurula(*line, "--json")
        assert (told.exit_code, told.json["error"]["code"]) == (3, "K102")
        assert "id:S0" in told.json["error"]["where"]
        assert "id:S1" in told.json["error"]["where"]


def test_no_board_ends_with_3(neurula: Neurula, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "list_devices", tuple)
    assert neurula("device", "info", "--json").json["error"]["code"] == "K101"
    told = neurula("flash", REFLEX)
    assert told.exit_code == 3
    assert told.err.startswith("error K101: ")


def test_silence_and_nobody_at_a_port_are_told(neurula: Neurula) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"socket://127.0.0.1:{silent.getsockname()[1]}"
        asked = neurula("device", "info", "--port", url, "--json")
        flashed = neurula("flash", REFLEX, "--port", url, "--json")
    gone = neurula("device", "info", "--port", url, "--json")
    assert (asked.exit_code, asked.json["error"]["code"]) == (7, "K105")
    assert (flashed.exit_code, flashed.json["error"]["code"]) == (3, "K110")
    assert (gone.exit_code, gone.json["error"]["code"]) == (3, "K103")


def test_a_bootloader_wants_micropython(neurula: Neurula, tmp_path: Path) -> None:
    (tmp_path / "INFO_UF2.TXT").write_text("Board-ID: RPI-RP2\r\n")
    told = neurula("flash", REFLEX, "--port", str(tmp_path), "--json")
    assert (told.exit_code, told.json["error"]["code"]) == (3, "K107")
    assert "bootloader" in neurula("device", "list", "--port", str(tmp_path)).out


@pytest.mark.parametrize(("selector", "exit_code", "code"), [("sim:esp32", 2, "K109"), ("sim:rpi_pico:{}", 4, "K108")])
def test_wrong_emulated_boards_are_refused(selector: str, exit_code: int, code: str, tmp_path: Path, neurula: Neurula) -> None:
    (tmp_path / "short").write_bytes(b"no flash")
    told = neurula("device", "info", "--port", selector.format(tmp_path / "short"), "--json")
    assert (told.exit_code, told.json["error"]["code"]) == (exit_code, code)
    assert (tmp_path / "short").read_bytes() == b"no flash"


def test_what_cannot_be_flashed_is_refused_before_the_board_is_touched(neurula: Neurula, tmp_path: Path) -> None:
    new = tmp_path / "new.flash"
    (tmp_path / "not.json").write_text("{", encoding="utf-8")
    (tmp_path / "not.uf2").write_bytes(b"UF2?")
    large = write_genome(tmp_path, large_genome(), "large.json")
    board = ("--board", "rpi_pico")
    for line, exit_code, code in (
        ([large, *board], 5, "B201"),
        ([str(tmp_path / "not.json"), *board], 4, "G104"),
        ([REFLEX, "--micropython", str(tmp_path / "not.uf2")], 4, "K120"),
        ([REFLEX, "--board", "linux"], 2, "K113"),
        ([REFLEX, "--board", "picco"], 2, "B101"),
        ([REFLEX, "--rate", "0"], 2, "U201"),
    ):
        told = neurula("flash", *line, "--port", f"sim:rpi_pico:{new}", "--json")
        assert (told.exit_code, told.json["error"]["code"]) == (exit_code, code), line
    assert not new.exists()


@pytest.mark.needs_firmware
def test_a_board_without_our_firmware_is_told(tmp_path: Path, neurula: Neurula) -> None:
    port = f"sim:rpi_pico:{tmp_path / 'new.flash'}"
    told = neurula("device", "info", "--port", port, "--json")
    assert (told.exit_code, told.json["error"]["code"]) == (7, "K105")
    listed = neurula("device", "list", "--port", port, "--json").json["devices"]
    assert listed[0]["state"] == "no firmware of neurula answers"


@pytest.mark.needs_firmware
def test_micropython_replaces_the_firmware_of_an_emulated_board_and_keeps_its_files() -> None:
    old = bytes(range(256)) * 8192
    new = with_firmware(old, find_firmware("rp2040"))
    image = read_flash_image(find_firmware("rp2040"))
    assert new == image + old[len(image) :]


@pytest.mark.needs_firmware
def test_the_port_of_an_emulated_board_serves_one_client_after_the_other() -> None:
    with Rp2040() as board, served(board) as url:
        for number in range(2):
            with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as client:
                client.settimeout(60)
                client.sendall(f"print('number', {number} + 40)\r".encode())
                received = b""
                while f"\nnumber {number + 40}".encode() not in received:
                    received += client.recv(1000)
