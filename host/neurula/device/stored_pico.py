"""The emulated Pico as a device: its flash is kept in a file, so that every command is a power-on and its end a power cut."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import platformdirs

from neurula.device.find import SIM_PREFIX
from neurula.errors import InvalidInput, LinkLost, UsageError
from neurula.sim.flash import FLASH_BYTES
from neurula.sim.rp2040 import Rp2040

BOARD = "rpi_pico"
CTRL_C = b"\r\x03\x03"
LEAVES_S = 0.2  # for the firmware to do so


class StoredPico(Rp2040):
    """A Pico whose flash lies in a file; no file yet = a new Pico with MicroPython on it. InvalidInput K108 for a foreign file."""

    poll_s = 0.002

    def __init__(self, path: Path, firmware: Path | None = None) -> None:
        """Powers it on. firmware: put this on the board first (UF2 or raw), as its bootloader would; None = what is there."""
        self._path = path
        self._powered = False
        flash = read_flash(path)
        if flash is not None and firmware is not None:
            flash = with_firmware(flash, firmware)
        super().__init__(None if flash is not None else firmware, flash=flash)
        self._powered = True
        try:
            self.start()
        except BaseException:
            self.cut_power()
            raise

    def __enter__(self) -> StoredPico:
        return self

    def reconnect(self, timeout_s: float) -> None:
        """Wait until the console is there again."""
        self._await_console(timeout_s)

    def close(self) -> None:
        """Ctrl-C, so that the firmware does not take a short visit for a boot that failed; then the cable is pulled."""
        with suppress(LinkLost):
            if self._powered:
                self.write(CTRL_C)
                self.sleep(LEAVES_S)
        self.cut_power()

    def cut_power(self) -> None:
        """What is in flash stays. Harmless when repeated."""
        super().close()
        if self._powered:
            self._powered = False
            write_flash(self._path, self.flash_bytes())


def open_stored(selector: str, firmware: Path | None = None) -> StoredPico:
    """Boots `sim:rpi_pico` or `sim:rpi_pico:FILE`. UsageError K109 for another board."""
    board, _, file = selector.removeprefix(SIM_PREFIX).partition(":")
    if board != BOARD:
        raise UsageError("K109", f"there is no emulated board {board!r}", where=selector)
    path = Path(file) if file else default_path()
    return StoredPico(path, firmware)


def default_path() -> Path:
    return Path(platformdirs.user_state_dir("neurula")) / f"{BOARD}.flash"


def read_flash(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            content = file.read(FLASH_BYTES + 1)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        raise InvalidInput("K108", f"the file of the emulated flash cannot be read: {problem}", where=str(path)) from None
    if len(content) != FLASH_BYTES:
        raise InvalidInput("K108", f"an emulated flash has {FLASH_BYTES:,} bytes, this file has not", where=str(path))
    return content


def with_firmware(flash: bytes, firmware: Path) -> bytes:
    """The flash after a bootloader wrote the firmware: the file system behind it stays."""
    from neurula.sim.firmware import read_flash_image

    image = read_flash_image(firmware)
    return image + flash[len(image) :]


def write_flash(path: Path, content: bytes) -> None:
    """Whole or not at all: a run that is killed leaves the flash of the run before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(name, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)
