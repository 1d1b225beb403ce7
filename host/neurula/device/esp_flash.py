"""The flash of an ESP32, written by esptool as a library."""

from __future__ import annotations

from typing import Any

from neurula.device.packages import require
from neurula.device.ports import Progress, reason_of
from neurula.errors import InvalidInput, LinkLost

BAUD = 460_800


def write_esp(port: str, image: bytes, progress: Progress) -> str:
    """Erases the whole flash and writes MicroPython's image where this chip boots from; esptool compares MD5 sums. The chip's name.

    port: a path, socket:// or rfc2217://. LinkLost K122 when the chip does not answer or does not take it, InvalidInput K120 for another
    chip's image."""
    commands, errors = require("esptool.cmds", "esptool"), require("esptool.util", "esptool")
    require("esptool.logger", "esptool").log.set_verbosity("silent")
    network = "://" in port
    try:
        with commands.detect_chip(port, connect_mode="no-reset" if port.startswith("socket:") else "default-reset") as chip:
            require_image(image, chip)
            progress(f"writing MicroPython to the {chip.CHIP_NAME}", 0.0)
            loader = commands.run_stub(chip)
            if not network:
                loader.change_baud(BAUD)
            commands.attach_flash(loader)
            commands.write_flash(loader, [(chip.BOOTLOADER_FLASH_OFFSET, image)], erase_all=True, no_progress=True)
            loader.hard_reset()
            return str(chip.CHIP_NAME)
    except (errors.FatalError, OSError) as problem:
        raise LinkLost("K122", f"the ESP32 was not written: {reason_of(problem)}", where=port) from None


def require_image(image: bytes, chip: Any) -> None:
    """InvalidInput K120 where the image's header names another chip."""
    wanted = int.from_bytes(image[12:14], "little")
    if chip.IMAGE_CHIP_ID is not None and wanted != chip.IMAGE_CHIP_ID:
        raise InvalidInput("K120", f"the file is not for the {chip.CHIP_NAME}: its header has chip {wanted}, not {chip.IMAGE_CHIP_ID}")

