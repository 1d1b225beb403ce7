"""CPython, MicroPython and C agree byte for byte on frames, messages and spikes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from neurula.link import wire
from neurula.link.wire import MESSAGES, Frame, encode_frame
from neurula_codegen.wire_schema import read_wire
from neurula_mcu import wire as mcu_wire
from tests.link.frames import changed, pool_of, values_of
from tests.link.interpreters import (
    C_STREAM,
    c_program,
    messages_in_c,
    micropython,
    run_c,
    run_here,
    run_micropython,
)

WIRE = read_wire()
INTERPRETERS = ["unix64", pytest.param("unix32", marks=pytest.mark.needs_firmware)]
SPIKES = """
from neurula_mcu.wire import put_spikes
out = bytearray(240)
with open("stream", "rb") as file:
    while True:
        head = file.read(12)
        if not head:
            break
        area, neurons, room = (int.from_bytes(head[at:at + 4], "little") for at in (0, 4, 8))
        bitmap = file.read(5 + (neurons + 7) // 8)
        neuron = 0
        while neuron < neurons:
            ended = put_spikes(out, 4, room, bitmap, 5, area, neurons, neuron)
            neuron = ended & 0xFFFFF
            print(out[4:ended >> 20].hex() or "-", end=" ")
        print()
"""


@pytest.fixture(scope="module")
def stream() -> bytes:
    """Sound frames and changed ones, and the noise of a boot."""
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    pool = [data for _, data in pool_of(chance)]
    parts = [b"MicroPython v1.25\r\n>>> "]
    for _ in range(3000):
        first, second = chance.choices(pool, k=2)
        parts.append(changed(chance, first, second) if chance.random() < 0.5 else first)
    return b"".join(parts)


def test_c_understands_the_same_frames_and_writes_the_same_bytes(stream: bytes, tmp_path: Path) -> None:
    frames, rejected = run_here(stream)
    assert rejected > 100
    assert len(frames) > 100_000
    assert run_c(c_program(tmp_path, C_STREAM), stream) == (frames, rejected)


@pytest.mark.parametrize("name", INTERPRETERS)
def test_micropython_understands_the_same_frames_writes_the_same_bytes_and_takes_no_memory(stream: bytes, name: str) -> None:
    frames, rejected = run_here(stream)
    assert run_micropython(name, stream) == (frames, rejected, 0)


def test_the_decoder_of_micropython_is_the_same_under_cpython(stream: bytes) -> None:
    decoder, writer = mcu_wire.FrameDecoder(), mcu_wire.FrameWriter()
    frames = bytearray()
    at = 0
    part = stream[:60_000]
    while at < len(part):
        at = decoder.take(part, at, len(part))
        if decoder.ready:
            payload = decoder.buffer[mcu_wire.PAYLOAD_AT : decoder.end]
            writer.buffer[mcu_wire.PAYLOAD_OUT : mcu_wire.PAYLOAD_OUT + len(payload)] = payload
            frames += writer.buffer[: writer.finish(decoder.type, decoder.flags, decoder.sequence, len(payload))]
    assert (bytes(frames), decoder.rejected) == run_here(part)


def test_c_takes_every_message_apart_and_puts_it_together(tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    sent = []
    for number in range(60 * len(WIRE.messages)):
        layout = WIRE.messages[number % len(WIRE.messages)]
        message = MESSAGES[layout.type](**values_of(layout, WIRE, chance))
        sent.append(Frame(layout.type, 0, number, message.pack()))
    answered, _ = run_c(c_program(tmp_path, messages_in_c(WIRE)), b"".join(map(encode_frame, sent)))
    assert wire.FrameDecoder().feed(answered) == sent


def test_c_refuses_what_cpython_refuses(tmp_path: Path) -> None:
    chance = random.Random(11)
    sent = []
    for layout in WIRE.messages:
        if not layout.fields:
            continue
        whole = MESSAGES[layout.type](**values_of(layout, WIRE, chance)).pack()
        wrong = [whole[:n] for n in range(len(whole))] + [whole + b"\1", b"\xff" * 240, chance.randbytes(60)]
        sent += [Frame(layout.type, 0, len(sent), payload) for payload in wrong if len(payload) <= 240]
    answered, _ = run_c(c_program(tmp_path, messages_in_c(WIRE)), b"".join(map(encode_frame, sent)))
    for asked, answer in zip(sent, wire.FrameDecoder().feed(answered), strict=True):
        try:
            MESSAGES[asked.type].unpack(asked.payload)
        except wire.LinkLost:
            assert answer.flags == 255, asked
        else:
            assert (answer.flags, answer.payload) == (0, asked.payload), asked


def test_micropython_has_the_same_tables() -> None:
    assert mcu_wire.WIRE_FINGERPRINT == wire.WIRE_FINGERPRINT
    for number, (name, answer, layout, more) in enumerate(mcu_wire.REQUESTS):
        found = next((m for m in WIRE.messages if m.type == number), None)
        if found is None:
            assert name == ""
            continue
        assert (name, answer, layout) == (found.name.lower(), wire.ANSWERS[number], found.format)
        assert more == bool(found.texts or found.tail)
    assert {m.type: m.format for m in WIRE.messages if m.type >= 64 and m.fixed} == mcu_wire.FORMATS
    for message in WIRE.messages:
        if message.type >= 64:
            assert getattr(mcu_wire, message.name) == message.type


@pytest.mark.parametrize("name", INTERPRETERS)
def test_spikes_from_bitmaps_are_packed_as_cpython_packs_them(name: str) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    stream, expected = bytearray(), []
    for _ in range(300):
        area, neurons = chance.choice((0, 5, 126, 127, 300)), chance.choice((1, 8, 9, 200, 5000, 20_000))
        room = chance.choice((14, 40, 240))
        rate = chance.choice((0.0, 0.002, 0.02))
        fired = {n for n in range(neurons) if chance.random() < rate} | ({neurons - 1} if chance.random() < 0.2 else set())
        bitmap = sum(1 << n for n in fired).to_bytes((neurons + 7) // 8, "little")
        stream += b"".join(n.to_bytes(4, "little") for n in (area, neurons, room)) + chance.randbytes(5) + bitmap
        expected.append((area, tuple(sorted(fired))))
    with micropython(name, bytes(stream)) as machine:
        lines = machine.run(SPIKES, 60).splitlines()
    for line, (area, fired) in zip(lines, expected, strict=True):
        together: tuple[int, ...] = ()
        for part in line.replace("-", "").split():
            ((found, neurons),) = wire.unpack_spikes(bytes.fromhex(part))
            assert found == area
            assert wire.pack_spikes(((found, neurons),)) == bytes.fromhex(part)
            together += neurons
        assert together == fired
