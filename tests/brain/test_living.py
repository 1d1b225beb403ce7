"""Errors leave the brain as it was, readers see whole states, and only what depends on a change grows anew."""

from __future__ import annotations

import csv
import json
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurula import errors
from neurula.brain import ConnectomeManager, regrowth
from neurula.brain.properties import CODES
from neurula.compiler import lower, write_image
from neurula.development import develop, load_connectome, save_connectome
from neurula.genome import CorticalArea, Design, MappingRule, Morphology, Projection, Region, parse_genome, read_genome
from neurula.genome.conversion import convert
from neurula_npu import Brain
from tests.brain.comparing import GENOME, assert_as_grown_afresh, assert_same_connectome, example_brain, grown_afresh

LARGE = CorticalArea("CLarge", "Large", dims=(300, 300, 300))
ONTO_ITSELF = CorticalArea("CSelf1", "Self", dims=(40, 40, 1), projections=(Projection("CSelf1", (MappingRule("all_to_all"),)),))

TILES = Morphology("mine", "composite", {"src_seed": [2, 1, 1], "src_pattern": [[1, 0]] * 3, "mapper_morphology": "projector"})
OF_ITSELF = replace(TILES, parameters={**TILES.parameters, "mapper_morphology": "mine"})
REFUSALS: list[tuple[type[errors.BrainError], str, Callable[[ConnectomeManager], Any]]] = [
    (errors.AreaNotFound, "H101", lambda b: b.delete_cortical_area("absent")),
    (errors.AreaNotFound, "H101", lambda b: b.get_neurons_in_area("absent")),
    (errors.AreaAlreadyExists, "H102", lambda b: b.add_cortical_area(CorticalArea("CThink", "again"))),
    (errors.AreaAlreadyExists, "H102", lambda b: b.add_cortical_area(CorticalArea("_power", "the power under another name"))),
    (errors.InvalidArea, "H104", lambda b: b.delete_cortical_area("___power")),
    (errors.InvalidArea, "H104", lambda b: b.add_cortical_area(CorticalArea("", "no id"))),
    (errors.InvalidArea, "H104", lambda b: b.add_cortical_area(CorticalArea("/CNew1", "a comment in a file"))),
    (errors.InvalidProperty, "H103", lambda b: b.update_cortical_area_properties("CThink", {"colour": "red"})),
    (errors.InvalidProperty, "H103", lambda b: b.update_cortical_area_properties("CThink", {"cortical_id": "CElse1"})),
    (errors.InvalidProperty, "H103", lambda b: b.update_cortical_area_properties("CThink", {"firing_threshold": [1]})),
    (errors.InvalidProperty, "H103", lambda b: b.update_cortical_area_properties("CThink", {"firing_threshold": float("inf")})),
    (errors.InvalidProperty, "H103", lambda b: b.update_cortical_area_properties("CThink", {"firing_threshold": 5, "snooze_period": -1})),
    (errors.InvalidProperty, "H103", lambda b: b.resize_cortical_area("CThink", (1, 2))),
    (errors.InvalidProperty, "H103", lambda b: b.resize_cortical_area("CThink", (1, 2, 0))),
    (errors.InvalidProperty, "H103", lambda b: b.add_cortical_area(CorticalArea("CNew01", "bad", dims=(0, 1, 1)))),
    (errors.InvalidProperty, "H103", lambda b: b.update_cortical_mapping("CThink", "o__mot", [{"morphology_id": 5}])),
    (errors.InvalidProperty, "H103", lambda b: b.update_neuron_properties(5)),
    (errors.InvalidProperty, "H103", lambda b: b.update_neuron_properties(5, leak=0.5)),
    (errors.InvalidProperty, "H103", lambda b: b.set_neuron_firing_threshold(5, float("nan"))),
    (errors.InvalidProperty, "H103", lambda b: b.batch_create_neurons("CThink", [(1, 2)])),
    (errors.InvalidProperty, "H103", lambda b: b.save_to_json(title="")),
    (errors.InvalidMorphology, "H107", lambda b: b.update_cortical_mapping("CThink", "o__mot", [{"morphology_id": "nothing"}])),
    (errors.InvalidNeuron, "H105", lambda b: b.set_neuron_firing_threshold(11, 1)),
    (errors.InvalidNeuron, "H105", lambda b: b.set_neuron_firing_threshold(-1, 1)),
    (errors.InvalidNeuron, "H105", lambda b: b.delete_neuron(1)),
    (errors.InvalidNeuron, "H105", lambda b: b.create_synapse(5, 99, 1)),
    (errors.InvalidSynapse, "H106", lambda b: b.create_synapse(5, 9, 1)),
    (errors.InvalidSynapse, "H106", lambda b: b.create_synapse(9, 5, -1)),
    (errors.InvalidSynapse, "H106", lambda b: b.create_synapse(9, 5, 1, None, 2)),
    (errors.InvalidSynapse, "H106", lambda b: b.update_synapse_weight(9, 5, 1)),
    (errors.InvalidSynapse, "H106", lambda b: b.batch_create_synapses([9, 9], [5, 5], [1, 1])),
    (errors.OutOfBounds, "H108", lambda b: b.add_neuron("CThink", 2, 0, 0)),
    (errors.OutOfBounds, "H108", lambda b: b.add_neuron("CThink", 0, 0, 0)),
    (errors.OutOfBounds, "H108", lambda b: b.get_neuron_by_coordinates("CThink", 0, -1, 0)),
    (errors.InvalidRegion, "H109", lambda b: b.delete_brain_region("absent")),
    (errors.InvalidRegion, "H109", lambda b: b.add_brain_region(Region("root", "again"))),
    (errors.InvalidRegion, "H109", lambda b: b.change_brain_region_parent("root", "root")),
    (errors.InvalidRegion, "H109", lambda b: b.relocate_members({"CThink": "absent"})),
    (errors.AreaNotFound, "H101", lambda b: b.relocate_members({"CThink": "root", "absent": "root"})),
    (errors.AreaNotFound, "H101", lambda b: b.get_upstream_cortical_areas("absent")),
    (errors.InvalidMorphology, "H107", lambda b: b.upsert_morphology(Morphology("", "vectors", {"vectors": []}))),
    (errors.InvalidMorphology, "H107", lambda b: b.upsert_morphology(Morphology("/x", "vectors", {"vectors": [[1, 0, 0]]}))),
    (errors.InvalidMorphology, "H107", lambda b: b.upsert_morphology(Morphology("x", "vectors", {"vectors": [[1, 0]]}))),
    (errors.InvalidMorphology, "H107", lambda b: b.upsert_morphology(Morphology("x", "vectors", {"vectors": 5}))),
    (errors.InvalidMorphology, "H107", lambda b: b.upsert_morphology(Morphology("x", "vectors", {"vectors": {1, 2}}))),
    (errors.InvalidMorphology, "H107", lambda b: b.upsert_morphology(Morphology("x", "functions"))),
    (errors.InvalidMorphology, "H107", lambda b: b.upsert_morphology(Morphology("x", "magic"))),
    (errors.InvalidMorphology, "H107", lambda b: b.upsert_morphology(OF_ITSELF)),
    (errors.InvalidMorphology, "H107", lambda b: b.remove_morphology("absent")),
    (errors.InvalidMorphology, "H107", lambda b: b.remove_morphology("projector")),
    (errors.InvalidMorphology, "H107", lambda b: b.get_morphology_usage("absent")),
    (errors.CapacityExceeded, "H110", lambda b: b.add_cortical_area(LARGE)),
    (errors.CapacityExceeded, "H110", lambda b: b.add_cortical_area(ONTO_ITSELF)),
    (errors.CapacityExceeded, "H110", lambda b: b.resize_for_genome(replace(GENOME, areas=(LARGE,)))),
]


