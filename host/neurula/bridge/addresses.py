"""Where the far end is, as a person writes it, and the clock that goes with it."""

from __future__ import annotations

import re
from pathlib import Path

from neurula.errors import UsageError
from neurula.link.clock import Clock, SystemClock
from neurula.link.link import ClosingLink, Link
from neurula.link.open_link import open_link

SERIAL, SIM = "serial:", "sim:"
SCHEMES = ("serial", "sim", "tcp", "udp", "zmq", "pty", "socket", "rfc2217")
MODULE_AND_CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
LISTENING = "tcp:PORT, pty:PATH or zmq:ENDPOINT"
PORT_MAX = 65_535


def is_address(text: str) -> bool:
    """False for MODULE:CLASS."""
    return text.partition(":")[0] in SCHEMES or not MODULE_AND_CLASS.fullmatch(text)


def open_far_end(address: str) -> tuple[Link, Clock]:
    """A link of any form that `open_link` knows, also as serial:PORT; sim:BOARD[:FILE] is an emulated board with a time of its own.

    UsageError L119, L120, K109."""
    if address.startswith(SIM):
        from neurula.bridge.emulated import EmulatedClock, EmulatedLink
        from neurula.device.stored_pico import open_stored

        board = open_stored(address)
        return EmulatedLink(board, address), EmulatedClock(board)
    return open_link(address.removeprefix(SERIAL)), SystemClock()


def listen_at(address: str) -> Link:
    """The other side of it, for a body in a process of its own: waits there for a bridge. UsageError L120."""
    scheme, _, place = address.partition(":")
    if scheme == "tcp":
        from neurula.link.tcp_link import TcpListener

        host, _, port = place.removeprefix("//").rpartition(":")
        if port.isascii() and port.isdigit() and int(port[:6]) <= PORT_MAX:
            return TcpListener(int(port), host.strip("[]") or "127.0.0.1")
    if scheme == "pty" and place:
        from neurula.link.pty_link import PtyLink

        return PtyLink(Path(place.removeprefix("//")))
    if scheme == "zmq" and place:
        return ZmqDoor(place)
    raise UsageError("L120", f"{address[:100]!r} is no place to listen at: {LISTENING}")


class ZmqDoor(ClosingLink):
    """A hub at which one process counts: the newest."""

    def __init__(self, endpoint: str) -> None:
        from neurula.link.zmq_link import ZmqHub

        self._hub = ZmqHub(endpoint)
        self._guest: Link | None = None

    @property
    def name(self) -> str:
        return self._hub.name

    def send(self, data: bytes) -> None:
        if self._guest is not None:
            self._guest.send(data)

    def receive(self, timeout_s: float) -> bytes:
        for guest in self._hub.newcomers(timeout_s if self._guest is None else 0.0):
            if self._guest is not None:
                self._guest.close()
            self._guest = guest
            timeout_s = 0.0
        return self._guest.receive(timeout_s) if self._guest is not None else b""

    def reopen(self) -> bool:
        return True

    def close(self) -> None:
        self._hub.close()
