"""ZeroMQ between processes of one host: a hub, and whoever joins it. Neither authenticated nor encrypted: ipc or loopback only.

A queue that is full, or a far end that is not there, loses what is sent: values are sent again anyway, requests are repeated."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from neurula.errors import UsageError
from neurula.link.link import ClosingLink, broken
from neurula.link.packages import require

QUEUE_PACKETS = 256  # in each direction; at 100 Hz, two and a half seconds
PEERS_MAX = 100
LOCAL = ("ipc://", "inproc://", "tcp://127.", "tcp://localhost:", "tcp://[::1]:")
BATCH = 64  # packets that one look at the socket takes in


class ZmqLink(ClosingLink):
    """A process that joins a hub. endpoint: "ipc:///run/user/1000/neurula.sock" or "tcp://127.0.0.1:4711"."""

    def __init__(self, endpoint: str) -> None:
        self._zmq = require("zmq", "pyzmq")
        self.endpoint = endpoint
        self._socket: Any = open_socket(self._zmq, "DEALER", endpoint)
        self._socket.connect(endpoint)

    @property
    def name(self) -> str:
        return f"zmq {self.endpoint}"

    def send(self, data: bytes) -> None:
        send_parts(self._zmq, self._opened(), [data])

    def receive(self, timeout_s: float) -> bytes:
        parts = receive_parts(self._zmq, self._opened(), timeout_s)
        return parts[-1] if parts else b""

    def reopen(self) -> bool:
        return self._socket is not None  # ZeroMQ connects again by itself

    def close(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.close(0)

    def _opened(self) -> Any:
        if self._socket is None:
            raise broken(self.name, "closed")
        return self._socket


class ZmqHub(ClosingLink):
    """Where processes meet: `newcomers` lists who has joined since the last look, `link` leads to one of them.

    endpoint: as for ZmqLink; "tcp://127.0.0.1:*" takes any free port, which `endpoint` then tells."""

    def __init__(self, endpoint: str) -> None:
        self._zmq = require("zmq", "pyzmq")
        self._socket: Any = open_socket(self._zmq, "ROUTER", endpoint)
        try:
            self._socket.bind(endpoint)
        except self._zmq.ZMQError as problem:
            self._socket.close(0)
            raise broken(f"zmq hub {endpoint}", problem) from None
        self.endpoint: str = self._socket.getsockopt_string(self._zmq.LAST_ENDPOINT)
        self._queues: dict[bytes, deque[bytes]] = {}
        self._new: list[bytes] = []

    @property
    def name(self) -> str:
        return f"zmq hub {self.endpoint}"

    def newcomers(self, timeout_s: float = 0.0) -> list[HubLink]:
        """Links to those who have sent something for the first time. At most PEERS_MAX at once; others wait until one is forgotten."""
        if not self._new:
            self.take_in(timeout_s)
        new, self._new = self._new, []
        return [HubLink(self, peer) for peer in new]

    def forget(self, peer: bytes) -> None:
        """ZeroMQ does not tell who has gone; whoever expires must be forgotten."""
        self._queues.pop(peer, None)

    def take_in(self, timeout_s: float) -> None:
        """Sorts what has arrived; a full queue loses its oldest packet."""
        if self._socket is None:
            raise broken(self.name, "closed")
        for _ in range(BATCH):
            parts = receive_parts(self._zmq, self._socket, timeout_s)
            if len(parts) < 2:
                return
            timeout_s = 0.0
            peer, packet = parts[0], parts[-1]
            if peer not in self._queues:
                if len(self._queues) >= PEERS_MAX:
                    continue
                self._queues[peer] = deque(maxlen=QUEUE_PACKETS)
                self._new.append(peer)
            self._queues[peer].append(packet)

    def take(self, peer: bytes) -> bytes:
        """The oldest packet of one peer; b"" when there is none. LinkLost L111 for one that was forgotten."""
        if peer not in self._queues:
            raise broken(self.name, "this process was forgotten")
        return self._queues[peer].popleft() if self._queues[peer] else b""

    def send_to(self, peer: bytes, data: bytes) -> None:
        if self._socket is None:
            raise broken(self.name, "closed")
        send_parts(self._zmq, self._socket, [peer, data])

    def close(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.close(0)
        self._queues.clear()


class HubLink(ClosingLink):
    """The hub's side of a link to one process."""

    def __init__(self, hub: ZmqHub, peer: bytes) -> None:
        self._hub, self.peer = hub, peer

    @property
    def name(self) -> str:
        return f"{self._hub.name} to {self.peer.hex()}"

    def send(self, data: bytes) -> None:
        self._hub.send_to(self.peer, data)

    def receive(self, timeout_s: float) -> bytes:
        deadline = time.monotonic() + timeout_s
        while not (packet := self._hub.take(self.peer)):
            left = deadline - time.monotonic()
            self._hub.take_in(left)  # may bring only what others sent
            if left <= 0:
                return self._hub.take(self.peer)
        return packet

    def reopen(self) -> bool:
        return True

    def close(self) -> None:
        self._hub.forget(self.peer)


def open_socket(zmq: Any, kind: str, endpoint: str) -> Any:
    """UsageError L114 for an endpoint that others than this host could reach."""
    if not endpoint.startswith(LOCAL):
        raise unsafe(endpoint)
    socket = zmq.Context.instance().socket(getattr(zmq, kind))
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.SNDHWM, QUEUE_PACKETS)
    socket.setsockopt(zmq.RCVHWM, QUEUE_PACKETS)
    if kind == "DEALER":
        socket.setsockopt(zmq.IMMEDIATE, 1)  # nothing old is kept for a hub that is not there yet
        socket.setsockopt(zmq.RECONNECT_IVL, 100)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, 500)
    return socket


def send_parts(zmq: Any, socket: Any, parts: list[bytes]) -> None:
    try:
        socket.send_multipart(parts, zmq.NOBLOCK)
    except zmq.Again:
        return
    except zmq.ZMQError as problem:
        if problem.errno != zmq.EHOSTUNREACH:
            raise broken("zmq", problem) from None


def receive_parts(zmq: Any, socket: Any, timeout_s: float) -> list[bytes]:
    """[] when nothing came in time."""
    try:
        if not socket.poll(int(1000.0 * max(0.0, timeout_s) + 0.999)):
            return []
        parts: list[bytes] = socket.recv_multipart(zmq.NOBLOCK)
    except zmq.Again:
        return []
    except zmq.ZMQError as problem:
        raise broken("zmq", problem) from None
    return parts


def unsafe(endpoint: str) -> UsageError:
    return UsageError("L114", "ZeroMQ carries no proof of who sends, so it stays on this host", where=endpoint)
