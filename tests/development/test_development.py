"""Areas, rules and their order; what is refused, and what is reported."""

from __future__ import annotations

import dataclasses
import itertools
import tracemalloc
from typing import Any

import numpy as np
import pytest
from growing import SOURCE, TARGET, defined, genome_of, pair_of_areas, synapses_of

from neurula.development import develop
from neurula.development.corticogenesis import CORE_AREAS
from neurula.errors import DevelopmentError
from neurula.genome.model import CorticalArea, Genome, MappingRule, Projection

EVERYTHING = MappingRule("all_to_all")


def refused(genome: Genome) -> DevelopmentError:
    with pytest.raises(DevelopmentError) as caught:
        develop(genome)
    assert caught.value.exit_code == 4
    return caught.value


def codes(genome: Genome) -> list[str]:
    return [p.code for p in develop(genome).problems]


def test_missing_core_areas_are_added_first_with_the_parameters_of_the_released_engine() -> None:
    areas = develop(genome_of(CorticalArea("abcdef", "first", dims=(2, 3, 4)))).connectome.areas
    assert [a.area.id for a in areas] == ["___death", "___power", "___fatig", "abcdef"]
    assert [a.added for a in areas] == [True, True, True, False]
    assert [a.first_neuron for a in areas] == [0, 1, 2, 3]
    power = areas[1].area
    assert (power.dims, power.firing_threshold, power.postsynaptic_potential) == ((1, 1, 1), 0.1, 500.0)
    assert (power.psp_uniform, power.excitability) == (True, 1.0)


def test_added_areas_have_base64_ids_in_a_genome_with_base64_ids() -> None:
    areas = develop(genome_of(CorticalArea("Y0FfX19fX18=", "A"))).connectome.areas
    assert [a.area.id for a in areas[:3]] == ["X19fZGVhdGg=", "X19fcG93ZXI=", "X19fZmF0aWc="]


@pytest.mark.parametrize(
    "written",
    [
        ("_death", "___pwr", "___fatig"),
        ("___death", "_power", "X19fZmF0aWc="),
        ("X19fZGVhdGg=", "X19fcG93ZXI=", "_fatig"),
    ],
)
def test_written_core_areas_keep_their_ids_and_come_first_whatever_their_place(written: tuple[str, str, str]) -> None:
    for order in itertools.permutations(written):
        areas = develop(genome_of(CorticalArea("first_", "x"), *(CorticalArea(i, i) for i in order))).connectome.areas
        assert [a.area.id for a in areas] == [*written, "first_"]
        assert not any(a.added for a in areas)


def test_neuron_ids_run_on_over_the_areas() -> None:
    written = (CorticalArea("first_", "x", dims=(2, 3, 4), neurons_per_voxel=2), CorticalArea("___pwr", "p"))
    last = CorticalArea("last__", "y")
    assert [a.first_neuron for a in develop(genome_of(*written, last)).connectome.areas] == [0, 1, 2, 3, 51]


def test_a_core_area_is_found_under_its_other_names() -> None:
    for alias in CORE_AREAS[1].known_as:
        area = CorticalArea("abcdef", "x", projections=(Projection(alias, (EVERYTHING,)),))
        assert develop(genome_of(area)).connectome.synapses == 1, alias


def test_rules_are_never_merged_and_every_rule_has_its_bundle_in_the_order_of_the_genome() -> None:
    unknown = MappingRule("nobody_knows")
    inhibitory = MappingRule("block_to_block", multiplier=-2.0, plastic=True, delay_bursts=3)
    genome = pair_of_areas((2, 1, 1), (2, 1, 1), EVERYTHING, unknown, inhibitory, EVERYTHING)
    connectome = develop(genome).connectome
    assert [b.rule for b in connectome.bundles] == [EVERYTHING, unknown, inhibitory, EVERYTHING]
    assert [(b.start, b.stop) for b in connectome.bundles] == [(0, 4), (4, 4), (4, 6), (6, 10)]
    assert synapses_of(connectome, 0) == synapses_of(connectome, 3)


def test_the_arrays_are_int32_and_cannot_be_written() -> None:
    connectome = develop(pair_of_areas((2, 1, 1), (2, 1, 1), EVERYTHING)).connectome
    for array in (connectome.source, connectome.target):
        assert array.dtype == np.int32
        assert len(array) == connectome.synapses == 4
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_an_area_without_neurons_grows_nothing() -> None:
    for densities in ((0, 1), (1, 0)):
        rules = EVERYTHING, MappingRule("randomizer"), MappingRule("projector")
        assert develop(pair_of_areas((2, 2, 2), (3, 3, 3), *rules, densities=densities)).connectome.synapses == 0


def test_two_developments_of_a_genome_are_identical() -> None:
    rules = EVERYTHING, MappingRule("randomizer"), MappingRule("all_to_all", attractivity=40)
    genome = pair_of_areas((5, 5, 2), (4, 4, 2), *rules)
    first, second = develop(genome, seed=3).connectome, develop(genome, seed=3).connectome
    assert first.source.tobytes() == second.source.tobytes()
    assert first.target.tobytes() == second.target.tobytes()
    assert first.bundles == second.bundles
    assert first.areas == second.areas


def test_impossible_areas_are_refused() -> None:
    twice = CorticalArea("abcdef", "x")
    assert refused(genome_of(twice, twice)).code == "D101"
    for area in (CorticalArea("abcdef", "x", dims=(0, 1, 1)), CorticalArea("abcdef", "x", neurons_per_voxel=-1)):
        assert refused(genome_of(area)).code == "D102"
    assert refused(genome_of(CorticalArea("abcdef", "x", dims=(2048, 2048, 512)))).code == "D103"


