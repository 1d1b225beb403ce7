"""What every example promises: it is up to date, nobody has to say anything about its genome, and all runtimes agree."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.genome import check_genome, read_genome
from neurula.genome.ids import canonical_id
from neurula.runtimes.spikes import spike_line
from neurula.runtimes.stimulus import geometry_of, read_stimulus, resolve
from neurula_npu import Brain, Image, ReferenceBrain
from tests.examples.example_runs import BUILDER, EXAMPLES, FOLDERS

each = pytest.mark.parametrize("folder", FOLDERS)


@each
def test_the_files_are_what_the_designs_say(folder: str) -> None:
    example = next(e for e in BUILDER.read_examples() if e.folder == folder)
    for path, text in BUILDER.files_of(example).items():
        assert path.read_text(encoding="utf-8") == text, f"run examples/build_genomes.py: {path.name}"


def test_the_builder_says_what_is_out_of_date_and_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(BUILDER, "HERE", tmp_path)
    for folder in FOLDERS:
        (tmp_path / folder).mkdir()
    assert BUILDER.main(["--check"]) == 1
    assert "out of date: reflex/genome.json" in capsys.readouterr().out
    assert BUILDER.main([]) == 0
    assert BUILDER.main(["--check"]) == 0
    assert (tmp_path / "reflex" / "genome.json").read_bytes() == (EXAMPLES / "reflex" / "genome.json").read_bytes()


@each
def test_reader_checks_and_development_have_nothing_to_remark(folder: str) -> None:
    genome = read_genome(EXAMPLES / folder / "genome.json")
    assert check_genome(genome) == ()
    assert develop(genome).problems == ()
    assert (genome.version, genome.form) == ("3.0", "flat")


@each
def test_every_number_of_the_example_is_exact_in_the_image(folder: str) -> None:
    program = lower(develop(read_genome(EXAMPLES / folder / "genome.json")).connectome)
    for area in program.areas:
        assert area.scale.exact, area.id
        assert area.scale.worst_error == 0, area.id
        assert area.notes == (), area.id


@each
def test_the_recorded_spikes_come_out_of_the_files_as_a_person_runs_them(folder: str) -> None:
    image = write_image(lower(develop(read_genome(EXAMPLES / folder / "genome.json")).connectome))
    geometry = geometry_of(Image(image, 1 << 20))
    stimuli = resolve(read_stimulus(EXAMPLES / folder / "stimulus.json"), geometry)
    expected = (EXAMPLES / folder / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    assert max(stimuli) <= len(expected)
    with BUILDER.open_local("npu", image) as brain:
        assert [spike_line(result, geometry) for result in brain.run(len(expected), stimuli)] == expected


@each
def test_reference_and_npu_have_the_same_state_in_every_burst(folder: str) -> None:
    image = write_image(lower(develop(read_genome(EXAMPLES / folder / "genome.json")).connectome))
    reference, npu, pure = ReferenceBrain(image), Brain(image), Brain(image, pure=True)
    stimuli = resolve(read_stimulus(EXAMPLES / folder / "stimulus.json"), geometry_of(npu.image))
    for burst in range(1, 61):
        stimulus = stimuli.get(burst)
        for brain in (reference, npu, pure):
            brain.step(*((stimulus.forced, stimulus.inject) if stimulus else ()))
        assert reference.state() == npu.state() == pure.state(), f"burst {burst}"


@each
def test_ids_are_readable_and_stay_apart_in_the_engine(folder: str) -> None:
    ids = [area.id for area in read_genome(EXAMPLES / folder / "genome.json").areas]
    assert all(re.fullmatch(r"[\w]{6}", area_id, re.ASCII) for area_id in ids)
    assert len({canonical_id(area_id) for area_id in ids}) == len(ids)


@each
def test_the_readme_names_every_area_and_only_files_that_exist(folder: str) -> None:
    text = (EXAMPLES / folder / "README.md").read_text(encoding="utf-8")
    genome = read_genome(EXAMPLES / folder / "genome.json")
    for area in genome.areas:
        if area.group != "CORE":
            assert f"`{area.id}`" in text
    for name in re.findall(r"examples/[\w/.]+", text):
        assert (EXAMPLES.parent / name).exists(), name
    bursts = int(re.findall(r"--bursts (\d+)", text)[0])
    assert bursts == len((EXAMPLES / folder / "expected.jsonl").read_text(encoding="utf-8").splitlines())


@each
def test_the_readme_counts_neurons_and_synapses_right(folder: str) -> None:
    text = (EXAMPLES / folder / "README.md").read_text(encoding="utf-8").replace(",", "")
    program = lower(develop(read_genome(EXAMPLES / folder / "genome.json")).connectome)
    assert f"{program.neurons} neurons and {program.synapses} synapses" in text


@each
def test_a_genome_file_is_json_with_one_gene_a_line(folder: str) -> None:
    text = (EXAMPLES / folder / "genome.json").read_text(encoding="utf-8")
    genes = json.loads(text)["blueprint"]
    assert all(f"\n  {json.dumps(key)}: " in text for key in genes)