@pytest.mark.parametrize(("kind", "code", "wish"), REFUSALS)
def test_what_cannot_be_is_refused_and_changes_nothing(kind: type[errors.BrainError], code: str, wish: Callable[[Any], Any]) -> None:
    brain = ConnectomeManager(max_neurons=1_000_000, max_synapses=1_000_000)
    brain.load_from_genome(GENOME)
    before, saved = brain.brain, brain.save_to_json()
    with pytest.raises(kind) as caught:
        wish(brain)
    assert caught.value.code == code
    assert isinstance(caught.value, errors.BrainError)
    assert caught.value.exit_code == 4
    assert brain.brain is before
    assert brain.save_to_json() == saved


def test_a_parameter_changes_in_place_and_a_size_only_what_depends_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    grown: list[str] = []
    original = regrowth.grow_synapses

    def counting(planned: Any, *rest: Any) -> Any:
        grown.append(planned[-1].rule.morphology)
        return original(planned, *rest)

    brain = example_brain()
    monkeypatch.setattr(regrowth, "grow_synapses", counting)
    before = brain.brain.connectome
    assert brain.update_cortical_area_properties("CThink", {"firing_threshold": 9}) == "parameter"
    assert brain.update_cortical_area_properties("CThink", {"cortical_name": "Thoughts", "position": [1, 2, 3]}) == "metadata"
    assert brain.update_cortical_area_properties("CThink", {"firing_threshold": 9}) == "none"
    assert brain.brain.connectome.source is before.source
    assert grown == []
    brain.resize_cortical_area("o__mot", (3, 1, 1))
    assert grown == ["projector"]  # from the thinking area to the wheels; the two other rules are taken over
    brain.add_cortical_area(CorticalArea("CNew01", "New", dims=(5, 1, 1)))
    assert grown == ["projector"]
    assert_as_grown_afresh(brain)