@pytest.mark.parametrize(
    "genome",
    [
        pair_of_areas((1000, 1000, 1), (1000, 1000, 1), EVERYTHING),
        pair_of_areas((500, 500, 500), (500, 500, 500), MappingRule("block_to_block")),
        pair_of_areas((1000, 1000, 1000), (1, 1, 1), MappingRule("projector")),
        pair_of_areas((1, 1, 1), (1 << 30, 1, 1), MappingRule("all_to_all", attractivity=1)),
        pair_of_areas((1 << 30, 1, 1), (1, 1, 1), MappingRule("randomizer")),
        pair_of_areas((10_000, 1, 1), (6_000, 1, 1), EVERYTHING, EVERYTHING),
    ],
    ids=["all to all", "large", "projector", "chance", "randomizer", "two rules"],
)
def test_what_is_too_large_is_refused_before_room_is_taken(genome: Genome) -> None:
    tracemalloc.start()
    try:
        error = refused(genome)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()
    assert error.code == "D104"
    assert error.where.startswith(f"/blueprint/{SOURCE}/{TARGET}/")


def test_more_vectors_and_patterns_than_can_be_worked_through_are_refused() -> None:
    few = defined("vectors", vectors=[[x, 0, 0] for x in range(500)])
    many = defined("patterns", patterns=[[[x, 0, 0], ["*", "*", "*"]] for x in range(50_001)])
    for rules, table in ((101, few), (1, many)):
        genome = pair_of_areas((9, 1, 1), (9, 1, 1), *[MappingRule("mine")] * rules, morphologies=table)
        assert refused(genome).code == "D105"
    assert develop(pair_of_areas((9, 1, 1), (9, 1, 1), MappingRule("mine"), morphologies=few)).counts["synapses"] == 45


def test_a_rule_without_attractivity_asks_for_nothing() -> None:
    silent = MappingRule("all_to_all", attractivity=0)
    assert develop(pair_of_areas((10_000, 10_000, 1), (10_000, 10_000, 1), silent)).connectome.synapses == 0


def test_the_limit_can_be_chosen_and_is_exact() -> None:
    genome = pair_of_areas((10, 1, 1), (10, 1, 1), EVERYTHING)
    assert develop(genome, most_synapses=100).connectome.synapses == 100
    with pytest.raises(DevelopmentError):
        develop(genome, most_synapses=99)


def test_what_cannot_grow_is_reported_where_it_is_written() -> None:
    document: dict[str, Any] = {"blueprint": {f"_____10c-{SOURCE}-cx-dstmap-d": {}}}
    genome = pair_of_areas((2, 2, 1), (2, 2, 1), EVERYTHING, MappingRule("nobody_knows"))
    problem = develop(dataclasses.replace(genome, document=document)).problems[0]
    assert (problem.code, problem.severity) == ("D202", "warning")
    assert problem.path == f"/blueprint/_____10c-{SOURCE}-cx-dstmap-d/{TARGET}/1"


def test_a_pointer_escapes_the_characters_that_json_pointers_reserve() -> None:
    area = CorticalArea("abcdef", "x", projections=(Projection("//i~inf", (EVERYTHING,)),))
    document: dict[str, Any] = {"blueprint": {"abcdef": {"cortical_mapping_dst": {}}}}
    problem = develop(dataclasses.replace(genome_of(area), document=document)).problems[0]
    assert (problem.code, problem.path) == ("D201", "/blueprint/abcdef/cortical_mapping_dst/~1~1i~0inf")


def test_functions_that_nobody_knows_grow_nothing_and_are_reported() -> None:
    table = defined("functions", "of_another_engine")
    genome = pair_of_areas((2, 2, 2), (2, 2, 2), MappingRule("of_another_engine"), morphologies=table)
    assert codes(genome) == ["D202"]
    assert develop(genome).connectome.synapses == 0


def test_unusable_parts_of_a_morphology_are_reported_and_the_rest_grows() -> None:
    vectors = defined("vectors", vectors=[[0, 0, 0], [1, 0], ["x", 0, 0], [1.5, 0, 0]])
    patterns = defined("patterns", patterns=[[[0, 0, 0], [0, 0, 0]], [[7, 1, 0]], [0, 0, 0]])
    composites = [
        defined("composite", src_seed=[0, 1, 1], src_pattern=[[1, 0]] * 3, mapper_morphology="projector"),
        defined("composite", src_seed=[1, 1, 1], src_pattern=[[1, 0]] * 2, mapper_morphology="projector"),
        defined("composite", src_seed=[1, 1, 1], src_pattern=[[1, 0]] * 3, mapper_morphology="mine"),
        defined("composite", src_seed=[1, 1, 1], src_pattern=[[1, 0]] * 3, mapper_morphology="memory"),
    ]
    for table, grown in [(vectors, 4), (patterns, 1), *((c, 0) for c in composites)]:
        genome = pair_of_areas((2, 2, 1), (2, 2, 1), MappingRule("mine"), morphologies=table)
        assert (codes(genome), develop(genome).connectome.synapses) == (["D204"], grown)


def test_the_attractivity_of_an_area_has_no_effect_and_is_reported_if_something_leads_there() -> None:
    thin = CorticalArea("abcdef", "x", dims=(4, 4, 4), attractivity=20)
    reached = dataclasses.replace(thin, projections=(Projection("abcdef", (EVERYTHING,)),))
    assert codes(genome_of(thin)) == []
    assert codes(genome_of(reached)) == ["D206"]
    assert develop(genome_of(reached)).connectome.synapses == 64 * 64
