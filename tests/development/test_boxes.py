"""In how many pieces synapses are worked out, and how much room is made for them first, does not change what grows."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from growing import defined, pair_of_areas

from neurula.development import Connectome, develop
from neurula.development import enumeration as enumeration_module
from neurula.development import slabs as slabs_module
from neurula.development import synaptogenesis as synaptogenesis_module
from neurula.genome.model import Genome, MappingRule, Triple

UNEVEN = (7, 9, 4), (17, 11, 5)
VECTORS = defined("vectors", "steps", vectors=[[0, 0, 0], [1, -1, 0], [-2, 0, 1]])
PAIRS = defined("patterns", "pairs", patterns=[[["*", "?", "!"], ["!", "?", "*"]], [[0, "*", "*"], ["?", "*", 1]]])


def thinned(percent: float, densities: tuple[int, int]) -> Genome:
    """One rule of every kind, each with this attractivity."""
    names = "projector", "all_to_all", "randomizer", "steps", "pairs", "sweeper"
    rules = (MappingRule(name, attractivity=percent) for name in names)
    return pair_of_areas(*UNEVEN, *rules, densities=densities, morphologies=VECTORS | PAIRS)


def same(one: Connectome, other: Connectome) -> bool:
    return one.bundles == other.bundles and np.array_equal(one.source, other.source) and np.array_equal(one.target, other.target)


@pytest.mark.parametrize("percent", [100, 60, 1])
@pytest.mark.parametrize("densities", [(1, 1), (3, 2)])
def test_neither_boxes_nor_the_room_made_for_them_show(
    percent: float, densities: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    genome = thinned(percent, densities)
    whole = develop(genome, seed=9).connectome
    monkeypatch.setattr(enumeration_module, "BOX_CANDIDATES", 11)
    monkeypatch.setattr(synaptogenesis_module, "BOX_CANDIDATES", 11)
    assert same(develop(genome, seed=9).connectome, whole)
    monkeypatch.setattr(slabs_module, "FEWEST", 0)
    monkeypatch.setattr(slabs_module, "WORTH", 0)
    monkeypatch.setattr(slabs_module, "WORTH_EACH", 0)
    monkeypatch.setattr(enumeration_module, "BOX_CANDIDATES", 1 << 18)
    assert same(develop(genome, seed=9).connectome, whole)
    monkeypatch.setattr(synaptogenesis_module, "expected_synapses", lambda _plan: 0)
    assert same(develop(genome, seed=9).connectome, whole)


def test_a_projector_into_an_area_of_more_voxels_than_half_a_word_counts() -> None:
    """Target voxels beyond 2**29: what does not exist is marked in wider integers."""
    target = (1 << 15, 5, 1 << 12)
    connectome = develop(pair_of_areas((3, 3, 1), target, MappingRule("steps"), morphologies=VECTORS)).connectome
    x, y, z = np.unravel_index(connectome.target.astype(np.int64), target)
    expected = [
        (a + dx, b + dy, dz)
        for a in range(3)
        for b in range(3)
        for dx, dy, dz in ((-2, 0, 1), (0, 0, 0), (1, -1, 0))
        if a + dx >= 0 and b + dy >= 0
    ]
    assert list(zip(x.tolist(), y.tolist(), z.tolist(), strict=True)) == expected


@pytest.mark.parametrize("percent", [100, 50])
@pytest.mark.parametrize(
    ("name", "source", "target"),
    [
        ("projector", (60, 60, 10), (421, 619, 22)),
        ("all_to_all", (1000, 1, 1), (30, 50, 4)),
        ("randomizer", (200, 100, 300), (9, 9, 9)),
        ("steps", (150, 150, 100), (150, 150, 100)),
    ],
)
def test_a_synapse_takes_at_most_twelve_bytes_while_it_grows(name: str, source: Triple, target: Triple, percent: float) -> None:
    genome = pair_of_areas(source, target, MappingRule(name, attractivity=percent), morphologies=VECTORS)
    tracemalloc.start()
    try:
        connectome = develop(genome).connectome
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert connectome.synapses > 2_500_000
    assert peak <= 12 * connectome.synapses