def steps(*vectors: list[int]) -> Morphology:
    return Morphology("steps", "vectors", {"vectors": list(vectors)})


def test_a_morphology_that_changes_lets_only_those_rules_grow_anew_that_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    grown: list[str] = []
    original = regrowth.grow_synapses

    def counting(planned: Any, *rest: Any) -> Any:
        grown.append(planned[-1].rule.morphology)
        return original(planned, *rest)

    brain = example_brain()
    monkeypatch.setattr(regrowth, "grow_synapses", counting)
    assert brain.upsert_morphology(steps([1, 0, 0])) == "added"
    brain.upsert_morphology(replace(TILES, parameters={**TILES.parameters, "mapper_morphology": "steps"}))
    assert grown == []
    assert brain.update_cortical_mapping("CThink", "o__mot", [{"morphology_id": "steps"}, {"morphology_id": "mine"}]) == 2 + 1
    assert grown == ["steps", "mine"]
    brain.remove_synapse(3, 5)  # of another pair of areas: stays an edit
    brain.remove_synapse(5, 10)  # by `steps`: grows anew with it
    assert brain.upsert_morphology(steps([1, 0, 0])) == "same"
    assert grown == ["steps", "mine"]
    assert brain.upsert_morphology(steps([0, 0, 0], [1, 0, 0])) == "changed"
    assert grown == ["steps", "mine", "steps", "mine"], "and the composite whose mapper it is"
    assert brain.are_neurons_connected(5, 10)
    assert not brain.are_neurons_connected(3, 5)
    assert brain.get_morphology_usage("steps") == [("CThink", "o__mot")]
    assert_as_grown_afresh(brain)
    for user in ("steps", "mine"):
        with pytest.raises(errors.InvalidMorphology):
            brain.remove_morphology(user)
    brain.update_cortical_mapping("CThink", "o__mot", [])
    with pytest.raises(errors.InvalidMorphology, match="composite"):
        brain.remove_morphology("steps")
    brain.remove_morphology("mine")
    brain.remove_morphology("steps")
    assert "steps" not in brain.get_morphology_ids()
    assert_as_grown_afresh(brain)


def test_a_built_in_name_can_mean_something_else_for_a_while() -> None:
    brain = example_brain()
    before = brain.get_synapse_count()
    brain.upsert_morphology(replace(steps([0, 0, 0]), id="lateral_+x"))
    assert brain.get_synapse_count() == before + 2
    assert_as_grown_afresh(brain)
    brain.remove_morphology("lateral_+x")
    assert brain.get_synapse_count() == before
    assert_as_grown_afresh(brain)


