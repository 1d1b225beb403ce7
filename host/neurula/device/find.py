"""Which boards are attached, and which of them a person means."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurula.device.drives import Drive, find_drives, read_drive
from neurula.device.usb_ids import USB_IDS, usb_id
from neurula.errors import DeviceNotFound

ID_PREFIX = "id:"
SIM_PREFIX = "sim:"
SYSFS = Path("/sys/bus/usb/devices")


@dataclass(frozen=True, slots=True)
class Device:
    """Something that `--port` can name. kind: "serial", "network", "sim", "drive" (a bootloader's) or "bootloader".

    serial: the USB serial number, "" where there is none. bridge: a USB-to-UART chip that may have anything behind it."""

    port: str
    kind: str
    name: str
    serial: str = ""
    chip: str = ""
    bridge: bool = False

    def __str__(self) -> str:
        number = f", {ID_PREFIX}{self.serial}" if self.serial else ""
        return f"{self.port} ({self.name}{number})"


def list_devices() -> tuple[Device, ...]:
    """All attached devices whose USB ids are known, and the drives of bootloaders; serial ports first, by name."""
    drives = find_drives()
    found = [device for device in map(of_port, serial_ports()) if device is not None]
    found += [of_drive(drive) for drive in drives]
    if not drives:
        found += hidden_bootloaders()
    return tuple(found)


def serial_ports() -> list[Any]:
    """What pyserial lists, by name."""
    from serial.tools.list_ports import comports

    return sorted(comports(), key=lambda port: str(port.device))


def of_port(port: Any) -> Device | None:
    """The device behind one of pyserial's entries; None where the USB id is not known."""
    known = usb_id(port.vid, port.pid)
    if known is None:
        return None
    return Device(port.device, "serial", known.name, port.serial_number or "", known.chip, known.bridge)


def of_drive(drive: Drive) -> Device:
    return Device(str(drive.folder), "drive", f"bootloader drive {drive.board_id}", chip=drive.chip)


def hidden_bootloaders(root: Path = SYSFS) -> list[Device]:
    """Boards whose bootloader is there but whose drive is not mounted (Linux; elsewhere drives mount by themselves)."""
    loaders = {f"{entry.vendor:04x}:{entry.product:04x}": entry for entry in USB_IDS if entry.bootloader and entry.product}
    found = []
    for place in sorted(root.glob("*/idProduct")) if root.is_dir() else []:
        known = loaders.get(f"{text_of(place.with_name('idVendor'))}:{text_of(place)}")
        if known is not None:
            number = text_of(place.with_name("serial"))
            found.append(Device(place.parent.name, "bootloader", f"{known.name}, its drive is not mounted", number, known.chip))
    return found


def text_of(place: Path) -> str:
    try:
        return place.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def find_device(selector: str | None, devices: Sequence[Device] | None = None) -> Device:
    """The one device that is meant: a path, `id:SERIAL`, `socket://...`, `rfc2217://...`, `sim:BOARD`, or None for the only one.

    devices: what is attached, to choose from (default: looked up). DeviceNotFound K101 where there is none, K102 where there are
    several."""
    if selector is not None:
        if selector.startswith(SIM_PREFIX):
            return Device(selector, "sim", "emulated board")
        if "://" in selector:
            return Device(selector, "network", "board in the network")
    attached = list_devices() if devices is None else tuple(devices)
    if selector is None:
        return only_one(attached, "no board is attached")
    if selector.startswith(ID_PREFIX):
        return only_one(with_serial(selector.removeprefix(ID_PREFIX), attached), f"no device has the serial number {selector[3:]!r}")
    return at_path(selector, attached)


def with_serial(number: str, attached: Iterable[Device]) -> tuple[Device, ...]:
    """Devices of a USB serial number, upper or lower case; known to us or not."""
    known = tuple(device for device in attached if device.serial and device.serial.lower() == number.lower())
    if known:
        return known
    others = (port for port in serial_ports() if (port.serial_number or "").lower() == number.lower() != "")
    return tuple(Device(port.device, "serial", "unknown device", port.serial_number, bridge=True) for port in others)


def at_path(path: str, attached: Sequence[Device]) -> Device:
    """The device at a path; a path that no list has may still be a serial port (a PTY, a symbolic link)."""
    for device in attached:
        if device.port == path:
            return device
    place = Path(path)
    drive = read_drive(place) if place.is_dir() else None
    if drive is not None:
        return of_drive(drive)
    if not is_port(place):
        raise DeviceNotFound("K101", f"there is no device {path!r}", where=listing(attached), remedy=remedy_with(attached))
    real = str(place.resolve())
    return next((device for device in attached if device.port == real), Device(path, "serial", "serial port", bridge=True))


def is_port(place: Path) -> bool:
    """True for a character device; Windows has no path for its ports, so COM1 and its like are taken by their name."""
    if sys.platform == "win32":
        return place.name.upper().startswith("COM")
    try:
        return place.is_char_device()
    except (OSError, ValueError):
        return False


def only_one(found: Sequence[Device], none: str) -> Device:
    if not found:
        raise DeviceNotFound("K101", none)
    if len(found) > 1:
        raise DeviceNotFound("K102", f"{len(found)} devices could be meant", where=listing(found), remedy=remedy_with(found))
    return found[0]


def listing(devices: Iterable[Device]) -> str:
    return "; ".join(map(str, devices))


def remedy_with(devices: Sequence[Device]) -> str:
    """What to type to choose, "" (the listed remedy) where there is nothing to choose from."""
    if not devices:
        return ""
    first = devices[0]
    return f"Choose one, for example --port {ID_PREFIX + first.serial if first.serial else first.port}."
