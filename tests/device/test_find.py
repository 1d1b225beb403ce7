"""Which device is meant: one, none, or a list to choose from."""

from __future__ import annotations

import os
import pty
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from neurula.device import find
from neurula.device.drives import fat_mounts, read_drive
from neurula.device.find import Device, find_device, hidden_bootloaders, list_devices, only_one
from neurula.device.usb_ids import USB_IDS, usb_id
from neurula.errors import DeviceNotFound

PICO = SimpleNamespace(device="/dev/ttyACM0", vid=0x2E8A, pid=0x0005, serial_number="E660C062134A5A27")
OTHER_PICO = SimpleNamespace(device="/dev/ttyACM1", vid=0x2E8A, pid=0x0005, serial_number="E660C06213111111")
BRIDGE = SimpleNamespace(device="/dev/ttyUSB0", vid=0x10C4, pid=0xEA60, serial_number="0001")
MOUSE = SimpleNamespace(device="/dev/ttyACM9", vid=0x1234, pid=0x0001, serial_number="mouse")
BUILT_IN = SimpleNamespace(device="/dev/ttyS0", vid=None, pid=None, serial_number=None)
INFO = "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n"
Attach = Callable[..., None]


@pytest.fixture
def attach(monkeypatch: pytest.MonkeyPatch) -> Attach:
    """Lets these ports be attached, and no drive."""
    monkeypatch.setattr(find, "find_drives", lambda: ())
    monkeypatch.setattr(find, "hidden_bootloaders", list)

    def attach_ports(*ports: SimpleNamespace) -> None:
        monkeypatch.setattr(find, "serial_ports", lambda: list(ports))

    return attach_ports


def test_known_usb_ids_are_listed_and_others_are_not(attach: Attach) -> None:
    attach(PICO, BRIDGE, MOUSE, BUILT_IN)
    assert [device.port for device in list_devices()] == ["/dev/ttyACM0", "/dev/ttyUSB0"]
    assert [device.bridge for device in list_devices()] == [False, True]


def test_the_only_device_needs_no_name(attach: Attach) -> None:
    attach(PICO, MOUSE)
    assert find_device(None).serial == "E660C062134A5A27"


def test_no_device_is_not_found(attach: Attach) -> None:
    attach(MOUSE)
    with pytest.raises(DeviceNotFound) as caught:
        find_device(None)
    assert (caught.value.code, caught.value.exit_code) == ("K101", 3)


def test_several_devices_are_listed_to_choose_from(attach: Attach) -> None:
    attach(PICO, OTHER_PICO)
    with pytest.raises(DeviceNotFound) as caught:
        find_device(None)
    assert (caught.value.code, caught.value.exit_code) == ("K102", 3)
    for word in ("/dev/ttyACM0", "/dev/ttyACM1", "id:E660C062134A5A27", "id:E660C06213111111"):
        assert word in caught.value.where
    assert "--port id:E660C062134A5A27" in caught.value.remedy


def test_a_serial_number_chooses_whatever_the_port_is_called(attach: Attach) -> None:
    attach(PICO, OTHER_PICO, MOUSE)
    assert find_device("id:e660c06213111111").port == "/dev/ttyACM1"
    assert find_device("id:mouse").port == "/dev/ttyACM9"
    for unknown in ("id:", "id:E66"):
        with pytest.raises(DeviceNotFound) as caught:
            find_device(unknown)
        assert caught.value.code == "K101"


def test_a_path_chooses(attach: Attach) -> None:
    attach(PICO, OTHER_PICO)
    assert find_device("/dev/ttyACM1").serial == "E660C06213111111"
    with pytest.raises(DeviceNotFound) as caught:
        find_device("/dev/ttyACM7")
    assert caught.value.code == "K101"
    assert "/dev/ttyACM0" in caught.value.where


def test_a_path_that_no_list_has_may_be_a_port(attach: Attach, tmp_path: Path) -> None:
    attach(PICO)
    ours, theirs = pty.openpty()
    try:
        link = tmp_path / "board"
        link.symlink_to(os.ttyname(theirs))
        assert find_device(str(link)) == Device(str(link), "serial", "serial port", bridge=True)
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_file_is_no_port(attach: Attach, tmp_path: Path) -> None:
    attach()
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path):
        with pytest.raises(DeviceNotFound):
            find_device(str(path))


@pytest.mark.parametrize(("selector", "kind"), [("socket://localhost:1", "network"), ("rfc2217://h:1", "network"), ("sim:rpi_pico", "sim")])
def test_urls_and_emulated_boards_are_taken_as_they_are(selector: str, kind: str) -> None:
    assert find_device(selector, ()).kind == kind


def test_a_bootloader_drive_is_a_device(attach: Attach, tmp_path: Path) -> None:
    attach()
    (tmp_path / "INFO_UF2.TXT").write_text(INFO)
    device = find_device(str(tmp_path))
    assert (device.kind, device.chip) == ("drive", "RP2040")


def test_a_folder_that_only_looks_like_a_drive_is_none(tmp_path: Path) -> None:
    assert read_drive(tmp_path) is None
    (tmp_path / "INFO_UF2.TXT").write_bytes(b"\xff\x00 nothing" * 100_000)
    drive = read_drive(tmp_path)
    assert drive is not None
    assert (drive.board_id, drive.chip) == ("", "")


def test_mounts_are_read_with_their_spaces(tmp_path: Path) -> None:
    table = tmp_path / "mounts"
    table.write_text("/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /media/a\\040person/RPI-RP2 vfat rw 0 0\nbroken\n")
    assert fat_mounts(table) == [Path("/media/a person/RPI-RP2")]
    assert fat_mounts(tmp_path / "none") == []


def test_a_bootloader_whose_drive_is_not_mounted_is_seen(tmp_path: Path) -> None:
    for name, vendor, product in (("1-1", "2e8a", "0003"), ("1-2", "2e8a", "0005"), ("usb1", "1d6b", "0002")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "idVendor").write_text(vendor + "\n")
        (tmp_path / name / "idProduct").write_text(product + "\n")
    found = hidden_bootloaders(tmp_path)
    assert [(device.kind, device.port, device.chip) for device in found] == [("bootloader", "1-1", "RP2040")]
    assert hidden_bootloaders(tmp_path / "none") == []


def test_products_win_over_vendors() -> None:
    for entry in USB_IDS:
        product = 0xFFFF if entry.product is None else entry.product
        assert usb_id(entry.vendor, product) == entry
    assert usb_id(None, None) is None


def test_listing_names_every_device() -> None:
    devices = [Device(f"/dev/ttyACM{i}", "serial", "board", f"S{i}") for i in range(5)]
    with pytest.raises(DeviceNotFound) as caught:
        only_one(devices, "none")
    assert all(device.port in caught.value.where for device in devices)
