"""UDP between a host and a board, authenticated and not encrypted (see udp_auth)."""

from __future__ import annotations

import contextlib
import select
import socket
from typing import Any

from neurula.errors import LinkLost
from neurula.link.link import ClosingLink, Link, broken
from neurula.link.tcp_link import family_of, ready
from neurula.link.udp_auth import DATAGRAM_MAX, PAYLOAD_MAX, BoardAuth, HostAuth

PORT = 4710
PATIENCE, PATIENCE_MAX = 5, 40  # calls of `reopen` before a session that brings nothing is renewed
BATCH = 64  # refused datagrams that one `receive` reads before it gives up


class UdpSocket(ClosingLink):
    """Datagrams to one place, bare: what the network does not take is lost, like everything else on a network."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None

    @property
    def name(self) -> str:
        return f"udp {self._address[0]}:{self._address[1]}"

    def send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._opened().send(data)

    def receive(self, timeout_s: float) -> bytes:
        """One datagram."""
        opened = self._opened()
        try:
            return opened.recv(DATAGRAM_MAX + 1) if ready(opened, select.POLLIN, timeout_s) else b""
        except OSError:  # nothing listens there: the board may just be starting
            return b""

    def reopen(self) -> bool:
        return True

    def close(self) -> None:
        opened, self._socket = self._socket, None
        if opened is not None:
            opened.close()

    def _opened(self) -> socket.socket:
        if self._socket is None:
            try:
                family, kind, protocol, _, address = socket.getaddrinfo(*self._address, type=socket.SOCK_DGRAM)[0]
                self._socket = socket.socket(family, kind, protocol)
                self._socket.setblocking(False)
                self._socket.connect(address)
            except OSError as problem:
                self.close()
                raise broken(self.name, problem) from None
        return self._socket


class KeyedLink(ClosingLink):
    """The host's side of an authenticated link over bare datagrams. Nothing can be sent before the board has accepted: `reopen` greets
    it, `receive` hears the answer.

    Whoever holds a session calls `reopen` while nobody answers: a board that was reset needs a new greeting."""

    def __init__(self, datagrams: Link, key: bytes) -> None:
        self._datagrams = datagrams
        self._auth = HostAuth(key)
        self._patience, self._patience_next = 0, PATIENCE

    @property
    def name(self) -> str:
        return self._datagrams.name

    @property
    def accepted(self) -> bool:
        """Whether a board has ever answered the greeting."""
        return self._auth.channel is not None

    @property
    def refused(self) -> int:
        """Datagrams that were not to be believed."""
        return self._auth.refused

    def send(self, data: bytes) -> None:
        if self._auth.channel is None:
            raise broken(self.name, "the board has not accepted yet")
        for at in range(0, len(data), PAYLOAD_MAX):
            self._datagrams.send(self._auth.channel.seal(data[at : at + PAYLOAD_MAX]))

    def receive(self, timeout_s: float) -> bytes:
        payload = self._hear(timeout_s)
        if payload:
            self._patience = self._patience_next = PATIENCE
        return payload

    def reopen(self) -> bool:
        if self._auth.channel is not None and self._patience > 0:
            self._patience -= 1  # a session that is new needs time to prove itself
            return True
        with contextlib.suppress(LinkLost):  # the name of the board may not be known yet
            if not self._datagrams.reopen():
                return False
            if self._auth.channel is None:
                self._hear(0.0)
            if self._patience <= 0:
                self._datagrams.send(self._auth.greeting())
        return self._auth.channel is not None

    def close(self) -> None:
        self._datagrams.close()

    def _hear(self, timeout_s: float) -> bytes:
        """The next payload; b"" when none came in time, or when the board has accepted: then whoever waits may begin."""
        for _ in range(BATCH):
            datagram = self._datagrams.receive(timeout_s)
            if not datagram:
                return b""
            timeout_s = 0.0
            before = self._auth.channel
            payload = self._auth.take(datagram)
            if self._auth.channel is not before:
                self._patience = self._patience_next
                self._patience_next = min(2 * self._patience_next, PATIENCE_MAX)
                return b""
            if payload:
                return payload
        return b""


class UdpLink(KeyedLink):
    """The host's side over UDP."""

    def __init__(self, host: str, key: bytes, port: int = PORT) -> None:
        super().__init__(UdpSocket(host, port), key)


class UdpListener(ClosingLink):
    """The board's side, for simulated boards. Answers go to where the last datagram that was believed came from.

    port 0: any free one, which `port` tells."""

    def __init__(self, key: bytes, port: int = 0, host: str = "127.0.0.1") -> None:
        self._auth = BoardAuth(key)
        self._socket: socket.socket | None = socket.socket(family_of(host), socket.SOCK_DGRAM)
        self._host = host
        try:
            self._socket.bind((host, port))
        except OSError as problem:
            self._socket.close()
            raise broken(f"udp listener {host}:{port}", problem) from None
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._peer: Any = None

    @property
    def name(self) -> str:
        return f"udp listener {self._host}:{self.port}"

    @property
    def refused(self) -> int:
        return self._auth.refused

    def send(self, data: bytes) -> None:
        """Lost while no host has opened a session."""
        if self._auth.channel is None:
            return
        for at in range(0, len(data), PAYLOAD_MAX):
            self._post(self._auth.channel.seal(data[at : at + PAYLOAD_MAX]), self._peer)

    def receive(self, timeout_s: float) -> bytes:
        opened = self._opened()
        for _ in range(BATCH):
            if not ready(opened, select.POLLIN, timeout_s):
                return b""
            timeout_s = 0.0
            try:
                datagram, sender = opened.recvfrom(DATAGRAM_MAX + 1)
            except OSError:
                continue
            payload, answer = self._auth.take(datagram)
            if answer is not None:
                self._post(answer, sender)
            if payload is not None:
                self._peer = sender
                if payload:
                    return payload
        return b""

    def reopen(self) -> bool:
        return self._auth.channel is not None

    def close(self) -> None:
        opened, self._socket = self._socket, None
        if opened is not None:
            opened.close()

    def _opened(self) -> socket.socket:
        if self._socket is None:
            raise broken(self.name, "closed")
        return self._socket

    def _post(self, datagram: bytes, to: Any) -> None:
        try:
            self._opened().sendto(datagram, to)
        except OSError:
            return
