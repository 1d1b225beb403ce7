"""The emulated cores by name, and what to compile for each."""

from __future__ import annotations

from neurula.errors import UsageError
from neurula.sim.cpu import Cpu
from neurula.sim.unicorn_cpu import UnicornCpu
from neurula.sim.xtensa_cpu import XtensaCpu

MARCH = {"m0": "armv6m", "m3": "armv7m", "m4": "armv7emsp", "m7": "armv7emsp", "m33": "armv7emsp", "rv32": "rv32imc",
         "xtensa": "xtensawin"}
"""Core -> what to compile for with mpy-cross."""


def open_cpu(core: str, *, strict: bool = True, instruction_limit: int = 50_000_000, count: bool = True) -> Cpu:
    """The emulated core of MARCH with this name; options as in Cpu. UsageError S125, DeviceNotFound S105, S138."""
    if core not in MARCH:
        raise UsageError("S125", f"there is no simulated core {core!r}", remedy=f"Use one of {', '.join(MARCH)}.")
    if core == "xtensa":
        return XtensaCpu(instruction_limit=instruction_limit)
    return UnicornCpu(core, strict=strict, instruction_limit=instruction_limit, count=count)
