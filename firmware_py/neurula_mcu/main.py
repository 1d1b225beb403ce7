"""What a board does from power-on: tests itself, chooses a brain, runs it, and is safe whenever that fails."""

import gc
import sys

GARBAGE_BYTES = 12288  # while the firmware loads, garbage is collected as often: one large block stays free for the brain
if hasattr(gc, "threshold"):
    gc.threshold(GARBAGE_BYTES)

from neurula_mcu.failsafe import Failsafe
from neurula_mcu.hardware import HANGS, POWER, WATCHDOG, Hardware
from neurula_mcu.image import ImageError
from neurula_mcu.link import standard_link
from neurula_mcu.log import Log
from neurula_mcu.loop import Loop

FACTS_FILE = "neurula_board.json"
FACTS = {"board": "unknown", "failsafe_ms": 200, "rate_hz": 100, "watchdog_ms": 2000, "slot_bytes": 0}
BOOT_WATCHDOG_MS = 8300  # hashing and walking an image takes longer than a burst
HOST_BYTES = 16384  # of RAM stay free beside the brain: who can hear no host any more cannot be given another brain
TEST_WATCHDOG_MS = 1500  # kernels that never end shall not keep the board that long


class Boot:
    """One start of the board."""

    def __init__(self, machine, facts, link=None):
        self.facts = facts
        self.machine = machine
        self.hardware = Hardware(machine)
        self.log = Log()
        self.failsafe = None
        self.loop = None
        self.link = link or open_link()

    def prepare(self):
        """Everything up to the first burst. Without a brain that may run the loop only serves the link."""
        hardware, log = self.hardware, self.log
        hardware.watch(BOOT_WATCHDOG_MS)
        usual = "F148" if hardware.reason in (WATCHDOG, HANGS) else "F149"
        log.add(hardware.reason if hardware.reason[0] == "F" else usual, hardware.last_burst)
        slots, refusal = None, ""
        try:
            load_modules()
            self.test_kernels()
            slots = open_slots(self.facts, hardware.feed)
            choose(slots, self.load, hardware.reason)
            for _, error in slots.refusals:
                self.note(error)
        except Exception as error:  # whatever it is: the link must come up
            sys.print_exception(error)
            self.note(error)
            slots, refusal = None, getattr(error, "code", "F147")
        brain, pins = slots.running.loaded if slots is not None and slots.running else (None, None)
        self.failsafe = Failsafe(pins, self.facts["failsafe_ms"], hardware.stopped)
        self.loop = Loop(hardware, log, self.failsafe, self.link, brain, pins, max(self.facts["rate_hz"], self.failsafe.rate_min_hz()))
        self.loop.board = self.facts["board"]
        self.loop.slots = slots
        self.loop.refusal = refusal
        gc.collect()
        if hasattr(gc, "threshold"):
            gc.threshold(-1)
        self.failsafe.start(self.machine)
        hardware.watch(self.facts["watchdog_ms"])

    def test_kernels(self):
        """The self-test; its memory is free again afterwards. ImageError F143 without kernels that compute rightly."""
        if self.hardware.reason == HANGS:  # a wrong kernel may never end: then the last boot was the test of it
            raise ImageError("F143", "the self-test did not end")
        from neurula_mcu import selftest

        hardware = self.hardware
        hardware.watch(TEST_WATCHDOG_MS)
        hardware.testing(True)
        good = selftest.choose_kernels(hardware.feed)
        selftest.forget()
        hardware.testing(False)
        hardware.watch(BOOT_WATCHDOG_MS)
        if not good:
            raise ImageError("F143", "the kernels compute wrongly")
        from neurula_mcu.brain import forget_replaced

        forget_replaced()
        gc.collect()  # what is loaded next fills the holes, and one large block stays

    def load(self, image):
        """The brain of an image and its pins (None: it has none), all outputs neutral. ImageError for what cannot be trusted."""
        from neurula_mcu.brain import Brain

        gc.collect()
        try:
            brain = Brain(image, max(1, gc.mem_free() - HOST_BYTES))
            if "pins" not in brain.image.optional:
                return brain, None
            from neurula_mcu.pins import Pins

            return brain, Pins(brain, self.machine)
        except (ValueError, MemoryError):
            raise
        except Exception as error:
            raise ImageError("F141", repr(error))

    def note(self, error):
        """Logs a refusal."""
        code = getattr(error, "code", "F141")
        self.log.add(code if code[0] == "F" else "F140")

    def neutral(self):
        if self.failsafe is not None:
            self.failsafe.close()

    def leave(self):
        """A person takes over: neutral, no watchdog, and this boot was no failure."""
        self.neutral()
        self.hardware.leave()
        if self.loop is not None:
            self.loop.settle()

    def fault(self, error):
        """Something broke: neutral, and a new start, which counts as a failed boot of this brain."""
        self.neutral()
        burst = self.loop.last_burst() if self.loop is not None else 0
        sys.print_exception(error)
        code = getattr(error, "code", "F141")
        self.hardware.reset(code if code[0] == "F" else "F141", burst)


def open_link():
    """The console, and the radio on a board that has one and was provisioned."""
    link = standard_link()
    try:
        from neurula_mcu.udp_link import with_radio
    except ImportError:
        return link
    return with_radio(link)


def load_modules():
    """What stays in memory comes before the self-test, whose memory is free again in one piece."""
    from neurula_mcu import brain, slots

    return brain, slots


def open_slots(facts, feed):
    from neurula_mcu.slots import Slots

    if sys.platform == "rp2":
        from neurula_mcu.flash_rp2 import open_region

        region = open_region()
    else:
        from neurula_mcu.flash_file import FolderRegion

        region = FolderRegion("slots", 2 * facts["slot_bytes"])
    return Slots(region, region.slot_bytes, feed)


def choose(slots, load, reason):
    """The brain of this boot. Who switches a robot off early has met no failure: after power-on more of them are borne."""
    from neurula_mcu.slots import FAILURES, POWER_FAILURES

    return slots.choose(load, POWER_FAILURES if reason == POWER else FAILURES)


def read_facts():
    """What this board is; what the file does not say is as in FACTS."""
    import json

    facts = dict(FACTS)
    try:
        with open(FACTS_FILE) as file:
            found = json.load(file)
        for name in facts:
            if type(found.get(name)) is type(facts[name]):
                facts[name] = found[name]
    except (OSError, ValueError, AttributeError):
        pass
    return facts


def run():
    """Boots and runs. Returns at Ctrl-C, to the REPL, with neutral outputs; every other end is a reset."""
    import machine

    hold_interrupts(True)  # the link looks for Ctrl-C by itself: 3 is a byte of frames as any other
    boot = None
    try:
        boot = Boot(machine, read_facts())
        boot.prepare()
        boot.loop.run()
    except KeyboardInterrupt:
        try:
            if boot is not None:
                boot.leave()
        finally:
            hold_interrupts(False)
    except Exception as error:
        if boot is None:
            raise
        boot.fault(error)


def hold_interrupts(hold):
    """Whether Ctrl-C is a byte as any other to MicroPython."""
    import micropython

    micropython.kbd_intr(-1 if hold else 3)
