"""Every kind of link carries every byte both ways, notices that the far end is gone, and finds back to it."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from neurula.errors import LinkLost, UsageError
from neurula.link.discovery import Announcement, discover, find_host, plain_name
from neurula.link.link import Link
from neurula.link.pty_link import PtyLink
from neurula.link.serial_link import SerialLink
from neurula.link.tcp_link import TcpLink, TcpListener
from neurula.link.udp_link import UdpLink, UdpListener
from neurula.link.zmq_link import ZmqHub, ZmqLink

WAIT_S = 20.0  # for something that comes at once unless the machine is busy
LOOPBACK = ["127.0.0.1"]
Pair = tuple[Link, Link]


def receive(link: Link, size: int) -> bytes:
    """So many bytes, in whatever pieces they come."""
    data = b""
    while len(data) < size:
        piece = link.receive(WAIT_S)
        assert piece, f"{len(data)} of {size} bytes came"
        data += piece
    return data


def until(condition: Callable[[], bool]) -> None:
    for _ in range(10_000_000):
        if condition():
            return
    pytest.fail("it did not happen")


def serial_pair(stack: ExitStack) -> Pair:
    board = stack.enter_context(PtyLink())
    return stack.enter_context(SerialLink.opened(board.path)), board


def tcp_pair(stack: ExitStack) -> Pair:
    listener = stack.enter_context(TcpListener())
    link = stack.enter_context(TcpLink.connected("127.0.0.1", listener.port))
    until(listener.reopen)
    return link, listener


def serial_over_tcp_pair(stack: ExitStack) -> Pair:
    listener = stack.enter_context(TcpListener())
    link = stack.enter_context(SerialLink.opened(f"socket://127.0.0.1:{listener.port}"))
    until(listener.reopen)
    return link, listener


def udp_pair(stack: ExitStack) -> Pair:
    key = os.urandom(32)
    listener = stack.enter_context(UdpListener(key))
    link = stack.enter_context(UdpLink("127.0.0.1", key, listener.port))
    greet(link, listener)
    return link, listener


def greet(link: UdpLink, listener: UdpListener) -> None:
    """A session, begun by the host and proven by its first datagram."""
    link.reopen()
    listener.receive(WAIT_S if not listener.reopen() else 0.0)
    link.receive(WAIT_S)
    link.send(b"first")
    assert receive(listener, 5) == b"first"


def zmq_pair(stack: ExitStack) -> Pair:
    hub = stack.enter_context(ZmqHub("tcp://127.0.0.1:*"))
    link = stack.enter_context(ZmqLink(hub.endpoint))
    return link, newcomer(hub, link)


def newcomer(hub: ZmqHub, link: ZmqLink) -> Link:
    """What is sent before the two have found each other is lost."""
    while True:
        link.send(b"here")
        found = hub.newcomers(0.05)
        if found:
            while found[0].receive(0.1):
                pass
            return found[0]


PAIRS = {"serial": serial_pair, "tcp": tcp_pair, "serial over tcp": serial_over_tcp_pair, "udp": udp_pair, "zmq": zmq_pair}


@pytest.fixture(params=PAIRS)
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with ExitStack() as stack:
        yield PAIRS[request.param](stack)


def test_every_byte_passes_both_ways(pair: Pair) -> None:
    everything = bytes(range(256)) * 4
    for sender, receiver in (pair, pair[::-1]):
        for _ in range(3):
            sender.send(everything)
            assert receive(receiver, len(everything)) == everything
        assert receiver.receive(0.0) == b""
        assert receiver.name


def test_many_small_frames_arrive_whole(pair: Pair) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    for sender, receiver in (pair, pair[::-1]):
        for _ in range(50):
            frames = [chance.randbytes(chance.randint(1, 250)) for _ in range(8)]
            for frame in frames:
                sender.send(frame)
            assert receive(receiver, sum(map(len, frames))) == b"".join(frames)


def test_closing_twice_is_harmless_and_a_closed_link_says_so(pair: Pair) -> None:
    for link in pair:
        link.close()
        link.close()
    if not isinstance(pair[0], UdpLink):  # opens again by itself, like every greeting
        with pytest.raises(LinkLost) as caught:
            pair[0].receive(0.0)
        assert caught.value.code == "L111"


# ---- serial ------------------------------------------------------------------------------------------------------------------


def test_a_serial_port_that_is_pulled_out_is_noticed_and_found_again_under_another_name(tmp_path: Path) -> None:
    name = tmp_path / "board"
    first, second = PtyLink(name), PtyLink()
    with SerialLink(lambda: os.readlink(name)) as link, first, second:
        assert link.reopen()
        link.send(b"hello")
        assert receive(first, 5) == b"hello"
        first.close()
        with pytest.raises(LinkLost) as caught:
            link.receive(WAIT_S)
        assert caught.value.code == "L111"
        with pytest.raises(LinkLost):
            link.send(b"x")
        name.unlink(missing_ok=True)
        name.symlink_to(first.path + "-gone")
        assert not link.reopen()
        name.unlink()
        name.symlink_to(second.path)
        assert link.reopen()
        assert second.path in link.name
        second.send(b"back")
        assert receive(link, 4) == b"back"


def test_a_board_that_reads_nothing_is_an_error_and_not_a_wait_for_ever() -> None:
    def flood() -> None:
        for _ in range(1000):
            link.send(bytes(1000))

    with PtyLink() as board, SerialLink.opened(board.path) as link:
        with pytest.raises(LinkLost) as caught:
            flood()
        assert caught.value.code == "L112"


def test_a_port_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(LinkLost) as caught:
        SerialLink.opened(str(tmp_path / "nowhere"))
    assert caught.value.code == "L111"
    assert "nowhere" in caught.value.where
    assert not SerialLink(str(tmp_path / "nowhere")).reopen()


def test_a_terminal_that_nobody_has_open_loses_what_is_sent(tmp_path: Path) -> None:
    name = tmp_path / "port"
    with PtyLink(name) as board:
        assert not board.reopen()
        board.send(b"lost")
        assert board.receive(0.01) == b""
        with SerialLink.opened(str(name)) as link:
            assert board.reopen()
            board.send(b"seen")
            assert receive(link, 4) == b"seen"
        assert not board.attended()
    assert not name.is_symlink()


# ---- tcp ---------------------------------------------------------------------------------------------------------------------


def test_a_tcp_connection_that_ends_is_noticed_and_made_anew() -> None:
    with TcpListener() as listener, TcpLink("127.0.0.1", listener.port) as link:
        with pytest.raises(LinkLost):
            link.send(b"not connected yet")
        until(link.reopen)
        link.send(b"one")
        assert receive(listener, 3) == b"one"
        listener.close()
        with pytest.raises(LinkLost):
            receive(link, 1)
        assert not any(link.reopen() for _ in range(10))
        with TcpListener(listener.port) as again:
            until(link.reopen)
            link.send(b"two")
            assert receive(again, 3) == b"two"


def test_the_newest_far_end_takes_the_place_of_the_one_before() -> None:
    with TcpListener() as listener, TcpLink.connected("127.0.0.1", listener.port) as old:
        until(listener.reopen)
        with TcpLink.connected("127.0.0.1", listener.port) as new:
            new.send(b"new")
            heard = b""
            while heard != b"new":
                heard += listener.receive(WAIT_S)
            listener.send(b"answer")
            assert receive(new, 6) == b"answer"
        with pytest.raises(LinkLost):
            receive(old, 1)


def test_nobody_listening_is_an_error_that_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LinkLost, match="in use"):
            TcpListener(port)
    with pytest.raises(LinkLost) as caught:
        TcpLink.connected("127.0.0.1", port)
    assert caught.value.code == "L111"


# ---- zeromq ------------------------------------------------------------------------------------------------------------------


def test_a_hub_tells_processes_apart_and_forgets_them() -> None:
    with ZmqHub("tcp://127.0.0.1:*") as hub, ZmqLink(hub.endpoint) as one, ZmqLink(hub.endpoint) as two:
        at_one, at_two = newcomer(hub, one), newcomer(hub, two)
        one.send(b"from one")
        two.send(b"from two")
        assert (receive(at_two, 8), receive(at_one, 8)) == (b"from two", b"from one")
        at_two.send(b"to two")
        at_one.send(b"to one")
        assert (receive(one, 6), receive(two, 6)) == (b"to one", b"to two")
        at_one.close()
        with pytest.raises(LinkLost, match="forgotten"):
            at_one.receive(0.0)
        one.send(b"again")
        assert hub.newcomers(WAIT_S)[0].receive(0.0) == b"again"


def test_a_process_that_only_talks_does_not_fill_the_memory() -> None:
    with ZmqHub("inproc://flood") as hub, ZmqLink("inproc://flood") as link:
        at_hub = newcomer(hub, link)
        for number in range(2000):
            link.send(number.to_bytes(2, "little"))
            hub.take_in(0.0)
        waiting = 0
        while packet := at_hub.receive(0.0):
            waiting, last = waiting + 1, int.from_bytes(packet, "little")
        assert 200 < waiting <= 256
        assert last == 1999


def test_zeromq_refuses_to_leave_the_host() -> None:
    for endpoint in ("tcp://0.0.0.0:5555", "tcp://*:5555", "tcp://example.org:5555"):
        for kind in (ZmqHub, ZmqLink):
            with pytest.raises(UsageError) as caught:
                kind(endpoint)
            assert caught.value.code == "L114"


# ---- discovery ---------------------------------------------------------------------------------------------------------------


def test_what_announces_itself_is_found_with_what_it_says() -> None:
    with Announcement("Rover #1", 4710, properties={"board": "esp32"}, interfaces=LOOPBACK) as announced:
        found = discover(WAIT_S, "Rover #1", LOOPBACK)
        assert [(seen.name, seen.kind, seen.addresses, seen.port) for seen in found] == [("Rover--1", "udp", ("127.0.0.1",), 4710)]
        assert found[0].properties == {"board": "esp32"}
        assert find_host(announced.name, WAIT_S, LOOPBACK) == "127.0.0.1"


@pytest.mark.parametrize("name", ["", "###", "x" * 49])
def test_a_name_that_the_network_cannot_have_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        plain_name(name)
    assert caught.value.code == "L115"
