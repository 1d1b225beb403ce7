"""Brains from files: mapped, verified once, verified again when anything has changed, never believed on anybody else's word."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from neurula.compiler import lower, write_image
from neurula.genome.templates import design_from
from neurula_npu import Brain, ImageError, Verdicts
from neurula_npu.verdicts import MOST, KnownImage
from npu.genome_bursts import image_of_genome
from tests.conformance.brains import extreme_connectome, image_of

RESIDENT_KB = 25 * 1024
LARGE = 24 << 20
READS = """
import sys
from neurula_npu import Brain, Verdicts
def mapped():
    return int(next(line for line in open("/proc/self/status") if line.startswith("RssFile")).split()[1])
before = mapped()
brain = Brain.open(sys.argv[1], verdicts=Verdicts(sys.argv[2], still_s=-1))
print(type(brain.image).__name__, mapped() - before)
"""
RUNS = """
import sys
from neurula_npu import Brain
brain = Brain.open(sys.argv[1])
brain.step([(0, 0)])
brain.run(100)
assert not {"numpy", "ctypes", "neurula_npu.reference", "neurula_npu.kernels"} & set(sys.modules), sorted(sys.modules)
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "brain.nrl"
    path.write_bytes(image_of(extreme_connectome("all_fire")))
    path.chmod(0o644)
    return path


@pytest.fixture
def verdicts(tmp_path: Path) -> Verdicts:
    """Believes files that were written just now, which the default does not."""
    return Verdicts(tmp_path / "verdicts", still_s=-1)


def is_known(path: Path, verdicts: Verdicts) -> bool:
    return isinstance(Brain.open(path, verdicts=verdicts).image, KnownImage)


def test_a_file_is_verified_once_and_runs_the_same_afterwards(image: Path, verdicts: Verdicts) -> None:
    first, second, read = Brain.open(image, verdicts=verdicts), Brain.open(image, verdicts=verdicts), Brain(image.read_bytes())
    assert not isinstance(first.image, KnownImage)
    assert isinstance(second.image, KnownImage)
    for brain in (first, second, read):
        brain.run(20)
    assert first.state() == second.state() == read.state()
    assert second.image.sections == first.image.sections
    assert second.image.names() == first.image.names()


def test_a_file_that_changed_is_verified_again(image: Path, verdicts: Verdicts) -> None:
    Brain.open(image, verdicts=verdicts)
    os.utime(image, ns=(0, image.stat().st_mtime_ns + 1))
    assert not is_known(image, verdicts), "another time"
    assert is_known(image, verdicts)
    copy = image.with_name("copy.nrl")
    shutil.copy2(image, copy)
    assert not is_known(copy, verdicts), "another file with the same bytes and times"
    os.replace(copy, image)
    assert not is_known(image, verdicts), "another file in its place"
    assert is_known(image, verdicts)


def test_damage_after_the_verdict_is_found(image: Path, verdicts: Verdicts) -> None:
    Brain.open(image, verdicts=verdicts)
    with image.open("r+b") as file:
        file.seek(-200, os.SEEK_END)
        byte = file.read(1)[0]
        file.seek(-200, os.SEEK_END)
        file.write(bytes([byte ^ 1]))
    os.utime(image, ns=(0, image.stat().st_mtime_ns + 1))  # a clock of the file system may be coarser than this test is fast
    with pytest.raises(ImageError) as caught:
        Brain.open(image, verdicts=verdicts)
    assert caught.value.code == "I108"
    with pytest.raises(ImageError):
        Brain.open(image, verdicts=verdicts)


def test_a_file_that_was_just_written_gets_no_verdict(image: Path, tmp_path: Path) -> None:
    fresh = Verdicts(tmp_path / "verdicts", still_s=3600)
    Brain.open(image, verdicts=fresh)
    assert not fresh.folder.exists()


def test_a_verdict_that_others_could_have_written_is_not_believed(image: Path, verdicts: Verdicts) -> None:
    Brain.open(image, verdicts=verdicts)
    (note,) = verdicts.folder.iterdir()
    note.chmod(0o666)
    assert not is_known(image, verdicts)
    note.chmod(0o600)
    verdicts.folder.chmod(0o777)
    assert not is_known(image, verdicts)
    verdicts.folder.chmod(0o700)
    assert is_known(image, verdicts)


@pytest.mark.parametrize("written", [b"", b"sound", b"\xff" * 5000])
def test_a_verdict_that_says_something_else_is_not_believed(written: bytes, image: Path, verdicts: Verdicts) -> None:
    Brain.open(image, verdicts=verdicts)
    (note,) = verdicts.folder.iterdir()
    note.write_bytes(written)
    assert not is_known(image, verdicts)
    assert is_known(image, verdicts), "it was written anew"


def test_a_file_that_others_may_write_is_read_and_verified_every_time(image: Path, verdicts: Verdicts) -> None:
    image.chmod(0o666)
    brain = Brain.open(image, verdicts=verdicts)
    assert isinstance(brain.image.data, bytes)
    assert not is_known(image, verdicts)


def test_what_is_no_file_or_no_image_is_refused(tmp_path: Path, verdicts: Verdicts) -> None:
    (tmp_path / "empty").touch()
    for path, code in ((tmp_path / "empty", "I101"), (Path("/dev/zero"), "I102"), (Path(__file__), "I102")):
        with pytest.raises(ImageError) as caught:
            Brain.open(path, verdicts=verdicts)
        assert caught.value.code == code
    with pytest.raises(OSError, match="nothing"):
        Brain.open(tmp_path / "nothing", verdicts=verdicts)


def test_without_a_place_for_verdicts_every_file_is_verified(image: Path) -> None:
    nowhere = Verdicts("/proc/nowhere", still_s=-1)
    assert not is_known(image, nowhere)
    assert not is_known(image, nowhere)


def test_only_so_many_verdicts_are_kept(image: Path, verdicts: Verdicts) -> None:
    verdicts.folder.mkdir()
    for number in range(MOST + 20):
        (verdicts.folder / f"old-{number}").write_bytes(b"sound")
    Brain.open(image, verdicts=verdicts)
    assert len(list(verdicts.folder.iterdir())) == MOST
    assert is_known(image, verdicts)


def test_a_known_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "brain.nrl"
    program = lower(extreme_connectome("all_fire"))
    path.write_bytes(write_image(program, pins=bytes(LARGE)))  # a section that a runtime carries along, as large as a large brain's rows
    path.chmod(0o644)
    told = [run_alone(READS, path, tmp_path / "verdicts").split() for _ in range(2)]
    assert [name for name, _ in told] == ["Image", "KnownImage"]
    print(f"{LARGE // 1024} KB, of which {told[0][1]} and {told[1][1]} KB were read")
    assert int(told[0][1]) >= LARGE // 1024
    assert int(told[1][1]) <= LARGE // 1024 // 4  # beginning and end; the system brings neighbours of a page along, up to 2 MB


def test_a_process_that_runs_the_essential_brain_takes_25_mb_and_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    path = tmp_path / "brain.nrl"
    path.write_bytes(image_of_genome(design_from("essential", "Essential").genome()))
    resident_kb = int(run_alone(RUNS, path))
    print(f"{resident_kb / 1024:.1f} MB")
    assert resident_kb <= RESIDENT_KB


def run_alone(code: str, *arguments: Path) -> str:
    environment = {**os.environ, "XDG_CACHE_HOME": str(arguments[0].parent / "cache")}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
