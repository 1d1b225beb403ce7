"""mpremote on any stream of ours: bytes that come in pieces, silence that ends in time, on the board's own clock."""

from __future__ import annotations

import pytest

from neurula.device.repl import Face
from neurula.errors import LinkLost
from neurula.sim.machine import ByteStream

STEP_S = 0.125


class Pieces(ByteStream):
    """Gives one piece every STEP_S, on a clock that moves only while somebody waits."""

    poll_s = 0.0

    def __init__(self, *pieces: bytes) -> None:
        super().__init__()
        self.pieces = list(pieces)
        self.now = 0.0

    def write(self, data: bytes) -> None:
        """Nobody listens."""

    def seconds(self) -> float:
        return self.now

    def _let_run(self, until_seconds: float) -> None:
        if self.pieces and self.now + STEP_S <= until_seconds:
            self.now += STEP_S
            self._received += self.pieces.pop(0)
        else:
            self.now = until_seconds


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_as_many_bytes_come_as_were_asked_for_in_whatever_pieces_they_arrive(size: int) -> None:
    face = Face(Pieces(b"a", b"bc", b"d", b"ef"))
    assert face.read(size) == b"abcdef"[:size]
    assert face.read(6 - size) == b"abcdef"[size:]


def test_bytes_that_do_not_come_are_told() -> None:
    face = Face(Pieces(b"a"))
    with pytest.raises(LinkLost) as caught:
        face.read(2)
    assert caught.value.code == "K105"


def test_reading_ends_with_the_marker_and_leaves_the_rest() -> None:
    face = Face(Pieces(b"one", b">t", b"wo"))
    assert face.read_until(1, b">") == b"one>"
    assert face.read(3) == b"two"


def test_reading_ends_with_silence_or_when_all_the_time_is_up() -> None:
    stream = Pieces(b"1", b"2", b"3")
    assert Face(stream).read_until(1, b">", timeout=5) == b"123"
    assert stream.now == pytest.approx(5 + 3 * STEP_S)
    stream = Pieces(*[b"x"] * 100)
    assert Face(stream).read_until(1, b">", timeout=5, timeout_overall=2) == b"x" * 16
    assert stream.now == pytest.approx(2.0)


def test_a_consumer_gets_every_byte_as_it_comes() -> None:
    seen: list[bytes] = []
    assert Face(Pieces(b"ab", b"\x04c")).read_until(1, b"\x04", data_consumer=seen.append) == b"\x04"
    assert seen == [b"a", b"b", b"\x04"]


def test_looking_takes_no_time_and_loses_nothing() -> None:
    stream = Pieces(b"abc")
    face = Face(stream)
    assert (face.inWaiting(), stream.now) == (0, 0.0)
    assert face.wait(1.0)
    assert (face.inWaiting(), face.read(3)) == (3, b"abc")
