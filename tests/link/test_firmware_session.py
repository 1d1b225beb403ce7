"""A session with the firmware's own link at the far end: the same promises as between two hosts."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from neurula.link.fault_pipe import Faults
from neurula.link.requests import Request
from neurula.link.session import SessionState
from neurula.link.wire import WIRE_FINGERPRINT, Chunk, Frame, Greet, MessageType, Offset, encode_frame
from neurula_mcu.link import Link
from neurula_mcu.requests import Requests, put
from neurula_mcu.wire import PAYLOAD_AT
from tests.link.board import Board, BoardTime, Over, patched_time
from tests.link.frames import changed, pool_of

# No cuts: a 3 that is left alone is Ctrl-C.
HALF_LOST = Faults(loss=0.5, duplication=0.1, reordering=0.2, flips=0.02, latency_s=0.002, jitter_s=0.02)
PATIENCE_S = 6000.0
COUNT = 1000


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> BoardTime:
    return patched_time(monkeypatch)


@pytest.fixture
def seed() -> int:
    chosen = random.randrange(1 << 30)
    print("seed", chosen)
    return chosen


class Counting:
    """A board whose CHUNKs are counted by their offsets, over all its lives."""

    def __init__(self, time: BoardTime, seed: int) -> None:
        self.board = Board(time, seed=seed, faults=HALF_LOST)
        self.done: Counter[int] = Counter()
        self.boots = 0
        self.boot()

    def boot(self) -> None:
        """Power on: a link that remembers nothing."""
        board = self.board
        board.port.rest = b""
        board.link = board.loop.link = Link(board.port)
        board.link.requests = Requests(board.loop, board.link)
        board.link.requests.chunk = self._chunk
        self.boots += 1

    def _chunk(self, out: bytearray, frame: bytearray, end: int) -> Any:
        offset = Chunk.unpack(bytes(frame[PAYLOAD_AT:end])).offset
        self.done[offset] += 1
        return put("<I", out, offset + 1)

    def carry_out(self, count: int) -> list[Request]:
        requests = [self.board.host.submit(Chunk(offset, b"x"), PATIENCE_S) for offset in range(count)]

        def look() -> None:
            if requests[-1].done and all(request.done for request in requests):
                raise Over

        self.board.clock.call_every(0.5, look)
        self.board.live(self.board.clock.now() + PATIENCE_S)
        return requests


def test_a_thousand_requests_are_carried_out_exactly_once_over_a_line_that_loses_half(time: BoardTime, seed: int) -> None:
    counting = Counting(time, seed)
    requests = counting.carry_out(COUNT)
    host = counting.board.host
    assert [host.result(request) for request in requests] == [Offset(offset + 1) for offset in range(COUNT)]
    assert counting.done == dict.fromkeys(range(COUNT), 1)
    print(f"{COUNT} requests, {host.requests.sent} frames sent, {counting.board.clock.now():.0f} s simulated")
    assert host.requests.repeated > COUNT


def test_a_board_that_restarts_under_traffic_carries_nothing_out_twice(time: BoardTime, seed: int) -> None:
    counting = Counting(time, seed)
    chance = random.Random(seed)

    def crash() -> None:
        counting.boot()
        counting.board.clock.call_after(chance.uniform(0.5, 8.0), crash)

    counting.board.clock.call_after(1.0, crash)
    requests = counting.carry_out(COUNT)
    uncertain = 0
    for offset, request in enumerate(requests):
        if request.failure is None:
            assert counting.done[offset] == 1
        else:
            assert request.failure.code == "L123"
            assert counting.done[offset] <= 1
            uncertain += 1
    print(f"{counting.boots} boots, {uncertain} of {COUNT} uncertain")
    assert counting.boots > 10
    assert 0 < uncertain < 8 * counting.boots


def test_late_copies_from_before_a_session_are_not_carried_out_in_it(time: BoardTime, seed: int) -> None:
    for first in (105, 3, 65_530):
        counting = Counting(time, seed)
        board = counting.board
        board.host_program.stop()
        late = [(first - back) % 65_536 for back in range(1, 12)]
        chance = random.Random(seed)
        chance.shuffle(late)
        board.pipe.b.deliver(encode_frame(Frame(MessageType.GREET, 1, first, Greet(77, WIRE_FINGERPRINT).pack())))
        for sequence in (*late, (first + 2) % 65_536, (first + 1) % 65_536, *late):
            board.pipe.b.deliver(encode_frame(Frame(MessageType.CHUNK, 1, sequence, Chunk(sequence, b"x").pack())))
        board.live(board.clock.now() + 0.5)
        assert counting.done == {(first + 1) % 65_536: 1, (first + 2) % 65_536: 1}


def test_frames_that_are_no_requests_do_not_make_the_board_deaf_to_requests(time: BoardTime, seed: int) -> None:
    counting = Counting(time, seed)
    board = counting.board

    def babble() -> None:
        assert board.host.state is SessionState.CONNECTED
        far_ahead = (board.host.requests._next + 20_000) % 65_536
        for kind in (0, 50, *range(64, 128)):
            board.pipe.b.deliver(encode_frame(Frame(kind, 1, far_ahead, b"")))

    board.clock.call_after(5.0, babble)
    requests: list[Request] = []
    board.clock.call_after(6.0, lambda: requests.append(board.host.submit(Chunk(7, b"x"), PATIENCE_S)))
    board.live(board.clock.now() + 30.0)
    assert board.host.result(requests[0]) == Offset(8)
    assert counting.done == {7: 1}


def test_the_quick_forms_do_the_same(seed: int) -> None:
    """What the simulated board decodes and encodes with is the firmware's own code in another form."""
    from neurula_mcu import wire
    from tests.link.board import quick_accept, quick_finish

    chance = random.Random(seed)
    pool = pool_of(chance)
    stream = b"".join(changed(chance, *(chance.choice(pool)[1] for _ in range(2))) for _ in range(300)) + bytes(3)
    told = []
    for accept in (wire._accept, quick_accept):
        buffer, size, found = bytearray(250), 0, []
        for start in range(0, len(stream), 100):
            data, at = bytearray(stream[start : start + 100]), 0
            while at < len(data):
                answer = accept(buffer, size, data, at, len(data), wire._TABLE_AT)
                at, size = answer & 511, (answer >> 9 & 511) if answer < 1 << 18 else 0
                if answer >= 1 << 18:
                    found.append((start + at, answer >> 18, bytes(buffer[: answer >> 9 & 511]) if answer < 1 << 19 else b""))
        told.append(found)
    assert told[0] == told[1]
    assert len(told[0]) > 200
    for frame, _ in pool[:100]:
        made = []
        for finish in (wire._finish, quick_finish):
            out = bytearray(260)
            out[2 : 7 + len(frame.payload)] = bytes((1, frame.type, frame.flags)) + frame.sequence.to_bytes(2, "little") + frame.payload
            made.append(bytes(out[: finish(out, 7 + len(frame.payload), wire._TABLE_AT)]))
        assert made[0] == made[1] == encode_frame(frame)


def test_it_is_found_again_within_a_second_after_the_cable_returns(time: BoardTime, seed: int) -> None:
    worst = 0.0
    for trial in range(20):
        chance = random.Random(seed + trial)
        board = Board(time, seed=seed + trial)
        pull = chance.choice((board.pipe.unplug, board.pipe.mute))
        board.clock.call_after(0.2, pull)
        back_s = board.clock.now() + chance.uniform(2.0, 6.0)
        board.clock.call_at(back_s, board.pipe.mend)
        board.live(back_s + 1.0)
        assert board.host.state is SessionState.CONNECTED
        worst = max(worst, board.host.events[-1].at_s - back_s)
    print(f"worst of 20: {1000 * worst:.0f} ms")
    assert 0 < worst <= 1.0
