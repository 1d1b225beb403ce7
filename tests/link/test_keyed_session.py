"""A session over authenticated datagrams in bad weather: it comes about, survives restarts, and believes nobody else."""

from __future__ import annotations

import random
from collections import deque

import pytest

from neurula.link.clock import SimulatedClock
from neurula.link.fault_pipe import FaultPipe, Faults, PipeEnd
from neurula.link.link import ClosingLink
from neurula.link.responder import Responder
from neurula.link.session import Session, SessionState
from neurula.link.udp_auth import KEY_BYTES, BoardAuth
from neurula.link.udp_link import KeyedLink
from neurula.link.wire import Chunk, GetStats, Offset, Stats
from tests.link.far_end import hello

KEY = bytes(range(KEY_BYTES))
PATIENCE_S = 6000.0
HALF_LOST = Faults(loss=0.5, duplication=0.1, reordering=0.2, flips=0.05, cuts=0.05, latency_s=0.005, jitter_s=0.03)


class BoardEnd(ClosingLink):
    """The board's side of authenticated datagrams on a pipe."""

    name = "board"

    def __init__(self, end: PipeEnd) -> None:
        self._end = end
        self.auth = BoardAuth(KEY)
        self.heard: deque[bytes] = deque(maxlen=200)  # what an eavesdropper has recorded

    def send(self, data: bytes) -> None:
        if self.auth.channel is not None:
            self._end.send(self.auth.channel.seal(data))

    def receive(self, timeout_s: float) -> bytes:
        while datagram := self._end.receive(timeout_s):
            self.heard.append(datagram)
            payload, answer = self.auth.take(datagram)
            if answer is not None:
                self._end.send(answer)
            if payload:
                return payload
        return b""

    def reopen(self) -> bool:
        return True

    def close(self) -> None:
        return


class Net:
    """A host, a network, a board."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self.clock = SimulatedClock()
        self.pipe = FaultPipe(self.clock, faults, seed=seed)
        self.done: dict[int, int] = {}
        self.boot()
        self.pipe.b.on_data = self._work
        self.host = Session(KeyedLink(self.pipe.a, KEY), self.clock, chance=random.Random(seed))

    def boot(self) -> None:
        self.end = BoardEnd(self.pipe.b)
        handlers = {Chunk: self._chunk, GetStats: lambda _: Stats(0, 0, 0, 0, 0, 0, 0, 0, 0)}
        self.responder = Responder(self.end, handlers, hello, self.clock)

    def _work(self) -> None:
        while self.responder.poll(0.0):
            pass

    def _chunk(self, message: Chunk) -> Offset:
        self.done[message.offset] = self.done.get(message.offset, 0) + 1
        return Offset(message.offset + 1)

    def run(self, seconds: float) -> None:
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            self.host.poll(min(0.01, end - self.clock.now()))


@pytest.fixture
def seed() -> int:
    chosen = random.randrange(1 << 30)
    print("seed", chosen)
    return chosen


@pytest.mark.parametrize("latency_s", [0.001, 0.05, 0.3, 0.8])
def test_a_session_comes_about_however_long_the_way_is(latency_s: float, seed: int) -> None:
    net = Net(Faults(latency_s=latency_s), seed)
    net.host.connect(60.0)
    assert net.clock.now() < 1.0 + 10 * latency_s
    net.run(10.0)
    assert net.host.ask(Chunk(1, b""), Offset, PATIENCE_S).offset == 2
    assert net.done == {1: 1}


def test_requests_are_carried_out_exactly_once_when_half_is_lost(seed: int) -> None:
    net = Net(HALF_LOST, seed)
    net.host.connect(PATIENCE_S)
    requests = [net.host.submit(Chunk(offset, b"x" * 100), PATIENCE_S) for offset in range(300)]
    while not all(request.done for request in requests):
        net.host.poll(1.0)
    assert [net.host.result(request) for request in requests] == [Offset(offset + 1) for offset in range(300)]
    assert set(net.done.values()) == {1}


def test_a_board_that_restarts_again_and_again_is_found_again(seed: int) -> None:
    for faults in (Faults(latency_s=0.005), HALF_LOST):
        net = Net(faults, seed)
        net.host.connect(PATIENCE_S)
        for _ in range(5):
            net.boot()
            while not net.responder.greeted:
                net.run(0.1)
            while net.host.state is not SessionState.CONNECTED:
                net.run(0.1)
        assert len([event for event in net.host.events if event.fresh]) >= 6


def test_who_repeats_what_was_recorded_moves_nothing(seed: int) -> None:
    chance = random.Random(seed)
    net = Net(Faults(latency_s=0.005), seed)
    net.host.connect(PATIENCE_S)
    for offset in range(100):
        net.host.request(Chunk(offset, b"forward"))
    recorded = list(net.end.heard)
    for turn in range(3):
        for datagram in chance.choices(recorded, k=300):
            net.pipe.b.deliver(datagram)
        net.run(1.0)
        assert set(net.done.values()) == {1}
        assert net.host.state is SessionState.CONNECTED
        if turn == 0:
            net.boot()  # and the same again to a board that knows nothing of before
            net.responder.on_greeting = None
        net.run(3.0)
    assert net.host.ask(Chunk(1000, b""), Offset).offset == 1001
    assert net.done == {**dict.fromkeys(range(100), 1), 1000: 1}
