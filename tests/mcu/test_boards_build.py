"""`make boards` tells what it lacks, does nothing twice, and holds no address of any server."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from neurula.sim.firmware import firmware_folder

BOARDS = Path(__file__).resolve().parents[2] / "boards"


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    specification = importlib.util.spec_from_file_location("build_firmware", BOARDS / "build_firmware.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, "build_firmware", module)
    specification.loader.exec_module(module)
    return module


def test_a_second_build_does_nothing(builder: ModuleType, monkeypatch: pytest.MonkeyPatch,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    firmware_folder().mkdir(parents=True)
    for name in builder.RESULTS:
        (firmware_folder() / name).write_bytes(b"")
    monkeypatch.setenv("PATH", "")
    assert builder.main() == 0
    assert "already there" in capsys.readouterr().out


def test_missing_packages_are_all_named_at_once(builder: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("apt-get", "make", "xz"):
        (tools / name).write_text("#!/bin/sh\nexit 1\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    assert builder.main() == 1
    said = capsys.readouterr().err
    for package in ("gcc", "g++", "cmake", "gcc-multilib", "gcc-arm-none-eabi", "libnewlib-arm-none-eabi",
                    "libstdc++-arm-none-eabi-newlib"):
        assert f" {package}" in said
    assert "make" not in said.split()
    assert not firmware_folder().exists()


def test_a_machine_without_apt_is_told_so(builder: ModuleType, monkeypatch: pytest.MonkeyPatch,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "")
    assert builder.main() == 1
    assert "apt-get" in capsys.readouterr().err


def test_results_appear_all_at_once_and_replace_incomplete_ones(builder: ModuleType, tmp_path: Path) -> None:
    done, target = tmp_path / "work/done", tmp_path / "firmware"
    done.mkdir(parents=True)
    (done / "new").write_text("new")
    target.mkdir()
    (target / "half").write_text("old")
    builder.publish(done, target)
    assert [path.name for path in target.iterdir()] == ["new"]


def test_an_unknown_source_stops_the_build(builder: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "CMakeLists.txt"
    source.write_text("set(A ON)\nset(B ON)\n")
    builder.edit(source, {r"^set\(A ON\)$": "set(A OFF)"})
    assert source.read_text() == "set(A OFF)\nset(B ON)\n"
    with pytest.raises(builder.BuildError, match="no line"):
        builder.edit(source, {r"^set\(C ON\)$": ""})


@pytest.mark.parametrize("script", ["build_firmware.py", "build_emulator.py"])
def test_no_server_is_named(script: str) -> None:
    text = (BOARDS / script).read_text()
    assert not re.search(r"https?:|ftp:|\bdebian\.org\b", text)
