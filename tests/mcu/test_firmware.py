"""Firmware files and the flash that they become: found or missed in plain words, damage refused."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from neurula.errors import DeviceNotFound, DoesNotFit, InvalidInput
from neurula.sim.firmware import FIRMWARE_FILES, find_firmware, firmware_folder, pack_uf2, read_flash_image
from neurula.sim.flash import FILESYSTEM_OFFSET, FLASH_BYTES, build_flash, read_files


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def image_of(size: int) -> bytes:
    """Something that looks like an RP2040 image: the vector table behind the second stage, then noise."""
    noise = bytearray(random.Random(1).randbytes(size))
    noise[256:264] = (0x20042000).to_bytes(4, "little") + (0x100001F7).to_bytes(4, "little")
    return bytes(noise)


@pytest.mark.parametrize("board", sorted(FIRMWARE_FILES))
def test_firmware_that_is_not_built_names_the_command_that_builds_it(board: str, empty_cache: Path) -> None:
    with pytest.raises(DeviceNotFound) as caught:
        find_firmware(board)
    assert (caught.value.code, caught.value.exit_code) == ("S101", 3)
    assert "make boards" in caught.value.remedy


def test_built_firmware_is_found_and_a_named_file_wins(empty_cache: Path) -> None:
    firmware_folder().mkdir(parents=True)
    built = firmware_folder() / "rp2.uf2"
    built.write_bytes(b"")
    mine = empty_cache / "mine.uf2"
    mine.write_bytes(b"")
    assert find_firmware("rp2040") == built
    assert find_firmware("rp2040", str(mine)) == mine
    with pytest.raises(DeviceNotFound) as caught:
        find_firmware("rp2040", empty_cache / "absent.uf2")
    assert caught.value.code == "S101"


def test_a_board_without_a_simulator_is_named() -> None:
    with pytest.raises(DeviceNotFound, match="toaster") as caught:
        find_firmware("toaster")
    assert caught.value.code == "S106"


def test_a_uf2_gives_back_what_was_packed(tmp_path: Path) -> None:
    for size in (512, 1000, 4096):
        image = image_of(size)
        path = tmp_path / "it.uf2"
        path.write_bytes(pack_uf2(image))
        assert read_flash_image(path)[:size] == image
        path.write_bytes(image)
        assert read_flash_image(path) == image


@pytest.mark.parametrize(("content", "reason"), [
    (b"", "too short"), (b"\0" * 1024, "no RP2040 vector table"), (b"\xff" * (20 << 20), "larger than any"),
    (pack_uf2(image_of(1024))[:-1], "multiple of 512"), (pack_uf2(image_of(512), 0x20000000), "outside the flash"),
    (pack_uf2(image_of(1024))[:512 + 508] + b"\0\0\0\0" + pack_uf2(image_of(1024))[1024:], "block 1 is damaged"),
    (pack_uf2(image_of(512)).replace(b"\x56\xff\x8b\xe4", b"\x57\xff\x8b\xe4"), "another chip"),
])
def test_a_file_that_is_no_firmware_is_refused_with_the_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "wrong"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=reason) as caught:
        read_flash_image(path)
    assert caught.value.code == "S102"


def test_flash_holds_firmware_files_and_blobs_side_by_side() -> None:
    firmware = image_of(5000)
    files = {"/a/b/deep.txt": b"deep", "/top": b"x" * 9000, "/empty": b""}
    flash = build_flash(firmware, files, {0x60000: b"raw", FLASH_BYTES - 4: b"last"})
    assert len(flash) == FLASH_BYTES
    assert flash[:5000] == firmware
    assert flash[0x60000:0x60004] == b"raw\xff"
    assert flash[-4:] == b"last"
    assert read_files(bytes(flash)) == files


@pytest.mark.parametrize("offset", [0, 4999, FILESYSTEM_OFFSET, FLASH_BYTES - 1, -8, 0x60001])
def test_a_blob_never_overlaps_anything(offset: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        build_flash(image_of(5000), {"/f": b"x"}, {0x60000: b"12", offset: b"34"})
    assert caught.value.code == "S104"


def test_files_that_are_too_large_are_refused() -> None:
    with pytest.raises(DoesNotFit) as caught:
        build_flash(image_of(512), {"/huge": bytes(FLASH_BYTES)}, {})
    assert caught.value.code == "S103"


def test_a_flash_without_a_file_system_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        read_files(bytes(build_flash(image_of(512), {}, {})))
    assert caught.value.code == "S107"
