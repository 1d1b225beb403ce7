"""A serial port, by pyserial: a path, or a URL such as socket://HOST:PORT and rfc2217://HOST:PORT."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from neurula.errors import NeurulaError
from neurula.link.link import ClosingLink, broken, stuck
from neurula.link.serial_ports import close_port, open_port

BAUD = 115_200
SEND_S = 0.25  # how long a board that reads nothing is waited for


class SerialLink(ClosingLink):
    """Not opened at once, but when it is first reopened or `opened`. An unplugged cable is noticed at the next call.

    port: where it is, or a function that finds it, for boards that come back under another name (it may raise NeurulaError or OSError)."""

    def __init__(self, port: str | Callable[[], str], baud: int = BAUD) -> None:
        self._where, self._baud = port, baud
        self._port: Any = None
        self._path = port if isinstance(port, str) else ""

    @classmethod
    def opened(cls, port: str | Callable[[], str], baud: int = BAUD) -> SerialLink:
        """LinkLost L111 when the port cannot be opened; what the finding function raises."""
        link = cls(port, baud)
        link._open()
        return link

    @property
    def name(self) -> str:
        return f"serial {self._path}"

    def send(self, data: bytes) -> None:
        from serial import SerialTimeoutException

        try:
            self._opened().write(data)
        except SerialTimeoutException:
            raise stuck(self.name) from None
        except (OSError, TypeError) as problem:
            raise self._lost(problem) from None

    def receive(self, timeout_s: float) -> bytes:
        try:
            port = self._opened()
            waiting: int = port.in_waiting
            if not waiting:
                port.timeout = max(0.0, timeout_s)
                first: bytes = port.read(1)
                waiting = port.in_waiting if first else 0
                return first + port.read(waiting) if waiting else first
            data: bytes = port.read(waiting)
        except (OSError, TypeError) as problem:  # pyserial raises TypeError where a port vanishes under a read
            raise self._lost(problem) from None
        return data

    def reopen(self) -> bool:
        if self._port is None:
            with contextlib.suppress(NeurulaError):
                self._open()
        return self._port is not None

    def close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            close_port(port)

    def _open(self) -> None:
        try:
            self._path = self._where if isinstance(self._where, str) else self._where()
            self._port = open_port(self._path, self._baud, 0.0, SEND_S)
        except (OSError, ValueError) as problem:
            raise broken(self.name, problem) from None

    def _opened(self) -> Any:
        if self._port is None:
            raise OSError("the port is not open")
        return self._port

    def _lost(self, reason: object) -> Exception:
        self.close()
        return broken(self.name, reason)
