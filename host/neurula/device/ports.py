"""A stream of bytes to and from a board: a serial port, a port in the network, or the console of an emulated board."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from neurula.device.find import Device, find_device
from neurula.errors import DeviceNotFound, LinkLost, NeurulaError
from neurula.link.serial_ports import close_port, open_port
from neurula.sim.machine import ByteStream

BAUD = 115_200
POLL_S = 0.02  # how long one read of the system may wait
WRITE_TIMEOUT_S = 10.0
RETRY_S = 0.1
Progress = Callable[[str, float], None]  # told the stage, and how much of it is done, 0 to 1


class Connection(Protocol):
    """What the link and the REPL need. Times are the board's own clock: emulated seconds where it is emulated.

    poll_s: how long a look at whether something arrived must last; an emulated board stands still between calls."""

    poll_s: float

    def write(self, data: bytes) -> None: ...
    def read(self, timeout_s: float = 1.0) -> bytes: ...
    def read_until(self, marker: bytes, timeout_s: float = 1.0) -> bytes: ...
    def seconds(self) -> float: ...

    def reconnect(self, timeout_s: float) -> None:
        """Opens the stream again after the board was reset. LinkLost K106 when it does not come back in time."""

    def close(self) -> None:
        """Harmless when repeated."""


class SerialPort(ByteStream):
    """A port that pyserial opens, by path or URL. DeviceNotFound K103 when it cannot be opened."""

    poll_s = 0.0

    def __init__(self, device: Device) -> None:
        super().__init__()
        self._device = device
        self._port: Any = self._open(device.port)

    def write(self, data: bytes) -> None:
        """LinkLost K106 when the board takes nothing for ten seconds or is gone."""
        self._attempt(lambda: self._port.write(data))

    def read(self, timeout_s: float = 1.0) -> bytes:
        waiting = self._attempt(lambda: self._port.in_waiting)
        if waiting:
            self._received += self._attempt(lambda: self._port.read(waiting))
        return super().read(timeout_s)

    def seconds(self) -> float:
        return time.monotonic()

    def reconnect(self, timeout_s: float) -> None:
        """A board with USB of its own disappears while it restarts, and may come back under another name."""
        self.close()
        self._received.clear()
        deadline = self.seconds() + timeout_s
        while True:
            try:
                self._port = self._open(self._port_now())
                return
            except NeurulaError as problem:
                if self.seconds() >= deadline:
                    raise LinkLost("K106", f"the board did not come back within {timeout_s:g} s", where=self._device.port) from problem
                time.sleep(RETRY_S)

    def close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            close_port(port)

    def _port_now(self) -> str:
        if self._device.kind == "serial" and self._device.serial:
            return find_device(f"id:{self._device.serial}").port
        return self._device.port

    def _let_run(self, until_seconds: float) -> None:
        while self.seconds() < until_seconds:
            data = self._attempt(lambda: self._port.read(self._port.in_waiting or 1))
            if data:
                self._received += data
                return

    def _attempt(self, action: Callable[[], Any]) -> Any:
        try:
            if self._port is None:
                raise OSError("the port is closed")
            return action()
        except (OSError, TypeError) as problem:  # pyserial raises TypeError where a port vanishes under a read
            raise LinkLost("K106", f"the connection broke: {reason_of(problem)}", where=self._device.port) from None

    def _late(self, awaited: str, timeout_s: float) -> LinkLost:
        last = f"last bytes {bytes(self._received[-80:])!r}" if self._received else self._device.port
        return LinkLost("K105", f"the board did not send {awaited} within {timeout_s:g} s", where=last)

    @staticmethod
    def _open(port: str) -> Any:
        try:
            return open_port(port, BAUD, POLL_S, WRITE_TIMEOUT_S)
        except (OSError, ValueError) as problem:
            raise DeviceNotFound("K103", f"the port cannot be opened: {reason_of(problem)}", where=port) from None


def reason_of(problem: Exception) -> str:
    """The system's words for what happened, without the numbers that pyserial puts before them."""
    return (getattr(problem, "strerror", None) or str(problem))[:200]


def open_connection(device: Device) -> Connection:
    """DeviceNotFound K103 for a port that cannot be opened, K107 for a bootloader: no MicroPython is running there."""
    if device.kind == "sim":
        from neurula.device.stored_pico import open_stored

        return open_stored(device.port)
    if device.kind in ("drive", "bootloader"):
        raise DeviceNotFound("K107", "the board is in its bootloader", where=device.port)
    return SerialPort(device)
