"""The commands and programs of docs/GENOME.md work in the order of the page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import neurula.genome
from neurula.cli.app import run_command
from neurula.genome.templates import TEMPLATES

PAGE = Path(__file__).parents[2] / "docs" / "GENOME.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_works_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```(sh|python)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 8
    for language, block in blocks:
        if language == "python":
            subprocess.run([sys.executable, "-W", "error", "-c", block], check=True)
            continue
        for line in block.splitlines():
            command, *arguments = line.split()
            assert command == "neurula"
            assert run_command(arguments) == 0, f"{line}\n{capsys.readouterr()}"
    assert {"rover.svg", "watchman2.json", "mended.json", "old.json"} <= {path.name for path in tmp_path.iterdir()}


def test_the_reflex_of_the_page_has_five_lines() -> None:
    reflex = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)[0]
    assert len(reflex.strip().splitlines()) == 5
    assert reflex.strip() in "\n".join(line.strip() for line in (neurula.genome.design.__doc__ or "").splitlines())


def test_the_templates_are_those_that_there_are() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([A-Z].*?) \|$", TEXT, re.MULTILINE))
    assert rows == {template.name: template.summary for template in TEMPLATES.values()}


def test_every_name_of_the_page_exists_and_every_link_leads_somewhere() -> None:
    table = TEXT.partition("## From Python")[2]
    names = re.findall(r"`(\w+)(?:\(|`)", table)
    assert len(names) > 10
    assert all(hasattr(neurula.genome, name) for name in names if name not in ("neurula",))
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (PAGE.parent / target).exists(), target
