"""Every morphology joins exactly the voxels that a plain loop over all of them finds, in the documented order."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from growing import defined, genome_of, pair_of_areas, synapses_of
from obvious import (
    Reaches,
    by_blocks,
    by_clamping,
    by_expander,
    by_last_to_first,
    by_lateral_pairs,
    by_patterns,
    by_projector,
    by_projector_from_end,
    by_reducer,
    by_rotator,
    by_scaled_vectors,
    by_sweeper,
    by_tile,
    by_tiles_of,
    by_vectors,
    enumerate_synapses,
)

from neurula.development import develop, memory_links, upstream_areas
from neurula.development import enumeration as enumeration_module
from neurula.development import morphologies as registry
from neurula.development import patches as patches_module
from neurula.development import slabs as slabs_module
from neurula.development.morphologies import BUILT_IN, FUNCTIONS, found_functions
from neurula.development.morphologies import __path__ as folder_of_morphologies
from neurula.genome import morphologies as names_of_the_reader
from neurula.genome.model import CorticalArea, MappingRule, Morphology, Projection, Triple

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
    "rotator_z": by_rotator,
    "block_to_block_clamped": by_clamping,
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
STEPS = [[1, 0, 0], [0, 0, 1], [0, -1, 0]]


@pytest.fixture(
    params=[(1 << 18, 16, 1 << 11), (1 << 18, 0, 1 << 11), (7, 0, 1 << 11), (1 << 18, 16, 0)],
    ids=["one box", "one box sorted", "many boxes", "layers that repeat"],
)
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small areas fit in one box, where pairs are ticked off; tiny boxes, sorting and repeated layers are for larger ones."""
    monkeypatch.setattr(enumeration_module, "BOX_CANDIDATES", request.param[0])
    monkeypatch.setattr(patches_module, "DENSE", request.param[1])
    monkeypatch.setattr(slabs_module, "FEWEST", request.param[2])
    if not request.param[2]:
        monkeypatch.setattr(slabs_module, "WORTH", 0)
        monkeypatch.setattr(slabs_module, "WORTH_EACH", 0)


def compare(
    name: str,
    reaches: Reaches,
    source: Triple,
    target: Triple,
    densities: tuple[int, int],
    table: dict[str, Morphology],
    scalar: tuple[Any, Any, Any] = (1, 1, 1),
) -> None:
    genome = pair_of_areas(source, target, MappingRule(name, scalar=scalar), densities=densities, morphologies=table)
    grown = synapses_of(develop(genome).connectome)
    assert grown == enumerate_synapses(reaches, source, target, densities), (name, source, target, densities, table)


def some_dims(chance: random.Random, most: int = 7) -> Triple:
    return chance.randint(1, most), chance.randint(1, most), chance.randint(1, 4)


def some_densities(chance: random.Random) -> tuple[int, int]:
    return chance.choice([(1, 1), (2, 1), (1, 3), (3, 2)])


def test_every_function_of_the_registry_has_its_meaning_here() -> None:
    assert set(FUNCTIONS) == set(FUNCTION_MEANING) | LEARNING | {"randomizer"}
    assert set(BUILT_IN) == set(BUILT_IN_MEANING)
    assert set(FUNCTIONS) == {*names_of_the_reader.FUNCTIONS, "tile"}, "and the reader knows the name"


