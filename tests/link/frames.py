"""Streams of frames for the tests of the wire: sound ones, changed ones, and a value of every message."""

from __future__ import annotations

import random
from collections.abc import Iterator

from neurula.link.wire import Frame, Value, coarse, encode_frame
from neurula_codegen.wire_schema import Field, Layout, Wire

POOL = 512


def random_frame(chance: random.Random) -> Frame:
    """Payloads of all lengths and kinds: short ones, zeros, noise."""
    size = chance.choice((0, 1, 4, chance.randrange(241), 240))
    payload = chance.choice((chance.randbytes, bytes, lambda n: chance.randbytes(n).replace(b"\x37", b"\0")))(size)
    return Frame(chance.randrange(256), chance.randrange(4), chance.randrange(65536), payload)


def pool_of(chance: random.Random) -> list[tuple[Frame, bytes]]:
    frames = [random_frame(chance) for _ in range(POOL)]
    return [(frame, encode_frame(frame)) for frame in frames]


def changed(chance: random.Random, first: bytes, second: bytes) -> bytes:
    """What a bad cable makes of one frame or two."""
    bits = chance.getrandbits(48)
    kind, bits = bits & 7, bits >> 3
    at = bits % len(first)
    bits >>= 9
    if kind < 3:  # one to four bits
        out = bytearray(first)
        for _ in range(1 + (bits & 3)):
            bits >>= 2
            out[at] ^= 1 << (bits & 7)
            at = (at + 1 + (bits >> 3)) % len(out)
        return bytes(out)
    if kind == 3:  # a byte becomes another one
        return first[:at] + bytes((bits & 255,)) + first[at + 1 :]
    if kind == 4:  # some are lost
        return first[:at] + first[at + 1 + (bits & 15) :]
    if kind == 5:  # some come in between or twice
        end = at + 1 + (bits & 31)
        return first[:end] + (first[at:end] if bits & 32 else chance.randbytes(1 + (bits & 7))) + first[end:]
    if kind == 6:  # the beginning of one, the end of another
        return first[:at] + second[bits % len(second) :]
    return chance.randbytes(at)


def values_of(layout: Layout, wire: Wire, chance: random.Random) -> dict[str, object]:
    """A value of every field, extremes included."""
    return {field.name: value_of(field, wire, chance) for field in layout.fields}


def value_of(field: Field, wire: Wire, chance: random.Random) -> object:
    if field.kind == "text":
        return chance.choice(("", "Pico W", "Käfer", "x" * 40))
    if field.kind == "rest":
        return chance.randbytes(chance.randrange(60))
    if field.kind == "spikes":
        return random_spikes(chance, 12)
    if field.kind == "values":
        channels = chance.choice(((), (7,), range(32), (0, 1, 2, 9, 8, 255), range(200, 256, 2)))
        small = chance.random() < 0.5
        return tuple(Value(channel, coarse(chance.randint(-32768, 32767), when=small)) for channel in channels)
    if field.kind in wire.records:
        record = wire.records[field.kind]
        count = chance.randrange(6) if field.kind != "SLOT" else 2
        return tuple(tuple(values_of(record, wire, chance).values()) for _ in range(count))
    if field.kind.startswith("bytes"):
        return chance.randbytes(field.size)
    low = 0 if field.kind[0] == "u" else -(1 << 8 * field.size - 1)
    high = low + (1 << 8 * field.size) - 1
    return chance.choice((low, high, 0, chance.randint(low, high)))


def random_spikes(chance: random.Random, most: int) -> tuple[tuple[int, tuple[int, ...]], ...]:
    areas = sorted(chance.sample(range(200), chance.randrange(4)))
    return tuple((area, tuple(sorted(chance.sample(range(20_000), chance.randrange(1, most))))) for area in areas)


def pieces(chance: random.Random, data: bytes, longest: int = 700) -> Iterator[bytes]:
    """The stream as a port hands it out."""
    at = 0
    while at < len(data):
        size = chance.choice((1, 2, 64, chance.randint(1, longest)))
        yield data[at : at + size]
        at += size
