"""The C loader refuses what the Python loader refuses: the same code and the same place for every forged image."""

from __future__ import annotations

import ctypes
import os
import random

import pytest

from neurula.errors import DeviceNotFound
from neurula.runtimes.c_runtime import load_library
from neurula_npu import Brain, ImageError
from tests.conftest import missing
from tests.fuzz.images import mutate, sample_images, sign

COUNT = int(os.environ.get("NEURULA_FUZZ_IMAGES", "4000"))
SEED = 20260201
RAM_LIMIT = 1 << 22


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    try:
        return load_library()
    except DeviceNotFound as error:
        missing(str(error))
        raise


class Opener:
    """nrl_open on one RAM block full of noise, which it must not depend on."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._c = library
        self.brain = (ctypes.c_uint64 * 8)()
        self.ram = (ctypes.c_uint8 * RAM_LIMIT).from_buffer(bytearray(b"\xa5" * RAM_LIMIT))

    def __call__(self, image: bytes) -> tuple[int, int]:
        """(result, offset of what is wrong)"""
        self._words = (ctypes.c_uint32 * (len(image) // 4 + 1))()
        ctypes.memmove(self._words, image, len(image))
        at = ctypes.c_uint32()
        code = self._c.nrl_open(self.brain, self._words, len(image), self.ram, RAM_LIMIT, ctypes.byref(at))
        return code, at.value


def python_verdict(image: bytes) -> tuple[int, int]:
    try:
        Brain(image, ram_limit=RAM_LIMIT)
    except ImageError as error:
        return int(error.code[1:]), error.at
    return 0, 0


def test_damaged_and_forged_images_get_the_verdict_of_the_python_loader(library: ctypes.CDLL) -> None:
    rng = random.Random(SEED)
    images = sample_images()
    opener = Opener(library)
    verdicts: dict[int, int] = {}
    for number in range(COUNT):
        image = mutate(rng.choice(images), rng)
        image = image if number % 8 == 0 else sign(image)
        expected = python_verdict(image)
        assert opener(image) == expected, f"mutation {number} of seed {SEED}"
        verdicts[expected[0]] = verdicts.get(expected[0], 0) + 1
    assert verdicts[0] > COUNT // 100, "some forgeries change a parameter within its range and must run"
    assert {101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113} <= set(verdicts), verdicts


def test_every_field_of_every_record_is_judged_as_python_judges_it(library: ctypes.CDLL) -> None:
    """Each word of a small image, changed to the values that checks are most often wrong about."""
    rng = random.Random(SEED + 1)
    opener = Opener(library)
    for image in sample_images()[:: 12 if COUNT <= 4000 else 1]:
        for at in range(0, min(len(image), 1500), 4):
            before = int.from_bytes(image[at : at + 4], "little")
            for value in (0, before + 1, before - 1, before ^ 0x80000000, 0x7FFFFFFF, rng.choice([4, 8, 65, len(image)])):
                forged = sign(image[:at] + (value & 0xFFFFFFFF).to_bytes(4, "little") + image[at + 4 :])
                assert opener(forged) == python_verdict(forged), f"word {value:#x} at {at}"


def test_every_length_of_a_cut_image_is_refused(library: ctypes.CDLL) -> None:
    opener = Opener(library)
    image = sample_images()[0]
    for size in range(len(image)):
        assert opener(image[:size]) == python_verdict(image[:size]), f"{size} bytes"


def test_ram_that_is_too_small_is_refused_before_it_is_touched(library: ctypes.CDLL) -> None:
    image = sample_images()[5]
    words = (ctypes.c_uint32 * (len(image) // 4))()
    ctypes.memmove(words, image, len(image))
    asked = library.nrl_ram_bytes(words, len(image))
    ram = (ctypes.c_uint32 * (asked // 4))()
    assert library.nrl_open((ctypes.c_uint64 * 8)(), words, len(image), ram, asked - 1, None) == 107
    assert not any(ram)
    assert library.nrl_open((ctypes.c_uint64 * 8)(), words, len(image), ram, asked, None) == 0


def test_addresses_that_are_no_multiple_of_four_are_refused(library: ctypes.CDLL) -> None:
    image = sample_images()[0]
    words = (ctypes.c_uint32 * (len(image) // 4 + 1))()
    ctypes.memmove(ctypes.addressof(words) + 2, image, len(image))
    ram = (ctypes.c_uint32 * 65536)()
    brain = (ctypes.c_uint64 * 8)()
    assert library.nrl_open(brain, ctypes.addressof(words) + 2, len(image), ram, 1 << 18, None) == 1
    assert library.nrl_ram_bytes(ctypes.addressof(words) + 2, len(image)) == 0
    ctypes.memmove(words, image, len(image))
    assert library.nrl_open(brain, words, len(image), ctypes.addressof(ram) + 1, 1 << 17, None) == 1
    assert library.nrl_open(brain, None, 0, ram, 1 << 18, None) == 1


def test_the_header_alone_tells_the_ram_that_an_image_asks_for(library: ctypes.CDLL) -> None:
    for image in sample_images()[:20]:
        words = (ctypes.c_uint32 * (len(image) // 4))()
        ctypes.memmove(words, image, len(image))
        assert library.nrl_ram_bytes(words, len(image)) == Brain(image).image.ram_bytes
        assert library.nrl_ram_bytes(words, len(image) - 4) == 0
