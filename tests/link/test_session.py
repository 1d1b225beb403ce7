"""A session finds its far end, loses it, finds it again, and has every request carried out exactly once, whatever the link does."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from neurula.errors import InvalidInput, LinkLost, NeurulaError, VerificationFailed
from neurula.link.answers import AnswerMemory, Judgement
from neurula.link.fault_pipe import Faults
from neurula.link.requests import Request
from neurula.link.responder import Responder, framed
from neurula.link.round_trip import LEAST_S, MOST_S, RoundTrip
from neurula.link.session import Session, SessionState, Timing
from neurula.link.wire import (
    REMEMBERED,
    Ack,
    Chunk,
    Estop,
    Frame,
    FrameDecoder,
    GetStats,
    Greet,
    MessageType,
    Motor,
    Offset,
    Put,
    Rate,
    Sense,
    Stats,
    Step,
    Value,
    encode_frame,
)
from tests.link.far_end import FAILSAFE_MS, Bench, hello

CLEAN = Faults(latency_s=0.002)
ROUGH = Faults(loss=0.2, duplication=0.05, reordering=0.2, depth=8, latency_s=0.002, jitter_s=0.05)
AWFUL = Faults(loss=0.5, duplication=0.1, reordering=0.2, flips=0.02, cuts=0.02, depth=8, latency_s=0.002, jitter_s=0.02)
PATIENCE_S = 6000.0


@pytest.fixture
def seed() -> int:
    chosen = random.randrange(1 << 30)
    print("seed", chosen)
    return chosen


def states(host: Session) -> list[SessionState]:
    return [event.state for event in host.events]


# ---- exactly once ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("faults", [CLEAN, ROUGH, AWFUL], ids=["clean", "rough", "half is lost"])
def test_thousands_of_requests_are_each_carried_out_exactly_once(faults: Faults, seed: int) -> None:
    """Eight at a time, as an upload does; then the same with one after the other."""
    bench = Bench(faults, seed=seed)
    bench.host.connect(PATIENCE_S)
    count = 2000
    requests = [bench.host.submit(Chunk(offset, b"x"), PATIENCE_S) for offset in range(count)]
    while not all(request.done for request in requests[-1:]) or not all(request.done for request in requests):
        bench.host.poll(1.0)
    for offset, request in enumerate(requests):
        assert bench.host.result(request) == Offset(offset + 1)
    for offset in range(count, count + 200):
        assert bench.host.ask(Chunk(offset, b"y"), Offset, PATIENCE_S).offset == offset + 1
    assert set(bench.far.done) == set(range(count + 200))
    assert set(bench.far.done.values()) == {1}
    assert bench.far.greetings == 1
    table = bench.host.requests
    print(f"{count + 200} requests, {table.sent} frames sent, {table.repeated} of them again, {bench.clock.now():.1f} s simulated")
    assert (table.repeated > count / 10) == (faults is not CLEAN)


def test_requests_stay_exactly_once_while_the_cable_is_pulled_again_and_again(seed: int) -> None:
    bench = Bench(AWFUL, seed=seed)
    chance = random.Random(seed)
    bench.host.connect(PATIENCE_S)
    requests = [bench.host.submit(Chunk(offset, b"x"), PATIENCE_S) for offset in range(400)]
    pulled = 0
    while not all(request.done for request in requests):
        bench.run(chance.uniform(0.1, 1.5))
        chance.choice((bench.pipe.unplug, bench.pipe.mute))()
        pulled += 1
        bench.run(chance.uniform(0.1, 3.0))
        bench.pipe.mend()
    assert [bench.host.result(request) for request in requests] == [Offset(offset + 1) for offset in range(400)]
    assert set(bench.far.done.values()) == {1}
    assert bench.far.greetings == 1
    print(f"pulled {pulled} times")
    assert pulled > 5


def test_a_far_end_that_restarts_never_carries_a_request_out_twice_and_the_host_is_told_what_is_uncertain(seed: int) -> None:
    """Restarts at random instants, under traffic: each request is answered and was carried out once, or failed and was at most once."""
    bench = Bench(AWFUL, seed=seed)
    chance = random.Random(seed)
    bench.host.connect(PATIENCE_S)
    requests = [bench.host.submit(Chunk(offset, b"x"), PATIENCE_S) for offset in range(1000)]
    restarts = 0
    while not all(request.done for request in requests):
        bench.run(chance.uniform(0.2, 4.0))
        bench.far.boot()
        restarts += 1
    uncertain = 0
    for offset, request in enumerate(requests):
        if request.failure is None:
            assert bench.host.result(request) == Offset(offset + 1)
            assert bench.far.done[offset] == 1
        else:
            assert request.failure.code == "L123"
            assert bench.far.done[offset] <= 1
            uncertain += 1
    print(f"{restarts} restarts, {uncertain} of 1000 requests uncertain")
    assert 0 < uncertain < 8 * restarts
    assert restarts > 5


def test_an_answer_that_is_lost_a_hundred_times_is_still_one_execution(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    bench.host.connect()
    bench.pipe._lanes["b"]._faults = Faults(loss=1.0)
    request = bench.host.submit(Chunk(7, b"x"), PATIENCE_S)
    bench.run(60.0)
    assert request.sendings > 50
    assert not request.done
    bench.pipe._lanes["b"]._faults = CLEAN
    while not request.done:
        bench.host.poll(1.0)
    assert bench.far.done == {7: 1}


def test_no_more_requests_are_open_than_the_far_end_remembers(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    bench.host.connect()
    bench.far.hangs = True
    for offset in range(100):
        bench.host.submit(Chunk(offset, b""), PATIENCE_S)
    for _ in range(50):
        bench.run(0.1)
        assert len(bench.host.requests.open) <= REMEMBERED
    assert len(bench.host.requests.open) == REMEMBERED


# ---- the far end's memory ------------------------------------------------------------------------------------------------------


def test_the_memory_answers_again_what_it_knows_and_drops_what_is_too_old() -> None:
    memory = AnswerMemory()
    memory.begin(65_530)
    for number in range(20):
        sequence = (65_531 + number) % 65_536
        assert memory.judge(sequence) is Judgement.NEW
        memory.keep(sequence, bytes([number]))
        for back in range(REMEMBERED):
            known = (sequence - back) % 65_536
            if back <= number:
                assert memory.judge(known) is Judgement.KNOWN
                assert memory.answer(known) == bytes([number - back])
        for back in range(REMEMBERED, 40):
            assert memory.judge((sequence - back) % 65_536) is Judgement.STALE


def test_requests_that_overtake_each_other_are_all_carried_out(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(200):
        memory = AnswerMemory()
        first = chance.randrange(65_536)
        memory.begin(first)
        todo = [(first + 1 + number) % 65_536 for number in range(60)]
        carried: list[int] = []
        while todo:
            window = [sequence for sequence in todo if (sequence - todo[0]) % 65_536 < REMEMBERED]
            sequence = chance.choice(window)
            judgement = memory.judge(sequence)
            assert judgement is (Judgement.KNOWN if sequence in carried else Judgement.NEW)
            if judgement is Judgement.NEW:
                carried.append(sequence)
                memory.keep(sequence, b"")
            if chance.random() < 0.5:  # its answer arrives
                todo.remove(sequence)
        assert len(carried) == len(set(carried)) == 60


def test_what_was_sent_before_a_session_began_is_never_carried_out_in_it(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    pipe, far = bench.pipe, bench.far
    fingerprint = hello_of(bench).wire_fingerprint
    pipe.a.send(encode_frame(Frame(MessageType.GREET, 1, 105, Greet(77, fingerprint).pack())))
    for late in (99, 100, 104):
        pipe.a.send(encode_frame(Frame(MessageType.CHUNK, 1, late, Chunk(late, b"").pack())))
    pipe.a.send(encode_frame(Frame(MessageType.CHUNK, 1, 106, Chunk(106, b"").pack())))
    bench.clock.sleep(1.0)
    assert far.done == {106: 1}


def hello_of(bench: Bench):  # type: ignore[no-untyped-def]
    return Bench(CLEAN, seed=1).host.connect()


# ---- states ------------------------------------------------------------------------------------------------------------------


def test_a_session_goes_from_waiting_to_connected_to_lost_and_back(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    host = bench.host
    bench.far.hangs = True
    bench.run(3.0)
    assert host.state is SessionState.WAITING
    bench.far.boot()
    told = host.connect()
    assert (told.board, told.failsafe_ms) == ("paper", FAILSAFE_MS)
    assert states(host) == [SessionState.AVAILABLE, SessionState.CONNECTED]
    bench.pipe.mute()
    bench.run(3.0)
    assert host.state is SessionState.LOST
    bench.pipe.mend()
    bench.run(1.0)
    assert host.state is SessionState.CONNECTED
    assert [event.fresh for event in host.events if event.state is SessionState.CONNECTED] == [True, False]
    host.close()
    assert host.state is SessionState.WAITING
    assert bench.far.greetings == 1


@pytest.mark.parametrize("pull", ["unplug", "mute"])
@pytest.mark.parametrize("faults", [CLEAN, ROUGH], ids=["clean", "rough"])
def test_it_reconnects_within_a_second_after_the_cable_returns(faults: Faults, pull: str, seed: int) -> None:
    """What waited meanwhile is carried out then."""
    worst = 0.0
    for trial in range(40):
        bench = Bench(faults, seed=seed + trial)
        chance = random.Random(seed + trial)
        bench.host.connect(PATIENCE_S)
        bench.run(chance.uniform(0.0, 0.5))
        getattr(bench.pipe, pull)()
        bench.run(chance.uniform(1.2, 8.0))
        assert bench.host.state is SessionState.LOST
        request = bench.host.submit(GetStats(), PATIENCE_S)
        bench.pipe.mend()
        returned = bench.clock.now()
        while bench.host.state is not SessionState.CONNECTED:
            bench.host.poll(0.01)
        worst = max(worst, bench.clock.now() - returned)
        while not request.done:
            bench.host.poll(0.01)
        bench.host.result(request)
    print(f"worst of 40: {1000 * worst:.0f} ms after the cable came back")
    assert worst <= 1.0


def test_a_far_end_that_restarts_unseen_is_greeted_anew_within_two_seconds(seed: int) -> None:
    for trial in range(20):
        bench = Bench(CLEAN, seed=seed + trial)
        bench.host.connect()
        bench.run(1.0 + trial / 20)
        bench.far.boot()
        bench.run(2.0)
        assert bench.host.state is SessionState.CONNECTED
        assert bench.host.events[-1].fresh
        assert bench.far.greetings == 2


def test_signs_of_life_come_at_least_four_times_in_the_failsafe_time(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    bench.host.connect()
    longest, last = 0.0, bench.clock.now()
    for _ in range(3000):
        before = bench.far.responder.heard_s
        bench.host.poll(0.001)
        if bench.far.responder.heard_s != before:
            longest, last = max(longest, bench.clock.now() - last), bench.clock.now()
    assert 0 < longest <= FAILSAFE_MS / 4000 + 0.003


def test_nobody_is_an_error_after_the_time_that_was_given(seed: int) -> None:
    bench = Bench(Faults(loss=1.0), seed=seed)
    with pytest.raises(LinkLost) as caught:
        bench.host.connect(3.0)
    assert caught.value.code == "L122"
    assert bench.clock.now() == pytest.approx(3.0)
    with pytest.raises(LinkLost) as caught:
        bench.host.request(GetStats(), 2.0)
    assert caught.value.code == "L122"
    assert bench.clock.now() == pytest.approx(5.0)


def test_closing_fails_what_waits(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    bench.host.connect()
    bench.far.hangs = True
    requests = [bench.host.submit(Chunk(offset, b"")) for offset in range(20)]
    bench.run(0.1)
    bench.host.close()
    assert {request.failure.code for request in requests if request.failure} == {"L124"}
    assert all(request.done for request in requests)


# ---- refusals ----------------------------------------------------------------------------------------------------------------


def test_different_wires_refuse_each_other_in_plain_words(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import neurula.link.responder as responder

    bench = Bench(CLEAN, seed=seed)
    monkeypatch.setattr(responder, "WIRE_FINGERPRINT", 0x12345678)
    with pytest.raises(VerificationFailed, match="do not speak the same language") as caught:
        bench.host.connect()
    assert caught.value.code == "L121"
    assert "12345678" in str(caught.value)
    assert bench.host.state is SessionState.AVAILABLE
    monkeypatch.undo()  # the board was flashed meanwhile
    bench.run(2.0)
    assert bench.host.state is SessionState.CONNECTED
    assert bench.host.refusal is None


def test_a_far_end_that_greets_with_another_fingerprint_is_refused_too(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    decoder = FrameDecoder()

    def lie() -> None:
        for frame in decoder.feed(bench.pipe.b.receive(0.0)):
            if frame.type == MessageType.GREET:
                session = Greet.unpack(frame.payload).session
                bench.pipe.b.send(framed(frame, replace(hello(), session=session, wire_fingerprint=5)))

    bench.pipe.b.on_data = lie
    with pytest.raises(VerificationFailed, match="00000005"):
        bench.host.connect()


def test_another_version_of_the_frame_is_named(seed: int) -> None:
    from zlib import crc32

    from cobs import cobs

    bench = Bench(CLEAN, seed=seed)
    body = bytes([9, 67, 0, 0, 0])
    foreign = b"\0" + cobs.encode(body + crc32(body).to_bytes(4, "little")) + b"\0"
    bench.pipe.b.on_data = lambda: (bench.pipe.b.receive(0.0) and bench.pipe.b.send(foreign)) or None
    with pytest.raises(VerificationFailed, match="version 9"):
        bench.host.connect()


def test_what_the_far_end_refuses_is_raised_with_its_own_code(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    bench.host.connect()
    with pytest.raises(NeurulaError, match="so rare") as caught:
        bench.host.request(Rate(1))
    assert caught.value.code == "F137"
    with pytest.raises(NeurulaError) as caught:
        bench.host.request(Step(5))
    assert caught.value.code == "F131"
    with pytest.raises(InvalidInput) as caught:
        bench.host.submit(Rate(70_000))
    assert caught.value.code == "L102"
    assert bench.host.ask(GetStats(), Stats).burst == 0


def test_an_answer_of_another_kind_is_none(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    bench.far.responder = Responder(bench.pipe.b, {Chunk: lambda _: Ack(), GetStats: lambda _: Ack()}, hello, bench.clock)
    bench.host.connect()
    with pytest.raises(LinkLost) as caught:
        bench.host.request(Chunk(1, b""))
    assert caught.value.code == "L122"


# ---- values ------------------------------------------------------------------------------------------------------------------


def test_the_latest_values_win_both_ways_and_never_go_back(seed: int) -> None:
    bench = Bench(AWFUL, seed=seed)
    bench.host.connect(PATIENCE_S)
    motors: list[int] = []
    senses: list[int] = []
    bench.host.listen(Motor, lambda message: motors.append(message.burst))
    bench.far.responder.listen(Sense, lambda message: senses.append(message.values[0].value))
    for number in range(3000):
        bench.far.responder.send_values(Motor(number, (Value(0, 5),)))
        bench.host.send_values(Sense((Value(1, number),)))
        bench.run(0.01)
    for got in (motors, senses):
        assert got == sorted(set(got))
        assert len(got) > 700
    latest = bench.host.values(Motor)
    assert latest is not None
    assert latest.burst == motors[-1]
    sensed = bench.far.responder.values(Sense)
    assert sensed is not None
    assert sensed.values == (Value(1, senses[-1]),)


def test_values_count_again_after_the_far_end_has_restarted(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    bench.host.connect()
    for number in range(2000):
        bench.far.responder.send_values(Motor(number))
    bench.run(0.1)
    bench.far.boot()
    bench.run(3.0)
    assert bench.far.responder.send_values(Motor(1))
    bench.run(0.1)
    assert bench.host.values(Motor) == Motor(1)


def test_a_body_that_begins_at_zero_hears_a_host_that_has_counted_far(seed: int) -> None:
    """Robots without much memory take 0 for the last number before a session."""
    bench = Bench(CLEAN, seed=seed)
    bench.host.connect()
    for _ in range(40_000):
        bench.host._values.frame_of(Motor(0))
    bench.far.boot()
    bench.run(3.0)
    heard: list[int] = []
    decoder = FrameDecoder()
    carry = bench.pipe.carry

    def listen(sender: str, packet: bytes) -> None:
        heard.extend(frame.sequence for frame in decoder.feed(packet) if frame.type == MessageType.MOTOR)
        carry(sender, packet)

    bench.pipe.carry = listen  # type: ignore[method-assign]
    assert bench.host.send_values(Motor(1))
    assert heard == [1]


def test_nobody_there_means_no_values_are_kept_for_later(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    assert not bench.host.send_values(Sense((Value(0, 1),)))
    assert not bench.far.responder.send_values(Motor(1))
    bench.host.connect()
    bench.pipe.mute()
    bench.run(3.0)
    sent = bench.pipe.a.sent
    assert not bench.host.send_values(Sense((Value(0, 1),)))
    assert bench.pipe.a.sent == sent


# ---- the emergency stop, slow work, times --------------------------------------------------------------------------------------


def test_the_emergency_stop_overtakes_what_waits_and_needs_no_session(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    bench.host.connect()
    for offset in range(500):
        bench.host.submit(Chunk(offset, b""))
    bench.host.request(Estop())
    assert bench.far.stops >= 1
    assert sum(bench.far.done.values()) < 50
    bench.far.boot()
    stops = bench.far.stops
    bench.host.request(Estop())
    assert bench.far.stops > stops


def test_a_far_end_that_works_for_long_is_not_lost_and_not_flooded(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    bench.far.responder = Responder(
        bench.pipe.b, {Put: lambda _: bench.clock.sleep(30.0) or Offset(0), GetStats: bench.far._stats}, hello, bench.clock
    )
    bench.host.connect()
    before = bench.pipe.a.sent
    assert bench.host.ask(Put(1000, bytes(32)), Offset, 60.0).offset == 0
    assert SessionState.LOST not in states(bench.host)
    assert bench.pipe.a.sent - before < 40


def test_timeouts_follow_the_round_trip(seed: int) -> None:
    for latency_s in (0.001, 0.02, 0.1):
        bench = Bench(Faults(latency_s=latency_s), seed=seed)
        bench.host.connect()
        bench.run(5.0)
        for offset in range(100):
            bench.host.request(Chunk(offset, b""))
        table = bench.host.requests
        assert table.round_trip.smoothed_s == pytest.approx(2 * latency_s, rel=0.1)
        assert 2 * latency_s < table.round_trip.timeout_s() < max(2.6 * latency_s, 1.5 * LEAST_S)
        repeated = table.repeated
        bench.run(5.0)
        assert table.repeated == repeated


def test_estimates_are_those_of_rfc_6298() -> None:
    trip = RoundTrip()
    trip.measured(0.2)
    assert (trip.smoothed_s, trip.deviation_s) == (0.2, 0.1)
    assert trip.timeout_s() == pytest.approx(0.6)
    trip.measured(0.4)
    assert trip.deviation_s == pytest.approx(0.75 * 0.1 + 0.25 * 0.2)
    assert trip.smoothed_s == pytest.approx(0.875 * 0.2 + 0.125 * 0.4)
    assert trip.timeout_s(2) == trip.timeout_s(3) == MOST_S
    for _ in range(200):
        trip.measured(0.0001)
    assert trip.timeout_s() == pytest.approx(LEAST_S)
    assert trip.timeout_s(2) == pytest.approx(2 * LEAST_S)


def test_an_answer_to_a_repeated_request_is_not_measured(seed: int) -> None:
    bench = Bench(Faults(loss=0.5, latency_s=0.05), seed=seed)
    bench.host.connect(PATIENCE_S)
    for offset in range(300):
        bench.host.request(Chunk(offset, b""), PATIENCE_S)
    assert bench.host.requests.round_trip.smoothed_s == pytest.approx(0.1, rel=0.05)


# ---- bad company -------------------------------------------------------------------------------------------------------------


def test_noise_and_nonsense_from_the_far_end_harm_nothing(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    chance = random.Random(seed)
    bench.host.connect()
    for number in range(2000):
        kind = chance.choice((chance.randrange(256), *MessageType))
        frame = Frame(kind, chance.randrange(256), chance.randrange(65_536), chance.randbytes(chance.randint(0, 240)))
        good = frame.type not in (MessageType.ERROR,)
        bench.pipe.b.send(encode_frame(frame) if good and chance.random() < 0.8 else chance.randbytes(chance.randint(1, 600)))
        if number % 50 == 0:
            bench.run(0.05)
            assert bench.host.ask(Chunk(number, b""), Offset, PATIENCE_S).offset == number + 1
    assert bench.host.state is SessionState.CONNECTED
    assert bench.host.unexpected > 100


def test_noise_and_nonsense_from_the_host_harm_nothing(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    chance = random.Random(seed)
    bench.host.connect()
    for _ in range(2000):
        kind = chance.choice([kind for kind in (*range(256),) if kind not in (MessageType.GREET, MessageType.CHUNK)])
        frame = Frame(kind, chance.randrange(256), chance.randrange(65_536), chance.randbytes(chance.randint(0, 240)))
        bench.pipe.a.send(encode_frame(frame) if chance.random() < 0.8 else chance.randbytes(chance.randint(1, 600)))
    bench.run(1.0)
    bench.far.boot()
    bench.run(3.0)
    assert bench.host.ask(Chunk(5, b""), Offset, PATIENCE_S).offset == 6


def test_the_same_seed_gives_the_same_conversation() -> None:
    def life() -> tuple[int, int, float]:
        bench = Bench(AWFUL, seed=12345)
        bench.host.connect(PATIENCE_S)
        for offset in range(200):
            bench.host.request(Chunk(offset, b"x"), PATIENCE_S)
        return bench.host.requests.sent, bench.pipe.b.sent, bench.clock.now()

    assert life() == life()


def test_a_request_is_repeated_after_its_time_and_not_before() -> None:
    assert not Request(GetStats()).done
    bench = Bench(Faults(latency_s=0.3), seed=1, timing=Timing(silence_s=5.0))
    bench.host.connect(PATIENCE_S)
    for offset in range(20):
        bench.host.request(Chunk(offset, b""), PATIENCE_S)
    assert bench.far.done == dict.fromkeys(range(20), 1)


def test_an_idle_session_says_no_more_than_it_must(seed: int) -> None:
    bench = Bench(CLEAN, seed=seed)
    bench.host.connect()
    bench.run(1.0)
    before = bench.pipe.a.sent
    bench.run(10.0)
    assert 10 * 4000 / FAILSAFE_MS * 0.8 < bench.pipe.a.sent - before < 10 * (4000 / FAILSAFE_MS + 2)
