"""No undefined behaviour and no access outside its memory: AddressSanitizer and UBSan watch good and forged images."""

from __future__ import annotations

import os
import random
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from neurula_npu import Brain, Image, ImageError
from neurula_npu.schema import RECORDS
from tests.c.compiling import RUNTIME, compile_program, compiler_of
from tests.conformance.brains import extreme_connectome, image_of
from tests.conftest import missing
from tests.fuzz.images import mutate, sample_images, sign

COUNT = int(os.environ.get("NEURULA_FUZZ_IMAGES", "4000"))
SEED = 20260202
RAM_LIMIT = 1 << 22
BURSTS = 5
SANITIZERS = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """every_image.c under the sanitizers; skips where the compiler lacks them."""
    folder = tmp_path_factory.mktemp("sanitized")
    probe = folder / "probe.c"
    probe.write_text("int main(void) { return 0; }\n")
    command = [*compiler_of("host"), *SANITIZERS, str(probe), "-o", str(folder / "probe")]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        missing("the C compiler has no sanitizers")
    return compile_program(folder / "every_image", *SANITIZERS, RUNTIME / "neurula.c", Path(__file__).with_name("every_image.c"))


def verdicts(program: Path, images: Iterable[bytes], folder: Path) -> list[tuple[int, int, int | None]]:
    """(result, place, hash of the state) of each image; fails with the sanitizer's report."""
    path = folder / "images"
    path.write_bytes(b"".join(struct.pack("<I", len(i)) + i + bytes(-len(i) % 4) for i in images))
    run = subprocess.run([str(program), str(path)], capture_output=True, text=True, check=False, timeout=600)
    assert run.returncode == 0, f"after {run.stdout.count(chr(10))} images: {run.stderr[:4000]}"
    lines = [line.split() for line in run.stdout.splitlines()]
    return [(int(words[0]), int(words[1]), int(words[2], 16) if len(words) > 2 else None) for words in lines]


def expected(image: bytes) -> tuple[int, int, int | None]:
    """The same from the Python loader and the compiled kernels."""
    try:
        brain = Brain(image, ram_limit=RAM_LIMIT)
    except ImageError as error:
        return int(error.code[1:]), error.at, None
    sizes = [brain.area_field(area, "neurons") for area in range(min(brain.image.areas, 64))]
    forced = [(area, 0) for area in range(len(sizes))]
    inject = [(area, int(n > 1), 1 << 20 if area % 2 else -(1 << 29)) for area, n in enumerate(sizes)]
    for _ in range(BURSTS):
        brain.step(forced, inject)
    return 0, 0, brain.state_hash()


def compare(program: Path, images: list[bytes], folder: Path, what: str) -> int:
    """How many images ran."""
    found = verdicts(program, images, folder)
    assert len(found) == len(images)
    for number, (image, got) in enumerate(zip(images, found, strict=True)):
        assert got == expected(image), f"{what} {number}"
    return sum(code == 0 for code, _, _ in found)


def test_good_images_run_clean_and_agree(program: Path, tmp_path: Path) -> None:
    images = [*sample_images(), *(image_of(extreme_connectome(name)) for name in ("saturation", "all_fire", "empty"))]
    assert compare(program, images, tmp_path, "image") == len(images)
    assert len(images) * BURSTS >= 200


def test_forged_images_run_clean_and_agree_or_are_refused(program: Path, tmp_path: Path) -> None:
    rng = random.Random(SEED)
    originals = sample_images()
    images = [sign(mutate(rng.choice(originals), rng)) for _ in range(COUNT)]
    assert compare(program, images, tmp_path, f"forgery of seed {SEED}") > COUNT // 100


def test_images_cut_anywhere_are_refused_cleanly(program: Path, tmp_path: Path) -> None:
    image = sample_images()[10]
    assert compare(program, [image[:size] for size in range(0, len(image), 3)], tmp_path, "cut") == 0
    assert compare(program, [sign(image[:size]) for size in range(0, len(image), 4)], tmp_path, "signed cut") == 0


@pytest.mark.parametrize("flags", ["-O3", "-Os", "-O2 -DNRL_PORTABLE", "-O3 -fwrapv -fno-strict-aliasing"])
def test_every_way_to_compile_it_agrees(tmp_path: Path, flags: str) -> None:
    """An optimiser that makes use of undefined behaviour would show here, and so would the portable loads."""
    built = compile_program(
        tmp_path / "every_image", *flags.split(), RUNTIME / "neurula.c", Path(__file__).with_name("every_image.c")
    )
    images = sample_images()
    assert compare(built, images, tmp_path, "image") == len(images)


def overlapping(image: bytes) -> list[bytes]:
    """The image with all bitmaps in one place, and with a start that sets every bit of the ring: spikes of neurons that are none."""
    parsed = Image(image, RAM_LIMIT)
    shared = bytearray(image)
    for area in range(parsed.areas):
        struct.pack_into("<I", shared, parsed.area_at(area) + 4 * RECORDS["AREA"].index("bits_at"), 0)
    forged = [bytes(shared)] if parsed.areas > 1 else []
    if parsed.inits:
        filled = bytearray(image)
        last = parsed.sections["INIT"][0] + 4 * len(RECORDS["INIT"]) * (parsed.inits - 1)
        struct.pack_into("<4I", filled, last, parsed.bits_at, parsed.slots * parsed.slot_bytes // 4, 0, 0xFFFFFFFF)
        forged.append(bytes(filled))
    return [sign(data) for data in forged]


def test_spikes_of_neurons_that_do_not_exist_cannot_be_forged(program: Path, tmp_path: Path) -> None:
    images = [forged for image in sample_images() for forged in overlapping(image)]
    assert len(images) > 50
    assert {code for code, _, _ in verdicts(program, images, tmp_path)} == {111}
