"""What is written is what is read: areas, parameters, mappings and morphologies of every form of file."""

from __future__ import annotations

import csv
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from neurula.genome import CorticalArea, Genome, MappingRule, check_genome, parse_genome, read_genome

Document = dict[str, Any]
TIMER_VALUES = {
    "name": "Timer",
    "group": "CUSTOM",
    "dims": (2, 3, 4),
    "position": (-10, 0, 5),
    "neurons_per_voxel": 1,
    "postsynaptic_potential": 500,
    "firing_threshold": 0.1,
    "refractory_period": 1,
    "leak_coefficient": 0.25,
    "consecutive_fire_limit": 3,
    "snooze_period": 2,
    "charge_accumulation": True,
    "mp_driven_psp": False,
    "excitability": 100,
    "psp_uniform": True,
}


def area(genome: Genome, area_id: str) -> CorticalArea:
    return next(area for area in genome.areas if area.id == area_id)


def codes(genome: Genome) -> list[str]:
    return [problem.code for problem in genome.problems]


def with_gene(flat: Document, rest: str, value: Any, area_id: str = "CM0Tim") -> Genome:
    flat["blueprint"][f"_____10c-{area_id}-{rest}"] = value
    return parse_genome(flat)


def with_rules(flat: Document, rules: Any, destination: str = "o__mot") -> Genome:
    return with_gene(flat, "cx-dstmap-d", {destination: rules})


def rules_of(genome: Genome, area_id: str = "CM0Tim") -> tuple[MappingRule, ...]:
    return tuple(rule for projection in area(genome, area_id).projections for rule in projection.rules)


def test_flat_genes_end_in_the_fields_of_their_area(flat: Document) -> None:
    genome = parse_genome(flat)
    assert (genome.id, genome.title, genome.version, genome.form) == ("sample", "Sample", "2.0", "flat")
    assert [area.id for area in genome.areas] == ["CM0Tim", "___pwr", "o__mot"]
    assert {name: getattr(area(genome, "CM0Tim"), name) for name in TIMER_VALUES} == TIMER_VALUES
    assert genome.problems == ()
    assert genome.document is flat


def test_hierarchical_properties_end_in_the_same_fields(hierarchical: Document) -> None:
    genome = parse_genome(hierarchical)
    assert genome.form == "hierarchical"
    assert {name: getattr(area(genome, "CM0Tim"), name) for name in TIMER_VALUES} == TIMER_VALUES
    assert area(genome, "CM0Tim").genes["colour"] == "green"
    assert genome.problems == ()


def test_missing_genes_take_the_defaults_of_the_loader(flat: Document) -> None:
    motor = area(parse_genome(flat), "o__mot")
    assert motor == CorticalArea(id="o__mot", name="Motor", group="OPU", dims=(2, 1, 1), genes=motor.genes)
    assert not motor.psp_uniform
    assert (motor.excitability, motor.firing_threshold, motor.postsynaptic_potential) == (100, 1, 1)


@pytest.mark.parametrize("prefix", ["_____10c-", "_______c-"])
@pytest.mark.parametrize("ending", ["-cx-refrac-i", "-nx-refrac-i", "-nx-refrac-f", "-cx-refrac", "-refrac"])
def test_genes_are_known_by_their_code_alone(flat: Document, prefix: str, ending: str) -> None:
    flat["blueprint"][f"{prefix}o__mot{ending}"] = 7
    assert area(parse_genome(flat), "o__mot").refractory_period == 7


def test_the_prescribed_type_letter_wins_over_another(flat: Document) -> None:
    genome = with_gene(flat, "nx-snooze-f", 9)
    assert area(genome, "CM0Tim").snooze_period == 9
    assert codes(genome) == ["G208"]


def test_keys_that_begin_with_a_slash_are_comments(flat: Document) -> None:
    flat["blueprint"]["/_____10c-CM0Tim-cx-___bbx-i"] = 99
    genome = with_gene(flat, "cx-dstmap-d", {"//o__mot": [["projector", [1, 1, 1], 1, False]]})
    assert area(genome, "CM0Tim").dims == (2, 3, 4)
    assert area(genome, "CM0Tim").projections == ()
    assert genome.problems == ()


