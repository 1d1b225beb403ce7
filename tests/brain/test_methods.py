"""The 62 methods: each has a contract and an example that works, and the page lists them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurula.brain.connectome import BEYOND, ConnectomeManager
from neurula.brain.page import PAGE, methods, page, run_example

NAMES = [name for _, name in methods()]


def test_there_are_62_methods_each_once() -> None:
    assert len(NAMES) == len(set(NAMES)) == 62


def test_every_public_method_is_on_the_page() -> None:
    public = {name for name in dir(ConnectomeManager) if not name.startswith("_")} - {"brain"}
    assert public == {*NAMES, *BEYOND}


@pytest.mark.parametrize("name", [*NAMES, *BEYOND])
def test_the_example_of_a_method_gives_what_it_says(name: str, tmp_path: Path) -> None:
    lines, told = run_example(name, tmp_path)
    assert told == ""
    assert lines > 0


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_programs_of_the_page_work(capsys: pytest.CaptureFixture[str]) -> None:
    programs = [part.split("```")[0] for part in page().split("```python\n")[1:]]
    for program in programs:
        exec(compile(program, "docs/BRAIN.md", "exec"), {})
    said = capsys.readouterr().out
    assert "neurons" in said
    assert "runtime is running" in said
    assert said.endswith("burst 100\n")
