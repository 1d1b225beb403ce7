"""`convert` writes a genome in another form and says what the form cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neurula.genome import read_genome
from tests.cli.conftest import Command
from tests.cli.genomes import TIMER, timer_genome, write_genome


@pytest.mark.parametrize("form", ["flat", "hierarchical", "3.0"])
def test_a_converted_genome_grows_the_same_brain(neurula: Command, genome: str, tmp_path: Path, form: str) -> None:
    out = str(tmp_path / "out.json")
    done = neurula("convert", genome, "--to", form, "-o", out, "--json")
    assert done.exit_code == 0
    assert (done.json["from"], done.json["to"], done.json["output"]) == ("flat", form, out)
    ids = done.json["ids"]
    before, after = (neurula("grow", path, "--json").json for path in (genome, out))
    assert before["synapses"] == after["synapses"] > 0
    assert [ids.get(area["id"], area["id"]) for area in before["per_area"] if not area["added"]] == [
        area["id"] for area in after["per_area"] if not area["added"]
    ]
    assert neurula("check", out).exit_code == 0


def test_remarks_are_listed(neurula: Command, tmp_path: Path) -> None:
    path = write_genome(tmp_path, timer_genome(nx_snooze_f=1, nx_snooze_i=2))
    done = neurula("convert", path, "--to", "hierarchical", "-o", str(tmp_path / "out.json"), "--json")
    assert [(r["code"], r["severity"]) for r in done.json["remarks"]] == [("G301", "warning")]
    done = neurula("convert", path, "--to", "hierarchical", "-o", str(tmp_path / "out.json"))
    assert done.err.startswith("warning G301: ")
    assert done.out.startswith("wrote ")


def test_a_genome_goes_to_standard_output(neurula: Command, genome: str) -> None:
    done = neurula("convert", genome, "--to", "hierarchical", "-o", "-")
    assert TIMER in json.loads(done.out)["blueprint"]
    done = neurula("convert", genome, "--to", "flat", "-o", "-", "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (2, "U205")


@pytest.mark.parametrize(
    ("to", "out", "code"), [("xml", "out.json", "U201"), ("flat", "none/out.json", "U203"), ("flat", "genome.json", "U204")]
)
def test_what_cannot_be_is_refused_and_nothing_written(neurula: Command, genome: str, tmp_path: Path, to: str, out: str, code: str) -> None:
    before = Path(genome).read_bytes()
    done = neurula("convert", genome, "--to", to, "-o", str(tmp_path / out), "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (2, code)
    assert Path(genome).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["genome.json"]


def test_no_genome_becomes_no_file(neurula: Command, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]", encoding="utf-8")
    done = neurula("convert", str(tmp_path / "x.json"), "--to", "flat", "-o", str(tmp_path / "out.json"), "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (4, "G107")
    assert not (tmp_path / "out.json").exists()


def test_the_file_reads_as_what_was_converted(neurula: Command, genome: str, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    assert neurula("convert", genome, "--to", "3.0", "-o", str(out)).exit_code == 0
    assert [area.name for area in read_genome(out).areas] == [area.name for area in read_genome(genome).areas]
