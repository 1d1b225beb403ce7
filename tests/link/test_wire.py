"""Frames and messages: what was packed comes out, whatever else is on the line; and nothing else comes out."""

from __future__ import annotations

import random
import tracemalloc
from contextlib import suppress
from dataclasses import fields

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurula.errors import InvalidInput, LinkLost
from neurula.link import wire
from neurula.link.wire import ENCODED_BYTES, FRAME_BYTES, MESSAGES, PAYLOAD_BYTES, Frame, FrameDecoder, encode_frame
from neurula_codegen.schema import HERE, read_toml
from neurula_codegen.wire_schema import WireError, fingerprint_of, read_wire, wire_of
from tests.link.frames import changed, pieces, pool_of, random_spikes, values_of

WIRE = read_wire()
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
FRAMES = st.builds(Frame, st.integers(0, 255), st.integers(0, 255), st.integers(0, 65535), st.binary(max_size=PAYLOAD_BYTES))
SPIKES = st.dictionaries(st.integers(0, 1000), st.sets(st.integers(0, 2**28 - 2), min_size=1, max_size=300), max_size=5).map(
    lambda areas: tuple((area, tuple(sorted(areas[area]))) for area in sorted(areas))
)


@relaxed
@given(FRAMES)
def test_a_frame_comes_out_as_it_went_in(frame: Frame) -> None:
    data = encode_frame(frame)
    assert len(data) <= FRAME_BYTES
    assert data.count(0) == 2
    assert FrameDecoder().feed(data) == [frame]


@relaxed
@given(st.lists(FRAMES), st.binary(max_size=600), st.randoms(use_true_random=False))
def test_whatever_came_before_the_next_frame_is_understood(frames: list[Frame], garbage: bytes, chance: random.Random) -> None:
    stream = garbage + b"".join(map(encode_frame, frames))
    decoder = FrameDecoder()
    decoded = [frame for piece in pieces(chance, stream) for frame in decoder.feed(piece)]
    assert decoded[len(decoded) - len(frames) :] == frames


def test_two_frames_may_share_a_delimiter() -> None:
    one, two = encode_frame(Frame(1, 0, 1)), encode_frame(Frame(2, 0, 2, b"x"))
    decoder = FrameDecoder()
    assert [frame.type for frame in decoder.feed(one[:-1] + two)] == [1, 2]
    assert decoder.rejected == 0


def test_up_to_four_changed_bits_of_a_body_are_never_accepted() -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    for frame, data in pool_of(chance)[:60]:
        body = wire.decode(data[1:-1])
        for bits in (1, 2, 3, 4):
            flipped = int.from_bytes(body, "little")
            for place in chance.sample(range(8 * len(body)), bits):
                flipped ^= 1 << place
            other = wire.encode(flipped.to_bytes(len(body), "little"))
            assert FrameDecoder().feed(b"\0" + other + b"\0") == [], (frame, bits)


def test_a_frame_of_another_version_is_dropped_and_remembered() -> None:
    body = bytes([2, 1, 0, 0, 0])
    data = b"\0" + wire.encode(body + wire.crc32(body).to_bytes(4, "little")) + b"\0"
    decoder = FrameDecoder()
    assert decoder.feed(data) == []
    assert (decoder.other_version, decoder.rejected) == (2, 1)


def test_a_decoder_holds_the_same_few_bytes_whatever_comes() -> None:
    decoder = FrameDecoder()
    noise = random.Random(1).randbytes(1 << 20)
    endless = noise.replace(b"\0", b"\1")
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for data in (endless, noise, endless):
            for _ in range(8):
                assert decoder.feed(data) == []
        assert decoder.unfinished == ENCODED_BYTES + 1
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held - before < 2000
    assert peak - before < 4000
    sound = Frame(3, 0, 7, b"after it")
    assert decoder.feed(encode_frame(sound)) == [sound]


def test_dropping_an_unfinished_frame_gives_back_its_bytes() -> None:
    decoder = FrameDecoder()
    decoder.feed(b"\0\r\x03")
    assert (decoder.unfinished, decoder.drop(), decoder.unfinished) == (2, b"\r\x03", 0)


