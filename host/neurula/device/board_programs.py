"""Programs that the host sends to a board: what they do there is said here, how the answers are read in `install`."""

from __future__ import annotations

PACKAGE = "/neurula_mcu/"
MAIN_FILE = "/main.py"
BOARD_FILE = "/neurula_board.json"
JOURNAL = "/neurula_update"
STAGED = ".new"  # a file that has travelled and not taken its place yet
MARK = "neurula:"

FINISH = f"""\
import os


def finish():
    try:
        with open({JOURNAL!r}) as journal:
            lines = journal.read().split()
    except OSError:
        return
    for line in lines:
        try:
            if line[0] == "-":
                os.remove(line[1:])
            else:
                os.rename(line + {STAGED!r}, line)
        except OSError:
            pass  # this step was done before the power failed
    os.remove({JOURNAL!r})


finish()
"""
"""Carries out the journal of an update: one file a line to take its place, or with - to go. Harmless when repeated."""

MAIN_PROGRAM = f"""\
# Runs the brain at every start. An update of the firmware that a power cut interrupted is carried through first.
import micropython

micropython.kbd_intr(-1)  # frames of a host that asks already carry any byte
{FINISH}
from neurula_mcu.main import run

run()
"""
"""What a board runs at boot."""

HOLD_WATCHDOG = """
import sys
if "neurula_mcu.main" in sys.modules:
    import machine
    if sys.platform == "rp2":
        machine.mem32[(0x40058000 if "RP2040" in sys.implementation._machine else 0x400d8000) + 0x3000] = 1 << 30
    elif hasattr(machine, "WDT"):
        machine.WDT(timeout=3600000)
"""
"""A watchdog that the firmware started goes on counting in the REPL: stopped (RP2: its enable bit) or given an hour."""

PROBE = f"""
import gc, hashlib, json, os, sys
from binascii import hexlify
gc.collect()
def digest(path):
    h = hashlib.sha256()
    b = bytearray(512)
    with open(path, "rb") as f:
        while True:
            n = f.readinto(b)
            if not n:
                return hexlify(h.digest()).decode()
            h.update(memoryview(b)[:n])
found = {{}}
for folder, wanted in (("/", ({MAIN_FILE[1:]!r}, {BOARD_FILE[1:]!r})), ({PACKAGE!r}, None)):
    try:
        for entry in os.ilistdir(folder):
            if entry[1] == 0x8000 and (wanted is None or entry[0] in wanted):
                found[folder + entry[0]] = digest(folder + entry[0])
    except OSError:
        pass
i = sys.implementation
print({MARK!r} + json.dumps([i[0], list(i[1])[:3], getattr(i, "_machine", ""), getattr(i, "_mpy", 0), sys.platform, found]))
"""
"""What the interpreter is, and the SHA-256 of every file that concerns us."""

WRITER = """
import os, hashlib
from binascii import a2b_base64, hexlify
def begin(path):
    global f, h
    try:
        os.mkdir(path[:path.rindex("/")] or "/")
    except OSError:
        pass
    f = open(path, "wb")
    h = hashlib.sha256()
def more(text):
    data = a2b_base64(text)
    f.write(data)
    h.update(data)
def end():
    f.close()
    print(hexlify(h.digest()).decode())
def drop(paths):
    f.close()
    for path in paths:
        try:
            os.remove(path)
        except OSError:
            pass
"""
"""begin, more (base64), end: writes a file and prints its SHA-256; drop: removes files that may be there."""

CLAIMED = f"""
w = None
try:
    from neurula_mcu.claim_rp2 import claimed, release
    w = claimed()
    if w:
        from neurula_mcu.flash_rp2 import open_region
        open_region().check()
except ImportError:
    pass
except Exception as error:
    if getattr(error, "code", "") != "F111":
        raise
    release()
    w = None
print({MARK!r} + ("%d %d %d" % (w[3], w[4], w[2] == w[1] + w[3]) if w else "0 0 0"))
"""
"""Prints how many blocks each half of the flash that was set aside has (0: there is none), whether both are one slot, and
whether they could be. What somebody has deleted in part is given up."""

CLAIM = f"""
def reserve(blocks, spare):
    try:
        w = claim(blocks, 2, spare)
        print({MARK!r} + "%d %d %d" % (w[3], w[4], w[2] == w[1] + w[3]))
    except ClaimError as error:
        print({MARK!r} + "error %s %d %s" % (error.code, error.at, error.message))
"""
"""After claim_rp2: sets flash aside, halves of at most so many blocks, and prints what CLAIMED does."""

DIVIDE = "from neurula_mcu.layout_rp2 import divide\ndivide({single:d})\n"
"""Makes one slot or two of it. Brains that are there are given up."""

RESET = "import machine\nmachine.reset()\n"
BOOTLOADER = "import machine\nmachine.bootloader()\n"
