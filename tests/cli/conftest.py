"""The command in this process (fast) and in one of its own (real)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from neurula.cli.app import run_command
from tests.cli.genomes import timer_genome, write_genome
from tests.conftest import ROOT


@dataclass(frozen=True)
class Outcome:
    """What a command line did."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        answer: dict[str, Any] = json.loads(self.out)
        assert self.out.count("\n") == 1
        return answer


Command = Callable[..., Outcome]


@pytest.fixture
def neurula(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `neurula ARGUMENTS` in this process, on a terminal of 100 columns."""
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments: str) -> Outcome:
        capsys.readouterr()
        exit_code = run_command(arguments)
        told = capsys.readouterr()
        return Outcome(exit_code, told.out, told.err)

    return call


def process_environment() -> dict[str, str]:
    paths = [str(ROOT / folder) for folder in ("host", "device", "codegen", "firmware_py")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONWARNINGS": "error", "COLUMNS": "100"}


@pytest.fixture
def spawn() -> Command:
    """Runs `python -m neurula ARGUMENTS` as a process of its own."""

    def call(*arguments: str) -> Outcome:
        line = [sys.executable, "-m", "neurula", *arguments]
        done = subprocess.run(line, capture_output=True, text=True, env=process_environment(), timeout=60)
        return Outcome(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def genome(tmp_path: Path) -> str:
    """The path of the timer genome."""
    return write_genome(tmp_path, timer_genome())


@pytest.fixture
def image(tmp_path: Path, genome: str, neurula: Command) -> str:
    """The path of its image."""
    path = str(tmp_path / "brain.nrl")
    assert neurula("build", genome, "-o", path).exit_code == 0
    return path
