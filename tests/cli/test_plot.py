"""`grow --plot` draws what has grown."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Command


def test_the_picture_shows_areas_and_counts_of_synapses(neurula: Command, genome: str, tmp_path: Path) -> None:
    out = tmp_path / "graph.svg"
    done = neurula("grow", genome, "--plot", str(out), "--json")
    assert done.exit_code == 0
    assert done.json["plot"] == str(out)
    text = out.read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    wires = ("Power excites Timer [of red], 4 synapses", "Timer [of red] excites Motor, 12 synapses")
    for expected in (*wires, ">Timer [of red]</text>", ">12</text>", "16 synapses</text>"):
        assert expected in text
    assert "Brain_Death" not in text, "core areas that were added and are not connected"
    assert neurula("grow", genome, "--plot", str(out)).out.endswith(f"wrote {out}\n")


def test_a_grown_brain_is_drawn_as_well(neurula: Command, genome: str, tmp_path: Path) -> None:
    assert neurula("grow", genome, "-o", str(tmp_path / "brain.npz"), "--plot", str(tmp_path / "a.svg")).exit_code == 0
    assert neurula("grow", str(tmp_path / "brain.npz"), "--plot", str(tmp_path / "b.svg")).exit_code == 0
    first, second = ((tmp_path / name).read_text(encoding="utf-8") for name in ("a.svg", "b.svg"))
    assert first.count('class="wire"') == second.count('class="wire"')


@pytest.mark.parametrize(("plot", "code"), [("genome.json", "U204"), ("none/graph.svg", "U203"), (".", "U203")])
def test_a_picture_overwrites_no_genome(neurula: Command, genome: str, tmp_path: Path, plot: str, code: str) -> None:
    before = Path(genome).read_bytes()
    done = neurula("grow", genome, "--plot", str(tmp_path / plot), "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (2, code)
    assert Path(genome).read_bytes() == before