def test_ids_of_eight_bytes_are_kept_as_written(flat: Document) -> None:
    genome = with_gene(flat, "cx-___bbx-i", 3, "X19fcG93ZXI=")
    assert area(genome, "X19fcG93ZXI=").dims == (3, 1, 1)


def test_numbers_keep_the_kind_they_were_written_in(flat: Document) -> None:
    timer = area(parse_genome(flat), "CM0Tim")
    assert isinstance(timer.postsynaptic_potential, int)
    assert isinstance(timer.leak_coefficient, float)


@pytest.mark.parametrize(("written", "read"), [("3", 3), (3.0, 3), (" 3 ", 3), ("3.0", 3), (2.5, 2), (0, 1), (None, 1)])
def test_a_dimension_is_read_from_any_clear_spelling(flat: Document, written: Any, read: int) -> None:
    assert area(with_gene(flat, "cx-___bbx-i", written), "CM0Tim").dims[0] == read


@pytest.mark.parametrize(
    ("rest", "written", "field", "read", "code"),
    [
        ("nx-mp_acc-b", 1, "charge_accumulation", True, None),
        ("nx-mp_acc-b", "false", "charge_accumulation", False, None),
        ("nx-mp_acc-b", [], "charge_accumulation", False, "G204"),
        ("nx-fire_t-f", True, "firing_threshold", 1, "G204"),
        ("nx-fire_t-f", "-2.5e1", "firing_threshold", -25, None),
        ("nx-fire_t-f", {}, "firing_threshold", 1, "G204"),
        ("nx-fthlim-i", 3.4e38, "threshold_limit", 1e9, "G206"),
        ("nx-refrac-i", -1, "refractory_period", 0, "G206"),
        ("nx-refrac-i", 1.5, "refractory_period", 1, "G205"),
        ("cx-___bbx-i", 0, "neurons", 12, "G207"),
        ("cx-__name-t", 5, "name", "5", None),
        ("cx-__name-t", [], "name", "CM0Tim", "G204"),
        ("nx-leak_v-f", None, "leak_coefficient", 0.25, None),
    ],
)
def test_bent_values_are_reported(
    flat: Document, rest: str, written: Any, field: str, read: Any, code: str | None
) -> None:
    genome = with_gene(flat, rest, written)
    assert getattr(area(genome, "CM0Tim"), field) == read
    assert codes(genome) == ([code] if code else [])
    assert all(problem.path == f"/blueprint/_____10c-CM0Tim-{rest}" for problem in genome.problems)


ARRAY = ["projector", [1, 1, 1], -2, True, 6, 3, 4, 5]


@pytest.mark.parametrize("length", [4, 7, 8])
def test_array_rules_are_read_at_every_known_length(flat: Document, length: int) -> None:
    (rule,) = rules_of(with_rules(flat, [ARRAY[:length]]))
    expected: dict[str, Any] = {"morphology": "projector", "multiplier": -2, "plastic": True}
    if length >= 7:
        expected |= {"plasticity_constant": 6, "ltp_multiplier": 3, "ltd_multiplier": 4}
    if length == 8:
        expected |= {"plasticity_window": 5}
    assert rule == MappingRule(**expected)


