"""The command answers at once: what a verb needs is imported when the verb is called."""

from __future__ import annotations

import subprocess
import sys

import pytest

import neurula
from neurula.boards import list_boards
from neurula.cli.verbs import VERBS
from tests.cli.conftest import Command, process_environment
from tests.conftest import ROOT

HEAVY = ("numpy", "rich", "pydantic", "neurula.compiler", "neurula.development", "neurula.genome", "neurula_npu")
LOADED = f"import sys; print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"


@pytest.mark.parametrize(
    "code",
    ["import neurula", "from neurula.cli.app import run_command; run_command(['--help'])", "import neurula.boards"],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code: str) -> None:
    line = [sys.executable, "-c", f"{code}\n{LOADED}"]
    done = subprocess.run(line, capture_output=True, text=True, env=process_environment(), timeout=60)
    assert done.stderr.strip() == "[]"


def test_the_version_is_that_of_the_package(neurula_version: str, spawn: Command) -> None:
    done = spawn("--version")
    assert (done.exit_code, done.out) == (0, f"neurula {neurula_version}\n")
    assert neurula.__version__ == neurula_version


@pytest.fixture
def neurula_version() -> str:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return next(line.split('"')[1] for line in text.splitlines() if line.startswith("version = "))


def test_the_names_of_the_api_are_found_when_used() -> None:
    for name in neurula.__all__:
        assert getattr(neurula, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'grow'"):
        neurula.grow  # noqa: B018


@pytest.mark.parametrize("verb", VERBS)
def test_the_list_of_verbs_says_what_each_verb_says(verb: str, neurula: Command) -> None:
    done = neurula(verb, "--help")
    assert done.exit_code == 0
    assert " ".join(VERBS[verb][2].split()) in " ".join(done.out.split())


def test_all_verbs_stand_in_the_help(neurula: Command) -> None:
    listed = [line.split()[0] for line in neurula("--help").out.split("Commands:")[1].splitlines() if line[2:3].strip()]
    assert listed == list(VERBS)


def test_boards_come_with_the_package() -> None:
    assert len(list_boards()) >= 7
