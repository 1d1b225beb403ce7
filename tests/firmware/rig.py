"""A loop with the reflex on a paper chip, and its host."""

from __future__ import annotations

from typing import Any

import pytest

from neurula_mcu.failsafe import Failsafe
from neurula_mcu.log import Log
from neurula_mcu.loop import Loop
from neurula_mcu.pins import Pins
from tests.firmware.boards import reflex_image
from tests.firmware.fakes import Clock, FakeHardware, FakeMachine, HostBrain, Wire
from tests.firmware.spoken import Spoken

ROUNDS = 60  # in which an answer must have come


class Rig:
    """A loop with the reflex on it. burst_us: what a burst takes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, brain: Any = "reflex", rate_hz: int = 100) -> None:
        self.clock = Clock(monkeypatch)
        self.hardware = FakeHardware(self.clock)
        self.machine = FakeMachine()
        self.wire = Wire()
        self.brain = HostBrain(reflex_image()) if brain == "reflex" else brain
        pins = Pins(self.brain, self.machine) if self.brain is not None else None
        for bumper in (14, 15, 22):
            if bumper in self.machine.made:
                self.machine.made[bumper].level = 1
        self.failsafe = Failsafe(pins, 200)
        self.log = Log()
        self.loop = Loop(self.hardware, self.log, self.failsafe, self.wire.link, self.brain, pins, rate_hz)
        self.host = Spoken(self.wire.send, self.receive)
        self.burst_us = 1000
        if self.brain is not None:
            run = self.brain.run

            def timed(injections: int, forced: int = 0) -> None:
                run(injections, forced)
                self.clock.us += self.burst_us

            self.brain.run = timed

    def receive(self) -> bytes:
        """What the board says next, after as many rounds as it needs."""
        for _ in range(ROUNDS):
            if self.wire.back:
                break
            self.loop.run(1)
        return self.wire.receive()

    def ask(self, line: str) -> str:
        """The last line of the answer."""
        return self.host.ask(line)[-1]
