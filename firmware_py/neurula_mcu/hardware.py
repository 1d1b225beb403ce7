"""What differs from chip to chip, and only here: watchdog, reset, and the words that outlive a reset."""

import sys

from neurula_mcu.ticks import sleep_us

_SCRATCH = 12  # RP2: two of the watchdog's scratch registers, which the boot code leaves alone
_DISABLE = 0x3000  # RP2: an address that clears the bits written to it
_ENABLED = 1 << 30
_MAGIC = 0x4E52
_STOPPED = 0x8000
_RUNNING, _ASKED, _TESTING = 1, 2, 3  # codes that are no error: it ran; somebody asked for the reset; it tested itself
_WATCHDOG_MIN_MS, _WATCHDOG_MAX_MS = 500, 8300  # RP2040: 2^24 / 2 microseconds
_LONG_MS = 3600000
POWER, WATCHDOG, RESET, HANGS = "power", "watchdog", "reset", "hangs"


class Hardware:
    """The chip. machine: the module of that name, or what a test puts in its place."""

    def __init__(self, machine):
        self.machine = machine
        self.idle = getattr(machine, "idle", None) or _nap
        self.base = _watchdog_base()
        self.watchdog = None
        self.reason, self.stopped = self._read_reason()
        self.keep(_RUNNING)

    def _words(self):
        """(word, burst) as they were kept; zeros where this chip keeps nothing."""
        if self.base:
            memory = self.machine.mem32
            return memory[self.base + _SCRATCH], memory[self.base + _SCRATCH + 4]
        if hasattr(self.machine, "RTC") and hasattr(self.machine.RTC, "memory"):
            kept = bytes(self.machine.RTC().memory())
            if len(kept) == 8:
                return int.from_bytes(kept[:4], "little"), int.from_bytes(kept[4:], "little")
        return 0, 0

    def _read_reason(self):
        """(why the board started, whether the emergency stop was latched before). A code means that fault."""
        word, burst = self._words()
        self.last_burst = burst
        machine = self.machine
        if word >> 16 & 0xFFFF == _MAGIC:
            code = word & 0x7FFF
            stopped = word & _STOPPED != 0
            if code >= 100:
                return "F%03d" % code, stopped
            by_watchdog = hasattr(machine, "WDT_RESET") and machine.reset_cause() == machine.WDT_RESET
            if code == _TESTING and by_watchdog:
                return HANGS, stopped
            return (WATCHDOG if code == _RUNNING and by_watchdog else RESET), stopped
        self.last_burst = 0
        if hasattr(machine, "WDT_RESET") and machine.reset_cause() == machine.WDT_RESET:
            return WATCHDOG, False
        return POWER, False

    def keep(self, code, burst=0, stopped=None):
        """Keeps a code over the next reset, and whether the emergency stop is latched (None: as before)."""
        if stopped is not None:
            self.stopped = stopped
        word = _MAGIC << 16 | (_STOPPED if self.stopped else 0) | code
        if self.base:
            self.machine.mem32[self.base + _SCRATCH] = word
            self.machine.mem32[self.base + _SCRATCH + 4] = burst
        elif hasattr(self.machine, "RTC") and hasattr(self.machine.RTC, "memory"):
            self.machine.RTC().memory(word.to_bytes(4, "little") + (burst & 0x7FFFFFFF).to_bytes(4, "little"))

    def testing(self, begins):
        """Told around the self-test: a reset in between means that it did not end."""
        self.keep(_TESTING if begins else _RUNNING)

    def latch(self, stopped):
        """Keeps the emergency stop over a reset."""
        self.keep(_RUNNING, 0, stopped)

    def watch(self, timeout_ms):
        """From now on the board resets itself when `feed` does not come for so long."""
        if hasattr(self.machine, "WDT"):
            self.watchdog = self.machine.WDT(timeout=max(_WATCHDOG_MIN_MS, min(timeout_ms, _WATCHDOG_MAX_MS)))

    def feed(self):
        if self.watchdog is not None:
            self.watchdog.feed()

    def unwatch(self):
        """Stops the watchdog, or gives it an hour where it cannot be stopped: a person works at the REPL."""
        if self.watchdog is None:
            return
        if self.base:
            self.machine.mem32[self.base + _DISABLE] = _ENABLED
        else:
            self.watchdog = self.machine.WDT(timeout=_LONG_MS)

    def leave(self):
        """The program ends, and the next start shall not take it for a hang."""
        self.keep(_ASKED)
        self.unwatch()

    def reset(self, code="", burst=0):
        """Starts again. code: the fault that is the reason, if it is one. Does not return."""
        self.keep(int(code[1:]) if code else _ASKED, burst)
        if hasattr(self.machine, "reset"):
            self.machine.reset()
        raise SystemExit(1 if code else 0)


def _watchdog_base():
    if sys.platform != "rp2":
        return 0
    return 0x40058000 if "RP2040" in sys.implementation._machine else 0x400D8000


def _nap():
    sleep_us(500)
