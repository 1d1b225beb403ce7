"""Every morphology joins exactly the voxels that a plain loop over all of them finds, in the documented order."""

from __future__ import annotations

import random
from typing import Any

import pytest
from growing import defined, pair_of_areas, synapses_of
from obvious import (
    Reaches,
    by_blocks,
    by_expander,
    by_last_to_first,
    by_lateral_pairs,
    by_patterns,
    by_projector,
    by_projector_from_end,
    by_reducer,
    by_sweeper,
    by_tile,
    by_tiles_of,
    by_vectors,
    enumerate_synapses,
)

from neurula.development import develop
from neurula.development import enumeration as enumeration_module
from neurula.development.morphologies import BUILT_IN, FUNCTIONS
from neurula.genome.model import MappingRule, Morphology, Triple

FUNCTION_MEANING: dict[str, Reaches] = {
    "projector": by_projector(),
    "projector_xy": by_projector((1, 0, 2)),
    "projector_xz": by_projector((2, 1, 0)),
    "projector_yz": by_projector((0, 2, 1)),
    "project_from_end_x": by_projector_from_end(0),
    "project_from_end_y": by_projector_from_end(1),
    "project_from_end_z": by_projector_from_end(2),
    "last_to_first": by_last_to_first,
    "sweeper": by_sweeper,
    "lateral_pairs_x": by_lateral_pairs,
    "block_connection": by_blocks,
    "reducer_x": by_reducer,
    "expander_x": by_expander,
    "tile": by_tile,
}
BUILT_IN_MEANING: dict[str, Reaches] = {
    "block_to_block": by_vectors([[0, 0, 0]]),
    "lateral_+x": by_vectors([[1, 0, 0]]),
    "lateral_-x": by_vectors([[-1, 0, 0]]),
    "lateral_+y": by_vectors([[0, 1, 0]]),
    "lateral_-y": by_vectors([[0, -1, 0]]),
    "lateral_+z": by_vectors([[0, 0, 1]]),
    "lateral_-z": by_vectors([[0, 0, -1]]),
    "0-0-0_to_all": lambda p, _q, _s, _t: p == (0, 0, 0),
    "all_to_0-0-0": lambda _p, q, _s, _t: q == (0, 0, 0),
    "all_to_all": lambda _p, _q, _s, _t: True,
}
LEARNING = {"memory", "episodic_memory", "memory_replay", "associative_memory", "bi_directional_stdp"}
SEEDS = range(12)


