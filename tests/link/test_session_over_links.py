"""The same session over every real link of this computer; the far end lives in the same thread and is polled in turn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from neurula.errors import LinkLost
from neurula.link.link import Link
from neurula.link.pty_link import PtyLink
from neurula.link.responder import Responder
from neurula.link.serial_link import SerialLink
from neurula.link.session import Session, SessionState, Timing
from neurula.link.tcp_link import TcpLink, TcpListener
from neurula.link.udp_link import UdpLink, UdpListener
from neurula.link.wire import Chunk, GetStats, Motor, Offset, Sense, Stats, Value
from neurula.link.zmq_link import HubLink, ZmqHub, ZmqLink
from tests.link.far_end import hello

ROUNDS = 20_000  # polls of either side; each waits a millisecond at most
PATIENCE = Timing(silence_s=30.0, request_s=60.0)  # a busy machine is not a lost cable


class HubSide:
    """The hub as a link: whoever joined last."""

    name = "hub"

    def __init__(self, hub: ZmqHub) -> None:
        self._hub = hub
        self._link: HubLink | None = None

    def receive(self, timeout_s: float) -> bytes:
        for link in self._hub.newcomers(timeout_s if self._link is None else 0.0):
            self._link = link
        return b"" if self._link is None else self._link.receive(timeout_s)

    def send(self, data: bytes) -> None:
        if self._link is not None:
            self._link.send(data)

    def reopen(self) -> bool:
        return True

    def close(self) -> None:
        self._hub.close()


def ends(kind: str, stack: ExitStack) -> tuple[Link, Link]:
    """(host's link, not opened yet; far end's link)."""
    if kind == "serial":
        board = stack.enter_context(PtyLink())
        return SerialLink(board.path), board
    if kind == "tcp":
        listener = stack.enter_context(TcpListener())
        return TcpLink("127.0.0.1", listener.port), listener
    if kind == "udp":
        key = os.urandom(32)
        far = stack.enter_context(UdpListener(key))
        return UdpLink("127.0.0.1", key, far.port), far
    hub = stack.enter_context(ZmqHub("tcp://127.0.0.1:*"))
    return ZmqLink(hub.endpoint), HubSide(hub)


class Pair:
    """A host and a far end that counts CHUNKs."""

    def __init__(self, host: Link, far: Link) -> None:
        self.done: list[int] = []
        self.host = Session(host, timing=PATIENCE)
        handlers = {Chunk: self._chunk, GetStats: lambda _: Stats(0, 0, 0, 0, 0, 0, 0, 0, 0)}
        self.far = Responder(far, handlers, hello)

    def _chunk(self, message: Chunk) -> Offset:
        self.done.append(message.offset)
        return Offset(message.offset + 1)

    def turns(self) -> Iterator[None]:
        """Lets both work; a test breaks out when it has seen what it waits for."""
        for _ in range(ROUNDS):
            self.far.poll(0.001)
            self.host.poll(0.001)
            yield
        pytest.fail("it did not happen")


@pytest.mark.parametrize("kind", ["serial", "tcp", "udp", "zmq"])
def test_requests_and_values_pass_over_every_link(kind: str) -> None:
    with ExitStack() as stack:
        pair = Pair(*ends(kind, stack))
        stack.enter_context(pair.host)
        requests = [pair.host.submit(Chunk(offset, bytes(200))) for offset in range(100)]
        for _ in pair.turns():
            if all(request.done for request in requests):
                break
        assert [pair.host.result(request) for request in requests] == [Offset(offset + 1) for offset in range(100)]
        assert sorted(pair.done) == list(range(100))
        for number, _ in enumerate(pair.turns()):
            pair.host.send_values(Sense((Value(3, number),)))
            pair.far.send_values(Motor(number))
            if pair.host.values(Motor) is not None and pair.far.values(Sense) is not None:
                break
        assert pair.host.requests.round_trip.samples > 0


def test_a_session_finds_a_serial_port_again_that_was_pulled_out_and_has_another_name(tmp_path: Path) -> None:
    name = tmp_path / "board"
    first, second = PtyLink(name), PtyLink()
    with first, second:
        pair = Pair(SerialLink(lambda: os.readlink(name)), first)
        with pair.host:
            for _ in pair.turns():
                if pair.host.state is SessionState.CONNECTED:
                    break
            first.close()
            while pair.host.state is not SessionState.LOST:
                pair.host.poll(0.01)
            request = pair.host.submit(Chunk(7, b""))
            pair.host.poll(0.2)
            assert not request.done
            pair.far._link = second  # the same board, which has run on
            name.unlink(missing_ok=True)
            name.symlink_to(second.path)
            for _ in pair.turns():
                if request.done:
                    break
            assert pair.host.result(request) == Offset(8)
            assert pair.done == [7]
            assert len([event for event in pair.host.events if event.fresh]) == 1


def test_without_the_far_end_every_link_says_so_in_time(tmp_path: Path) -> None:
    for link in (SerialLink(str(tmp_path / "nowhere")), TcpLink("127.0.0.1", 1), UdpLink("127.0.0.1", bytes(32), 1)):
        with Session(link) as session, pytest.raises(LinkLost) as caught:
            session.connect(0.2)
        assert caught.value.code == "L122"
