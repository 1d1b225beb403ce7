"""A chip of paper: pins, timers and a clock that a test moves; and a brain of this Python behind the firmware's interface."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from neurula_npu import Brain

PERIOD = 1 << 30  # MicroPython's tick counters wrap there on boards


class Clock:
    """Time that a test moves; to look at it takes a microsecond."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, us: int = PERIOD - 5_000_000) -> None:
        from neurula_mcu import failsafe, link, log, loop, ticks

        self.us = us
        for module in (failsafe, link, log, loop):
            for name in ("ticks_us", "ticks_ms", "sleep_us"):
                if hasattr(module, name):
                    monkeypatch.setattr(module, name, getattr(self, name))
        assert ticks.ticks_diff(5, PERIOD - 5) in (10, 10 - PERIOD)

    def ticks_us(self) -> int:
        self.us += 1
        return self.us % PERIOD

    def ticks_ms(self) -> int:
        return self.us // 1000 % PERIOD

    def sleep_us(self, us: int) -> None:
        self.us += us

    def idle(self) -> None:
        self.us += 500


class FakePin:
    IN, OUT, PULL_UP, PULL_DOWN = 0, 1, 1, 2

    def __init__(self, number: int, mode: int = 0, pull: int | None = None, *, value: int = 0) -> None:
        if number > 29:
            raise ValueError("invalid pin")
        self.number, self.mode, self.pull, self.level = number, mode, pull, value
        self.writes: list[int] = []

    def value(self, *level: int) -> int:
        if level:
            self.level = level[0]
            self.writes.append(level[0])
        return self.level


class FakePWM:
    def __init__(self, pin: FakePin, *, freq: int, duty_u16: int = 0, duty_ns: int = 0) -> None:
        self.number, self.freq, self.u16, self.ns = pin.number, freq, duty_u16, duty_ns

    def duty_u16(self, value: int) -> None:
        assert 0 <= value <= 65535
        self.u16 = value

    def duty_ns(self, value: int) -> None:
        assert 0 <= value < 10**9 // self.freq
        self.ns = value


class FakeADC:
    def __init__(self, pin: FakePin) -> None:
        self.number, self.reading = pin.number, 0

    def read_u16(self) -> int:
        return self.reading


class FakeTimer:
    PERIODIC = 1

    def __init__(self, *, period: int, mode: int, callback: Callable[[Any], None]) -> None:
        self.period, self.callback, self.ended = period, callback, False

    def deinit(self) -> None:
        self.ended = True


class FakeMachine:
    """The module `machine`. made: what was made, by GPIO number."""

    def __init__(self) -> None:
        self.made: dict[int, Any] = {}
        self.timers: list[FakeTimer] = []

    def _keep(self, part: Any) -> Any:
        self.made[part.number] = part
        return part

    @property
    def Pin(self) -> Any:
        def make(number: int, *arguments: Any, **named: Any) -> Any:
            return self._keep(FakePin(number, *arguments, **named))

        for name in ("IN", "OUT", "PULL_UP", "PULL_DOWN"):
            setattr(make, name, getattr(FakePin, name))
        return make

    def PWM(self, pin: FakePin, **named: int) -> Any:
        return self._keep(FakePWM(pin, **named))

    def ADC(self, pin: FakePin) -> Any:
        return self._keep(FakeADC(pin))

    @property
    def Timer(self) -> Any:
        def make(**named: Any) -> FakeTimer:
            if "hard" in named:
                raise TypeError("extra keyword arguments given")
            self.timers.append(FakeTimer(**named))
            return self.timers[-1]

        make.PERIODIC = FakeTimer.PERIODIC  # type: ignore[attr-defined]
        return make


class HostBrain:
    """A brain of neurula_npu that looks like the firmware's."""

    def __init__(self, image: bytes) -> None:
        self.npu = Brain(image)
        self.image = self.npu.image
        self.ram = self.npu.ram
        self.words = array("i", bytes(12 * 64))
        self.injected: list[tuple[int, int, int]] = []

    def reserve(self, entries: int) -> None:
        if entries > len(self.words) // 3:
            self.words = array("i", bytes(12 * entries))

    def run(self, injections: int, forced: int = 0) -> None:
        words = self.words
        self.injected = [(words[3 * i], words[3 * i + 1], words[3 * i + 2]) for i in range(injections)]
        self.npu.step((), self.injected)

    def step(self, forced: Sequence[tuple[int, int]] = (), inject: Sequence[tuple[int, int, int]] = ()) -> None:
        self.npu.step(forced, inject)

    def rewind(self) -> None:
        self.ram[:] = Brain(bytes(self.image.data)).ram

    def burst(self) -> int:
        return self.npu.burst

    def state_hash(self) -> int:
        return self.npu.state_hash()

    def fired_slot(self) -> bytes:
        at = self.image.bits_at + self.ram[4] * self.image.slot_bytes
        return bytes(self.ram[at : at + self.image.slot_bytes]).hex().encode()


class FakeHardware:
    """The chip's reset and watchdog; its idle moves the clock."""

    reason = "power"
    stopped = False

    def __init__(self, clock: Clock) -> None:
        self.idle = clock.idle
        self.fed = 0
        self.resets: list[str] = []
        self.latched: list[bool] = []

    def feed(self) -> None:
        self.fed += 1

    def latch(self, stopped: bool) -> None:
        self.latched.append(stopped)

    def reset(self, code: str = "", burst: int = 0) -> None:
        self.resets.append(code)


class Wire:
    """The host's end of a link: `send` what it says, `heard` the messages that come back."""

    def __init__(self) -> None:
        from neurula_mcu.link import Link

        self.out = bytearray()
        self.back = bytearray()
        self.left: list[bytes] = []
        self.link = Link(self)

    # ---- a port of neurula_mcu -------------------------------------------------------------------------------------

    def read_into(self, buffer: bytearray) -> int:
        count = min(len(buffer), len(self.out))
        buffer[:count] = self.out[:count]
        del self.out[:count]
        return count

    def write(self, buffer: bytearray, size: int) -> None:
        self.back += buffer[:size]

    def leave(self, rest: bytes) -> None:
        self.left.append(rest)

    # ---- the host's end --------------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        self.out += data

    def receive(self) -> bytes:
        data = bytes(self.back)
        self.back.clear()
        return data
