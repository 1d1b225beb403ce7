"""A board that starts again and again, as main.py does it, with brains that fail when they are told to."""

from __future__ import annotations

from collections.abc import Callable

from neurula_mcu.slots import Slots
from tests.fault.brains import SLOT_BYTES
from tests.fault.fake_flash import FakeFlash, PowerCut

HEALTHY_AT = 300  # bursts after which main.py says that a boot went well: three seconds at 100 Hz
CONFIRM_AT = 1000  # bursts after which a host that watches for ten seconds confirms


class Hang(Exception):
    """The burst never ends: the hardware watchdog resets the chip."""


class Reset(Exception):
    """The chip resets in the middle of a burst: a short circuit, a wild pointer."""


ENDINGS: dict[str, type[Exception]] = {"hangs": Hang, "raises": ValueError, "resets": Reset}


class FailingBrain:
    """Runs bursts until the one at which it fails (0: while it is loaded, None: never)."""

    def __init__(self, image: bytes, fails_at: int | None, failure: type[Exception]) -> None:
        self.image = image
        self.fails_at = fails_at
        self.failure = failure
        self.burst = 0
        if fails_at == 0:
            raise failure("at once")

    def step(self) -> None:
        self.burst += 1
        if self.burst == self.fails_at:
            raise self.failure("in a burst")


class Board:
    """load: what becomes of an image, a FailingBrain or an exception. Counts what ran."""

    def __init__(self, flash: FakeFlash, load: Callable[[bytes], FailingBrain]) -> None:
        self.flash = flash
        self.load = load
        self.boots = 0
        self.slots: Slots | None = None

    def power_on(self, bursts: int, host_confirms: bool = True) -> tuple[bytes | None, str]:
        """One boot up to `bursts` bursts: (what ran, how it ended: "runs", "failed", "safe")."""
        self.boots += 1
        self.slots = slots = Slots(self.flash, SLOT_BYTES)
        try:
            choice = slots.choose(self.load)
        except (Hang, Reset):
            return None, "failed"
        if choice is None:
            return None, "safe"
        brain = choice.loaded
        try:
            while brain.burst < bursts:
                brain.step()
                if brain.burst == HEALTHY_AT:
                    slots.healthy()
                if brain.burst == CONFIRM_AT and host_confirms and choice.state == "pending":
                    slots.confirm()
        except (Hang, Reset, ValueError):
            return brain.image, "failed"
        except PowerCut:
            return brain.image, "cut"
        return brain.image, "runs"

    def until_it_runs(self, bursts: int, boots: int) -> bytes | None:
        """Boots as often as it takes, at most `boots` times; what runs then, None in safe mode."""
        for _ in range(boots):
            running, end = self.power_on(bursts)
            if end == "runs":
                return running
            if end == "safe":
                return None
        raise AssertionError(f"still failing after {boots} boots")
