"""Slots on files: for boards whose flash is not mapped, and for computers."""

from __future__ import annotations

from binascii import crc32
from pathlib import Path

import pytest

from neurula_mcu import flash_file
from neurula_mcu.flash_file import FolderRegion
from neurula_mcu.slots import SlotError, Slots
from tests.fault.brains import NEW, OLD, SIZE, SLOT_BYTES, runs, sha, upload
from tests.fault.fake_flash import BLOCK, PowerCut


class CutRegion(FolderRegion):
    """The power fails at one operation: before it, after it, or when only the new file was written."""

    def __init__(self, folder: str, cut_at: int = -1, kind: str = "") -> None:
        super().__init__(folder, SIZE)
        self.cut_at = cut_at
        self.kind = kind
        self.operations = 0

    def _operate(self, act, offset: int, *data: bytes) -> None:  # type: ignore[no-untyped-def]
        cut = self.operations == self.cut_at
        self.operations += 1
        if cut and self.kind == "half":
            Path(self._path(offset // BLOCK)).parent.mkdir(exist_ok=True)
            Path(self._path(offset // BLOCK) + ".new").write_bytes(b"half a blo")
        if cut and self.kind != "after":
            raise PowerCut
        act(offset, *data)
        if cut:
            raise PowerCut

    def erase(self, offset: int) -> None:
        self._operate(super().erase, offset)

    def program(self, offset: int, data: bytes) -> None:
        self._operate(super().program, offset, data)


def boot(region: FolderRegion):  # type: ignore[no-untyped-def]
    slots = Slots(region, SLOT_BYTES)
    choice = slots.choose()
    slots.healthy()
    return slots, choice


def board(folder: Path) -> str:
    """A folder in which OLD is confirmed."""
    slots, _ = boot(FolderRegion(str(folder), SIZE))
    upload(slots, OLD)
    slots, _ = boot(FolderRegion(str(folder), SIZE))
    slots.confirm()
    return str(folder)


@pytest.mark.parametrize("kind", ["before", "after", "half"])
def test_a_cut_at_every_file_operation_leaves_the_old_or_the_new_brain(tmp_path: Path, kind: str) -> None:
    cut = 0
    while True:
        folder = board(tmp_path / str(cut))
        try:
            slots, _ = boot(CutRegion(folder, cut, kind))
            upload(slots, NEW)
            break
        except PowerCut:
            pass
        slots, choice = boot(FolderRegion(folder, SIZE))
        assert runs(choice) in (OLD, NEW)
        if runs(choice) == OLD:
            upload(slots, NEW)
            slots, choice = boot(FolderRegion(folder, SIZE))
            assert runs(choice) == NEW
        cut += 1
    assert cut > 8


def test_bits_are_only_cleared_until_a_block_is_erased(tmp_path: Path) -> None:
    region = FolderRegion(str(tmp_path / "slots"), SIZE)
    assert bytes(region.read(BLOCK - 2, 4)) == b"\xff" * 4
    region.program(BLOCK + 5, b"\xf0")
    region.program(BLOCK + 5, b"\x3c")
    assert bytes(region.read(BLOCK + 4, 3)) == b"\xff\x30\xff"
    region.erase(BLOCK)
    region.erase(BLOCK)
    assert bytes(region.read(BLOCK + 4, 3)) == b"\xff" * 3
    assert region.address(0) is None


def test_a_full_disk_is_said_and_the_old_brain_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = board(tmp_path / "slots")
    slots, _ = boot(FolderRegion(folder, SIZE))
    writer = slots.begin(len(NEW), sha(NEW))

    def full(*_: object) -> None:
        raise OSError(28)

    with monkeypatch.context() as patch:
        patch.setattr(flash_file.os, "rename", full)
        with pytest.raises(SlotError) as caught:
            writer.write(0, NEW, crc32(NEW))
    assert caught.value.code == "F114"
    slots, choice = boot(FolderRegion(folder, SIZE))
    assert runs(choice) == OLD
    upload(slots, NEW)
    assert runs(boot(FolderRegion(folder, SIZE))[1]) == NEW


def test_a_deleted_folder_is_noticed_before_an_upload(tmp_path: Path) -> None:
    region = FolderRegion(str(tmp_path / "slots"), SIZE)
    slots, _ = boot(region)
    (tmp_path / "slots").rmdir()
    with pytest.raises(SlotError) as caught:
        slots.begin(len(NEW), sha(NEW))
    assert caught.value.code == "F111"