def test_object_rules_carry_delay_and_attractivity(flat: Document) -> None:
    rule = rules_of(parse_genome(flat))[-1]
    assert rule == MappingRule(
        "projector", (1, 1, 1), 2, True, 1, 3, 4, plasticity_window=5, delay_bursts=2, attractivity=50
    )


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([["nowhere_defined", [1, 1, 1], 1, False]], "G211"),
        ([["projector", [1, 1, 1]]], "G212"),
        ([["projector", [1, 1, 1], "strong", False]], "G212"),
        ([{"morphology_scalar": [1, 1, 1]}], "G212"),
        ([7], "G212"),
        ({"neighbor_locator_rule_id": "rule_5"}, "G209"),
        ("projector", "G209"),
    ],
)
def test_a_rule_without_meaning_is_left_out_and_the_rest_grows(flat: Document, rules: Any, code: str) -> None:
    genome = with_rules(flat, rules)
    assert rules_of(genome) == ()
    assert codes(genome) == [code]
    assert genome.problems[0].severity == ("warning" if code == "G209" else "error")
    assert rules_of(genome, "___pwr") == (MappingRule("0-0-0_to_all"), MappingRule("0-0-0_to_all"))


@pytest.mark.parametrize("rules", [["projector", [1, 1, 1], 1, False], {"morphology_id": "projector"}])
def test_one_rule_that_was_not_put_into_a_list_is_read(flat: Document, rules: Any) -> None:
    assert rules_of(with_rules(flat, rules)) == (MappingRule("projector"),)


def test_a_delay_below_one_becomes_one(flat: Document) -> None:
    genome = with_rules(flat, [{"morphology_id": "projector", "synaptic_delay_bursts": 0}])
    assert rules_of(genome)[0].delay_bursts == 1
    assert codes(genome) == ["G218"]


def test_a_dangling_destination_is_left_out(flat: Document) -> None:
    genome = with_rules(flat, [["projector", [1, 1, 1], 1, False]], "i__inf")
    assert rules_of(genome) == ()
    assert codes(genome) == ["G210"]
    assert genome.problems[0].path == "/blueprint/_____10c-CM0Tim-cx-dstmap-d/i__inf"


@pytest.mark.parametrize("written", ["_power", "X19fcG93ZXI=", "___power"])
def test_destinations_find_the_area_under_its_other_names(flat: Document, written: str) -> None:
    genome = with_rules(flat, [["projector", [1, 1, 1], 1, False]], written)
    assert area(genome, "CM0Tim").projections[0].destination == "___pwr"


def test_morphologies_are_read_whatever_their_spelling(flat: Document) -> None:
    morphologies = parse_genome(flat).morphologies
    assert morphologies["diagonal"].parameters == {"vectors": ((1, 1, 0), (-1, -1, 0))}
    assert morphologies["to_corner"].parameters == {"patterns": ((("*", "?", "!"), (0, 0, 3)),)}
    assert (morphologies["old"].kind, morphologies["old"].parameters) == ("vectors", {"vectors": ((0, 0, 1),)})
    assert morphologies["tile"].parameters["src_seed"] == (4, 4, 1)
    assert morphologies["tile"].origin == "custom"


def test_one_pair_that_was_not_put_into_a_list_is_read(flat: Document) -> None:
    flat["neuron_morphologies"] = {"one": {"patterns": [["*", "*", "*"], [1, 1, 1]]}, "two": {"functions": True}}
    genome = parse_genome(flat)
    assert genome.morphologies["one"].parameters == {"patterns": ((("*", "*", "*"), (1, 1, 1)),)}
    assert genome.morphologies["two"].kind == "functions"
    assert genome.problems == ()


def test_core_morphologies_are_there_and_the_genome_may_redefine_them(flat: Document) -> None:
    flat["neuron_morphologies"] = {"lateral_+x": {"type": "vectors", "parameters": {"vectors": [[2, 0, 0]]}}}
    morphologies = parse_genome(flat).morphologies
    assert morphologies["lateral_+x"].parameters == {"vectors": ((2, 0, 0),)}
    assert morphologies["lateral_-x"].parameters == {"vectors": ((-1, 0, 0),)}
    assert {"block_to_block", "projector", "project_from_end_z", "last_to_first", "memory"} <= set(morphologies)
    assert {"associative_memory", "all_to_all", "tile", "sweeper", "block_connection"} <= set(morphologies)
    assert {morphology.origin for morphology in morphologies.values()} == {"core", "custom"}


