"""TCP: for simulated boards and for boards behind a serial-to-network bridge. Neither authenticated nor encrypted."""

from __future__ import annotations

import contextlib
import errno
import select
import socket
from dataclasses import dataclass

from neurula.link.link import ClosingLink, broken, stuck

READ_BYTES = 65_536
SEND_S = 0.25  # how long a far end that reads nothing is waited for
CONNECT_S = 2.0
UNDER_WAY = (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY)


class SocketStream(ClosingLink):
    """What both sides of a TCP connection share; `_socket` is None while there is none."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    @property
    def name(self) -> str:
        raise NotImplementedError

    def send(self, data: bytes) -> None:
        stream = self._connected()
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[stream.send(rest) :]
            except BlockingIOError:
                if not ready(stream, select.POLLOUT, SEND_S):
                    raise stuck(self.name) from None
            except OSError as problem:
                raise self._lost(problem) from None

    def receive(self, timeout_s: float) -> bytes:
        stream = self._connected()
        if not ready(stream, select.POLLIN, timeout_s):
            return b""
        try:
            data = stream.recv(READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as problem:
            raise self._lost(problem) from None
        if not data:
            raise self._lost("the far end closed it")
        return data

    def close(self) -> None:
        stream, self._socket = self._socket, None
        if stream is not None:
            stream.close()

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise broken(self.name, "not connected")
        return self._socket

    def _lost(self, reason: object) -> Exception:
        SocketStream.close(self)
        return broken(self.name, reason)


class TcpLink(SocketStream):
    """Connects to a listening far end; not at once, but when it is first reopened or `connected`."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__()
        self._host, self._port = host, port
        self._attempt: socket.socket | None = None

    @classmethod
    def connected(cls, host: str, port: int) -> TcpLink:
        """LinkLost L111 when nobody answers within two seconds."""
        link = cls(host, port)
        try:
            stream = socket.create_connection((host, port), CONNECT_S)
        except OSError as problem:
            raise broken(link.name, problem) from None
        link._adopt(stream)
        return link

    @property
    def name(self) -> str:
        return f"tcp {self._host}:{self._port}"

    def reopen(self) -> bool:
        if self._socket is not None:
            return True
        try:
            attempt = self._attempt or self._begin()
            if not ready(attempt, select.POLLOUT, 0.0):
                return False
            self._attempt = None
            if attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                attempt.close()
                return False
            self._adopt(attempt)
        except OSError:
            return False
        return True

    def close(self) -> None:
        super().close()
        if self._attempt is not None:
            self._attempt.close()
            self._attempt = None

    def _begin(self) -> socket.socket:
        family, kind, protocol, _, address = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)[0]
        attempt = socket.socket(family, kind, protocol)
        attempt.setblocking(False)
        reason = attempt.connect_ex(address)
        if reason and reason not in UNDER_WAY:
            attempt.close()
            raise OSError(reason, "no connection")
        self._attempt = attempt
        return attempt

    def _adopt(self, stream: socket.socket) -> None:
        self._socket = prepared(stream)


@dataclass(frozen=True, slots=True)
class Peer:
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class TcpListener(SocketStream):
    """A Link to whoever connects: one far end at a time, the newest. port 0: any free one, which `port` tells."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        super().__init__()
        try:
            self._listening: socket.socket | None = socket.create_server((host, port), family=family_of(host))
        except OSError as problem:
            raise broken(f"tcp listener {host}:{port}", problem) from None
        self._listening.setblocking(False)
        self._host = host
        self.port: int = self._listening.getsockname()[1]
        self.peer: Peer | None = None

    @property
    def name(self) -> str:
        return f"tcp listener {self._host}:{self.port}"

    def receive(self, timeout_s: float) -> bytes:
        """Also takes in a new far end while it waits; the old one's bytes are lost with it."""
        if self._socket is None:
            if not self._accept(timeout_s):
                return b""
        else:
            self._accept(0.0)
        return super().receive(0.0 if self._socket is None else timeout_s)

    def reopen(self) -> bool:
        return self._accept(0.0) or self._socket is not None

    def close(self) -> None:
        super().close()
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.close()

    def _accept(self, timeout_s: float) -> bool:
        if self._listening is None:
            raise broken(self.name, "closed")
        if not ready(self._listening, select.POLLIN, timeout_s):
            return False
        with contextlib.suppress(OSError):  # it has gone again
            stream, address = self._listening.accept()
            SocketStream.close(self)
            self._socket = prepared(stream)
            self.peer = Peer(str(address[0]), int(address[1]))
            return True
        return False


def prepared(stream: socket.socket) -> socket.socket:
    """A small frame leaves at once."""
    stream.setblocking(False)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


def family_of(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def ready(stream: socket.socket, event: int, timeout_s: float) -> bool:
    """Whether the event (or an error, which the next call tells) came within the time."""
    poller = select.poll()
    poller.register(stream, event)
    return bool(poller.poll(1000.0 * max(0.0, timeout_s)))
