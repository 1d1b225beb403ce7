"""`check` lists problems with code, place and remedy; `grow` grows and tells what grew."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from neurula.cli.progress import Progress
from neurula.development import develop, load_connectome
from neurula.genome import Design, read_genome
from tests.cli.conftest import Command, process_environment
from tests.cli.genomes import LONELY, MOTOR, POWER, TIMER, timer_genome, write_genome
from tests.conftest import ROOT


def test_a_sound_genome_has_no_problems(neurula: Command) -> None:
    done = neurula("check", str(ROOT / "examples" / "reflex" / "genome.json"))
    assert done.exit_code == 0
    assert done.out.endswith("no problems\n")


def test_problems_have_code_severity_path_message_and_remedy(neurula: Command, tmp_path: Path) -> None:
    path = write_genome(tmp_path, timer_genome(nx_leak_c_f=10))
    done = neurula("check", path, "--json")
    assert done.exit_code == 0
    problem = next(p for p in done.json["problems"] if p["code"] == "G221")
    assert set(problem) == {"code", "severity", "path", "line", "message", "remedy"}
    assert problem["path"].endswith("nx-leak_c-f")
    assert problem["line"] == 1
    human = neurula("check", path)
    assert human.exit_code == 0
    assert "G221" in human.out
    assert "2 problems\n" in human.out, "and the area that is connected to nothing"


def test_a_genome_that_cannot_be_read_is_a_problem_too(neurula: Command, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"a": ', encoding="utf-8")
    done = neurula("check", str(tmp_path / "x.json"), "--json")
    assert done.exit_code == 4
    assert done.json["ok"] is False
    assert [(p["code"], p["severity"]) for p in done.json["problems"]] == [("G104", "error")]
    assert done.json["error"]["code"] == "G104"


def test_names_of_areas_are_not_read_as_markup(neurula: Command, genome: str) -> None:
    assert "Timer [of red]" in neurula("grow", genome).out


def test_grow_counts_what_grew(neurula: Command, genome: str) -> None:
    answer = neurula("grow", genome, "--json").json
    per_area = {area["id"]: area for area in answer["per_area"]}
    written = [area for area in per_area.values() if not area["added"]]
    assert (answer["areas"], answer["added_areas"]) == (len(written), len(per_area) - len(written)) == (4, 2)
    assert (answer["neurons"], answer["added_neurons"]) == (sum(area["neurons"] for area in written), 2)
    assert answer["synapses"] == 4 + 12
    assert answer["seconds"] >= 0
    assert per_area[TIMER] | {"first_neuron": 0} == {
        "id": TIMER, "name": "Timer [of red]", "group": "CUSTOM", "dims": [2, 2, 1], "neurons": 4, "first_neuron": 0,
        "outgoing": 12, "incoming": 4, "added": False,
    }  # fmt: skip
    assert (per_area[POWER]["outgoing"], per_area[MOTOR]["incoming"], per_area[LONELY]["incoming"]) == (4, 12, 0)


def test_grow_writes_the_brain_that_develop_grows(neurula: Command, genome: str, tmp_path: Path) -> None:
    path = str(tmp_path / "brain.npz")
    assert neurula("grow", genome, "-o", path).exit_code == 0
    written, grown = load_connectome(path), develop(read_genome(genome)).connectome
    assert (written.source == grown.source).all()
    assert written.bundles == grown.bundles


def test_a_grown_brain_compiles_to_the_same_image(neurula: Command, genome: str, image: str, tmp_path: Path) -> None:
    grown, again = str(tmp_path / "brain.npz"), tmp_path / "again.nrl"
    assert neurula("grow", genome, "-o", grown).exit_code == 0
    assert neurula("build", grown, "-o", str(again)).exit_code == 0
    assert again.read_bytes() == Path(image).read_bytes()


def test_a_grown_brain_takes_no_seed(neurula: Command, genome: str, tmp_path: Path) -> None:
    grown = str(tmp_path / "brain.npz")
    assert neurula("grow", genome, "-o", grown).exit_code == 0
    done = neurula("build", grown, "--seed", "3", "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (2, "U202")


def test_warnings_go_to_standard_error(neurula: Command, tmp_path: Path) -> None:
    path = write_genome(tmp_path, timer_genome(nx_leak_c_f=10))
    done = neurula("grow", path)
    assert done.err.startswith("warning G221: ")
    assert "G221" not in done.out
    done = neurula("grow", path, "--json")
    assert done.err == ""
    assert [p["code"] for p in done.json["problems"]] == ["G221"]


@pytest.mark.parametrize("output", ["/dev/null", "none/brain.npz", "."])
def test_a_brain_is_not_written_where_no_file_can_be(neurula: Command, genome: str, output: str) -> None:
    done = neurula("grow", genome, "-o", output, "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (2, "U203")


def test_grow_tells_the_four_stages_the_memory_and_the_regions(neurula: Command, genome: str) -> None:
    answer = neurula("grow", genome, "--json").json
    assert [stage["stage"] for stage in answer["stages"]] == ["corticogenesis", "voxelogenesis", "neurogenesis", "synaptogenesis"]
    last = answer["stages"][-1]
    assert set(last) == {"stage", "areas", "voxels", "neurons", "synapses", "milliseconds"}
    assert (last["areas"], last["neurons"]) == (6, answer["neurons"] + answer["added_neurons"])
    assert last["synapses"] == answer["synapses"]
    assert answer["announced_bytes"] > 0
    assert [region["id"] for region in answer["regions"]] == ["root", "autogen"]
    shown = neurula("grow", genome).out
    assert all(stage["stage"] in shown for stage in answer["stages"])
    assert "of memory for the synapses" in shown


def test_the_bar_goes_through_the_stages_and_tells_the_memory(neurula: Command, genome: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, float]] = []

    class Recorder(Progress):
        def __call__(self, stage: str, fraction: float) -> None:
            told.append((stage, fraction))
            super().__call__(stage, fraction)

    monkeypatch.setattr("neurula.cli.grow.Progress", Recorder)
    assert neurula("grow", genome).exit_code == 0
    stages = list(dict.fromkeys(stage.partition(":")[0] for stage, _ in told))
    assert stages == ["reading", "corticogenesis", "voxelogenesis", "neurogenesis", "synaptogenesis"]
    assert [fraction for _, fraction in told] == sorted(fraction for _, fraction in told)
    assert told[-1] == ("synaptogenesis: 16 synapses, up to 4 MB", 1.0)


def test_a_brain_that_would_take_more_memory_than_allowed_does_not_grow(neurula: Command, genome: str, tmp_path: Path) -> None:
    needed = neurula("grow", genome, "--json").json["announced_bytes"]
    path = tmp_path / "brain.npz"
    done = neurula("grow", genome, "--memory", str(needed - 1), "-o", str(path), "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (4, "D106")
    assert not path.exists()
    for size in (str(needed), f"{needed // 1000 + 1}K", "1 GB", "2GiB"):
        assert neurula("grow", genome, "--memory", size, "--json").exit_code == 0
    for size in ("", "much", "-1", "1.5G", "9" * 40):
        assert neurula("grow", genome, "--memory", size, "--json").json["error"]["code"] == "U201"


@pytest.mark.parametrize("where", ["neurula.development.synaptogenesis.write_pairs", "neurula.development.storage.os.fsync"])
def test_an_interrupt_while_it_grows_or_writes_leaves_nothing_half_written(genome: str, tmp_path: Path, where: str) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "brain.npz").write_bytes(b"an older brain")
    module, _, name = where.rpartition(".")
    program = (
        "import importlib, signal, sys\n"
        "from neurula.cli.app import run_command\n"
        "import neurula.development.storage, neurula.development.synaptogenesis\n"
        f"holder = eval({module!r}, {{'neurula': sys.modules['neurula']}})\n"
        f"setattr(holder, {name!r}, lambda *_: signal.raise_signal(signal.SIGINT))\n"
        f"sys.exit(run_command(['grow', {genome!r}, '-o', {str(folder / 'brain.npz')!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=process_environment(), timeout=60)
    assert done.returncode == 130
    assert done.stderr.startswith("error X002: ")
    assert [path.name for path in folder.iterdir()] == ["brain.npz"]
    assert (folder / "brain.npz").read_bytes() == b"an older brain"


def test_grow_tells_who_remembers_whom(neurula: Command, tmp_path: Path) -> None:
    design = Design("Memories")
    eye, store, hand = design.input("any_input"), design.area("Store", group="MEMORY"), design.output("any_output")
    eye.to(store, "episodic_memory").to(hand)
    store.to(hand, "memory_replay")
    design.save(tmp_path / "memories.json")
    links = neurula("grow", str(tmp_path / "memories.json"), "--json").json["memory_links"]
    assert links == [
        {"kind": "watches", "memory_area": store.id, "other_area": eye.id},
        {"kind": "replays", "memory_area": store.id, "other_area": hand.id},
    ]
    assert f"memory area {store.id} watches {eye.id}\n" in neurula("grow", str(tmp_path / "memories.json")).out
