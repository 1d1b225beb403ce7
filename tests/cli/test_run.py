"""`run` steps a brain, writes spikes and hashes, draws, and compares two runtimes neuron by neuron."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neurula import runtimes
from neurula.runtimes import BurstResult, Runtime, Stimulus
from tests.cli.conftest import Command
from tests.cli.genomes import LONELY, MOTOR, POWER, TIMER, timer_genome, write_genome
from tests.conformance.brains import image_of
from tests.npu.wide_brains import wide_connectome

ALL_TIMER = [[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]]


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_stimulus(folder: Path, entries: object) -> str:
    path = folder / "stimulus.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return str(path)


def test_spikes_are_one_line_a_burst_with_every_area_that_fired(
    neurula: Command, genome: str, image: str, tmp_path: Path
) -> None:
    power, timer, motor = {POWER: [[0, 0, 0]]}, {TIMER: ALL_TIMER}, {MOTOR: [[0, 0, 0], [1, 0, 0], [2, 0, 0]]}
    expected = [power, power, power, power | timer, power | motor, power, power, power | timer]
    for source in (genome, image):
        path = tmp_path / "spikes.jsonl"
        assert neurula("run", source, "--bursts", "8", "--spikes", str(path)).exit_code == 0
        lines = lines_of(path)
        assert [line["burst"] for line in lines] == list(range(1, 9))
        assert [line["fired"] for line in lines] == expected


def test_spikes_on_standard_output_are_nothing_but_spikes(neurula: Command, genome: str) -> None:
    done = neurula("run", genome, "--bursts", "3", "--spikes", "-")
    assert [json.loads(line)["burst"] for line in done.out.splitlines()] == [1, 2, 3]
    assert "3 bursts on npu" in done.err


def test_hashes_are_those_of_the_state(neurula: Command, genome: str, tmp_path: Path) -> None:
    path = tmp_path / "hashes.jsonl"
    answer = neurula("run", genome, "--bursts", "5", "--hashes", str(path), "--json").json
    lines = lines_of(path)
    assert [line["burst"] for line in lines] == [1, 2, 3, 4, 5]
    assert lines[-1]["hash"] == answer["hash"]
    assert neurula("run", genome, "--bursts", "5", "--runtime", "reference", "--json").json["hash"] == answer["hash"]


def test_the_json_answer_counts_spikes_by_area(neurula: Command, genome: str) -> None:
    answer = neurula("run", genome, "--bursts", "8", "--json").json
    spikes = {area["id"]: area["spikes"] for area in answer["per_area"]}
    assert spikes == {POWER: 8, TIMER: 8, MOTOR: 3}
    assert (answer["spikes"], answer["bursts"], answer["runtime"]) == (19, 8, "npu")


def test_without_bursts_it_runs_as_far_as_the_stimulus_or_100(neurula: Command, genome: str, tmp_path: Path) -> None:
    assert neurula("run", genome, "--json").json["bursts"] == 100
    stimulus = write_stimulus(tmp_path, [{"burst": 7}, {"burst": 3}])
    assert neurula("run", genome, "--stimulus", stimulus, "--json").json["bursts"] == 7
    stimulus = write_stimulus(tmp_path, [{"burst": 2_000_000_000}])
    assert neurula("run", genome, "--stimulus", stimulus, "--json").json["error"]["code"] == "U202"
    assert neurula("run", genome, "--stimulus", stimulus, "--bursts", "2", "--json").json["bursts"] == 2


def test_areas_that_the_stimulus_names_are_kept(neurula: Command, genome: str, tmp_path: Path) -> None:
    stimulus = write_stimulus(
        tmp_path, [{"burst": 2, "force_fire": {LONELY: [[3, 0, 0]]}, "inject": {MOTOR: [[1, 0, 0, 1]]}}]
    )
    path = tmp_path / "spikes.jsonl"
    assert neurula("run", genome, "--stimulus", stimulus, "--spikes", str(path)).exit_code == 0
    assert lines_of(path)[1]["fired"] == {POWER: [[0, 0, 0]], LONELY: [[3, 0, 0]], MOTOR: [[1, 0, 0]]}


def test_areas_are_kept_in_canonical_form_too(neurula: Command, genome: str, tmp_path: Path) -> None:
    from neurula.genome import canonical_id

    assert canonical_id(LONELY) != LONELY
    stimulus = write_stimulus(tmp_path, [{"burst": 1, "force_fire": {canonical_id(LONELY): [[0, 0, 0]]}}])
    path = tmp_path / "spikes.jsonl"
    assert neurula("run", genome, "--stimulus", stimulus, "--spikes", str(path)).exit_code == 0
    assert lines_of(path)[0]["fired"][LONELY] == [[0, 0, 0]]


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ({}, "T102"),
        ([{}], "T103"),
        ([{"burst": 1, "inject": {MOTOR: [[0, 0, 0]]}}], "T104"),
        ([{"burst": 1, "force_fire": {"CNowhr": [[0, 0, 0]]}}], "T105"),
        ([{"burst": 1, "force_fire": {MOTOR: [[3, 0, 0]]}}], "T106"),
    ],
)
def test_a_stimulus_that_cannot_be_is_refused(
    neurula: Command, genome: str, tmp_path: Path, entries: object, code: str
) -> None:
    done = neurula("run", genome, "--stimulus", write_stimulus(tmp_path, entries), "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (4, code)


def test_a_failed_run_leaves_no_files(neurula: Command, genome: str, tmp_path: Path) -> None:
    stimulus = write_stimulus(tmp_path, [{"burst": 1, "force_fire": {"CNowhr": [[0, 0, 0]]}}])
    before = sorted(tmp_path.iterdir())
    done = neurula(
        "run", genome, "--stimulus", stimulus, "--spikes", str(tmp_path / "s"), "--hashes", str(tmp_path / "h")
    )
    assert done.exit_code == 4
    assert sorted(tmp_path.iterdir()) == before


def test_the_raster_shows_the_most_active_areas(neurula: Command, genome: str) -> None:
    lines = neurula("run", genome, "--bursts", "40").out.splitlines()
    assert "bursts 1 to 40" in lines[0]
    assert lines[1].startswith("Power              │" + "█" * 40 + "│        40 peak 100.0 %")
    assert lines[2].startswith("Timer [of red]     │   █   █")
    assert "│" not in neurula("run", genome, "--bursts", "40", "--no-raster").out


@pytest.mark.parametrize(
    "options", [["--spikes", "-", "--json"], ["--spikes", "-", "--hashes", "-"], ["--spikes", "x", "--hashes", "x"]]
)
def test_two_outputs_do_not_share_a_place(neurula: Command, genome: str, options: list[str]) -> None:
    done = neurula("run", genome, *options)
    assert done.exit_code == 2
    assert "U205" in done.out + done.err


@pytest.mark.parametrize("options", [["--seed", "1"], ["--keep-all"], ["--as-engine"], ["--neuron-ids", "x"]])
def test_options_of_growth_do_not_go_with_an_image(neurula: Command, image: str, options: list[str]) -> None:
    done = neurula("run", image, *options, "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (2, "U202")


def test_an_unknown_runtime_is_a_usage_error(neurula: Command, genome: str) -> None:
    done = neurula("run", genome, "--runtime", "cloud", "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (2, "U101")


def test_runtimes_that_agree_are_said_to_agree(neurula: Command, genome: str) -> None:
    done = neurula("run", genome, "--bursts", "20", "--compare", "reference")
    assert done.exit_code == 0
    assert "npu and reference had the same state after each of 20 bursts" in done.out


class Tampered:
    """A runtime whose state has one word changed from burst `at` on."""

    def __init__(self, inner: Runtime, at: int, byte: int) -> None:
        self.name, self._inner, self._at, self._byte, self._burst = "tampered", inner, at, byte, 0

    def run(self, bursts: int, stimuli: Mapping[int, Stimulus]) -> Iterator[BurstResult]:
        for result in self._inner.run(bursts, stimuli):
            self._burst = result.number
            yield result if result.number < self._at else replace(result, state_hash=result.state_hash ^ 1)

    def state(self) -> bytes:
        state = bytearray(self._inner.state())
        if self._burst >= self._at and self._byte:
            state[self._byte] ^= 1
        return bytes(state)

    def close(self) -> None:
        self._inner.close()


def tamper(monkeypatch: pytest.MonkeyPatch, at: int, byte: int) -> None:
    """Makes the runtime called "reference" differ from burst `at` on."""
    real = runtimes.open_runtime

    def opened(name: str, image: bytes, *, firmware: str | None = None, threads: int = 1) -> Runtime:
        inner = real(name, image, firmware=firmware, threads=threads)
        return Tampered(inner, at, byte) if name == "reference" else inner

    monkeypatch.setattr(runtimes, "open_runtime", opened)


def test_the_first_difference_is_named(
    neurula: Command, image: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    areas = neurula("image", "info", image, "--json").json["areas"]
    potentials_at = next(area["words"]["potentials_at"] for area in areas if area["id"] == TIMER)
    tamper(monkeypatch, at=6, byte=potentials_at + 4 * 2)
    spikes = tmp_path / "spikes.jsonl"
    done = neurula("run", image, "--bursts", "9", "--compare", "reference", "--spikes", str(spikes))
    assert done.exit_code == 6
    first, where, _ = done.err.splitlines()
    assert first.startswith(f"error V101: npu and tampered disagree: area '{TIMER}', neuron 2, potential: ")
    assert where == "  where: burst 6"
    assert not spikes.exists()


def test_a_runtime_that_only_reports_wrongly_is_caught(
    neurula: Command, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tamper(monkeypatch, at=2, byte=0)
    done = neurula("run", image, "--compare", "reference", "--json")
    assert done.exit_code == 6
    assert "hashes" in done.json["error"]["message"]


def test_chance_follows_the_neuron_ids_that_are_given(neurula: Command, tmp_path: Path) -> None:
    from neurula.genome import canonical_id

    path = write_genome(tmp_path, timer_genome(nx_excite_f=0.5, nx_fire_t_f=1))
    ids = tmp_path / "ids.json"
    outcomes = []
    for written in ({TIMER: 1000}, {canonical_id(TIMER): 1000}, {TIMER: 2000}):
        ids.write_text(json.dumps(written), encoding="utf-8")
        answer = neurula("run", path, "--bursts", "50", "--neuron-ids", str(ids), "--json").json
        outcomes.append(answer["hash"])
    assert outcomes[0] == outcomes[1]
    assert outcomes[0] != outcomes[2]


@pytest.mark.parametrize(
    ("content", "code"),
    [("[]", "N102"), ("{", "N102"), ('{"CTimer": 1.5}', "N102"), ('{"CTimer": -1}', "N102"), ('{"CNowhr": 1}', "N103")],
)
def test_neuron_ids_that_cannot_be_are_refused(
    neurula: Command, genome: str, tmp_path: Path, content: str, code: str
) -> None:
    ids = tmp_path / "ids.json"
    ids.write_text(content, encoding="utf-8")
    done = neurula("run", genome, "--neuron-ids", str(ids), "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (4, code)
    assert neurula("run", genome, "--neuron-ids", str(tmp_path / "none"), "--json").json["error"]["code"] == "N101"


@pytest.mark.needs_firmware
def test_the_emulated_pico_runs_the_same_brain(neurula: Command, image: str) -> None:
    done = neurula("run", image, "--runtime", "sim:rpi_pico", "--bursts", "6", "--compare", "npu")
    assert done.exit_code == 0
    assert "sim:rpi_pico and npu had the same state" in done.out


def test_two_threads_are_asked_for_by_number_and_compared_with_one(neurula: Command, tmp_path: Path) -> None:
    path = tmp_path / "wide.nrl"
    path.write_bytes(image_of(wide_connectome(1)))
    assert neurula("run", str(path), "--threads", "2", "--compare", "npu", "--bursts", "30").exit_code == 0
    assert neurula("run", str(path), "--threads", "3").exit_code == 2
