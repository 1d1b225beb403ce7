"""docs/SEMANTICS.md says in real numbers what the brain does in whole ones."""

from __future__ import annotations

import random
import re
from pathlib import Path

import numpy as np

from neurula.compiler import lower, ranges, write_image
from neurula.development import develop
from neurula.development.chance import draw_voxels, keep_by_chance
from neurula.genome.model import CorticalArea, Genome, MappingRule, Projection
from neurula_npu import ReferenceBrain
from neurula_npu.schema import DELAY_MAX, REFRACTORY_MAX

PAGE = (Path(__file__).parents[2] / "docs" / "SEMANTICS.md").read_text(encoding="utf-8")
WORD = (1 << 64) - 1
GOLDEN = int(re.findall(r"^G = (0x[0-9A-F]{16})", PAGE, re.MULTILINE)[0], 16)
FACTORS = [int(f, 16) for f in re.findall(r"\* (0x[0-9A-F]{16})", PAGE)]


def mix(z: int) -> int:
    """As the page writes it."""
    z = ((z ^ (z >> 30)) * FACTORS[0]) & WORD
    z = ((z ^ (z >> 27)) * FACTORS[1]) & WORD
    return z ^ (z >> 31)


def draw_of_the_page(seed: int, *parts: int) -> int:
    w = mix((seed + GOLDEN) & WORD)
    for part in parts:
        w = mix((w + part + GOLDEN) & WORD)
    return w >> 32


def test_chance_is_drawn_as_the_page_says() -> None:
    for seed, rule, source, target in ((0, 0, 0, 0), (1, 2, 3, 4), (WORD, 77, 2**31 - 1, 2**31 - 1)):
        drawn = np.empty(3, np.int32)
        draw_voxels(seed, rule, source, 1 << 31, drawn)
        assert drawn.tolist() == [draw_of_the_page(seed, rule, source + k, 2**32 - 1) >> 1 for k in range(3)]
        for percent in (1, 25, 50, 75, 99):
            kept = keep_by_chance(seed, rule, percent, (source, target), np.zeros(1, np.int32), np.zeros(1, np.int32))
            assert kept == int(draw_of_the_page(seed, rule, source, target) < percent * 2**32 // 100)


def test_an_attractivity_keeps_exactly_the_synapses_that_the_page_says() -> None:
    rule = MappingRule("all_to_all", attractivity=30.0)
    areas = (CorticalArea("a", "a", dims=(20, 1, 1), projections=(Projection("b", (rule,)),)), CorticalArea("b", "b", dims=(15, 1, 1)))
    grown = develop(Genome("t", "t", "3.0", "flat", areas, {}, {}, {}), seed=5).connectome
    bundle = grown.bundles[0]
    first = {area.area.id: area.first_neuron for area in grown.areas}
    expected = [
        (s, t) for s in range(20) for t in range(15)
        if draw_of_the_page(5, 0, first["a"] + s, first["b"] + t) < 30 * 2**32 // 100
    ]
    assert list(zip(grown.source.tolist(), grown.target.tolist(), strict=True)) == expected
    assert bundle.stop == len(expected)
    assert 0 < len(expected) < 300


def test_the_bounds_of_the_page_are_those_of_the_compiler() -> None:
    for number in (ranges.WEIGHT_RANGE, ranges.DRIVEN_MAX, REFRACTORY_MAX, DELAY_MAX, ranges.INJECTION):
        assert re.search(rf"\b({int(number)}|{int(number):,})\b", PAGE), number


def test_a_net_without_saturation_follows_the_real_numbers_of_the_page() -> None:
    """Section 1 in floating point, against the reference, for one area of every combination of its parameters."""
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(30):
        area = CorticalArea(
            "a", "a", charge_accumulation=chance.random() < 0.7, leak_coefficient=chance.choice([0.0, 0.25, 0.5, 1.0, 1.5]),
            firing_threshold=chance.choice([0.5, 1.0, 2.5]), threshold_limit=chance.choice([0.0, 3.0]), excitability=1.0,
            refractory_period=chance.choice([0, 1, 2]), consecutive_fire_limit=chance.choice([0, 1, 2]),
            snooze_period=chance.choice([0, 3]), psp_uniform=True,
        )
        inputs = [chance.choice([None, None, -1.0, 0.0, 0.25, 0.5, 1.0, 2.0, 3.5]) for _ in range(60)]
        forced = [chance.random() < 0.1 for _ in range(60)]
        assert spikes_of_the_reference(area, inputs, forced) == spikes_of_the_page(area, inputs, forced), area


def spikes_of_the_reference(area: CorticalArea, inputs: list[float | None], forced: list[bool]) -> list[bool]:
    image = write_image(lower(develop(Genome("t", "t", "3.0", "flat", (area,), {}, {}, {})).connectome, keep=("a",)))
    brain = ReferenceBrain(image)
    index = [name for name, _ in brain.image.names()].index("a")
    unit = brain.areas[index].scale_num / brain.areas[index].scale_den
    fired = []
    for c, force in zip(inputs, forced, strict=True):
        brain.step([(index, 0)] if force else [], [] if c is None else [(index, 0, round(c * unit))])
        fired.append(any(number == index for number, _ in brain.fired()))
    return fired


def spikes_of_the_page(area: CorticalArea, inputs: list[float | None], forced: list[bool]) -> list[bool]:
    kept, count, deaf_until, limit = 0.0, 0, 0, area.consecutive_fire_limit
    out = []
    for t, (c, force) in enumerate(zip(inputs, forced, strict=True), 1):
        fires = False
        if deaf_until and t > deaf_until:
            deaf_until = 0
            count = 0 if limit and count >= limit else count
        if c is not None and not deaf_until:
            v = kept + max(c, 0.0) if area.charge_accumulation else kept + c
            ready = v >= area.firing_threshold and (not area.threshold_limit or v <= area.threshold_limit)
            if ready and limit and count >= limit:
                count = 0
            elif ready:
                fires, v, count = True, 0.0, count + 1
                rest = area.refractory_period + (area.snooze_period if limit and count >= limit else 0)
                deaf_until = t + rest if rest else 0
            else:
                count, v = 0, v * (1 - area.leak_coefficient)
            kept = v if area.charge_accumulation or force else 0.0
        elif c is not None and not area.charge_accumulation:
            kept = 0.0
        if force and not fires and deaf_until:
            deaf_until += 1
        out.append(fires or force)
    return out
