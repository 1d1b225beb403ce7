"""`check` names every problem with its line; `check --fix` writes a mended copy and says what it changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neurula.genome import parse_genome, signatures_of
from tests.cli.conftest import Command
from tests.cli.genomes import TIMER, timer_genome, write_genome

LEAK = f"/blueprint/_____10c-{TIMER}-nx-leak_c-f"


def broken_genome() -> dict[str, Any]:
    genome = timer_genome(nx_leak_c_f=10, cx____bbx_i=-1)
    genome["blueprint"]["nonsense"] = 1
    return genome


def test_all_problems_are_named_at_once_with_their_lines(neurula: Command, tmp_path: Path) -> None:
    path = tmp_path / "genome.json"
    path.write_text(json.dumps(broken_genome(), indent=1), encoding="utf-8")
    done = neurula("check", str(path), "--json")
    assert done.exit_code == 4
    assert done.json["ok"] is False
    problems = done.json["problems"]
    assert {"G109", "G202", "G221"} <= {problem["code"] for problem in problems}
    lines = path.read_text(encoding="utf-8").splitlines()
    for problem in problems:
        assert problem["path"].rpartition("/")[2] in lines[problem["line"] - 1]
    assert "can be mended without you" in neurula("check", str(path)).out


def test_the_copy_is_mended_and_the_original_is_not(neurula: Command, tmp_path: Path) -> None:
    path = write_genome(tmp_path, broken_genome())
    before = Path(path).read_bytes()
    out = tmp_path / "mended.json"
    done = neurula("check", path, "--fix", str(out), "--json")
    assert done.exit_code == 0, "the copy has no errors"
    assert Path(path).read_bytes() == before
    changes = {change["path"]: change for change in done.json["changes"]}
    assert changes[LEAK] == {
        "code": "G221", "path": LEAK, "action": "set", "before": 10, "after": 0.1, "reason": changes[LEAK]["reason"],
    }  # fmt: skip
    assert done.json["output"] == str(out)
    assert {problem["code"] for problem in done.json["left"]} == {"G258"}
    mended = json.loads(out.read_text(encoding="utf-8"))
    assert mended["blueprint"]["/nonsense"] == 1
    assert mended["signatures"] == signatures_of(mended)
    assert {problem.code for problem in parse_genome(mended).problems} == set()
    again = neurula("check", str(out), "--fix", str(tmp_path / "again.json"), "--json")
    assert again.json["changes"] == []
    assert neurula("grow", str(out)).exit_code == 0


def test_a_person_reads_what_was_changed(neurula: Command, tmp_path: Path) -> None:
    done = neurula("check", write_genome(tmp_path, broken_genome()), "--fix", str(tmp_path / "mended.json"))
    assert "what was done" in done.out
    assert done.out.endswith("mended.json: 3 changes, 1 problem left\n")


def test_a_key_that_was_written_twice_is_one_in_the_copy(neurula: Command, tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    text = json.dumps(timer_genome())
    path.write_text('{"genome_title": "First", ' + text[1:], encoding="utf-8")
    done = neurula("check", str(path), "--fix", str(tmp_path / "once.json"), "--json")
    assert [change["code"] for change in done.json["changes"]] == ["G261"]
    assert (tmp_path / "once.json").read_text(encoding="utf-8").count("genome_title") == 1


def test_a_copy_goes_to_standard_output(neurula: Command, genome: str) -> None:
    assert TIMER in neurula("check", genome, "--fix", "-").out
    done = neurula("check", genome, "--fix", "-", "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (2, "U205")


@pytest.mark.parametrize(("out", "code"), [("genome.json", "U204"), ("none/x.json", "U203"), (".", "U203")])
def test_a_copy_never_overwrites_the_original(neurula: Command, genome: str, tmp_path: Path, out: str, code: str) -> None:
    before = Path(genome).read_bytes()
    done = neurula("check", genome, "--fix", str(tmp_path / out), "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (2, code)
    assert Path(genome).read_bytes() == before


def test_what_is_no_genome_has_no_copy(neurula: Command, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{", encoding="utf-8")
    done = neurula("check", str(tmp_path / "x.json"), "--fix", str(tmp_path / "y.json"), "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (4, "G104")
    assert not (tmp_path / "y.json").exists()
