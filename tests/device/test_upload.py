"""An upload arrives whole or not at all, through whatever a cable does; a brain that fails is taken back."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from neurula.device import upload as upload_steps
from neurula.device.link import BoardLink
from neurula.device.ports import Progress
from neurula.device.upload import ATTEMPTS, Uploaded, rejected, start, take_back, upload, watch
from neurula.errors import LinkLost, NeurulaError, VerificationFailed
from neurula.link import wire
from neurula.link.wire import CHUNK_BYTES, Frame, encode_frame
from tests.device.fake_board import FakeBoard, FakeSlot, Faults

IMAGE = random.Random(1).randbytes(5000)
CHUNKS = -(-5000 // CHUNK_BYTES)


def silent(stage: str, fraction: float) -> None:
    assert stage
    assert 0 <= fraction <= 1


QUIET: Progress = silent


def board_with_a_brain(faults: Faults) -> FakeBoard:
    """Runs a confirmed brain in slot 0 already."""
    board = FakeBoard(faults)
    board.slots[0] = FakeSlot(b"old", 1, "confirmed")
    board.boot()
    board.read(1.0)
    return board


def put_and_start(board: FakeBoard) -> tuple[BoardLink, Uploaded]:
    link = BoardLink(board)
    uploaded = upload(link, IMAGE, QUIET)
    return link, uploaded


def test_an_image_arrives_in_the_slot_that_does_not_run() -> None:
    board = board_with_a_brain(Faults())
    _, uploaded = put_and_start(board)
    assert uploaded == Uploaded("1", "2", 0)
    assert board.slots[1] == FakeSlot(IMAGE, 2, "pending")
    assert board.chunks == CHUNKS


@pytest.mark.parametrize("chunk", [1, 2, CHUNKS // 2, CHUNKS])
@pytest.mark.parametrize("fault", ["break_at", "spoil", "lose", "late"])
def test_a_fault_at_any_chunk_is_survived(fault: str, chunk: int) -> None:
    board = board_with_a_brain(Faults(**{fault: {chunk}}, chatter=True))
    put_and_start(board)
    assert board.slots[1].image == IMAGE
    assert board.chunks == CHUNKS + 1
    assert board.written == CHUNKS


def test_faults_at_random_chunks_are_survived() -> None:
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(20):
        kinds = ("break_at", "spoil", "lose", "late")
        faults = {kind: {n for n in range(1, 60) if chance.random() < 0.05} for kind in kinds}
        board = board_with_a_brain(Faults(**faults))
        put_and_start(board)
        assert board.slots[1].image == IMAGE


def test_an_upload_that_was_given_up_goes_on_where_it_stopped() -> None:
    board = board_with_a_brain(Faults(spoil=set(range(10, 10 + 100 * ATTEMPTS))))
    with pytest.raises(LinkLost):
        put_and_start(board)
    assert board.slots[1].state == "empty"
    board.faults.spoil.clear()
    _, uploaded = put_and_start(board)
    assert uploaded.resumed_at == 9 * CHUNK_BYTES
    assert board.slots[1].image == IMAGE


def test_a_board_that_never_takes_a_chunk_ends_the_upload() -> None:
    board = board_with_a_brain(Faults(spoil=set(range(1, 1000))))
    with pytest.raises(LinkLost) as caught:
        put_and_start(board)
    assert caught.value.code == "K105"
    assert board.asked.count("PUT") == ATTEMPTS


def test_a_brain_that_runs_is_watched_and_confirmed() -> None:
    board = board_with_a_brain(Faults())
    link, uploaded = put_and_start(board)
    hello = start(link, uploaded)
    assert (hello.slot, hello.state) == ("1", "pending")
    watched = watch(link, hello, 10.0, QUIET)
    assert watched.seconds >= 10
    assert watched.bursts >= 900
    link.order("confirm")
    assert link.hello().state == "confirmed"


def test_watching_for_no_time_still_sees_a_burst() -> None:
    board = board_with_a_brain(Faults())
    link, uploaded = put_and_start(board)
    assert watch(link, start(link, uploaded), 0.0, QUIET).bursts > 0


@pytest.mark.parametrize(("brain", "code"), [("hangs", "K119"), ("restarts", "K119"), ("refuses", "K118")])
def test_a_brain_that_fails_is_taken_back(brain: str, code: str) -> None:
    board = board_with_a_brain(Faults(brain=brain))
    link, uploaded = put_and_start(board)
    with pytest.raises(VerificationFailed) as caught:
        watch(link, start(link, uploaded), 10.0, QUIET)
    assert caught.value.code == code
    assert take_back(link, uploaded) == "the confirmed brain of slot 0 runs"
    assert board.slots[1].state == "rejected"


def test_a_board_that_falls_silent_again_and_again_is_asked_until_it_has_gone_back(monkeypatch: pytest.MonkeyPatch) -> None:
    board = board_with_a_brain(Faults(brain="hangs"))
    link, uploaded = put_and_start(board)
    start(link, uploaded)
    silences = iter([True, True, False])

    def hangs_before_it_answers(link: BoardLink, uploaded: Uploaded) -> bool:
        if next(silences, False):
            raise LinkLost("K105", "it hangs again")
        return rejected(link, uploaded)

    monkeypatch.setattr(upload_steps, "rejected", hangs_before_it_answers)
    assert take_back(link, uploaded) == "the confirmed brain of slot 0 runs"


def test_a_first_brain_that_fails_leaves_neutral_outputs() -> None:
    board = FakeBoard(Faults(brain="hangs"))
    link, uploaded = put_and_start(board)
    with pytest.raises(VerificationFailed):
        watch(link, start(link, uploaded), 10.0, QUIET)
    assert take_back(link, uploaded) == "no brain runs, the outputs are neutral"


def test_what_the_board_refuses_keeps_its_code_and_exit() -> None:
    with pytest.raises(NeurulaError) as caught:
        upload(BoardLink(FakeBoard()), bytes(100_000), QUIET)
    assert caught.value.code in ("F102", "K112")  # K112 while the firmware's codes are not in the list


def test_the_log_comes_line_by_line() -> None:
    assert BoardLink(FakeBoard()).logs() == ["log 5 F140 1 0", "log 90 F141 2 7"]


def test_slots_are_told_apart() -> None:
    slots, size = BoardLink(board_with_a_brain(Faults())).slots()
    assert (slots[0].state, slots[0].sequence, slots[1].state, size) == ("confirmed", "1", "empty", 65_536)


def greeting(board: FakeBoard, answer: bytes, kind: int = wire.Hello.TYPE, version: int = 1) -> bytes:
    """What a board might say to the next greeting."""
    link = BoardLink(board)
    frame = encode_frame(Frame(kind, 0, (link._sequence + 1) % 65536, answer))
    if version != 1:
        body = bytearray(wire.decode(frame[1:-1])[:-4])
        body[0] = version
        frame = b"\0" + wire.encode(bytes(body) + wire.crc32(body).to_bytes(4, "little")) + b"\0"
    board._received += frame
    board._booted_at = 1e9  # and nothing else
    with pytest.raises(LinkLost) as caught:
        link.hello()
    return caught.value.code.encode()


def test_a_strange_greeting_is_coded() -> None:
    good = FakeBoard()._hello()
    assert greeting(FakeBoard(), b"") == b"L101"
    assert greeting(FakeBoard(), good.pack()[:-1]) == b"L101"
    assert greeting(FakeBoard(), good.pack(), version=2) == b"K112"
    assert greeting(FakeBoard(), wire.Ack().pack(), wire.Ack.TYPE) == b"K112"
    assert greeting(FakeBoard(), replace(good, state=9).pack()) == b"K112"


def test_a_greeting_neither_interrupts_nor_resets_what_somebody_else_runs() -> None:
    class Listener(FakeBoard):
        heard = b""

        def write(self, data: bytes) -> None:
            self.heard += data

    for _ in range(100):
        board = Listener()
        with pytest.raises(LinkLost):
            BoardLink(board).hello()
        assert len(board.heard) > 20
        assert not {3, 4} & set(board.heard)


def test_noise_without_end_is_no_trap() -> None:
    class Noise(FakeBoard):
        def _let_run(self, until_seconds: float) -> None:
            self._now += 0.001
            self._received += b"x" * 50 + b"\n"

        def write(self, data: bytes) -> None:
            """Nobody listens."""

    with pytest.raises(LinkLost):
        BoardLink(Noise()).hello()
