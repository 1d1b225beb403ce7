"""MicroPython reaches a board whole, and the wrong file reaches none."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from neurula.device import micropython
from neurula.device.esp_flash import write_esp
from neurula.device.find import Device
from neurula.device.micropython import put_micropython, put_uf2, read_firmware, uf2_chip
from neurula.errors import DeviceNotFound, InvalidInput, LinkLost
from neurula.sim.firmware import pack_uf2
from tests.device.fake_esp import FLASH_BYTES, FakeEsp, served

PROGRAM = random.Random(2).randbytes(3000)
INFO = "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: {}\r\n"
ESP32, C3 = 0, 5


def drive(folder: Path, board_id: str = "RPI-RP2") -> Path:
    (folder / "INFO_UF2.TXT").write_text(INFO.format(board_id))
    return folder


def esp_image(chip_id: int) -> bytes:
    """Looks like an application of that chip; compressible in parts, as programs are."""
    chance = random.Random(chip_id)
    body = b"".join(chance.randbytes(500) + bytes(chance.randrange(1500)) for _ in range(120))
    return b"\xe9\x00\x02\x20" + bytes(8) + struct.pack("<H", chip_id) + body


def quiet(stage: str, fraction: float) -> None:
    assert stage


@pytest.mark.parametrize(("chip_id", "start"), [(ESP32, 0x1000), (C3, 0)])
def test_an_esp32_gets_every_byte_and_nothing_else(chip_id: int, start: int, capsys: pytest.CaptureFixture[str]) -> None:
    esp, image = FakeEsp(chip_id), esp_image(chip_id)
    with served(esp) as url:
        name = write_esp(url, image, quiet)
    assert name == {ESP32: "ESP32", C3: "ESP32-C3"}[chip_id]
    assert esp.flash[start : start + len(image)] == image
    assert esp.flash[:start] == b"\xff" * start
    assert esp.flash[start + len(image) + 4 :].count(0xFF) == FLASH_BYTES - start - len(image) - 4
    told = capsys.readouterr()
    assert told.out == ""


def test_a_file_goes_to_an_esp32_by_its_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(micropython, "list_devices", tuple)
    (tmp_path / "esp.bin").write_bytes(esp_image(C3))
    esp = FakeEsp(C3)
    with served(esp) as url:
        device = Device(url, "network", "board in the network")
        assert put_micropython(device, tmp_path / "esp.bin", quiet) == device
    assert esp.flash.startswith(esp_image(C3))


def test_an_esp32_whose_flash_is_worn_is_told() -> None:
    esp = FakeEsp(C3, spoil=True)
    with served(esp) as url, pytest.raises(LinkLost, match="MD5") as caught:
        write_esp(url, esp_image(C3), quiet)
    assert caught.value.code == "K122"


def test_another_chips_image_is_refused_before_anything_is_erased() -> None:
    esp = FakeEsp(ESP32)
    before = bytes(esp.flash)
    with served(esp) as url, pytest.raises(InvalidInput) as caught:
        write_esp(url, esp_image(C3), quiet)
    assert caught.value.code == "K120"
    assert esp.flash == before


def test_nobody_at_the_port_is_told() -> None:
    with pytest.raises(LinkLost) as caught:
        write_esp("socket://127.0.0.1:1", esp_image(C3), quiet)
    assert caught.value.code == "K122"


def test_a_uf2_lies_on_the_drive_byte_by_byte(tmp_path: Path) -> None:
    content = pack_uf2(PROGRAM)
    put_uf2(content, drive(tmp_path))
    assert (tmp_path / "firmware.uf2").read_bytes() == content


def test_a_uf2_for_another_chip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="RP2040"):
        put_uf2(pack_uf2(PROGRAM), drive(tmp_path, "RP2350"))
    assert not (tmp_path / "firmware.uf2").exists()


def test_a_damaged_uf2_is_refused() -> None:
    content = pack_uf2(PROGRAM)
    assert uf2_chip(content) == "RP2040"
    for wrong in (content[:-1], content[:600], b"", b"UF2\n" * 128, content[:512] + b"?" + content[513:]):
        with pytest.raises(InvalidInput) as caught:
            uf2_chip(wrong)
        assert caught.value.code == "K120"


def test_a_uf2_goes_to_the_drive_and_the_board_that_comes_is_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "drive"
    folder.mkdir()
    (tmp_path / "m.uf2").write_bytes(pack_uf2(PROGRAM))
    board, other = Device("/dev/ttyACM3", "serial", "Pico", "S3"), Device("/dev/ttyUSB0", "serial", "bridge", bridge=True)
    device = Device(str(drive(folder)), "drive", "bootloader drive RPI-RP2", chip="RP2040")
    listings = iter([(other, device), (other,), (other, board)])
    monkeypatch.setattr(micropython, "list_devices", lambda: next(listings))
    monkeypatch.setattr(micropython, "LOOK_S", 0)
    assert put_micropython(device, tmp_path / "m.uf2", quiet) == board
    assert (folder / "firmware.uf2").exists()


def test_a_drive_that_has_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeviceNotFound) as caught:
        put_uf2(pack_uf2(PROGRAM), tmp_path)
    assert caught.value.code == "K121"


def test_an_unmounted_bootloader_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(micropython, "list_devices", tuple)
    (tmp_path / "m.uf2").write_bytes(pack_uf2(PROGRAM))
    with pytest.raises(DeviceNotFound) as caught:
        put_micropython(Device("1-1", "bootloader", "RP2040 bootloader"), tmp_path / "m.uf2", quiet)
    assert caught.value.code == "K121"


def test_an_esp32_image_does_not_go_to_a_drive(tmp_path: Path) -> None:
    (tmp_path / "esp.bin").write_bytes(esp_image(ESP32))
    with pytest.raises(InvalidInput) as caught:
        put_micropython(Device(str(drive(tmp_path)), "drive", "drive"), tmp_path / "esp.bin", quiet)
    assert caught.value.code == "K120"


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF" + bytes(100)])
def test_what_is_no_firmware_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    for path in (tmp_path / "file", tmp_path / "none", tmp_path):
        with pytest.raises(InvalidInput) as caught:
            read_firmware(path)
        assert caught.value.code == "K120"
