"""Chance is a function of seed, rule and neuron ids, as the docstring of neurula.development.chance says."""

from __future__ import annotations

import numpy as np
import pytest
from growing import pair_of_areas

from neurula.development import develop
from neurula.genome.model import MappingRule

WORD = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(z: int) -> int:
    z ^= z >> 30
    z = z * 0xBF58476D1CE4E5B9 & WORD
    z ^= z >> 27
    z = z * 0x94D049BB133111EB & WORD
    return z ^ z >> 31


def draw(seed: int, rule: int, source: int, target: int) -> int:
    word = mix(seed + GOLDEN & WORD)
    for value in (rule, source, target):
        word = mix(word + value + GOLDEN & WORD)
    return word >> 32


@pytest.mark.parametrize("seed", [0, 1, 2**63, -5])
def test_a_stranger_can_say_which_synapses_are_kept(seed: int) -> None:
    rules = MappingRule("all_to_all", attractivity=30), MappingRule("all_to_all", attractivity=62.5)
    connectome = develop(pair_of_areas((4, 2, 1), (9, 1, 1), *rules, densities=(2, 3)), seed=seed).connectome
    first, second = connectome.areas[3].first_neuron, connectome.areas[4].first_neuron
    for number, bundle in enumerate(connectome.bundles):
        expected = [
            (2 * voxel + k, 3 * reached + 2)
            for voxel in range(8)
            for reached in range(9)
            for k in range(2)
            if draw(seed % 2**64, number, first + 2 * voxel + k, second + 3 * reached + 2)
            < int(bundle.rule.attractivity * 2**32 / 100)
        ]
        kept = slice(bundle.start, bundle.stop)
        assert list(zip(connectome.source[kept].tolist(), connectome.target[kept].tolist(), strict=True)) == expected


@pytest.mark.parametrize("seed", [0, 77])
def test_a_stranger_can_say_where_the_randomizer_leads(seed: int) -> None:
    connectome = develop(pair_of_areas((6, 2, 2), (5, 3, 1), MappingRule("randomizer")), seed=seed).connectome
    expected = [draw(seed, 0, 3 + neuron, 2**32 - 1) * 15 >> 32 for neuron in range(24)]
    assert connectome.source.tolist() == list(range(24))
    assert connectome.target.tolist() == expected


def test_the_seed_changes_only_what_is_left_to_chance() -> None:
    rules = MappingRule("projector"), MappingRule("all_to_all", attractivity=50), MappingRule("block_to_block")
    genome = pair_of_areas((8, 4, 1), (8, 4, 1), *rules)
    one, other = develop(genome, seed=1).connectome, develop(genome, seed=2).connectome
    for number, same in ((0, True), (1, False), (2, True)):
        a, b = one.bundles[number], other.bundles[number]
        assert np.array_equal(one.target[a.start : a.stop], other.target[b.start : b.stop]) is same


def test_about_the_percentage_is_kept_and_more_attractivity_keeps_the_same_synapses_and_more() -> None:
    kept: set[tuple[int, int]] = set()
    for percent in (0, 1, 30, 31, 99, 100):
        genome = pair_of_areas((300, 1, 1), (300, 1, 1), MappingRule("all_to_all", attractivity=percent))
        connectome = develop(genome, seed=5).connectome
        more = set(zip(connectome.source.tolist(), connectome.target.tolist(), strict=True))
        assert kept <= more
        assert abs(len(more) - 900 * percent) < 600
        kept = more
