"""The commands of docs/FIRST_ROBOT.md, one after the other: against an emulated Arduino in a room, and an emulated Pico.

The Arduino runs the example's sketch, the Pico the firmware that `neurula flash` put there. What differs from the page: the port, a time
after which the bridge ends, and that the longest command, setting up a new Pico, is shared with tests/device."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bridge.uno.cable import on_a_port
from tests.bridge.uno.rover import Rover
from tests.bridge.uno.uno import compiled_sketch, compiled_uno, require_tools
from tests.cli.conftest import Outcome, process_environment
from tests.conftest import ROOT
from tests.device.conftest import FROM_SCRATCH, call, from_scratch  # noqa: F401
from tests.firmware.boards import keeping

TEXT = (ROOT / "docs" / "FIRST_ROBOT.md").read_text(encoding="utf-8")
BLOCKS = [block.splitlines() for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)]
PORT = "/dev/ttyACM0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a newcomer has: the examples."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


@pytest.fixture(scope="session")
def _flash_is_kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with keeping(tmp_path_factory):
        yield


def shell(line: str, folder: Path) -> str:
    """Runs a line as it stands; what it printed."""
    bin_folder = folder / "bin"
    bin_folder.mkdir(exist_ok=True)
    command = bin_folder / "neurula"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m neurula "$@"\n')
    command.chmod(0o755)
    environment = process_environment() | {"PATH": f"{bin_folder}:{os.environ['PATH']}"}
    done = subprocess.run(line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_each_way_is_five_commands_and_the_first_installs() -> None:
    assert [len(block) for block in BLOCKS] == [5, 5]
    assert BLOCKS[0][0] == "pip install ."
    assert BLOCKS[1][0] == "pip install '.[flash]'"
    assert "\nflash = [" in (ROOT / "pyproject.toml").read_text()


def test_the_arduino_moves_after_five_commands(folder: Path) -> None:
    require_tools()
    rover = Rover(compiled_uno(folder), compiled_sketch(folder), seed=3)
    port = folder / "ttyACM0"
    said = []
    with on_a_port(rover.uno, port):
        for line in BLOCKS[0][1:]:
            ends = " --seconds 3" if PORT in line else ""
            said.append(shell(line.replace(PORT, str(port)) + ends, folder))
    rover.uno.power_off()
    new, check, bridge, replay = said
    assert "rover.json" in new
    assert "no problems" in check
    assert "150 bursts" in bridge
    assert "left_wheel" in bridge
    assert "every burst the same" in replay
    print(rover.figures())
    assert rover.robot.way_m > 0.1
    assert rover.collisions == 0


@pytest.mark.needs_firmware
@pytest.mark.usefixtures("_flash_is_kept")
def test_the_pico_moves_after_five_commands(folder: Path, request: pytest.FixtureRequest) -> None:
    flash_line, *rest = BLOCKS[1][1:]
    assert flash_line == "neurula " + " ".join(FROM_SCRATCH[:4]).replace(f"{ROOT}/", "")
    set_up: tuple[bytes, Outcome] = request.getfixturevalue("from_scratch")
    board = folder / "pico.flash"
    board.write_bytes(set_up[0])
    build, check, bridge = rest
    assert "wrote reflex.nrl" in shell(build, folder)
    assert "no problems" in shell(check, folder)
    assert f"--link {PORT} --live" in bridge
    watched = json.loads(shell(bridge.replace(f"{PORT} --live", f"sim:rpi_pico:{board} --seconds 0.5 --json"), folder))
    print(watched)
    assert watched["brain"] == "rpi_pico"
    assert watched["bursts"] >= 0.9 * 0.5 * watched["rate_hz"]
    assert watched["motors"]["left_wheel"] > 0.2
    assert watched["motors"]["right_wheel"] > 0.2
    assert watched["links"][0]["state"] == "connected"
