"""`neurula` in this process, and a Pico that it has set up once from nothing for the whole run."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest

from neurula.cli.app import run_command
from neurula.runtimes.firmware_files import compiled_firmware
from neurula.sim.firmware import find_firmware
from tests.cli.conftest import Outcome
from tests.conftest import ROOT
from tests.device.cable import WatchedPico, on_a_cable
from tests.firmware.boards import keeping, kept

REFLEX = str(ROOT / "examples" / "reflex" / "genome.json")
REFLEX_PINS = str(ROOT / "examples" / "reflex" / "pins.toml")
VISION = str(ROOT / "examples" / "vision_map" / "genome.json")
FROM_SCRATCH = ("flash", REFLEX, "--pins", REFLEX_PINS, "--watch", "1", "--json")

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


@pytest.fixture(scope="session", autouse=True)
def _flash_is_kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with keeping(tmp_path_factory):
        yield


@pytest.fixture(scope="session")
def from_scratch() -> tuple[bytes, Outcome]:
    """The flash of a new Pico after one `neurula flash` over a TCP port, and what the command said. Its power was cut right after."""

    def make() -> bytes:
        with WatchedPico(wall_limit_s=600) as pico:
            with on_a_cable(pico) as url:
                told = call(*FROM_SCRATCH, "--port", url)
            return pickle.dumps((pico.flash_bytes(), told))

    files = sorted(compiled_firmware("armv6m").items())
    flash, told = pickle.loads(kept(["from scratch", find_firmware("rp2040").read_bytes(), files, FROM_SCRATCH], make))
    assert told.exit_code == 0, told.err + told.out
    assert json.loads(told.out)["confirmed"]
    return flash, told