def test_regions_form_a_tree_that_no_edit_can_bend_into_a_circle() -> None:
    brain = example_brain()
    for region, parent in (("a", "root"), ("b", "a"), ("c", "b")):
        brain.add_brain_region(Region(region, region), parent)
    assert brain.get_brain_region_hierarchy() == {"root": {"a": {"b": {"c": {}}}}}
    for region, parent in (("a", "a"), ("a", "b"), ("a", "c"), ("root", "c")):
        with pytest.raises(errors.InvalidRegion, match="inside itself"):
            brain.change_brain_region_parent(region, parent)
    brain.change_brain_region_parent("b", "root")
    brain.change_brain_region_parent("a", "c")
    assert brain.get_brain_region_hierarchy() == {"root": {"b": {"c": {"a": {}}}}}
    brain.relocate_members({"CThink": "a", "i__pro": "c"})
    brain.recompute_brain_region_io_registry()
    ports = {region.id: (region.inputs, region.outputs) for region in brain.get_brain_regions()}
    assert ports == {
        "root": ((), ()), "a": (("CThink",), ("CThink",)), "b": ((), ("CThink",)), "c": ((), ("CThink",)),
    }  # fmt: skip
    brain.delete_brain_region("c")
    assert brain.get_brain_region_hierarchy() == {"root": {"b": {"a": {}}}}
    assert brain.get_areas_in_region("b") == ["i__pro"]
    assert_as_grown_afresh(brain)


def test_regions_of_a_file_that_lie_inside_themselves_are_shown_and_can_be_mended() -> None:
    section = {name: {"title": name, "areas": [], "parent_region_id": parent} for name, parent in (("a", "b"), ("b", "a"), ("c", "b"))}
    brain = ConnectomeManager()
    brain.load_from_genome(parse_genome({**GENOME.document, "brain_regions": section}))
    assert brain.get_brain_region_hierarchy() == {"a": {}, "b": {"c": {}}}
    brain.change_brain_region_parent("a", None)
    assert brain.get_brain_region_hierarchy() == {"a": {"b": {"c": {}}}}


def test_a_brain_without_regions_stays_one_when_it_is_saved() -> None:
    brain = example_brain()
    brain.delete_brain_region("root")
    assert brain.get_brain_region_count() == 0
    assert_as_grown_afresh(brain)


def test_a_rule_of_chance_grows_as_it_would_afresh_when_ids_have_moved() -> None:
    design = Design("Chance")
    first, second = design.area("A", (2, 1, 1)), design.area("B", (8, 8, 1))
    second.to(second, "all_to_all", attractivity=30).to(first, "randomizer")
    brain = ConnectomeManager()
    brain.load_from_genome(design.genome())
    before = brain.brain.connectome
    brain.resize_cortical_area(first.id, (3, 1, 1))
    assert not np.array_equal(before.source, brain.brain.connectome.source)
    assert_as_grown_afresh(brain)


def test_edits_follow_the_file_into_another_process_and_into_the_connectome_file(tmp_path: Path) -> None:
    brain = example_brain()
    brain.set_neuron_firing_threshold(6, 0.5)
    brain.update_synapse_weight(3, 5, 7)
    brain.delete_neuron(8)
    (tmp_path / "genome.json").write_text(brain.save_to_json(), encoding="utf-8")
    genome = read_genome(tmp_path / "genome.json")
    assert_same_connectome(develop(genome).connectome, brain.brain.connectome)
    save_connectome(tmp_path / "brain.npz", brain.brain.connectome)
    assert_same_connectome(load_connectome(tmp_path / "brain.npz"), brain.brain.connectome)


@pytest.mark.parametrize("form", ["flat", "hierarchical", "3.0"])
def test_edits_survive_a_conversion_of_the_genome(form: str) -> None:
    brain, again = example_brain(), ConnectomeManager()
    brain.delete_neuron(5)
    brain.create_synapse(3, 9, 4)
    brain.set_neuron_firing_threshold(6, 0.5)
    again.load_from_genome(parse_genome(convert(json.loads(brain.save_to_json()), form).document))
    assert again.get_neurons_in_area("CThink") == [6, 7, 8]
    assert again.get_connection_weight(3, 9) == 4
    assert again.get_neuron_property(6, "threshold") == 0.5
    assert np.array_equal(again.brain.connectome.target, brain.brain.connectome.target)


def test_a_threshold_of_one_neuron_counts_when_the_brain_runs() -> None:
    brain = example_brain()
    brain.set_neuron_firing_threshold(7, 100)
    running = Brain(write_image(lower(brain.brain.connectome)))
    areas = {area_id: i for i, (area_id, _) in enumerate(running.image.names())}
    running.step([(areas["i__pro"], 0), (areas["i__pro"], 1)])
    running.step()
    fired = dict(running.fired())
    assert fired[areas["CThink"]] == [0, 1, 3]


