"""Where a brain can run: in this process, in MicroPython on this machine, on an emulated board."""

from __future__ import annotations

from neurula.errors import UsageError
from neurula.runtimes.burst import BurstResult, Runtime, Stimulus

LOCAL = ("reference", "npu", "npu-pure")
__all__ = ["LOCAL", "BurstResult", "Runtime", "Stimulus", "open_runtime"]


def open_runtime(name: str, image: bytes, *, firmware: str | None = None, threads: int = 1) -> Runtime:
    """Opens a runtime by name: reference, npu, npu-pure, micropython, micropython32, sim:BOARD, core:CORE, c, c:CORE.

    firmware: file to boot instead of the one that `make boards` built; threads: of npu, as `neurula_npu.Brain` takes them.
    Raises UsageError for an unknown name, DeviceNotFound where an interpreter, a firmware or a compiler is missing, VerificationFailed
    for a bad image.
    """
    if name in LOCAL:
        from neurula.runtimes.local import open_local

        return open_local(name, image, threads)
    if name in ("micropython", "micropython32") or name.startswith("sim:"):
        from neurula.runtimes.served import open_served

        return open_served(name, image, firmware)
    if name.startswith(("core:", "thumb:")):
        from neurula.runtimes.core import CoreRuntime

        return CoreRuntime(name, image)
    if name == "c" or name.startswith("c:"):
        from neurula.runtimes.c_runtime import CRuntime

        return CRuntime(name, image)
    raise UsageError(
        "U101", f"There is no runtime {name!r}.", remedy=f"Choose one of {', '.join(LOCAL)}, micropython, micropython32, sim:rpi_pico."
    )
