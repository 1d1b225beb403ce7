"""A board's key is in one file that nobody else can read, and a file that is not as it should be is refused in plain words."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from neurula.errors import InvalidInput, NeurulaError, UsageError
from neurula.link.device_keys import DeviceKey, key_folder, key_path, list_keys, make_key, read_key, write_key
from neurula.link.udp_auth import KEY_BYTES


def test_a_key_is_kept_and_read_again_and_only_its_owner_may(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    made = make_key("rover-1")
    path = write_key(made, folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert read_key("rover-1", folder) == made
    assert made.host == "rover-1.local"
    assert list_keys(folder) == ("rover-1",)
    assert [entry.name for entry in folder.iterdir()] == ["rover-1.json"]


def test_keys_differ_and_are_never_shown() -> None:
    keys = {make_key("x").key for _ in range(100)}
    assert len(keys) == 100
    assert {len(key) for key in keys} == {KEY_BYTES}
    made = make_key("rover")
    assert made.key.hex() not in repr(made) + str(made)
    assert repr(made.key) not in repr(made)


def test_a_key_that_is_there_is_not_replaced_by_accident(tmp_path: Path) -> None:
    first, second = make_key("rover"), make_key("rover")
    write_key(first, tmp_path)
    with pytest.raises(UsageError) as caught:
        write_key(second, tmp_path)
    assert caught.value.code == "L117"
    assert read_key("rover", tmp_path) == first
    write_key(second, tmp_path, replace=True)
    assert read_key("rover", tmp_path) == second


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_not_used(tmp_path: Path, mode: int) -> None:
    path = write_key(make_key("rover"), tmp_path)
    path.chmod(mode)
    with pytest.raises(InvalidInput) as caught:
        read_key("rover", tmp_path)
    assert caught.value.code == "L118"
    assert "chmod 600" in caught.value.remedy


@pytest.mark.parametrize("name", ["", "-x", "x-", "a/b", "../x", "a b", "ö", "x" * 49, ".json"])
def test_a_name_that_could_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        key_path(name, tmp_path)
    assert caught.value.code == "L116"


def test_a_damaged_file_is_refused_whatever_is_wrong_with_it(tmp_path: Path) -> None:
    path = write_key(make_key("rover"), tmp_path)
    whole = json.loads(path.read_text())
    spoilt: list[object] = [{**whole, name: value} for name in whole for value in (None, 5.5, "", [], "ö" * 300, -1)]
    spoilt += [{k: v for k, v in whole.items() if k != name} for name in whole]
    spoilt += [[], None, 1, "x", {**whole, "port": True}, {**whole, "name": "other"}, {**whole, "host": "x" * 300}]
    for content in [json.dumps(entry).encode() for entry in spoilt] + [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'"' + b"x" * 10_000_000]:
        path.write_bytes(content)
        with pytest.raises(NeurulaError) as caught:
            read_key("rover", tmp_path)
        assert caught.value.code == "L118"


def test_a_board_without_a_key_is_told_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_key("nobody", tmp_path)
    assert caught.value.code == "L119"


def test_a_folder_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(InvalidInput) as caught:
        write_key(make_key("rover"), blocked / "keys")
    assert caught.value.code == "L118"
    assert blocked.read_text() == ""


def test_the_folder_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURULA_KEYS", str(tmp_path))
    assert key_folder() == tmp_path
    write_key(DeviceKey("one", bytes(KEY_BYTES), "10.0.0.7", 5000))
    assert read_key("one").host == "10.0.0.7"
    monkeypatch.delenv("NEURULA_KEYS")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert os.fspath(key_folder()).endswith("neurula/keys")