@pytest.mark.parametrize("section", [
    5, {}, {"areas": {}}, {"areas": [], "pairs": []}, {"areas": {"CThink": {}}, "pairs": []}, {"areas": {}, "pairs": [["CThink"]]},
    {"areas": {"CThink": {"without": [[0]], "thresholds": []}}, "pairs": []},
    {"areas": {"CThink": {"without": [], "thresholds": [[0, "high"]]}}, "pairs": []},
    {"areas": {}, "pairs": [["CThink", "o__mot", {"cut": [[0, True]], "made": []}]]},
    {"areas": {}, "pairs": [["CThink", "o__mot", {"cut": [], "made": [[0, 0, 1e300, 0]]}]]},
])
def test_a_section_of_edits_that_is_none_is_refused(section: Any) -> None:
    with pytest.raises(errors.DevelopmentError) as caught:
        develop(parse_genome({**GENOME.document, "neurula_edits": section}))
    assert caught.value.code == "H301"


def test_edits_of_what_the_brain_has_not_are_left_out_and_told() -> None:
    section = {
        "areas": {
            "absent": {"without": [], "thresholds": []},
            "CThink": {"without": [[2, 9], [1, 2], [0, 1]], "thresholds": [[9, 1], [0, 1]]},
        },
        "pairs": [
            ["CThink", "absent", {"cut": [], "made": []}],
            ["CThink", "o__mot", {"cut": [[99, 0]], "made": [[3, 99, 1, -1], [3, 1, 1, 8], [3, 0, 1, -1], [1, 0, 1, -1]]}],
        ],
    }
    brain = ConnectomeManager()
    progress = brain.load_from_genome(parse_genome({**GENOME.document, "neurula_edits": section}))
    assert [p.code for p in progress.problems] == ["H302"] * 8
    assert brain.get_neurons_in_area("CThink") == [7, 8]
    assert brain.get_outgoing_synapses(8)[-1].neuron == 9
    assert_as_grown_afresh(brain)


def test_an_area_that_grows_anew_loses_the_edits_of_its_neurons_and_keeps_those_of_others() -> None:
    brain = example_brain()
    brain.delete_neurons_batch([5, 9])
    brain.resize_cortical_area("o__mot", (4, 1, 1))
    assert brain.get_neurons_in_area("CThink") == [6, 7, 8]
    assert brain.get_neurons_in_area("o__mot") == [9, 10, 11, 12]
    brain.update_cortical_area_properties("CThink", {"firing_threshold": 3})
    assert brain.get_neurons_in_area("CThink") == [6, 7, 8]


def test_a_new_threshold_of_an_area_is_one_for_all_its_neurons() -> None:
    brain = example_brain()
    brain.set_neuron_firing_threshold(5, 9)
    brain.update_cortical_area_properties("CThink", {"leak_coefficient": 0.5})
    assert brain.get_neuron_property(5, "threshold") == 9
    brain.update_cortical_area_properties("CThink", {"firing_threshold": 3})
    assert brain.get_neuron_property(5, "threshold") == 3


def test_a_reweighted_synapse_keeps_delay_sign_and_plasticity() -> None:
    brain = example_brain()
    rule = {"morphology_id": "projector", "postSynapticCurrent_multiplier": -2, "synaptic_delay_bursts": 4,
            "plasticity_flag": True, "plasticity_window": 3}
    brain.update_cortical_mapping("CThink", "o__mot", [rule])
    brain.update_synapse_weight(5, 9, 6)
    made = brain.brain.connectome.bundles[-1]
    assert (made.stop - made.start, made.rule.multiplier, made.rule.delay_bursts, made.rule.plastic) == (1, -6, 4, True)
    assert_as_grown_afresh(brain)


def test_all_properties_that_are_told_can_be_set_to_what_they_are() -> None:
    brain = example_brain()
    for properties in brain.get_all_cortical_area_properties():
        own = {name: value for name, value in properties.items() if name in CODES}
        assert len(own) >= len(properties) - 5
        before = brain.brain.genome
        brain.update_cortical_area_properties(properties["cortical_id"], own)
        assert brain.get_cortical_area_properties(properties["cortical_id"]) == properties
        assert len(brain.brain.genome.areas) >= len(before.areas)
    assert_as_grown_afresh(brain)


def test_a_brain_without_areas_of_its_own_can_be_saved() -> None:
    """Once a file that nobody could read: its blueprint was empty."""
    brain = example_brain()
    for area_id in ("o__mot", "CThink", "i__pro"):
        brain.delete_cortical_area(area_id)
    assert brain.get_neuron_count() == 3
    assert_as_grown_afresh(brain)


