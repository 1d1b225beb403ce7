"""Brains with areas of hundreds of neurons and rows of hundreds of synapses: what vectors and threads see, and small brains do not."""

from __future__ import annotations

import random

import numpy as np

from neurula.development.connectome import Bundle, Connectome, GrownArea
from neurula.genome.model import CorticalArea, MappingRule
from tests.conformance.brains import power


def wide_area(rng: random.Random, number: int) -> CorticalArea:
    """An area that every law of charge and leak may govern; its size is seldom a multiple of sixteen."""
    pick = rng.choice
    return CorticalArea(
        id=f"C{number:05d}", name=f"wide {number}", dims=(rng.randint(1, 700), 1, 1), excitability=pick([1.0, 1.0, 0.3]),
        firing_threshold=pick([0.1, 1.0, 40.0, 150.0]), threshold_limit=pick([0.0, 0.0, 500.0]),
        leak_coefficient=pick([0.0, 0.25, 0.1, 1.0, 1.5, 10.0, -0.1, 2000.0]), charge_accumulation=pick([True, True, False]),
        refractory_period=pick([0, 0, 0, 2]), psp_uniform=True,
    )


def wide_connectome(seed: int) -> Connectome:
    """Three areas; rows that end between two vectors and before, with a weight each, one for all, or consecutive targets."""
    rng = random.Random(seed)
    areas = [GrownArea(power(rng), 0)]
    for number in range(3):
        areas.append(GrownArea(wide_area(rng, number), areas[-1].first_neuron + areas[-1].neurons))
    parts: list[tuple[int, int, float, int, list[int], list[int]]] = []
    for b in (1, 2, 3):
        some = rng.sample(range(areas[b].neurons), (areas[b].neurons + 2) // 3)
        parts.append((0, b, rng.choice([1, 100, 300]), 1, [0] * len(some), some))
    for a in (1, 2, 3):
        b, delay = rng.randint(1, 3), rng.choice([1, 1, 3])
        n, m = areas[a].neurons, areas[b].neurons
        fans = [rng.choice([0, 1, 2, 7, 60, 127, 128, 131, 300]) for _ in range(n)]
        pairs = [(i, rng.randrange(m)) for i in range(n) for _ in range(fans[i])]
        weights = [1] if rng.random() < 0.2 else [-127, 127, *rng.sample(range(-126, 127), 60)]
        for weight in weights:
            share = pairs[weights.index(weight) :: len(weights)]
            parts.append((a, b, weight, delay, [i for i, _ in share], [j for _, j in share]))
        parts.append((a, b, 3, 1, [n // 2] * m, list(range(m))))
    bundles, sources, targets = [], [], []
    for a, b, multiplier, delay, source, target in parts:
        rule = MappingRule("any", multiplier=multiplier, delay_bursts=delay)
        bundles.append(Bundle(a, b, rule, len(sources), len(sources) + len(source)))
        sources += source
        targets += target
    return Connectome(tuple(areas), tuple(bundles), np.array(sources, np.int32), np.array(targets, np.int32))
