"""The firmware's files as a board gets them: compiled by mpy-cross for its architecture, or as they are."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

from neurula.sim.mpy import compile_mpy

WIDE = "kernels64.py"  # only 64-bit hosts use it
THUMB = ("kernels_thumb.py", "crc_thumb.py")
HOST = "pointers.py"  # only CPython uses it
RADIO = ("udp_auth.py", "udp_link.py")  # only boards with a network of their own use them


def firmware_source() -> Path:
    """The folder of the package neurula_mcu, which this Python never imports."""
    spec = importlib.util.find_spec("neurula_mcu")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations)))


def firmware_modules(*, radio: bool = False) -> list[Path]:
    """The files that a board gets; radio: also those for boards with a network of their own."""
    left_out = (WIDE, HOST) if radio else (WIDE, HOST, *RADIO)
    return sorted(path for path in firmware_source().glob("*.py") if path.name not in left_out)


@lru_cache
def compiled_firmware(march: str, *, radio: bool = False) -> dict[str, bytes]:
    """Path on the board -> contents, for one mpy-cross architecture. Cortex-M's machine code goes to Cortex-M only."""
    paths = [path for path in firmware_modules(radio=radio) if march.startswith("armv") or path.name not in THUMB]
    return {f"/neurula_mcu/{path.stem}.mpy": compile_mpy(path, march) for path in paths}
