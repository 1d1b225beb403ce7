"""CPython, MicroPython and C agree byte for byte on frames, messages and spikes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from neurula.link import wire
from neurula.link.wire import MESSAGES, Frame, encode_frame
from neurula_codegen.emit_wire_mcu import fill_constants
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
from array import array
from uctypes import addressof
from neurula_mcu.channels import put_spikes
out = bytearray(240)
with open("stream", "rb") as file:
    while True:
        head = file.read(12)
        if not head:
            break
        number, bits, room = (int.from_bytes(head[at:at + 4], "little") for at in (0, 4, 8))
        areas = array("i", bytes(8 * number))
        file.readinto(areas)
        ram = bytearray(bits + areas[-2] + (areas[-1] + 7) // 8)
        file.readinto(ram)
        place = array("i", (0, 0))
        while place[0] < number:
            ended = put_spikes(out, 4, room, addressof(ram), bits, addressof(areas), number, place)
            print(out[4:ended].hex() or "-", end=" ")
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
        chunk = part[at : at + 500]
        at += decoder.take(chunk, 0, len(chunk))
        if decoder.ready:
            payload = decoder.buffer[mcu_wire.PAYLOAD_AT : decoder.end]
            writer.buffer[mcu_wire.PAYLOAD_OUT : mcu_wire.PAYLOAD_OUT + len(payload)] = payload
            kind, flags = decoder.buffer[2], decoder.buffer[3]
            frames += writer.buffer[: writer.finish(kind, flags, decoder.sequence(), mcu_wire.PAYLOAD_OUT + len(payload))]
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
    for number, name in enumerate(mcu_wire.NAMES):
        found = next((m for m in WIRE.messages if m.type == number), None)
        row = (name, mcu_wire.ANSWERS[number], mcu_wire.LAYOUTS[number], mcu_wire.MORE[number])
        if found is None:
            assert row == ("", 0, "<", 0)
        else:
            assert row == (found.name.lower(), wire.ANSWERS[number], found.format, bool(found.texts or found.tail))


def test_constants_of_the_firmware_are_written_anew_and_unknown_ones_refused() -> None:
    text = "a = 1\n# <wire SENSE HELLO_LAYOUT STREAM_LOG>\n_SENSE = const(5)\n# </wire>\nb = 2\n"
    filled = "_SENSE = const(128)\n_HELLO_LAYOUT = const(\"<IIIIIIHHBBBB8s\")\n_STREAM_LOG = const(8)\n"
    assert fill_constants(text, WIRE) == text.replace("_SENSE = const(5)\n", filled)
    with pytest.raises(KeyError):
        fill_constants(text.replace("SENSE", "NONSENSE"), WIRE)


@pytest.mark.parametrize("name", INTERPRETERS)
def test_spikes_from_bitmaps_are_packed_as_cpython_packs_them(name: str) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    stream, expected = bytearray(), []
    for _ in range(200):
        rate, bits, room = chance.choice((0.0, 0.002, 0.02, 0.3)), chance.randrange(9), chance.choice((14, 40, 240))
        areas, bitmaps, fired = bytearray(), bytearray(), []
        for area in range(chance.choice((1, 2, 130))):
            neurons = chance.choice((1, 8, 9, 200) if area else (1, 9, 200, 20_000))
            fired += [(area, n) for n in range(neurons) if chance.random() < rate or (n + 1 == neurons and chance.random() < 0.1)]
            areas += len(bitmaps).to_bytes(4, "little") + neurons.to_bytes(4, "little")
            bitmap = sum(1 << n for a, n in fired if a == area)
            bitmaps += bitmap.to_bytes((neurons + 7) // 8, "little")
        head = b"".join(n.to_bytes(4, "little") for n in (len(areas) // 8, bits, room))
        stream += head + areas + chance.randbytes(bits) + bitmaps
        expected.append(fired)
    with micropython(name, bytes(stream)) as machine:
        lines = machine.run(SPIKES, 60).splitlines()
    for line, fired in zip(lines, expected, strict=True):
        together = []
        for part in line.replace("-", "").split():
            spikes = wire.unpack_spikes(bytes.fromhex(part))
            assert wire.pack_spikes(spikes) == bytes.fromhex(part)
            together += [(area, neuron) for area, neurons in spikes for neuron in neurons]
        assert together == fired
