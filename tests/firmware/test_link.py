"""The board's end of the wire on a paper chip: requests exactly once, the latest values, what was subscribed, garbage, Ctrl-C."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from neurula.link import wire
from neurula.link.wire import (
    REMEMBERED,
    WIRE_FINGERPRINT,
    Bind,
    ChannelKind,
    Coding,
    Excite,
    Fired,
    Flag,
    Frame,
    FrameDecoder,
    Greet,
    Inject,
    Log,
    Motor,
    Potential,
    Sense,
    Stats,
    Stream,
    Subscribe,
    Value,
    encode_frame,
)
from neurula_mcu.link import _BLOCKED_MS as BLOCKED_MS
from neurula_mcu.link import _SILENCE_MS as SILENCE_MS
from neurula_npu import ReferenceBrain
from neurula_npu.schema import FINGERPRINT
from tests.firmware.boards import reflex_image
from tests.firmware.rig import Rig
from tests.link.frames import changed, pool_of, random_frame

SENSORS, MOTORS = 1, 4
SENSOR = {"kind": ChannelKind.SENSOR, "coding": Coding.RATE, "hold": 1, "window": 1, "area": SENSORS, "depth": 1, "per_voxel": 1, "full": 1,
          "neutral": 0, "stride": 1, "minus": 0, "units": 1 << 21}  # fmt: skip
FULL, HALF = 1023 << 11, 511 << 11  # of those units: the coder's steps are 1/1023
MOTOR = {**SENSOR, "kind": ChannelKind.MOTOR, "coding": Coding.BOOLEAN, "area": MOTORS, "units": 0}


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    return Rig(monkeypatch)


def request(message: Any, sequence: int) -> bytes:
    return encode_frame(Frame(message.TYPE, Flag.NEEDS_ACK, sequence, message.pack()))


def greeted(rig: Rig, sequence: int = 0, session: int = 7) -> Rig:
    rig.wire.send(request(Greet(session, WIRE_FINGERPRINT), sequence))
    rig.loop.run(1)
    assert wire.Hello.TYPE in [frame.type for frame in FrameDecoder().feed(rig.wire.receive())]
    rig.host.session, rig.host.sequence = session, sequence + 100  # it goes on in the same session
    return rig


def answers(rig: Rig, data: bytes, rounds: int = 1) -> list[tuple[int, Any]]:
    """(sequence, message) of what the board says to some bytes."""
    rig.wire.send(data)
    rig.loop.run(rounds)
    return [(frame.sequence, wire.MESSAGES[frame.type].unpack(frame.payload)) for frame in FrameDecoder().feed(rig.wire.receive())]


def values(rig: Rig, message: Any, sequence: int) -> None:
    assert answers(rig, encode_frame(Frame(message.TYPE, 0, sequence, message.pack()))) == []


# ---- requests ------------------------------------------------------------------------------------------------------------


def test_several_requests_are_carried_out_between_two_bursts(rig: Rig) -> None:
    greeted(rig)
    found = answers(rig, b"".join(request(wire.GetStats(), number) for number in range(1, 12)))
    assert [number for number, _ in found] == list(range(1, 12))


def test_a_late_burst_does_not_keep_the_link_from_its_turn(rig: Rig) -> None:
    rig.burst_us = 50_000
    greeted(rig)
    assert len(answers(rig, request(wire.GetStats(), 1))) == 1


def test_hello_and_stats_say_what_there_is(rig: Rig) -> None:
    rig.loop.board = "rpi_pico"
    rig.loop.run(5)
    rig.wire.send(request(Greet(7, WIRE_FINGERPRINT), 3))
    rig.loop.run(1)
    (frame,) = FrameDecoder().feed(rig.wire.receive())
    hello = wire.Hello.unpack(frame.payload)
    assert (frame.sequence, hello.session, hello.wire_fingerprint, hello.image_fingerprint) == (3, 7, WIRE_FINGERPRINT, FINGERPRINT)
    assert (hello.board, hello.boot_reason, hello.refusal) == ("rpi_pico", "power", "")
    assert (hello.slot, hello.state) == (255, wire.BrainState.CONFIRMED)
    assert (hello.rate_hz, hello.failsafe_ms, hello.running, hello.stopped, hello.burst) == (100, 200, 1, 0, rig.brain.burst())
    ((_, stats),) = answers(rig, request(wire.GetStats(), 4))
    assert (stats.burst, stats.overruns, stats.rejected, stats.dropped, stats.trips) == (rig.brain.burst(), 0, 0, 0, 0)
    assert 1000 <= stats.mean_us <= stats.worst_us <= 1010


def test_a_request_that_comes_again_is_answered_again_and_not_carried_out_again(rig: Rig) -> None:
    greeted(rig)
    answers(rig, request(wire.Stop(), 1))
    step = request(wire.Step(3), 2)
    (first,) = answers(rig, step)
    before = rig.brain.burst()
    again = (2, replace(first[1], bitmaps=b""))  # who wants them asks for them
    assert answers(rig, step * 5) == [again] * 5
    assert rig.brain.burst() == before
    (third,) = answers(rig, request(wire.Step(3), 3))
    assert third[1].burst == before + 3


def test_requests_that_overtake_each_other_are_all_carried_out_once() -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        rig = Rig(patch, rate_hz=1000)
        first = chance.randrange(65536)
        greeted(rig, first)
        answers(rig, request(wire.Stop(), (first + 1) % 65536))
        begun, done = rig.brain.burst(), first + 2
        waiting: dict[int, bytes] = {}
        old: list[bytes] = []
        results: dict[int, Any] = {}
        total = 0
        for _ in range(1200):
            while len(waiting) < REMEMBERED and done < first + 300:
                if done - min(waiting, default=done) >= REMEMBERED:
                    break
                waiting[done] = request(wire.Step(1 + done % 3), done % 65536)
                total += 1 + done % 3
                done += 1
            sent = [*chance.choices([*waiting.values()], k=2)] if waiting else []
            sent += chance.choices(old[-40:], k=1) if old else []
            chance.shuffle(sent)
            for number, answer in answers(rig, b"".join(frame for frame in sent if chance.random() > 0.3)):
                whole = next((n for n in waiting if n % 65536 == number), None)
                if whole is None:
                    if number in results:
                        assert replace(results[number], bitmaps=b"") == replace(answer, bitmaps=b"")
                    continue
                if chance.random() < 0.3:
                    continue  # the answer is lost
                results[number] = answer
                old.append(waiting.pop(whole))
        assert not waiting
        assert rig.brain.burst() == begun + total


def test_a_refusal_that_is_repeated_keeps_its_code_and_the_beginning_of_its_words(rig: Rig) -> None:
    greeted(rig)
    late = request(wire.Step(1), 2)
    ((_, first),) = answers(rig, late)
    ((_, again),) = answers(rig, late)
    assert first.code == again.code == b"F134"
    assert len(again.text) > 20
    assert first.text.startswith(again.text)


def test_what_lies_further_back_than_the_memory_is_dropped(rig: Rig) -> None:
    greeted(rig)
    answers(rig, request(wire.Stop(), 1))
    late = request(wire.Step(1), 2)
    answers(rig, late)
    for number in range(3, 3 + REMEMBERED):
        answers(rig, request(wire.GetStats(), number))
    before = rig.brain.burst()
    assert answers(rig, late) == []
    assert rig.brain.burst() == before
    ((_, stats),) = answers(rig, request(wire.GetStats(), 50))
    assert stats.dropped == 1


def test_a_request_from_before_the_session_is_not_carried_out_in_it(rig: Rig) -> None:
    greeted(rig, 100, session=1)
    answers(rig, request(wire.Stop(), 101))
    greeted(rig, 102, session=2)
    before = rig.brain.burst()
    assert answers(rig, request(wire.Step(5), 99)) == []
    assert rig.brain.burst() == before


def test_outside_of_a_session_only_greeting_ping_and_emergency_stop_are_answered(rig: Rig) -> None:
    for message in (wire.GetStats(), wire.Stop(), wire.Release(), wire.Reset(), wire.Commit()):
        ((_, answer),) = answers(rig, request(message, 9))
        assert answer.code == b"F138"
    assert rig.loop.running
    assert answers(rig, request(wire.Ping(b"\0hello\0"), 9)) == [(9, wire.Pong(b"\0hello\0"))]
    assert answers(rig, request(wire.Estop(), 10)) == [(10, wire.Ack())]
    assert rig.failsafe.stopped


def test_a_second_greeting_of_the_same_session_forgets_nothing_and_another_session_all(rig: Rig) -> None:
    greeted(rig, 1, session=5)
    answers(rig, request(Bind(0, first=3, **SENSOR), 2) + request(Subscribe(Stream.MOTOR, 0, 1), 3))
    greeted(rig, 4, session=5)
    assert rig.wire.link.streams == Stream.MOTOR
    assert rig.wire.link.channels.sensor_count == 1
    greeted(rig, 5, session=6)
    assert rig.wire.link.streams == 0
    assert rig.wire.link.channels.sensor_count == 0
    rig.wire.receive()
    rig.loop.run(3)
    assert rig.wire.receive() == b""


def test_another_wire_is_refused_in_plain_words(rig: Rig) -> None:
    ((_, answer),) = answers(rig, request(Greet(7, WIRE_FINGERPRINT ^ 1), 1))
    assert answer.code == b"L121"
    assert f"{WIRE_FINGERPRINT:08x}" in answer.text
    ((_, answer),) = answers(rig, request(wire.GetStats(), 2))
    assert answer.code == b"F138"


def test_safe_mode_says_so_and_refuses_what_needs_a_brain(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch, None)
    rig.loop.refusal = "F143"
    assert rig.ask("hello").split()[6:] == ["-", "safe", "0", "power", "F143"]
    for line in ("run", "step 1", "force 0 0", "state", "rewind"):
        assert rig.ask(line).split()[:2] == ["error", "F135"]
    for line in ("slots", "put 100 " + "00" * 32, "confirm", "rollback", "retry"):
        assert rig.ask(line).split()[:2] == ["error", "F147"]
    assert rig.ask("chunk 0 00").split()[:2] == ["error", "F139"]
    for message in (Bind(0, first=3, **SENSOR), Subscribe(Stream.MOTOR, 0, 1)):
        assert rig.host.request(message).code == b"F135"


@pytest.mark.parametrize(
    ("kind", "payload", "code"),
    [
        (100, b"", "F131"), (63, b"", "F131"), (0, b"", "F131"), (wire.Step.TYPE, b"\1\0\0", "F133"),
        (wire.Step.TYPE, b"\1\0\0\0\0", "F133"),
        (wire.Put.TYPE, bytes(35), "F133"), (wire.GetStats.TYPE, b"x", "F133"), (wire.Rate.TYPE, b"\0\0", "F133"),
        (wire.Rate.TYPE, b"\xff\xff", "F133"), (wire.Rate.TYPE, b"\x09\0", "F137"), (wire.Step.TYPE, b"\1\0\0\0", "F134"),
        (wire.Put.TYPE, bytes(36), "F147"), (wire.Chunk.TYPE, bytes(4), "F133"), (wire.Chunk.TYPE, bytes(240), "F139"),
        (wire.Greet.TYPE, bytes(8), "L121"), (wire.Bind.TYPE, bytes([0, 3]) + bytes(29), "F150"),
        (wire.Subscribe.TYPE, b"\x10\0\1\0", "F133"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_answered_with_its_code(rig: Rig, kind: int, payload: bytes, code: str) -> None:
    greeted(rig)
    ((_, answer),) = answers(rig, encode_frame(Frame(kind, 1, 5, payload)))
    assert answer.code == code.encode()
    assert rig.ask("hello").startswith("ok")


def test_a_request_that_breaks_is_an_answer_and_the_brain_goes_on(rig: Rig) -> None:
    def breaks(_: bytearray) -> None:
        raise ZeroDivisionError("oops")

    greeted(rig)
    rig.wire.link.requests.get_outputs = breaks
    before = rig.brain.burst()
    assert rig.ask("pins").split()[:2] == ["error", "F136"]
    rig.loop.run(10)
    assert rig.brain.burst() >= before + 11
    assert any("F136" in line for line in rig.log.lines())


def test_a_stopped_brain_steps_with_the_hosts_stimulus(rig: Rig) -> None:
    reference = ReferenceBrain(reflex_image())
    rig.machine.made[26].reading = 50_000  # a wall: stepping does not look
    assert rig.ask("stop") == "ok"
    for _ in range(rig.brain.burst()):
        reference.step()
    before = rig.brain.burst()
    rig.brain.ram[:] = reference.state()
    for _ in range(40):
        assert rig.ask(f"inject {SENSORS} 8 2097152") == "ok"
        assert rig.ask(f"force {MOTORS} 1") == "ok"
        first, second, last = rig.host.ask("step 2")
        reference.step([(MOTORS, 1)], [(SENSORS, 8, 2097152)])
        middle = reference.state_hash()
        reference.step()
        before += 2
        assert first.split()[:3] == ["burst", str(before - 1), f"{middle:08x}"]
        assert second.split()[:3] == ["burst", str(before), f"{reference.state_hash():08x}"]
        assert bytes.fromhex(second.split()[3]) == bytes.fromhex(rig.brain.fired_slot().decode())
        assert last == "ok"
    assert bytes.fromhex(rig.ask("state").split()[1]) == reference.state()
    assert rig.ask("force 9 0") == "ok"
    assert rig.ask("step 1").split()[:2] == ["error", "F133"]
    assert rig.ask("run") == "ok"


def test_a_stopped_brain_goes_back_to_its_start(rig: Rig) -> None:
    assert rig.ask("rewind").split()[:2] == ["error", "F134"]
    assert rig.ask("stop") == "ok"
    assert rig.brain.burst() > 0
    assert rig.ask("rewind") == "ok"
    assert rig.brain.ram == ReferenceBrain(reflex_image()).state()


# ---- values --------------------------------------------------------------------------------------------------------------


def test_sensor_values_reach_the_brain_beside_the_pins_in_the_next_burst_and_hold(rig: Rig) -> None:
    greeted(rig)
    rig.machine.made[26].reading = 50_000
    rig.loop.run(1)
    pins = list(rig.brain.injected)
    assert pins
    assert rig.host.request(Bind(5, first=3, **{**SENSOR, "hold": 2})).TYPE == wire.Ack.TYPE
    values(rig, Sense((Value(5, 32767),)), 1)
    rig.loop.run(1)
    assert rig.brain.injected == [*pins, (SENSORS, 3, FULL)]
    rig.loop.run(1)
    assert rig.brain.injected == [*pins, (SENSORS, 3, FULL)]
    rig.loop.run(1)
    assert rig.brain.injected == pins


def test_the_latest_values_win_by_their_number(rig: Rig) -> None:
    greeted(rig)
    rig.host.request(Bind(0, first=3, **{**SENSOR, "hold": 255}))
    for number, value, wanted in ((65_530, 32767, FULL), (65_529, 0, FULL), (65_530, 0, FULL), (3, 16383, HALF), (65_535, 32767, HALF)):
        values(rig, Sense((Value(0, value),)), number)
        rig.loop.run(1)
        assert rig.brain.injected == [(SENSORS, 3, wanted)], number
    assert rig.wire.link.dropped == 3


def test_potentials_and_excitations_count_once(rig: Rig) -> None:
    greeted(rig)
    rig.host.request(Bind(0, first=3, **SENSOR))
    rig.wire.send(encode_frame(Frame(Inject.TYPE, 0, 1, Inject(SENSORS, 2, (Potential(0, 50), Potential(1, -9))).pack())))
    rig.wire.send(encode_frame(Frame(Excite.TYPE, 0, 2, Excite(7, ((MOTORS, (0, 1)),)).pack())))
    rig.loop.run(2)
    assert rig.brain.injected == [(SENSORS, 2, 50), (SENSORS, 3, -9), (MOTORS, 0, 7), (MOTORS, 1, 7)]
    rig.loop.run(1)
    assert rig.brain.injected == []


def test_values_mean_nothing_outside_of_a_session(rig: Rig) -> None:
    values(rig, Inject(SENSORS, 0, (Potential(0, 50),)), 1)
    rig.loop.run(1)
    assert rig.brain.injected == []


def test_motor_values_and_spikes_of_every_burst_are_sent_while_the_host_is_heard(rig: Rig) -> None:
    greeted(rig)
    for channel in range(4):
        assert rig.host.request(Bind(channel, first=channel, **MOTOR)).TYPE == wire.Ack.TYPE
    rig.machine.made[26].reading = 50_000
    rig.host.request(Subscribe(Stream.MOTOR | Stream.FIRED, 4, 1))
    seen = 0
    for _ in range(60):
        rig.wire.receive()
        rig.loop.run(1)
        frames = FrameDecoder().feed(rig.wire.receive())
        motor, fired = Motor.unpack(frames[0].payload), Fired.unpack(frames[1].payload)
        assert motor.burst == fired.burst == rig.brain.burst()
        spikes = tuple((area, tuple(neurons)) for area, neurons in rig.brain.npu.fired() if neurons)
        assert fired.spikes == spikes
        assert frames[1].flags == 0
        going = {neuron for area, neurons in spikes if area == MOTORS for neuron in neurons}
        assert [value for _, value in motor.values] == [32767 if channel in going else 0 for channel in range(4)]
        seen += bool(going)
        values_frame = encode_frame(Frame(Sense.TYPE, 0, 1, Sense().pack()))
        rig.wire.send(values_frame)
    assert seen > 5


def test_what_is_sent_unasked_ends_when_the_host_falls_silent_and_goes_on_when_it_is_heard(rig: Rig) -> None:
    greeted(rig)
    rig.host.request(Subscribe(Stream.STATS, 0, 10))
    rig.loop.run(400)
    frames = FrameDecoder().feed(rig.wire.receive())
    assert SILENCE_MS // 100 - 1 <= len(frames) <= SILENCE_MS // 100 + 1
    numbers = [frame.sequence for frame in frames]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert Stats.unpack(frames[-1].payload).burst % 10 == Stats.unpack(frames[0].payload).burst % 10
    rig.loop.run(200)
    assert rig.wire.receive() == b""
    answers(rig, request(wire.Ping(), 5))
    rig.loop.run(10)
    assert len(FrameDecoder().feed(rig.wire.receive())) == 1


def test_a_host_that_does_not_read_gets_nothing_more(rig: Rig) -> None:
    greeted(rig)
    rig.host.request(Subscribe(Stream.STATS, 0, 1))
    write = rig.wire.write

    def waits(buffer: bytearray, size: int) -> None:
        rig.clock.us += 1000 * (BLOCKED_MS + 1)
        write(buffer, size)

    rig.wire.write = waits  # type: ignore[method-assign]
    rig.loop.run(20)
    assert len(FrameDecoder().feed(rig.wire.receive())) == 1


def test_what_happens_is_told_at_once(rig: Rig) -> None:
    greeted(rig)
    rig.host.request(Subscribe(Stream.LOG, 0, 1))
    rig.loop.run(3)
    assert rig.wire.receive() == b""
    rig.log.add("F144", 12)
    rig.log.add("F145", 13)
    rig.loop.run(3)
    (frame,) = FrameDecoder().feed(rig.wire.receive())
    assert [(entry.code, entry.times, entry.burst) for entry in Log.unpack(frame.payload).entries] == [(144, 1, 12), (145, 1, 13)]


# ---- what is no frame ----------------------------------------------------------------------------------------------------


def test_garbage_never_ends_the_loop_and_the_next_request_is_understood() -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        rig = Rig(patch, rate_hz=1000)
        greeted(rig)
        pool = [data for _, data in pool_of(chance)]
        types = [number for number in wire.MESSAGES if number not in (wire.Reset.TYPE, wire.Greet.TYPE)]
        counts: Counter[int] = Counter()
        for number in range(1500):
            kind = chance.random()
            if kind < 0.3:
                rig.wire.send(b"!" + chance.randbytes(chance.choice([1, 3, 60, 400])) + b"\0")
            elif kind < 0.5:
                rig.wire.send(b"!" + changed(chance, *chance.choices(pool, k=2)) + b"\0")
            else:
                kind = chance.choice(types)
                counts[kind] += 1
                rig.wire.send(encode_frame(Frame(kind, 1, number, random_frame(chance).payload)))
            if len(rig.wire.out) > 300:
                rig.loop.run(20)
                rig.wire.receive()
        rig.loop.run(1000)
        assert not rig.wire.out
        assert min(counts.values()) > 5
        rig.wire.receive()
        rig.host.new_session()
        assert rig.ask("hello").startswith("ok neurula")
        assert rig.ask("run") == "ok"
        assert rig.ask("release") == "ok"
        before = rig.brain.burst()
        rig.loop.run(10)
        assert rig.brain.burst() == before + 10
        assert rig.hardware.resets == []


@pytest.mark.parametrize(
    ("text", "rest"),
    [(b"\x03", b""), (b"\r\x03", b""), (b"\r\x03\r\x01", b"\x01"), (b"\r\x03\x03\x01", b"\x01"), (b"\x03\x01", b"\x01")],
)
def test_ctrl_c_that_nothing_follows_ends_the_program_and_hands_on_what_came_after_it(rig: Rig, text: bytes, rest: bytes) -> None:
    greeted(rig)
    rig.wire.send(text)
    rig.loop.run(8)
    with pytest.raises(KeyboardInterrupt):
        rig.loop.run(10)
    assert rig.wire.left == [rest]


@pytest.mark.parametrize("text", [b"abc", b"\r", b"\r\r\x03", b"a\x03", b"\x05\x03\x03", b"\x03\x01\x80"])
def test_the_beginning_of_a_frame_that_never_ends_is_forgotten_and_nothing_more(rig: Rig, text: bytes) -> None:
    greeted(rig)
    rig.wire.send(text)
    rig.loop.run(30)
    rig.wire.send(b"\x03\0")
    rig.loop.run(30)
    assert rig.ask("stats").startswith("ok")


def test_values_that_break_off_anywhere_do_not_end_the_program(rig: Rig) -> None:
    """Their frame begins with a 3, as Ctrl-C does."""
    sense = encode_frame(Frame(Sense.TYPE, 0, 7, Sense((Value(0, 5),)).pack())).strip(b"\0")
    assert sense[:2] == b"\x03\x01"
    greeted(rig)
    for size in range(3, len(sense)):
        rig.wire.send(b"\0" + sense[:size])
        rig.loop.run(30)
        rig.wire.send(b"\0")
        rig.loop.run(2)
        assert rig.ask("stats").startswith("ok")


def test_ctrl_c_works_after_a_frame_that_never_ended(rig: Rig) -> None:
    greeted(rig)
    rig.wire.send(b"\0\x05\x01abc")
    rig.loop.run(30)
    rig.wire.send(b"\x03")
    with pytest.raises(KeyboardInterrupt):
        rig.loop.run(30)
