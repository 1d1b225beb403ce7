"""python -m examples.bodies.run: what the READMEs show, and what it says when something is wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from examples.bodies.catalogue import CATALOGUE, HERE
from examples.bodies.run import main, options
from tests.bodies.living import ALL, make

ROOT = HERE.parent.parent
COMMAND = "python -m examples.bodies.run "


def commands(path: Path) -> list[str]:
    return [line.removeprefix(COMMAND) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(COMMAND)]


@pytest.mark.parametrize("path", [HERE / "README.md", *(HERE / name / "README.md" for name in ALL)], ids=lambda path: path.parent.name)
def test_the_commands_of_the_readmes_are_understood(path: Path) -> None:
    lines = commands(path)
    assert lines
    for line in lines:
        options().parse_args(line.split("  #")[0].split())


@pytest.mark.parametrize("name", ALL)
def test_the_readme_of_a_body_names_its_devices_areas_and_score(name: str) -> None:
    text = (CATALOGUE[name].folder / "README.md").read_text(encoding="utf-8")
    mapping = CATALOGUE[name].robot.read_text(encoding="utf-8")
    for area in set(re.findall(r'^area = "(\w+)"', mapping, re.MULTILINE)):
        assert f"`{area}`" in text, area
    assert "score" in text.lower()


def test_it_runs_as_a_person_would_run_it() -> None:
    words = [sys.executable, "-m", "examples.bodies.run", "wall_avoider", "--seconds", "3", "--live"]
    result = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "score" in result.stdout.splitlines()[-1]
    assert "⠀" in result.stdout


def test_nobody_at_home_is_an_option(capsys: Any) -> None:
    assert main(["wall_avoider", "--seconds", "2", "--no-brain"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["score", "0.000"]


def test_a_body_without_a_genome_of_its_own_asks_for_one() -> None:
    with pytest.raises(SystemExit, match="--genome"):
        main(["pioneer", "--seconds", "1"])


def test_a_genome_that_does_not_fit_is_refused_in_a_sentence(capsys: Any) -> None:
    assert main(["line_follower", "--seconds", "1", "--genome", str(CATALOGUE["swimmer"].genome)]) == 4
    said = capsys.readouterr().err
    assert re.match(r"[A-Z]\d{3}: ", said)
    assert "i__inf" in said


def test_only_the_gazer_has_a_camera(capsys: Any) -> None:
    assert main(["swimmer", "--camera", "0"]) == 2
    assert "gazer" in capsys.readouterr().err


@pytest.mark.parametrize("name", ALL)
def test_the_catalogue_makes_the_body_that_it_names(name: str) -> None:
    assert getattr(make(name), "name", None) == name
