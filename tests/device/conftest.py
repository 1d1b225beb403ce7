"""An emulated Pico that `neurula flash` has set up once; every test starts from a copy of its flash."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from neurula.boards import board_folder
from neurula.cli.app import run_command
from neurula.sim.serve_port import served
from tests.cli.conftest import Outcome
from tests.conftest import ROOT
from tests.device.watched_pico import WatchedPico

REFLEX = str(ROOT / "examples" / "reflex" / "genome.json")
VISION = str(ROOT / "examples" / "vision_map" / "genome.json")
SLOT_BLOCKS = 12  # small slots are set aside sooner

Neurula = Callable[..., Outcome]


def call(*arguments: str) -> Outcome:
    """`neurula ARGUMENTS` in this process."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        exit_code = run_command(arguments)
    return Outcome(exit_code, out.getvalue(), err.getvalue())


@pytest.fixture
def neurula() -> Neurula:
    return call


@pytest.fixture(scope="session")
def small_board(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Pico's file with less flash for brains."""
    text = (board_folder() / "rpi_pico.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("flash_for_brain_bytes")]
    lines.insert(0, f"flash_for_brain_bytes = {2 * SLOT_BLOCKS * 4096}")
    path = tmp_path_factory.mktemp("boards") / "small_pico.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="session")
def first_flash(small_board: str) -> tuple[bytes, Outcome]:
    """The flash of a new Pico after `neurula flash` over a TCP port, and what the command said. The power was cut at its end."""
    with WatchedPico() as pico:
        with served(pico) as url:
            told = call("flash", REFLEX, "--port", url, "--board", small_board, "--watch", "1", "--json")
        pico.sleep(4.0)
        return pico.flash_bytes(), told


@pytest.fixture
def pico_file(first_flash: tuple[bytes, Outcome], tmp_path: Path) -> Path:
    """A file with that flash, for --port sim:rpi_pico:FILE."""
    flash, told = first_flash
    assert told.exit_code == 0, told.err + told.out
    assert json.loads(told.out)["confirmed"]
    path = tmp_path / "pico.flash"
    path.write_bytes(flash)
    return path
