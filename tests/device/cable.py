"""A Pico on a USB cable, with `neurula` at the other end: bytes go through a TCP port, and the command's clock is the board's.

So a command waits as long as the board needs, however busy the computer is that emulates it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from neurula.device.ports import SerialPort
from neurula.errors import LinkLost
from neurula.sim.rp2040 import Rp2040
from neurula.sim.serve_port import served


class WatchedPico(Rp2040):
    """Fails at its end where a program of ours read or wrote a wrong address."""

    poll_s = 0.002

    def close(self) -> None:
        super().close()
        assert self.bus_warnings == []

    def reconnect(self, timeout_s: float) -> None:
        self._await_console(timeout_s)


class PowerCut(LinkLost):
    """The test took the power away."""


class FailingPico(WatchedPico):
    """Its power fails as soon as `fails` says so. off_at: when that was, on the clock of this computer."""

    def __init__(self, flash: bytes, fails: Callable[[FailingPico], bool]) -> None:
        super().__init__(flash=flash, wall_limit_s=600)
        self._fails = fails
        self.off_at: float | None = None

    def read(self, timeout_s: float = 1.0) -> bytes:
        if self._fails(self):
            self.off_at = time.monotonic()
            raise PowerCut("S112", "the test took the power away")
        return super().read(timeout_s)

    def seconds(self) -> float:
        """Goes on after the power cut: somebody still waits at the other end."""
        return super().seconds() + (0.0 if self.off_at is None else time.monotonic() - self.off_at)


@contextmanager
def on_a_cable(board: Rp2040) -> Iterator[str]:
    """The URL at which `neurula --port` finds a booted board."""
    with pytest.MonkeyPatch.context() as patch, served(board) as url:
        patch.setattr(SerialPort, "seconds", lambda _: board.seconds())
        yield url
