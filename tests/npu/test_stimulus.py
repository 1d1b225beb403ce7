"""What a burst is given through buffers does what it does neuron by neuron; what fired is read where it lies."""

from __future__ import annotations

import random
from array import array
from typing import Any

import numpy as np
import pytest

from neurula_npu import Brain
from tests.conformance.brains import image_of, random_connectome

SEEDS = range(6)


def buffers_of(values: list[int]) -> list[Any]:
    return [values, tuple(values), array("i", values), array("I", values), np.array(values, np.uint32), np.array(values, np.int64),
            memoryview(array("q", values))]  # fmt: skip


@pytest.mark.parametrize("pure", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_buffers_do_what_pairs_and_triples_do(seed: int, pure: bool) -> None:
    chance = random.Random(seed)
    image = image_of(random_connectome(seed))
    one, other = Brain(image), Brain(image, pure=pure)
    stimulus = other.new_stimulus()
    sizes = [one.area_field(area, "neurons") for area in range(one.image.areas)]
    for _ in range(20):
        stimulus.clear()
        forced, inject = [], []
        for area, size in enumerate(sizes):
            neurons = chance.sample(range(size), chance.randint(0, size))
            units = [chance.randint(-(1 << 31), (1 << 31) - 1) for _ in neurons]
            inject += [(area, neuron, unit) for neuron, unit in zip(neurons, units, strict=True)]
            stimulus.inject(area, chance.choice(buffers_of(neurons)), chance.choice([units, array("i", units), np.array(units)]))
            neurons = chance.sample(range(size), chance.randint(0, size))
            forced += [(area, neuron) for neuron in neurons]
            stimulus.force(area, chance.choice(buffers_of(neurons)))
        for _ in range(2):  # the same once more
            one.step(forced, inject)
            other.step_with(stimulus)
            assert one.state() == other.state(), f"seed {seed}"
        one.step()
        other.step()
        assert one.state() == other.state(), f"seed {seed}"


@pytest.mark.parametrize("seed", SEEDS)
def test_spikes_and_potentials_are_read_where_they_lie(seed: int) -> None:
    brain = Brain(image_of(random_connectome(seed)))
    sizes = [brain.area_field(area, "neurons") for area in range(brain.image.areas)]
    numbers = np.full(max(sizes) + 1, -1, np.int32)
    for _ in range(20):
        brain.step([(area, neuron) for area, size in enumerate(sizes) for neuron in range(0, size, 3)])
        fired = dict(brain.fired())
        for area, size in enumerate(sizes):
            bits = np.unpackbits(np.frombuffer(brain.fired_bits(area), np.uint8), bitorder="little")[:size]
            assert np.flatnonzero(bits).tolist() == fired.get(area, [])
            count = brain.fired_into(area, numbers)
            assert numbers[:count].tolist() == fired.get(area, [])
            at = brain.area_field(area, "potentials_at")
            kept = np.frombuffer(brain.state(), np.int32, size, at).tolist() if at else []
            assert brain.potentials(area).tolist() == kept
            assert brain.potentials(area).readonly


def test_spikes_that_do_not_fit_are_left_out() -> None:
    brain = Brain(image_of(random_connectome(1)))
    size = brain.area_field(0, "neurons")
    brain.step([(0, neuron) for neuron in range(size)])
    little = array("i", [-1])
    assert brain.fired_into(0, little) == size
    assert little[0] == 0


@pytest.mark.parametrize("wrong", [[-1], [1 << 20], [1 << 40], array("I", [1 << 31]), array("q", [1 << 40]), np.array([-5])])
def test_a_neuron_that_is_not_there_is_refused_and_nothing_is_taken(wrong: Any) -> None:
    brain = Brain(image_of(random_connectome(2)))
    stimulus = brain.new_stimulus()
    for refused in (lambda: stimulus.force(0, wrong), lambda: stimulus.inject(0, wrong, 1), lambda: stimulus.force(-1, [0])):
        with pytest.raises(IndexError):
            refused()
    with pytest.raises(IndexError):
        brain.step([(0, int(wrong[0]))])
    with pytest.raises(ValueError, match="units"):
        stimulus.inject(0, [0], [1, 2])
    assert (stimulus.injections, stimulus.forced) == (0, 0)