@pytest.mark.parametrize(
    ("definition", "code", "kept"),
    [
        ({"type": "vectors", "parameters": {"vectors": []}}, "G214", True),
        ({"type": "vectors", "parameters": {"vectors": [[1, 0, 0], [1, 2], "x"]}}, "G215", True),
        ({"type": "patterns", "parameters": {"patterns": [[["*", "*", "*"], [0, 0, 0]], [[0, 0, 0]]]}}, "G215", True),
        ({"type": "vectors", "parameters": {}}, "G213", False),
        ({"type": "composite", "parameters": {"src_seed": [1, 1, 1]}}, "G213", False),
        ({"type": "dream"}, "G213", False),
        (5, "G213", False),
    ],
)
def test_a_broken_morphology_loses_only_its_broken_part(flat: Document, definition: Any, code: str, kept: bool) -> None:
    flat["neuron_morphologies"] = {"mine": definition}
    genome = parse_genome(flat)
    assert ("mine" in genome.morphologies) is kept
    assert set(codes(genome)) == {code}


def test_physiology_is_completed_from_the_top_level(flat: Document) -> None:
    flat |= {"physiology": {"max_age": 5}, "burst_delay": 0.1, "max_age": 9}
    physiology = parse_genome(flat).physiology
    assert physiology == {"max_age": 5, "burst_delay": 0.1, "simulation_timestep": 0.1}


def test_older_hierarchical_files_with_nested_parameters_are_read() -> None:
    parameters = {"block_boundaries": [28, 28, 17], "firing_threshold": 2.5, "leak_coefficient": 10}
    mapping = {"vision_v2": {"neighbor_locator_rule_id": "rule_5"}}
    properties = {"group_id": "vision", "neuron_params": parameters, "cortical_mapping_dst": mapping}
    genome = parse_genome({"blueprint": {"vision_v2": properties}})
    vision = genome.areas[0]
    assert (vision.name, vision.group, vision.neurons, vision.firing_threshold) == ("vision_v2", "CUSTOM", 13328, 2.5)
    assert codes(genome) == ["G201", "G209"]


def test_memory_areas_of_older_files_have_no_neurons_at_birth(flat: Document) -> None:
    genome = with_gene(flat, "cx-subgrp-t", "MEMORY")
    assert (area(genome, "CM0Tim").is_memory, area(genome, "CM0Tim").neurons) == (True, 0)
    genome = with_gene(flat, "cx-memory-b", True)
    assert (area(genome, "CM0Tim").is_memory, area(genome, "CM0Tim").neurons) == (True, 24)


def test_a_genome_survives_pickling(flat: Document) -> None:
    genome = parse_genome(flat)
    assert pickle.loads(pickle.dumps(genome)) == genome


def test_files_and_documents_read_alike(flat: Document, tmp_path: Path) -> None:
    path = tmp_path / "genome.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(flat).encode())
    assert read_genome(path) == parse_genome(flat)


def test_repeated_json_keys_are_tolerated(tmp_path: Path) -> None:
    path = tmp_path / "genome.json"
    key = '"_____10c-CM0Tim-cx-___bbx-i"'
    path.write_text('{"version": "2.0", "blueprint": {' + f"{key}: 2, {key}: 5" + "}}")
    assert read_genome(path).areas[0].dims == (5, 1, 1)


def test_real_genomes_have_the_neurons_that_a_faithful_reading_grows(shared: Path) -> None:
    with open(shared / "genomes" / "INDEX.tsv", newline="") as index:
        rows = list(csv.DictReader(index, delimiter="\t"))
    assert len(rows) > 30
    wrong = []
    for row in rows:
        genome = read_genome(shared / "genomes" / row["file"])
        found = (sum(area.neurons for area in genome.areas), len(genome.areas), genome.form[: len(row["form"])])
        if found != (int(row["neurons_expected"]), int(row["areas"]), row["form"]):
            wrong.append((row["file"], found))
        assert all(problem.severity == "warning" for problem in check_genome(genome))
    assert wrong == []
