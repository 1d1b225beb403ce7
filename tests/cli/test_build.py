"""`build` compiles, bills and refuses; its output file appears whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from neurula.cli import brains
from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.genome import read_genome
from tests.cli.conftest import Command
from tests.cli.genomes import LONELY, TIMER, large_genome, timer_genome, write_genome

FIELDS = {"neurons", "synapses", "ram_bytes", "flash_bytes", "bytes_per_synapse", "burst_us", "areas", "report"}


def test_the_image_is_the_one_that_the_api_writes(genome: str, image: str) -> None:
    program = lower(develop(read_genome(genome)).connectome)
    assert Path(image).read_bytes() == write_image(program)


def test_the_json_answer_has_the_documented_fields(neurula: Command, genome: str, image: str) -> None:
    answer = neurula("build", genome, "--board", "rpi_pico", "--json").json
    assert set(answer) >= FIELDS | {"schema", "ok", "bill", "boards", "problems"}
    assert answer["flash_bytes"] == len(Path(image).read_bytes())
    assert (answer["areas"], answer["synapses"]) == (3, 16)
    assert 100 < answer["burst_us"] < 1000
    assert set(answer["report"]) == {"areas", "rounding", "saturation", "pruned"}
    assert (answer["bill"]["board"], answer["bill"]["fits"]) == ("rpi_pico", True)
    assert answer["bill"]["ram_bytes"] == answer["ram_bytes"]


def test_the_report_tells_what_an_area_keeps(neurula: Command, genome: str) -> None:
    areas = {area["id"]: area for area in neurula("build", genome, "--json").json["report"]["areas"]}
    assert areas[TIMER]["state"] == ["potential", "stamp", "count"]
    assert areas[TIMER]["exact"] is True
    assert areas[TIMER]["worst_error"] == 0
    assert areas[TIMER]["scale"] == pytest.approx(int(areas[TIMER]["scale_exact"]))
    assert areas[TIMER]["ram_bytes"] == sum(areas[TIMER]["ram"].values())


def test_areas_that_cannot_matter_are_left_out_and_named(neurula: Command, genome: str) -> None:
    pruned = neurula("build", genome, "--json").json["report"]["pruned"]
    assert {"id": LONELY, "neurons": 4} in pruned
    kept = neurula("build", genome, "--keep-all", "--json").json
    assert kept["report"]["pruned"] == []
    assert LONELY in {area["id"] for area in kept["report"]["areas"]}


def test_without_a_board_all_boards_are_compared(neurula: Command, tmp_path: Path) -> None:
    large = write_genome(tmp_path, large_genome())
    answer = neurula("build", large, "--json").json
    assert (answer["bill"], answer["boards"]["rpi_pico"], answer["boards"]["linux"]) == (None, False, True)
    lines = [line.split() for line in neurula("build", large).out.splitlines()]
    rows = {words[0]: words[1] for words in lines if len(words) > 2 and words[1] in ("yes", "NO")}
    assert (rows["rpi_pico"], rows["linux"]) == ("NO", "yes")


def test_the_bill_is_drawn(neurula: Command, genome: str) -> None:
    out = neurula("build", genome, "--board", "rpi_pico").out
    assert "on Raspberry Pi Pico (RP2040, memory figures measured):" in out
    assert any(line.startswith("  RAM    █░") for line in out.splitlines())
    assert "µs if every neuron fires" in out
    assert "not measured on this board" in neurula("build", genome, "--board", "esp32").out


def test_a_brain_that_does_not_fit_is_refused_with_the_largest_consumer(neurula: Command, tmp_path: Path) -> None:
    large = write_genome(tmp_path, large_genome())
    output = tmp_path / "brain.nrl"
    done = neurula("build", large, "--board", "rpi_pico", "--keep-all", "-o", str(output))
    assert done.exit_code == 5
    assert not output.exists()
    assert "TOO MUCH" in done.out
    assert "RAM and Raspberry Pi Pico has" in done.err
    assert f"the largest part is area {TIMER} inputs 360,000 bytes" in done.err
    remedy = done.err.splitlines()[-1]
    assert remedy.count("; or ") == 2
    assert "linux" in remedy


def test_nothing_is_left_behind_when_a_write_fails(
    neurula: Command, genome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    output = tmp_path / "brain.nrl"
    output.write_bytes(b"what was there before")
    monkeypatch.setattr(os, "fsync", full)
    done = neurula("build", genome, "-o", str(output), "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (2, "U203")
    assert done.json["error"]["message"].endswith("No space left on device")
    assert output.read_bytes() == b"what was there before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["brain.nrl", "genome.json"]


def test_the_input_is_not_overwritten(neurula: Command, genome: str) -> None:
    before = Path(genome).read_bytes()
    done = neurula("build", genome, "-o", genome, "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (2, "U204")
    assert Path(genome).read_bytes() == before


@pytest.mark.parametrize("output", ["none/brain.nrl", ".", "a\0b"])
def test_an_output_that_cannot_be_is_refused_before_any_work(
    neurula: Command, genome: str, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brains, "grow_file", lambda *_: pytest.fail("it grew"))
    done = neurula("build", genome, "-o", output, "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (2, "U203")


def test_devices_and_links_stay_what_they_are(neurula: Command, genome: str, image: str, tmp_path: Path) -> None:
    assert neurula("build", genome, "-o", "/dev/null").exit_code == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    (tmp_path / "real.nrl").write_bytes(b"")
    (tmp_path / "link.nrl").symlink_to("real.nrl")
    assert neurula("build", genome, "-o", str(tmp_path / "link.nrl")).exit_code == 0
    assert (tmp_path / "link.nrl").is_symlink()
    assert (tmp_path / "real.nrl").read_bytes() == Path(image).read_bytes()


def test_outputs_have_the_permissions_that_the_user_wants(genome: str, image: str) -> None:
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(os.stat(image).st_mode) == 0o666 & ~mask


@pytest.mark.parametrize(("depth", "window"), [(7, 7), (0, 3), ("x", 3), (10**9, 3), (True, 3)])
def test_plastic_rules_without_a_window_take_the_one_of_the_physiology(
    neurula: Command, tmp_path: Path, depth: object, window: int
) -> None:
    plastic = ["everywhere", [1, 1, 1], 1, True, 1, 1, 1]
    genome = timer_genome(cx_dstmap_d={"o__mot": [plastic]})
    genome["physiology"]["plasticity_queue_depth"] = depth
    path, output = write_genome(tmp_path, genome), str(tmp_path / "brain.nrl")
    assert neurula("build", path, "-o", output).exit_code == 0
    assert neurula("image", "info", output, "--json").json["header"]["slots"] == window + 1
