"""The firmware's loop, link and failsafe on simulated time, at the far end of a pipe of faults, with a host that polls."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any
from zlib import crc32

import pytest
from cobs import cobs

from neurula.errors import LinkLost
from neurula.link.clock import SimulatedClock
from neurula.link.fault_pipe import FaultPipe, Faults, PipeEnd
from neurula.link.session import Session
from neurula.link.wire import ENCODED_BYTES, WIRE_VERSION
from neurula_mcu.failsafe import TICK_MS, Failsafe
from neurula_mcu.link import Link
from neurula_mcu.log import Log
from neurula_mcu.loop import Loop
from tests.firmware.fakes import PERIOD, FakeMachine

NEUTRAL, GO = 7, 1000
LOOK_S = 0.0004  # what it takes a board to look at its clock
IDLE_S = 0.004
HOST_S = 0.01  # between two polls of the host


class Over(BaseException):
    """The time of a trial has passed; nothing in the firmware may hold it up."""


class BoardTime:
    """The firmware's clock: the simulated one of whichever board lives now."""

    def __init__(self) -> None:
        self.clock = SimulatedClock()

    def ticks_us(self) -> int:
        self.clock.sleep(LOOK_S)
        return int(self.clock.now() * 1e6) % PERIOD

    def ticks_ms(self) -> int:
        return int(self.clock.now() * 1e3) % PERIOD

    def sleep_us(self, us: int) -> None:
        self.clock.sleep(us * 1e-6)


def patched_time(monkeypatch: pytest.MonkeyPatch) -> BoardTime:
    """The firmware's modules take their time from the result."""
    from neurula_mcu import failsafe, link, log, loop, main, requests, wire

    time = BoardTime()
    monkeypatch.setattr(requests, "gc", SimpleNamespace(collect=lambda: 0))  # this Python's heap is no board's, and slow to look through
    monkeypatch.setattr(link, "_accept", quick_accept)  # machine code on a board; here they would take most of the time
    monkeypatch.setattr(wire, "_finish", quick_finish)
    for module in (failsafe, link, log, loop, main):
        for name in ("ticks_us", "ticks_ms", "sleep_us"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, getattr(time, name))
    return time


def quick_accept(buffer: bytearray, size: int, data: bytearray, at: int, end: int, table: Any) -> int:
    """The firmware's `_accept` with this Python's own functions; `test_the_quick_forms_do_the_same` compares them."""
    while at < end:
        stop = data.find(0, at, end)
        piece = data[at : end if stop < 0 else stop]
        buffer[size : size + len(piece)] = piece[: max(0, ENCODED_BYTES - size)]
        size = min(size + len(piece), ENCODED_BYTES + 1)
        if stop < 0:
            return end | size << 9
        at = stop + 1
        if size:
            return at | (size << 9 | 1 << 18 if is_frame(buffer, size) else 2 << 18)
    return at | size << 9


def is_frame(buffer: bytearray, size: int) -> bool:
    """Puts the body where the encoded one was, behind a zero."""
    if size < 10 or size > ENCODED_BYTES:
        return False
    try:
        body = cobs.decode(bytes(buffer[:size]))
    except cobs.DecodeError:
        return False
    buffer[:size] = b"\0" + body
    return body[0] == WIRE_VERSION and crc32(body[:-4]).to_bytes(4, "little") == body[-4:]


def quick_finish(buffer: bytearray, end: int, table: Any) -> int:
    """The firmware's `_finish`, likewise."""
    body = bytes(buffer[2:end])
    frame = b"\0" + cobs.encode(body + crc32(body).to_bytes(4, "little")) + b"\0"
    buffer[: len(frame)] = frame
    return len(frame)


class Wheel:
    """An output. neutral_s: since when it has been neutral, infinity while it is not."""

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock = clock
        self.neutral = self.target = self.shown = self.level = NEUTRAL
        self.neutral_s = 0.0

    def show(self, value: int) -> None:
        if value != self.shown:
            self.level = self.shown = value
            self.neutral_s = self._clock.now() if value == NEUTRAL else float("inf")