def test_a_new_area_can_wait_for_its_neurons() -> None:
    brain = example_brain()
    brain.add_cortical_area(CorticalArea("CNew01", "New", dims=(2, 1, 1), neurons_per_voxel=2), region="root", grow=False)
    assert brain.get_neurons_in_area("CNew01") == []
    assert brain.get_populated_areas()[-1][0] == "o__mot"
    assert [brain.add_neuron("CNew01", 1, 0, 0) for _ in range(2)] == [13, 14]
    assert brain.get_neuron_by_coordinates("CNew01", 0, 0, 0) is None
    assert brain.get_areas_in_region("root")[-1] == "CNew01"
    assert_as_grown_afresh(brain)
    assert brain.create_neurons_for_area("CNew01") == 4


def test_readers_see_whole_states_while_one_writes() -> None:
    brain = example_brain()
    stop = threading.Event()
    wrong: list[str] = []
    seen: set[int] = set()

    def read() -> None:
        while not stop.is_set():
            state = brain.brain
            size = state.grown_area("CThink").neurons
            expected = {4: 10, 8: 22}[size]  # synapses of the two brains between which the writer changes
            if state.connectome.synapses != expected or len(state.connectome.source) != expected:
                wrong.append(f"{size} neurons, {state.connectome.synapses} synapses")
            if not 10 <= sum(count for _, count in brain.get_populated_areas()) <= 16:
                wrong.append("populated areas")
            seen.add(size)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    turns = 0
    while turns < 60 or (len(seen) < 2 and turns < 5000):
        brain.resize_cortical_area("CThink", (4, 2, 1) if turns % 2 == 0 else (2, 2, 1))
        turns += 1
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert seen == {4, 8}


def test_writers_wait_for_each_other() -> None:
    brain = example_brain()

    def write(letter: str) -> None:
        for number in range(10):
            brain.add_cortical_area(CorticalArea(f"C{letter}{number:04}", letter))

    writers = [threading.Thread(target=write, args=(letter,)) for letter in "ABC"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(brain.get_all_cortical_ids()) == 36
    assert brain.brain.revision == 31
    assert_as_grown_afresh(brain)


def test_brains_beside_each_other_share_nothing() -> None:
    one, other = example_brain(), example_brain()
    one.delete_cortical_area("CThink")
    assert other.cortical_area_exists("CThink")
    assert not ConnectomeManager.instance().cortical_area_exists("CThink")


def test_real_genomes_live_and_change_like_the_others(shared: Path) -> None:
    with (shared / "genomes" / "INDEX.tsv").open() as file:
        names = sorted({row["file"] for row in csv.DictReader(file, delimiter="\t")})[::2]
    chance = random.Random(7)
    for name in names:
        genome = read_genome(shared / "genomes" / name)
        brain = ConnectomeManager()
        brain.load_from_genome(genome)
        assert_same_connectome(brain.brain.connectome, develop(genome).connectome)
        saved = json.loads(brain.save_to_json())
        for section in ("blueprint", "neuron_morphologies", "brain_regions", "physiology"):
            if section != "brain_regions" or section in genome.document:
                assert saved.get(section) == genome.document.get(section), name
            else:  # they are generated, and hold every area
                assert sorted(area.id for area in genome.areas) == sorted(a for r in brain.get_brain_regions() for a in r.areas), name
        area = chance.choice([a for a in genome.areas if a.neurons_per_voxel and a.neurons < 5000])
        neurons = brain.get_neurons_in_area(area.id)
        if brain.get_cortical_idx_for_id(area.id) not in (0, 1, 2):
            brain.delete_neuron(chance.choice(neurons))
        links = brain.get_outgoing_synapses(chance.choice(brain.get_neurons_in_area(area.id) or [1]))
        if links:
            brain.set_neuron_firing_threshold(links[0].neuron, 3)
        brain.update_cortical_area_properties(chance.choice(genome.areas).id, {"firing_threshold": 5})
        assert_same_connectome(brain.brain.connectome, grown_afresh(brain))
        brain.resize_cortical_area(area.id, (2, 3, 1))
        assert_same_connectome(brain.brain.connectome, grown_afresh(brain))