def test_a_morphology_is_added_by_its_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe of CONTRIBUTING.md: the registry finds a file that is put beside the others."""
    (tmp_path / "mirror_of_a_test.py").write_text(
        "from neurula.development.morphologies.growth import Growth, Product, Relation, same\n"
        "def grow_mirror(parameters, source, target):\n"
        "    x = Relation(0, source[0], 1, lambda i: (target[0] - 1 - i)[:, None], source[0])\n"
        "    return Growth((Product((x, same(source[1], target[1]), same(source[2], target[2]))),))\n"
        'FUNCTIONS = {"mirror": grow_mirror}\n',
        encoding="utf-8",
    )
    folder_of_morphologies.append(str(tmp_path))
    try:
        monkeypatch.setattr(registry, "FUNCTIONS", dict(found_functions()))
    finally:
        folder_of_morphologies.remove(str(tmp_path))
    monkeypatch.delitem(sys.modules, "neurula.development.morphologies.mirror_of_a_test")
    mirrored: Reaches = lambda p, q, _s, t: q == (t[0] - 1 - p[0], p[1], p[2])  # noqa: E731
    compare("mirror", mirrored, (4, 2, 1), (3, 3, 1), (1, 1), {})


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


SCALARS: list[tuple[Any, Any, Any]] = [
    (2, 1, 1), (-1, 0.5, 3), ("x", 1, 1), (1, "2*y", 1), ("z", "z", 1), ("y**2 - 1", "x", -2), ("(x + y) / 2", 1, "z"), (0, 0, "x - 2*z"),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("scalar", SCALARS, ids=str)
def test_scalars_scale_vectors(scalar: tuple[Any, Any, Any], seed: int) -> None:
    chance = random.Random(f"{scalar} {seed}")
    vectors = [[chance.randint(-2, 2) for _ in range(3)] for _ in range(chance.randint(1, 3))]
    table = defined("vectors", vectors=vectors)
    as_people_write = tuple(s.replace("**", "^").replace("2*", "2") if isinstance(s, str) else s for s in scalar)
    source, target = some_dims(chance, 4), some_dims(chance, 4)
    compare("mine", by_scaled_vectors(vectors, scalar), source, target, some_densities(chance), table, (*as_people_write,))  # type: ignore[arg-type]


def test_a_scalar_that_cannot_be_read_or_makes_too_much_is_told() -> None:
    table = defined("vectors", vectors=[[1, 0, 0]])
    cases: list[tuple[tuple[Any, Any, Any], Triple, int, str]] = [
        (("two", 1, 1), (5, 1, 1), 4, "D204"),
        (("x*y*z", "x", "y"), (200, 200, 200), 0, "D204"),
        (("x", 1, 1), (12_000, 1, 1), 0, "D204"),
        (("1/x", "x^-1", "(x-1)^0.5"), (5, 1, 1), 9, ""),  # where there is no number there is no synapse
    ]
    for scalar, dims, grown, code in cases:
        rule = MappingRule("mine", scalar=scalar)
        development = develop(pair_of_areas(dims, dims, rule, morphologies=table), most_synapses=10**9)
        assert [p.code for p in development.problems] == [code][: bool(code)], scalar
        assert development.connectome.synapses == grown, scalar


def test_scalars_have_no_effect_on_what_has_no_vectors_and_that_is_told() -> None:
    plain = develop(pair_of_areas((4, 1, 1), (4, 1, 1), MappingRule("projector")))
    scaled = develop(pair_of_areas((4, 1, 1), (4, 1, 1), MappingRule("projector", scalar=(2, 1, 1))))
    assert [p.code for p in scaled.problems] == ["D205"]
    assert synapses_of(plain.connectome) == synapses_of(scaled.connectome)
    assert develop(pair_of_areas((4, 1, 1), (4, 1, 1), MappingRule("lateral_+x", scalar=(3, 1, 1)))).connectome.synapses == 1


def test_the_engine_ignores_scalars_and_grows_no_memory() -> None:
    table = defined("vectors", "mine", vectors=[[1, 0, 0]]) | defined("functions", "associative_memory")
    rules = MappingRule("mine", scalar=(3, 1, 1)), MappingRule("associative_memory"), MappingRule("rotator_z")
    genome = pair_of_areas((4, 1, 1), (4, 1, 1), *rules, morphologies=table)
    document = {"neuron_morphologies": {name: {"type": m.kind} for name, m in table.items()} | {"rotator_z": {"type": "functions"}}}
    genome = replace(genome, document=document, areas=tuple(replace(a, is_memory=True) for a in genome.areas))
    ours, engines = develop(genome).connectome, develop(genome, as_engine=True).connectome
    assert [b.stop - b.start for b in ours.bundles] == [1, 4, 4]
    assert [(b.rule.morphology, b.stop - b.start) for b in engines.bundles] == [("mine", 3), ("rotator_z", 4)]


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
            ("steps", by_vectors(STEPS)),
        ]
    )
    table = defined("composite", src_seed=size, src_pattern=pattern, mapper_morphology=mapper)
    table |= defined("vectors", "steps", vectors=STEPS)
    reaches = by_tiles_of(size, pattern, meaning)
    compare("mine", reaches, some_dims(chance, 9), some_dims(chance, 5), some_densities(chance), table)


def test_rotator_turns_by_a_quarter_in_the_first_and_the_last_layer() -> None:
    genome = pair_of_areas((8, 4, 2), (8, 4, 2), MappingRule("rotator_z"))
    grown = {(p, q) for p, _, q, _ in synapses_of(develop(genome).connectome)}
    turned = {  # about (3.5, 1.5)
        ((x, y, k), q) for x in range(8) for y in range(4) for k in range(2)
        for q in [(5 - y, x - 2, 0), (y + 2, 5 - x, 1)] if 0 <= q[1] < 4
    }  # fmt: skip
    assert grown == turned
    assert len(grown) == 64  # as many as FEAGI's released engine makes


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


def test_who_remembers_whom_stands_in_the_connectome() -> None:
    def area(area_id: str, memory: bool, *rules: tuple[str, str]) -> CorticalArea:
        projections = tuple(Projection(to, (MappingRule(name),)) for to, name in rules)
        return CorticalArea(area_id, area_id, dims=(3, 1, 1), is_memory=memory, projections=projections)

    connectome = develop(genome_of(
        area("seen__", False, ("store1", "episodic_memory"), ("store2", "memory"), ("played", "projector"), ("played", "memory_replay")),
        area("store1", True, ("played", "memory_replay"), ("store2", "associative_memory"), ("played", "associative_memory")),
        area("store2", True, ("store1", "bi_directional_stdp")),
        area("played", False, ("seen__", "episodic_memory")),
    )).connectome  # fmt: skip
    seen, store1, store2, played = (3, 4, 5, 6)
    assert [(link.kind, link.memory_area, link.other_area) for link in memory_links(connectome)] == [
        ("watches", store1, seen), ("watches", store2, seen), ("replays", store1, played),
        ("associates", store1, store2), ("associates", store2, store1),
    ]  # fmt: skip
    sizes = {(b.source_area, b.target_area, b.rule.morphology): b.stop - b.start for b in connectome.bundles}
    assert sizes[store1, store2, "associative_memory"] == sizes[store2, store1, "bi_directional_stdp"] == 3, "as a projector"
    assert sizes[store1, played, "associative_memory"] == 0
    assert connectome.synapses == 3 + 3 + 3
    assert upstream_areas(connectome, played) == (seen, store1)
    assert upstream_areas(connectome, store1) == (seen, store2)