class Wiring:
    """Two wheels that turn as long as bursts come. needs_host: and as long as a host is heard."""

    def __init__(self, clock: SimulatedClock, failsafe_ms: int, needs_host: bool) -> None:
        self.outputs = [Wheel(clock), Wheel(clock)]
        self.buttons: list[Any] = []
        self.failsafe_ms = failsafe_ms
        self.needs_host = needs_host

    def sense(self) -> int:
        return 0

    def decode(self, now: int) -> None:
        for wheel in self.outputs:
            wheel.target = GO


class Beat:
    """A brain that counts its bursts."""

    def __init__(self) -> None:
        self.bursts = 0

    def run(self, injections: int, forced: int = 0) -> None:
        self.bursts += 1

    def burst(self) -> int:
        return self.bursts


class PipePort:
    """The firmware's port on the end of a pipe."""

    def __init__(self, end: PipeEnd) -> None:
        self.end = end
        self.rest = b""

    def read_into(self, buffer: bytearray) -> int:
        return self.take(buffer)  # the link keeps this method, so that a test can only replace the other one

    def take(self, buffer: bytearray) -> int:
        try:
            self.rest = self.rest or self.end.receive(0.0)
        except LinkLost:
            self.end.reopen()
        count = min(len(buffer), len(self.rest))
        buffer[:count] = self.rest[:count]
        self.rest = self.rest[count:]
        return count

    def write(self, buffer: bytearray, size: int) -> None:
        try:
            self.end.send(bytes(buffer[:size]))
        except LinkLost:
            return

    def leave(self, rest: bytes) -> None:
        raise AssertionError("nobody pressed Ctrl-C")


class PaperHardware:
    """The chip's idling, watchdog and reset."""

    reason = "power"
    stopped = False

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock = clock

    def idle(self) -> None:
        self._clock.sleep(IDLE_S)

    def feed(self) -> None:
        return

    def latch(self, stopped: bool) -> None:
        self.stopped = stopped

    def reset(self, code: str = "", burst: int = 0) -> None:
        raise SystemExit(1)


class Board:
    """One life of a board with a host. brain and wiring are replaced where a test wants real ones."""

    def __init__(self, time: BoardTime, *, seed: int, failsafe_ms: int = 200, needs_host: bool = True, rate_hz: int = 100,
                 faults: Faults | None = None) -> None:
        time.clock = self.clock = SimulatedClock(random.Random(seed).uniform(0.0, 2.0))
        self.pipe = FaultPipe(self.clock, faults or Faults(latency_s=0.002), seed=seed)
        self.wiring = Wiring(self.clock, failsafe_ms, needs_host)
        self.failsafe = Failsafe(self.wiring, failsafe_ms)
        self.machine = FakeMachine()
        self.failsafe.start(self.machine)
        self.port = PipePort(self.pipe.b)
        self.link = Link(self.port)
        self.brain = Beat()
        self.loop = Loop(PaperHardware(self.clock), Log(), self.failsafe, self.link, self.brain, self.wiring, rate_hz)
        self.failed_s = 0.0  # when something went wrong, for those who want to know
        self.timer = self.clock.call_every(TICK_MS / 1000, self._tick)
        self.host = Session(self.pipe.a, self.clock, chance=random.Random(seed))
        self.host_program = self.clock.call_every(HOST_S, lambda: self.host.poll(0.0))

    def _tick(self) -> None:
        if not self.machine.timers[0].ended:
            self.machine.timers[0].callback(None)

    @property
    def levels(self) -> set[int]:
        return {wheel.level for wheel in self.wiring.outputs}

    def live(self, until_s: float) -> None:
        """The board's program, to the instant. What ends it sooner ends it as in neurula_mcu.main: neutral, then a reset."""
        self.clock.call_at(until_s, self._end)
        try:
            self.loop.run()
        except Over:
            return
        except Exception:
            self.failsafe.close()
        try:
            self.clock.sleep(until_s - self.clock.now() + 1.0)
        except Over:
            return

    @staticmethod
    def _end() -> None:
        raise Over

