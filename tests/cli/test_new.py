"""`new` writes a genome that checks, grows and runs at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurula.genome import read_genome
from neurula.genome.templates import TEMPLATES
from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_genome_is_clean_and_builds(neurula: Command, template: str) -> None:
    done = neurula("new", "rover", "--template", template, "--json")
    assert done.exit_code == 0
    assert (done.json["output"], done.json["template"], done.json["title"]) == ("rover.json", template, "rover")
    assert neurula("check", "rover.json").out.endswith("no problems\n")
    assert neurula("build", "rover.json", "-o", "rover.nrl").exit_code == 0


def test_the_templates_are_listed(neurula: Command) -> None:
    out = neurula("new", "--list").out
    assert all(each.name in out for each in TEMPLATES.values())
    listed = neurula("new", "--list", "--json").json["templates"]
    assert [each["name"] for each in listed] == list(TEMPLATES)


def test_name_and_place_can_differ(neurula: Command, tmp_path: Path) -> None:
    (tmp_path / "robots").mkdir()
    assert neurula("new", "robots/Rover.json").exit_code == 0
    assert read_genome("robots/Rover.json").title == "Rover"
    assert neurula("new", "Rover", "-o", "other.json").exit_code == 0
    assert read_genome("other.json").title == "Rover"


def test_a_file_that_is_there_is_never_overwritten(neurula: Command) -> None:
    assert neurula("new", "rover").exit_code == 0
    before = Path("rover.json").read_bytes()
    done = neurula("new", "rover", "--template", "vision", "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (2, "U211")
    assert Path("rover.json").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [((), "U201"), (("x", "--template", "y"), "U201"), (("none/x",), "U203"), (("/",), "U201"), ((" ",), "U201")],
)
def test_what_cannot_be_is_refused_and_nothing_written(neurula: Command, tmp_path: Path, arguments: tuple[str, ...], code: str) -> None:
    done = neurula("new", *arguments, "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (2, code)
    assert list(tmp_path.iterdir()) == []
