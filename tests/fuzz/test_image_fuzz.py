"""No damaged image is accepted, no forged one does harm: in the host's, the compiled and the MicroPython loader."""

from __future__ import annotations

import os
import random

import pytest

from neurula.runtimes.firmware_files import firmware_source
from neurula.sim.unix import UnixMicroPython
from neurula_npu import Brain, ImageError, ReferenceBrain
from neurula_npu.reference import OutOfRange
from tests.fuzz.images import mutate, sample_images, sign

COUNT = int(os.environ.get("NEURULA_FUZZ_IMAGES", "4000"))
SEED = int(os.environ.get("NEURULA_FUZZ_SEED", "20260101"))
RAM_LIMIT = 1 << 22


def test_no_damaged_image_is_accepted() -> None:
    rng = random.Random(SEED)
    images = sample_images()
    for number in range(COUNT):
        damaged = mutate(rng.choice(images), rng)
        try:
            Brain(damaged, ram_limit=RAM_LIMIT)
        except ImageError:
            continue
        pytest.fail(f"mutation {number} of seed {SEED} was accepted")


@pytest.mark.parametrize("pure", [False, True], ids=["compiled", "pure"])
def test_a_forged_image_is_refused_or_runs_within_its_bounds(pure: bool) -> None:
    """The pure kernels raise IndexError where the compiled ones would touch foreign memory."""
    rng = random.Random(SEED + 1)
    images = sample_images()
    accepted = 0
    for number in range(COUNT // 4 if pure else COUNT):
        forged = sign(mutate(rng.choice(images), rng))
        try:
            brain = Brain(forged, ram_limit=RAM_LIMIT, pure=pure)
        except ImageError:
            continue
        accepted += 1
        header = bytes(brain.ram[8:64])
        forced = [(area, 0) for area in range(brain.image.areas)]
        for _ in range(3):
            brain.step(forced)
            brain.fired()
        assert bytes(brain.ram[8:64]) == header, f"forgery {number} of seed {SEED + 1} reached the RAM header"
    assert accepted > 10, "forgeries that change a parameter within its range must run"


def test_the_reference_refuses_what_the_compiled_loader_refuses() -> None:
    rng = random.Random(SEED + 2)
    images = sample_images()
    for number in range(COUNT // 20):
        forged = sign(mutate(rng.choice(images), rng))
        try:
            Brain(forged, ram_limit=RAM_LIMIT)
        except ImageError:
            continue
        try:
            reference = ReferenceBrain(forged, ram_limit=RAM_LIMIT)
            for _ in range(3):
                reference.step([(area, 0) for area in range(reference.image.areas)])
        except (OutOfRange, ImageError):
            continue
        except Exception as error:
            pytest.fail(f"forgery {number} of seed {SEED + 2}: {error!r}")


MICROPYTHON_FUZZ = """
import sys
sys.path.insert(0, {path!r})
from hashlib import sha256
from neurula_mcu.brain import Brain
from neurula_mcu.image import ImageError

state = {seed}
def draw(below):
    global state
    state = (state * 1103515245 + 12345) & 0x7FFFFFFF
    return (state >> 8) % below

images = []
for index in range({images}):
    with open("image%d" % index, "rb") as file:
        images.append(file.read())
accepted = ran = 0
for number in range({count}):
    data = bytearray(images[draw(len(images))])
    for _ in range(1 + draw(3)):
        kind = draw(4)
        at = draw(len(data))
        if kind == 0:
            data[at] ^= 1 << draw(8)
        elif kind == 1:
            data[at] = (data[at] + 1 + draw(255)) & 255
        elif kind == 2 and len(data) > 200:
            data = data[:at] if at else data[:-1]
        else:
            data[at & -4 : (at & -4) + 4] = bytes([draw(256), draw(256), draw(2) * 255, draw(2) * 255])
        if len(data) < 8:
            break
    data = bytes(data)
    if data in images:
        continue
    forged = draw(4) == 0 and len(data) > 64
    if forged:
        data = data[:-32] + sha256(data[:-32]).digest()
    try:
        brain = Brain(data, {limit})
        brain.step([(area, 0) for area in range(brain.image.areas)], [])
        ran += 1
        if not forged:
            accepted += 1
    except ImageError:
        pass
print(accepted, ran)
"""


def test_no_damaged_image_is_accepted_by_micropython() -> None:
    images = sample_images()[:6]
    files = {f"image{i}": image for i, image in enumerate(images)}
    code = MICROPYTHON_FUZZ.format(
        path=str(firmware_source().parent), seed=SEED, images=len(images), count=COUNT, limit=RAM_LIMIT
    )
    with UnixMicroPython("unix64", files=files, heap_bytes=64 << 20) as machine:
        accepted, _ = machine.run(code, timeout_s=1800).split()
    assert accepted == "0"
