"""MicroPython itself onto a board: a UF2 file for the bootloader's drive of an RP2, or a .bin by esptool for an ESP32."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from neurula.device.board_programs import BOOTLOADER
from neurula.device.drives import copy_to_drive, find_drives, read_drive
from neurula.device.esp_flash import write_esp
from neurula.device.find import Device, list_devices
from neurula.device.ports import Progress, open_connection
from neurula.device.repl import Repl
from neurula.device.stored_pico import open_stored
from neurula.errors import DeviceNotFound, InvalidInput, LinkLost, NeurulaError

FILE_BYTES_MAX = 32 << 20  # a UF2 is twice its contents; the largest MicroPython is 3 MB
WAIT_S = 30.0
LOOK_S = 0.2
UF2_BLOCK = struct.Struct("<IIIIIIII476sI")
UF2_MAGIC = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
UF2_FAMILIES = {0xE48BFF56: "RP2040", 0xE48BFF59: "RP2350", 0xE48BFF5A: "RP2350", 0xE48BFF5B: "RP2350"}
UF2_FAMILY_PRESENT = 0x2000
UF2_ABSOLUTE = 0xE48BFF57  # a block that the RP2350's erratum E10 asks for, for no chip
ESP_MAGIC = b"\xe9"
Found = TypeVar("Found")


def read_firmware(path: Path) -> bytes:
    """A file that a person named. InvalidInput K120 when it cannot be read or is nothing that boots."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as problem:
        raise unusable(f"it cannot be read: {getattr(problem, 'strerror', None) or problem}", path) from None
    if len(content) > FILE_BYTES_MAX:
        raise unusable("it is larger than any", path)
    if is_uf2(content):
        uf2_chip(content, str(path))
    elif content[:1] != ESP_MAGIC:
        raise unusable("it is neither a UF2 file nor the image of an ESP32", path)
    return content


def is_uf2(content: bytes) -> bool:
    return content[:4] == struct.pack("<I", UF2_MAGIC[0])


def uf2_chip(content: bytes, place: str = "") -> str:
    """The chip that a UF2 file is for, "" where it does not say. InvalidInput K120 for a damaged file, before it reaches a board."""
    if not content or len(content) % UF2_BLOCK.size:
        raise unusable("its length is no multiple of 512 bytes", Path(place))
    chips = set()
    for index, block in enumerate(UF2_BLOCK.iter_unpack(content)):
        if (block[0], block[1], block[9]) != UF2_MAGIC or block[4] > 476:
            raise unusable(f"its block {index} is damaged", Path(place))
        if block[2] & UF2_FAMILY_PRESENT and block[7] != UF2_ABSOLUTE:
            chips.add(UF2_FAMILIES.get(block[7], f"family {block[7]:08x}"))
    if len(chips) > 1:
        raise unusable("it is for several chips at once", Path(place))
    return chips.pop() if chips else ""


def put_uf2(content: bytes, drive_folder: Path) -> None:
    """Copies a UF2 file to a bootloader's drive. InvalidInput K120 for another chip's, DeviceNotFound K121 when it cannot be written."""
    drive = read_drive(drive_folder)
    if drive is None:
        raise DeviceNotFound("K121", "the bootloader's drive is not there any more", where=str(drive_folder))
    chip = uf2_chip(content)
    if chip and drive.chip and chip != drive.chip:
        raise InvalidInput("K120", f"the file is for the {chip}, the board has an {drive.chip}", where=str(drive_folder))
    try:
        copy_to_drive(content, drive, "firmware.uf2")
    except OSError as problem:
        raise DeviceNotFound("K121", f"the drive cannot be written: {problem.strerror or problem}", where=str(drive_folder)) from None


def put_micropython(device: Device, path: Path, progress: Progress) -> Device:
    """MicroPython onto a device; the device that it is then. What the board had in its file system stays on an RP2 and is lost
    on an ESP32. InvalidInput K120, DeviceNotFound K121, LinkLost K122."""
    content = read_firmware(path)
    if device.kind == "sim":
        open_stored(device.port, path).close()
        return device
    if is_uf2(content):
        folder = enter_bootloader(device)
        before = list_devices()
        progress("copying MicroPython to the board's drive", 0.0)
        put_uf2(content, folder)
        return wait_for(lambda: appeared(before), "MicroPython did not appear after its file was written")
    if device.kind not in ("serial", "network"):
        raise unusable("it is for an ESP32, the device is not one", path)
    before = list_devices()
    write_esp(device.port, content, progress)
    if device not in before:
        return device
    return wait_for(lambda: appeared([d for d in before if d.port != device.port]), "MicroPython did not appear after it was written")


def enter_bootloader(device: Device) -> Path:
    """Where the bootloader's drive is; a board that runs MicroPython is sent there. DeviceNotFound K121 when no drive appears."""
    if device.kind == "drive":
        return Path(device.port)
    if device.kind == "bootloader":
        raise DeviceNotFound("K121", "the bootloader's drive is not mounted", where=device.port)
    before = {drive.folder for drive in find_drives()}
    connection = open_connection(device)
    try:
        repl = Repl(connection)
        repl.enter()
        with suppress(LinkLost):  # it may be gone before it has answered
            repl.launch(BOOTLOADER)
    finally:
        connection.close()
    return wait_for(lambda: fresh_drive(before), "the bootloader's drive did not appear")


def fresh_drive(before: set[Path]) -> Path | None:
    return next((drive.folder for drive in find_drives() if drive.folder not in before), None)


def appeared(before: Sequence[Device]) -> Device | None:
    """A serial port that was not there before."""
    known = {device.port for device in before}
    return next((d for d in list_devices() if d.kind == "serial" and d.port not in known), None)


def wait_for(look: Callable[[], Found | None], failure: str) -> Found:
    """What `look` finds, as soon as it does. DeviceNotFound K121 with `failure` when it takes too long."""
    deadline = time.monotonic() + WAIT_S
    while (found := look()) is None:
        if time.monotonic() >= deadline:
            raise DeviceNotFound("K121", f"{failure} within {WAIT_S:g} s")
        time.sleep(LOOK_S)
    return found


def unusable(why: str, path: Path) -> NeurulaError:
    return InvalidInput("K120", f"the file of MicroPython cannot be used: {why}", where=str(path) if path.name else "")
