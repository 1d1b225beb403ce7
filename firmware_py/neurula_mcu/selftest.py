"""Runs a tiny brain that uses every kernel and compares its state with what is known: a miscompiled kernel shows here."""

import sys
from binascii import crc32

from neurula_mcu import brain as engine
from neurula_mcu import selftest_image as known


def passes():
    """True if the kernels as they are now give the known state after every burst."""
    try:
        brain = engine.Brain(known.IMAGE, 1 << 20)
        check = 0
        for forced, inject, repeat, burst in known.COURSE:
            if burst:
                brain.ram[0:4] = burst.to_bytes(4, "little")
            for number in range(repeat):
                brain.step(forced if number == 0 else (), inject if number == 0 else ())
                check = crc32(brain.state_hash().to_bytes(4, "little"), check)
        return check & 0xFFFFFFFF == known.CHECK
    except Exception:
        return False


def choose_kernels(feed=None):
    """Tries the kernels that there are, the fastest first, and leaves good ones in place. False when none is good.

    feed: called before each try."""
    kernels = engine.kernels
    shipped = _shipped()
    for candidate, fast in ((kernels, engine.fast), (kernels, None), (shipped, engine.fast), (shipped, None)):
        if candidate is None:
            continue
        if feed:
            feed()
        engine.kernels, engine.fast = candidate, fast
        if passes():
            return True
    engine.kernels = kernels
    return False


def _shipped():
    """Kernels that were compiled elsewhere, for an interpreter whose own compiler is wrong: kernels_mpy.mpy."""
    try:
        from neurula_mcu import kernels_mpy
    except Exception:
        return None
    return kernels_mpy


def forget():
    """Gives the memory of this module back."""
    import neurula_mcu

    for name in ("selftest", "selftest_image"):
        sys.modules.pop("neurula_mcu." + name, None)
        if hasattr(neurula_mcu, name):
            delattr(neurula_mcu, name)
