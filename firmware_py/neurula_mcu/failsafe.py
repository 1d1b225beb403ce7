"""Owns the outputs. A timer shows what the last burst said, or neutral: without fresh bursts, after a stop, when something broke."""

from neurula_mcu.ticks import ticks_diff, ticks_ms

TICK_MS = 10
FAILSAFE_MIN_MS = 50


class Failsafe:
    """pins: a Pins or None; failsafe_ms: where the pins say nothing. Nothing in `tick` takes memory: it may be an interrupt."""

    def __init__(self, pins, failsafe_ms, stopped=False):
        self.outputs = pins.outputs if pins is not None else ()
        self.buttons = pins.buttons if pins is not None else ()
        self.needs_host = pins is not None and pins.needs_host
        self.failsafe_ms = max(FAILSAFE_MIN_MS, pins is not None and pins.failsafe_ms or failsafe_ms)
        self.limit_ms = max(TICK_MS, self.failsafe_ms - TICK_MS)  # the tick that finds it out is up to TICK_MS late
        self.stopped = stopped
        self.broken = False
        self.live = False
        self.heard = False
        self.trips = 0
        self.burst_ms = self.command_ms = 0
        self.timer = None

    def start(self, machine):
        """Gives the outputs to a timer: an interrupt of its own where that can be had, else one between two bytecodes."""
        self.neutral()
        if (self.outputs or self.buttons) and hasattr(machine, "Timer"):
            options = {"period": TICK_MS, "mode": machine.Timer.PERIODIC, "callback": self.tick}
            self.timer = hard_timer(machine, options) or soft_timer(machine, options)

    def rate_min_hz(self):
        """Slower bursts would let the outputs go neutral between two of them."""
        return (2000 + self.failsafe_ms - 1) // self.failsafe_ms if self.outputs else 1

    def fresh(self, now):
        """A burst has ended; its outputs are decoded."""
        self.burst_ms = now
        self.live = True

    def command(self, now=None):
        """The host has asked something, just now unless it is said when."""
        self.command_ms = ticks_ms() if now is None else now
        self.heard = True

    def stop(self):
        """The emergency stop: latched until `release`."""
        self.stopped = True
        self.neutral()

    def release(self):
        """Lets the outputs go on; a button that is still pressed latches again at the next tick."""
        self.stopped = False
        self.live = False

    def armed(self):
        """True while the outputs show what the brain says."""
        return self.live and not self.stopped and not self.broken and (self.heard or not self.needs_host)

    def tick(self, _timer=None):
        try:
            self._tick(ticks_ms())
        except Exception:
            self.broken = True
            self.neutral()

    def _tick(self, now):
        for button in self.buttons:
            if button.pressed():
                self.stopped = True
        if self.live and not 0 <= ticks_diff(now, self.burst_ms) < self.limit_ms:
            self.live = False
            self.trips += 1
        if self.heard and not 0 <= ticks_diff(now, self.command_ms) < self.limit_ms:
            self.heard = False
        if self.armed():
            for output in self.outputs:
                output.show(output.target)
        else:
            for output in self.outputs:
                output.show(output.neutral)

    def neutral(self):
        """All outputs neutral, now; one that fails does not keep the others from it."""
        self.live = False
        for output in self.outputs:
            try:
                output.shown = None
                output.show(output.neutral)
            except Exception:
                self.broken = True

    def close(self):
        """Neutral for good: the timer ends."""
        if self.timer is not None:
            self.timer.deinit()
            self.timer = None
        self.neutral()


def hard_timer(machine, options):
    """A timer that interrupts even machine code; None where there is none."""
    try:
        return machine.Timer(hard=True, **options)
    except (TypeError, ValueError):  # before MicroPython 1.26, and ports that cannot
        pass
    try:
        from neurula_mcu.timer_rp2 import InterruptTimer

        return InterruptTimer(options["period"], options["callback"])
    except (ImportError, AttributeError, OSError):  # no RP2, or its DMA is not to be had
        return None


def soft_timer(machine, options):
    """A timer whose callback comes between two bytecodes."""
    try:
        return machine.Timer(**options)
    except TypeError:  # this port numbers its timers
        timer = machine.Timer(0)
        timer.init(**options)
        return timer