def test_a_changed_stream_gives_the_sound_frames_between_the_changes() -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    pool = pool_of(chance)
    decoder = FrameDecoder()
    for _ in range(2000):
        (_, first), (_, second), (sound, data) = chance.choices(pool, k=3)
        decoded = [frame for piece in pieces(chance, changed(chance, first, second) + data) for frame in decoder.feed(piece)]
        assert decoded[-1:] == [sound]


@pytest.mark.parametrize("layout", WIRE.messages, ids=lambda layout: layout.name)
def test_a_message_comes_out_as_it_went_in(layout: object) -> None:
    chance = random.Random(7)
    kind = MESSAGES[layout.type]
    assert layout.type == kind.TYPE
    for _ in range(50):
        message = kind(**values_of(layout, WIRE, chance))
        assert len(message.pack()) <= PAYLOAD_BYTES
        assert kind.unpack(message.pack()) == message


@pytest.mark.parametrize("layout", WIRE.messages, ids=lambda layout: layout.name)
def test_a_payload_of_another_layout_is_refused_with_a_code(layout: object) -> None:
    chance = random.Random(8)
    kind = MESSAGES[layout.type]
    whole = kind(**values_of(layout, WIRE, chance)).pack()
    codes: set[str] = set()
    endless = layout.tail is not None and layout.tail.kind == "rest"
    for payload in [whole[:n] for n in range(len(whole))] + [whole + b"\1", chance.randbytes(240), b"\xff" * 240]:
        try:
            again = kind.unpack(payload)
        except LinkLost as problem:
            codes.add(problem.code)
        else:
            assert again.pack() == payload
            assert endless or len(payload) != len(whole) or payload == whole
    assert codes <= {"L101"}


@pytest.mark.parametrize("layout", [m for m in WIRE.messages if m.fixed], ids=lambda layout: layout.name)
def test_a_number_that_does_not_fit_is_refused_with_a_code(layout: object) -> None:
    chance = random.Random(9)
    for field in layout.fixed:
        wrong = b"" if field.kind.startswith("bytes") else 1 << 8 * field.size
        with pytest.raises(InvalidInput) as caught:
            MESSAGES[layout.type](**{**values_of(layout, WIRE, chance), field.name: wrong}).pack()
        assert caught.value.code == "L102"


