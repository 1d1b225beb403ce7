"""Brains that every runtime must agree on: seeded random connectomes, and extremes."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np

from neurula.compiler import lower, write_image
from neurula.development.connectome import Bundle, Connectome, GrownArea
from neurula.genome.model import CorticalArea, MappingRule
from neurula.runtimes import Stimulus

POWER_ID = "___power"


def power(rng: random.Random) -> CorticalArea:
    return CorticalArea(POWER_ID, "power", "CORE", firing_threshold=rng.choice([0.1, 1.0]), excitability=1.0, psp_uniform=True)


def random_area(rng: random.Random, number: int) -> CorticalArea:
    """An area with any mixture of the parameters that the dynamics knows."""
    pick = rng.choice
    return CorticalArea(
        id=f"C{number:05d}",
        name=f"area {number}",
        dims=(rng.randint(1, 6), rng.randint(1, 4), rng.randint(1, 3)),
        neurons_per_voxel=pick([1, 1, 1, 2, 3]),
        postsynaptic_potential=pick([1.0, 5.0, 0.3, -2.0, 0.0, 500.0, 0.1]),
        firing_threshold=pick([0.1, 1.0, 2.0, 7.5, 0.0, 90.0, -1.0]),
        threshold_increment=pick([(0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.5, -0.25, 0.1)]),
        threshold_limit=pick([0.0, 0.0, 0.0, 3.0, 100.0]),
        refractory_period=pick([0, 0, 1, 3, 7]),
        leak_coefficient=pick([0.0, 0.1, 0.5, 1.0, 1.5, 10.0, -0.1, 2000.0]),
        consecutive_fire_limit=pick([0, 0, 1, 3]),
        snooze_period=pick([0, 2]),
        charge_accumulation=pick([True, False]),
        mp_driven_psp=pick([False, False, False, True]),
        excitability=pick([100.0, 1.0, 0.5, 0.01, 0.0]),
        psp_uniform=pick([True, False]),
        degeneration=pick([0.0, 0.0, 0.0, 0.25]),
    )


def random_connectome(seed: int) -> Connectome:
    """Up to six random areas with random mappings: runs, lists, duplicates, self loops, delays, learning."""
    rng = random.Random(seed)
    areas = [GrownArea(power(rng), 0)]
    for number in range(rng.randint(1, 6)):
        areas.append(GrownArea(random_area(rng, number), areas[-1].first_neuron + areas[-1].neurons))
    bundles, sources, targets, at = [], [], [], 0
    for _ in range(rng.randint(1, 12)):
        a = 0 if rng.random() < 0.25 else rng.randrange(len(areas))
        b = rng.randrange(1, len(areas))
        varies = areas[a].area.mp_driven_psp or areas[a].area.degeneration
        rule = MappingRule(
            "any", multiplier=rng.choice([1, 2, -1, 0.5, -3, 6, 0, 300]), delay_bursts=rng.choice([1, 1, 1, 2, 4]),
            plastic=not varies and rng.random() < 0.2, plasticity_constant=rng.choice([1, 2, 0.5]),
            ltp_multiplier=rng.choice([1, 3]), ltd_multiplier=rng.choice([1, 2]), plasticity_window=rng.choice([0, 1, 3]),
        )
        n, m = areas[a].neurons, areas[b].neurons
        count = rng.choice([1, n, min(4 * n, 200), min(n * m, 300)])
        kind = rng.choice(["random", "shift", "fan"])
        if kind == "random":
            source, target = [rng.randrange(n) for _ in range(count)], [rng.randrange(m) for _ in range(count)]
        elif kind == "shift":
            pairs = [(i, i + rng.randint(-1, 1)) for i in range(n)]
            source, target = map(list, zip(*[(i, j) for i, j in pairs if 0 <= j < m] or [(0, 0)], strict=True))
        else:
            source, target = [rng.randrange(n)] * m, list(range(m))
        bundles.append(Bundle(a, b, rule, at, at + len(source)))
        at += len(source)
        sources += source
        targets += target
    return Connectome(tuple(areas), tuple(bundles), np.array(sources, np.int32), np.array(targets, np.int32))


def random_stimuli(seed: int, connectome: Connectome, bursts: int) -> dict[int, Stimulus]:
    """Forced neurons and injections of any size in about half of the bursts."""
    rng = random.Random(seed ^ 0x5EED)
    stimuli = {}
    for burst in range(1, bursts + 1):
        if rng.random() < 0.5:
            some = [(a, rng.randrange(grown.neurons)) for a, grown in enumerate(connectome.areas) for _ in range(rng.randint(0, 3))]
            forced = tuple(rng.sample(some, rng.randint(0, len(some))))
            inject = tuple((a, n, rng.choice([0, 1, -5, 1 << 10, 1 << 20, -(1 << 22), (1 << 30) - 1, -(1 << 30)])) for a, n in some)
            stimuli[burst] = Stimulus(forced, inject)
    return stimuli


def image_of(connectome: Connectome) -> bytes:
    return write_image(lower(connectome, keep_all=True))


def extreme_connectome(name: str) -> Connectome:
    """saturation: charge that grows without end; all_fire: every neuron in every burst; empty: power alone; weighted: below."""
    rng = random.Random(name)
    first = GrownArea(power(rng), 0)
    if name == "weighted":
        return weighted_connectome(rng, first)
    if name == "empty":
        return Connectome((first,), (), np.zeros(0, np.int32), np.zeros(0, np.int32))
    area = CorticalArea(
        "C00000", "extreme", dims=(10, 10, 1), charge_accumulation=True, psp_uniform=True, postsynaptic_potential=500.0, excitability=1.0
    )
    if name == "saturation":
        area = replace(area, firing_threshold=1e9, leak_coefficient=-0.5)
    grown = GrownArea(area, 1)
    rule = MappingRule("any", multiplier=1)
    neurons = np.arange(100, dtype=np.int32)
    source = np.concatenate([np.zeros(100, np.int32), np.repeat(neurons, 20)])
    target = np.concatenate([neurons, (np.repeat(neurons, 20) * 7 + np.tile(np.arange(20), 100)) % 100]).astype(np.int32)
    bundles = (Bundle(0, 1, rule, 0, 100), Bundle(1, 1, rule, 100, 2100))
    return Connectome((first, grown), bundles, source, target)


def weighted_connectome(rng: random.Random, first: GrownArea) -> Connectome:
    """Two areas whose synapses have weights from -127 to 127 in one list: of 1 to 40 targets, some twice."""
    area = CorticalArea(
        "C00000", "weighted", dims=(53, 2, 1), charge_accumulation=True, psp_uniform=True, excitability=1.0, firing_threshold=150.0,
        leak_coefficient=0.25,
    )
    far = replace(area, id="C00001", name="far", dims=(2_000, 1, 1), charge_accumulation=False, excitability=0.5)
    grown = (first, GrownArea(area, 1), GrownArea(far, 107))
    bundles = [Bundle(0, 1, MappingRule("any", multiplier=60), 0, 106)]
    sources, targets = [0] * 106, list(range(106))
    for weight in (-127, -64, -3, -1, 0, 1, 2, 31, 64, 127, *(rng.randint(-127, 127) for _ in range(30))):
        for number, neurons in ((1, 106), (2, 2_000)):
            at = len(sources)
            sources += [rng.randrange(106) for _ in range(53)]
            targets += [rng.choice([0, neurons - 1, rng.randrange(neurons)]) for _ in range(53)]
            bundles.append(Bundle(1, number, MappingRule("any", multiplier=weight), at, len(sources)))
    return Connectome(grown, tuple(bundles), np.array(sources, np.int32), np.array(targets, np.int32))