@pytest.fixture(params=[(1 << 18, 16), (1 << 18, 0), (7, 0)], ids=["one box", "one box sorted", "many boxes"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small areas fit in one box, where pairs are ticked off; tiny boxes and sorting are for larger ones."""
    monkeypatch.setattr(enumeration_module, "BOX_CANDIDATES", request.param[0])
    monkeypatch.setattr(enumeration_module, "DENSE", request.param[1])


def compare(
    name: str,
    reaches: Reaches,
    source: Triple,
    target: Triple,
    densities: tuple[int, int],
    table: dict[str, Morphology],
) -> None:
    genome = pair_of_areas(source, target, MappingRule(name), densities=densities, morphologies=table)
    grown = synapses_of(develop(genome).connectome)
    assert grown == enumerate_synapses(reaches, source, target, densities), (name, source, target, densities, table)


def some_dims(chance: random.Random, most: int = 7) -> Triple:
    return chance.randint(1, most), chance.randint(1, most), chance.randint(1, 4)


def some_densities(chance: random.Random) -> tuple[int, int]:
    return chance.choice([(1, 1), (2, 1), (1, 3), (3, 2)])


def test_every_function_of_the_registry_has_its_meaning_here() -> None:
    assert set(FUNCTIONS) == set(FUNCTION_MEANING) | LEARNING | {"randomizer"}
    assert set(BUILT_IN) == set(BUILT_IN_MEANING)


@pytest.mark.usefixtures("ways")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", sorted(FUNCTION_MEANING))
def test_functions_join_what_their_definition_says(name: str, seed: int) -> None:
    chance = random.Random(f"{name} {seed}")
    source, target = some_dims(chance, 14), some_dims(chance, 9)
    if name in ("reducer_x", "block_connection"):
        source = (chance.randint(1, 70), source[1] % 3 + 1, source[2])
    if name == "expander_x":
        target = (chance.randint(1, 70), target[1] % 3 + 1, target[2])
    table = {} if seed % 2 else defined("composite" if name == "tile" else "functions", name)
    compare(name, FUNCTION_MEANING[name], source, target, some_densities(chance), table)


@pytest.mark.usefixtures("ways")
@pytest.mark.parametrize("seed", SEEDS[:4])
@pytest.mark.parametrize("name", sorted(BUILT_IN_MEANING))
def test_core_names_mean_the_same_when_the_genome_does_not_define_them(name: str, seed: int) -> None:
    chance = random.Random(f"{name} {seed}")
    table = {} if seed % 2 else defined("functions", name)
    compare(name, BUILT_IN_MEANING[name], some_dims(chance), some_dims(chance), some_densities(chance), table)


@pytest.mark.usefixtures("ways")
@pytest.mark.parametrize("seed", SEEDS)
def test_vectors_drop_what_is_outside_and_count_repetitions_once(seed: int) -> None:
    chance = random.Random(seed)
    vectors = [[chance.randint(-3, 3) for _ in range(3)] for _ in range(chance.randint(1, 6))]
    vectors += [chance.choice(vectors), [40, 0, 0], [0, -(10**30), 0]]
    table = defined("vectors", vectors=vectors)
    compare("mine", by_vectors(vectors), some_dims(chance), some_dims(chance), some_densities(chance), table)


@pytest.mark.usefixtures("ways")
@pytest.mark.parametrize("seed", range(40))
def test_patterns_are_the_union_of_their_pairs(seed: int) -> None:
    chance = random.Random(seed)

    def pattern() -> list[Any]:
        return [chance.choice(["*", "?", "!", 0, chance.randint(0, 8)]) for _ in range(3)]

    pairs = [[pattern(), pattern()] for _ in range(chance.randint(1, 5))]
    table = defined("patterns", patterns=pairs)
    compare("mine", by_patterns(pairs), some_dims(chance, 5), some_dims(chance, 5), some_densities(chance), table)


@pytest.mark.parametrize("target", [(1, 1, 1), (1, 2, 1)])
def test_a_pattern_that_excludes_the_only_target_reaches_nothing(target: Triple) -> None:
    """Once a crash: boxes in which no voxel has a target."""
    pairs = [[["!", "!", "!"], ["!", 0, "!"]]]
    compare("mine", by_patterns(pairs), (2, 1, 1), target, (1, 1), defined("patterns", patterns=pairs))


def test_a_bare_pair_is_a_pattern_of_one_pair() -> None:
    pair: list[list[Any]] = [["*", 0, "*"], ["?", "?", "!"]]
    compare("mine", by_patterns([pair]), (3, 2, 2), (3, 3, 3), (1, 1), defined("patterns", patterns=pair))


def test_patterns_reach_into_areas_whose_voxel_pairs_need_more_than_32_bits() -> None:
    pairs = [[["*", "*", "*"], [999, "?", "*"]], [["*", "*", "*"], ["?", "?", 599]]]
    table = defined("patterns", patterns=pairs)
    genome = pair_of_areas((1, 3, 1), (1000, 2000, 600), MappingRule("mine"), morphologies=table)
    grown = synapses_of(develop(genome).connectome)
    expected = [((0, y, 0), 0, q, 0) for y in range(3) for q in [(0, y, 599), *((999, y, z) for z in range(600))]]
    assert grown == expected


@pytest.mark.usefixtures("ways")
@pytest.mark.parametrize("seed", SEEDS)
def test_composites_map_each_of_their_tiles(seed: int) -> None:
    chance = random.Random(seed)
    size = [chance.randint(1, 3) for _ in range(3)]
    pattern = [[chance.randint(1, 2), chance.randint(0, 2)] for _ in range(3)]
    mapper, meaning = chance.choice(
        [
            ("projector", by_projector()),
            ("projector_xy", by_projector((1, 0, 2))),
            ("lateral_+x", by_vectors([[1, 0, 0]])),
        ]
    )
    table = defined("composite", src_seed=size, src_pattern=pattern, mapper_morphology=mapper)
    reaches = by_tiles_of(size, pattern, meaning)
    compare("mine", reaches, some_dims(chance, 9), some_dims(chance, 5), some_densities(chance), table)


@pytest.mark.parametrize("sizes", [(14, 16), (16, 14), (14, 116), (259, 111), (259, 222), (1000, 999), (3, 1), (1, 3)])
def test_projector_divides_in_float32(sizes: tuple[int, int]) -> None:  # in float64 the first five differ
    compare("projector", by_projector(), (sizes[0], 1, 1), (sizes[1], 1, 1), (1, 1), {})


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_randomizer_sends_every_neuron_to_one_voxel(seed: int) -> None:
    source, target, densities = (5, 4, 3), (3, 2, 2), (2, 3)
    genome = pair_of_areas(source, target, MappingRule("randomizer"), densities=densities)
    grown = synapses_of(develop(genome, seed=seed).connectome)
    assert sorted({(p, k) for p, k, _q, _l in grown}) == sorted((p, k) for p, k, _q, _l in grown)
    assert len(grown) == 5 * 4 * 3 * 2
    assert {n for _p, _k, _q, n in grown} == {2}
    assert grown == sorted(grown, key=lambda s: (s[0], s[2], s[1]))
    assert len({q for _p, _k, q, _n in grown}) > 6  # of 12: they are spread


def test_memory_morphologies_make_no_synapses_at_birth() -> None:
    for name in sorted(LEARNING):
        development = develop(pair_of_areas((2, 2, 2), (2, 2, 2), MappingRule(name)))
        assert development.connectome.synapses == 0
        assert [p.code for p in development.problems] == ["D203"], name