def test_what_is_longer_than_a_frame_is_refused() -> None:
    for too_long in (
        lambda: wire.Sense(tuple(wire.Value(1, 2) for _ in range(61))).pack(), lambda: wire.Ping(bytes(241)).pack(),
        lambda: encode_frame(Frame(1, 0, 0, bytes(241))), lambda: wire.Error(b"F131", 0, "x" * 300).pack(),
        lambda: encode_frame(Frame(256, 0, 0)), lambda: wire.Excite(1, ((0, (5, 5)),)).pack(), lambda: wire.pack_number(-1),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as caught:
            too_long()
        assert caught.value.code == "L102"


def test_the_values_of_consecutive_channels_take_two_bytes_each_or_one() -> None:
    assert len(wire.Sense(tuple(wire.Value(channel, -channel) for channel in range(32))).pack()) == 2 + 2 * 32
    assert len(wire.Sense(tuple(wire.Value(channel, wire.coarse(-channel)) for channel in range(32))).pack()) == 2 + 32
    assert len(wire.Motor(1, tuple(wire.Value(channel, channel) for channel in range(8))).pack()) == 4 + 2 + 2 * 8
    assert wire.Sense((wire.Value(255, 1), wire.Value(0, 32767))).pack() == bytes([255, 1, 1, 0, 0, 129, 127])


@relaxed
@given(st.integers(-40_000, 40_000))
def test_a_coarse_value_is_the_nearest_of_255_steps(value: int) -> None:
    steps = [wire.coarse(v) for v in range(-32767, 32768, 13)]
    found = wire.coarse(value)
    assert abs(found - max(-32767, min(32767, value))) <= 130
    assert wire.coarse(found) == found
    assert len(set(steps)) == 255
    assert {-32767, 0, 32767} <= set(steps)
    assert wire.coarse(value, when=False) == value


@relaxed
@given(st.lists(st.tuples(st.integers(0, 255), st.integers(-32768, 32767)).map(lambda pair: wire.Value(*pair)), max_size=59))
def test_values_come_out_as_they_went_in(values: list[wire.Value]) -> None:
    assert wire.unpack_values(wire.pack_values(tuple(values))) == tuple(values)


@relaxed
@given(SPIKES)
def test_spikes_come_out_as_they_went_in(spikes: wire.Spikes) -> None:
    assert wire.unpack_spikes(wire.pack_spikes(spikes)) == spikes


@relaxed
@given(SPIKES, st.integers(10, 236))
def test_split_spikes_fit_stand_for_themselves_and_none_is_lost(spikes: wire.Spikes, room: int) -> None:
    parts = wire.split_spikes(spikes, room)
    assert all(len(wire.pack_spikes(part)) <= room for part in parts)
    together = [(area, neuron) for part in parts for area, neurons in part for neuron in neurons]
    assert together == [(area, neuron) for area, neurons in spikes for neuron in neurons]


@relaxed
@given(st.binary(max_size=236))
def test_bytes_that_are_no_spikes_are_refused(data: bytes) -> None:
    with suppress(LinkLost):
        assert sum(len(neurons) for _, neurons in wire.unpack_spikes(data)) <= len(data)


def test_a_typical_spike_takes_at_most_two_bytes() -> None:
    chance = random.Random(4)
    for neurons in (40, 400, 4000):
        for rate in (0.01, 0.05, 0.3):
            fired = tuple(n for n in range(neurons) if chance.random() < rate)
            if len(fired) >= 3:
                assert len(wire.pack_spikes(((3, fired),))) <= 2 * len(fired) + 2
    assert len(wire.pack_spikes(random_spikes(chance, 400))) > 0


def test_sequence_numbers_wrap_around() -> None:
    assert wire.newer(1, 0)
    assert wire.newer(0, 65535)
    assert wire.newer(100, 65000)
    assert not wire.newer(0, 0)
    assert not wire.newer(65535, 0)
    assert not wire.newer(32768, 0)


def test_every_message_is_listed_and_has_the_fields_of_the_definition() -> None:
    assert sorted(MESSAGES) == sorted(message.type for message in WIRE.messages)
    for message in WIRE.messages:
        assert [field.name for field in fields(MESSAGES[message.type])] == [field.name for field in message.fields]
    assert {m.type: wire.ANSWERS[m.type] for m in WIRE.messages if m.answer} == wire.ANSWERS


def test_the_fingerprint_follows_layouts_and_not_explanations() -> None:
    raw = read_toml(HERE / "wire.toml")
    raw["message"][0]["doc"] = "Other words."
    assert fingerprint_of(raw) == WIRE.fingerprint == wire.WIRE_FINGERPRINT
    raw["message"][0]["fields"][0][1] = "u16"
    assert fingerprint_of(raw) != WIRE.fingerprint


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda raw: raw["message"][1].update(type=1), "twice"),
        (lambda raw: raw["message"][0].pop("answer"), "answer"),
        (lambda raw: raw["message"][0].update(answer="NOBODY"), "no message"),
        (lambda raw: raw["message"][0]["fields"].append(["x", "u64", ""]), "known kind"),
        (lambda raw: raw["message"][0]["fields"].insert(0, ["x", "text", ""]), "after the numbers"),
        (lambda raw: raw["message"][0]["fields"].append(["x", "bytes250", ""]), "out of range"),
        (lambda raw: raw["record"][0]["fields"].append(["x", "text", ""]), "fixed fields"),
    ],
)
def test_a_definition_that_does_not_hold_together_is_refused(change: object, reason: str) -> None:
    raw = read_toml(HERE / "wire.toml")
    change(raw)
    with pytest.raises(WireError, match=reason):
        wire_of(raw)
