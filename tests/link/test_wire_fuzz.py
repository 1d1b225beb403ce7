"""Random and changed frames by the million: none is taken for a sound one, and the next sound one is always understood.

NEURULA_FUZZ_FRAMES says how many (a night's work: 100,000,000). A false accept is a frame that came out of a stream into
which none with this content was put. The sound frames of the pool have a CRC-32 each; chance alone would let
one frame in 2^32 pass that gets as far as the comparison of the CRC-32: of 100 million fewer than one in forty nights."""

from __future__ import annotations

import os
import random
import tracemalloc

import pytest

from neurula.link.wire import FrameDecoder
from tests.link.frames import changed, pool_of
from tests.link.interpreters import run_micropython

FRAMES = int(os.environ.get("NEURULA_FUZZ_FRAMES", "1000000"))
ON_MICROPYTHON = max(1, FRAMES // 20)
BATCH = 50_000


def test_no_changed_frame_is_accepted_and_the_next_sound_one_always_is() -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    done = 0
    decoder = FrameDecoder()
    while done < FRAMES:
        pool = pool_of(chance)
        count = min(BATCH, FRAMES - done)
        for (_, first), (_, second), (sound, data) in zip(*(chance.choices(pool, k=count) for _ in range(3)), strict=True):
            decoded = decoder.feed(changed(chance, first, second) + data)
            if len(decoded) != 1 or decoded[0] != sound:
                assert decoded[-1:] == [sound]
                known = {frame for frame, _ in pool}
                assert [frame for frame in decoded if frame not in known] == []
        done += count
    assert decoder.rejected > done // 2


def test_the_decoder_keeps_no_more_than_a_frame_whatever_comes() -> None:
    chance = random.Random(3)
    decoder = FrameDecoder()
    pool = [data for _, data in pool_of(chance)]
    pieces = [chance.randbytes(5000).replace(b"\0", b"x"), *(changed(chance, *chance.choices(pool, k=2)) for _ in range(200))]
    for piece in pieces:
        decoder.feed(piece)
    tracemalloc.start()
    try:
        for piece in 20 * pieces:
            decoder.feed(piece)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2000


@pytest.mark.parametrize("name", ["unix64", pytest.param("unix32", marks=pytest.mark.needs_firmware)])
def test_micropython_accepts_none_either_and_takes_no_memory(name: str) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    done = 0
    while done < ON_MICROPYTHON:
        pool = pool_of(chance)
        known = {frame for frame, _ in pool}
        count = min(BATCH, ON_MICROPYTHON - done)
        stream, sounds = bytearray(), []
        for (_, first), (_, second), (sound, data) in zip(*(chance.choices(pool, k=count) for _ in range(3)), strict=True):
            stream += changed(chance, first, second) + data
            sounds.append(sound)
        frames, rejected, taken = run_micropython(name, bytes(stream))
        decoded = iter(FrameDecoder().feed(frames))
        for sound in sounds:  # in their order, with nothing unknown in between
            for frame in decoded:
                assert frame in known
                if frame == sound:
                    break
            else:
                raise AssertionError("a sound frame is missing")
        assert set(decoded) <= known
        assert taken == 0
        assert rejected > count // 2
        done += count
