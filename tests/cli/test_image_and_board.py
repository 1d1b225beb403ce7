"""`image` looks into images; `board` knows the boards."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from zlib import crc32

import pytest

from neurula.boards import board_folder
from neurula_npu.schema import RECORDS
from tests.cli.conftest import Command
from tests.cli.genomes import MOTOR, TIMER, large_genome, timer_genome, write_genome


def test_info_tells_the_areas_in_the_genomes_units(neurula: Command, image: str) -> None:
    answer = neurula("image", "info", image, "--json").json
    areas = {area["id"]: area for area in answer["areas"]}
    assert areas[TIMER]["threshold"] == pytest.approx(3)
    assert areas[TIMER]["dims"] == [2, 2, 1]
    assert answer["header"]["total_bytes"] == Path(image).stat().st_size == answer["flash_bytes"]
    assert [section["tag"] for section in answer["sections"]][:4] == ["AREA", "GRUP", "RDIR", "ROWS"]
    out = neurula("image", "info", image).out
    assert "NRLB" in out
    assert "Timer [of red]" in out


def test_verify_walks_the_rows(neurula: Command, image: str) -> None:
    assert neurula("image", "verify", image, "--json").json["rows"] > 1
    assert "is sound" in neurula("image", "verify", image).out


def with_word(image: str, tag: str, at: int, value: int) -> str:
    """A copy of the image with one word of a section changed, and all checksums made right again."""
    content = bytearray(Path(image).read_bytes())
    tags = [bytes(content[84 + 16 * i :][:4]).decode() for i in range(content[52])]
    entry = 84 + 16 * tags.index(tag)
    offset, size = struct.unpack_from("<II", content, entry + 4)
    struct.pack_into("<I", content, offset + at, value)
    struct.pack_into("<I", content, entry + 12, crc32(content[offset : offset + size]))
    end = 84 + 16 * len(tags)
    struct.pack_into("<I", content, end, crc32(content[:end]))
    content[-32:] = hashlib.sha256(content[:-32]).digest()
    path = Path(image).with_name("foreign.nrl")
    path.write_bytes(content)
    return str(path)


def test_verify_finds_what_only_the_kernel_sees(neurula: Command, image: str) -> None:
    foreign = with_word(image, "ROWS", 4, 0x3FFFFFFC)  # the base of the first segment, far outside
    assert neurula("image", "info", foreign).exit_code == 0
    done = neurula("image", "verify", foreign, "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (6, "I112")


@pytest.mark.parametrize("per_voxel", [0, 7, 0xFFFFFFFF])
def test_an_image_whose_voxels_and_neurons_differ_in_number_is_refused(
    neurula: Command, image: str, per_voxel: int
) -> None:
    foreign = with_word(image, "AREA", 4 * RECORDS["AREA"].index("per_voxel"), per_voxel)
    for line in (["run", foreign, "--spikes", "-"], ["image", "info", foreign], ["image", "verify", foreign]):
        done = neurula(*line)
        assert done.exit_code == 6
        assert done.err.startswith("error I113: ")


@pytest.mark.parametrize("verb", ["info", "verify"])
def test_what_is_no_image_is_refused(neurula: Command, genome: str, verb: str, tmp_path: Path) -> None:
    done = neurula("image", verb, genome, "--json")
    assert (done.exit_code, done.json["error"]["code"][0]) == (6, "I")
    done = neurula("image", verb, str(tmp_path / "none.nrl"), "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (4, "N101")


def test_diff_names_area_and_field(neurula: Command, image: str, tmp_path: Path) -> None:
    other = str(tmp_path / "other.nrl")
    changed = write_genome(tmp_path, timer_genome(nx_refrac_i=2, nx_c_fr_c_i=0), "changed.json")
    assert neurula("build", changed, "-o", other).exit_code == 0
    answer = neurula("image", "diff", image, other, "--json").json
    assert answer["identical"] is False
    found = {(d["place"], d["field"]): (d["left"], d["right"]) for d in answer["differences"]}
    assert found[f"area {TIMER}", "refractory"] == (1, 2)
    assert found[f"area {TIMER}", "fire_limit"] == (5, 0)
    assert found[f"area {TIMER}", "counts"] == ("kept", None)
    assert not any(place == f"area {MOTOR}" for place, _ in found)
    assert "refractory" in neurula("image", "diff", image, other).out


def test_diff_of_equal_images_finds_nothing(neurula: Command, image: str) -> None:
    answer = neurula("image", "diff", image, image, "--json").json
    assert (answer["identical"], answer["differences"]) == (True, [])
    assert neurula("image", "diff", image, image).out == "identical\n"


def test_diff_names_what_only_one_image_has(neurula: Command, genome: str, image: str, tmp_path: Path) -> None:
    other = str(tmp_path / "other.nrl")
    assert neurula("build", genome, "--keep-all", "-o", other).exit_code == 0
    found = neurula("image", "diff", image, other, "--json").json["differences"]
    assert {"place": "area CLonly", "field": "present", "left": None, "right": "yes"} in found


def test_boards_are_listed_and_shown(neurula: Command) -> None:
    boards = {board["name"]: board for board in neurula("board", "list", "--json").json["boards"]}
    assert set(boards) >= {"linux", "rpi_zero2w", "rpi_pico", "rpi_pico2", "esp32", "esp32s3", "esp32c3"}
    assert all(name in neurula("board", "list").out for name in boards)
    assert neurula("board", "show", "rpi_pico", "--json").json["board"] == boards["rpi_pico"]
    assert "Not proven on hardware" in neurula("board", "show", "rpi_pico").out


def test_a_board_of_ones_own_is_used_by_its_path(neurula: Command, image: str, tmp_path: Path) -> None:
    text = (board_folder() / "rpi_pico.toml").read_text(encoding="utf-8").replace('"rpi_pico"', '"mine"')
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    assert neurula("board", "check", str(path)).out.startswith("mine: the file is sound")
    assert neurula("board", "check", str(path), image, "--json").json["bill"]["fits"] is True
    path.write_text(text + "wheels = 4\n", encoding="utf-8")
    done = neurula("board", "check", str(path), "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (4, "B106")  # after [pins] it is no role of a pin


def test_a_brain_is_checked_against_a_board(neurula: Command, tmp_path: Path) -> None:
    large = str(tmp_path / "large.nrl")
    assert neurula("build", write_genome(tmp_path, large_genome()), "-o", large).exit_code == 0
    assert neurula("board", "check", "linux", large).exit_code == 0
    done = neurula("board", "check", "rpi_pico", large, "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (5, "B201")
    assert json.dumps(done.json["error"]["where"]) == '"rpi_pico"'
