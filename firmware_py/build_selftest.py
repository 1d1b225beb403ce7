"""Writes neurula_mcu/selftest_image.py: a tiny brain that uses every kernel, what it is stimulated with, and what must come out.

Run it after a change of the schema, of the kernels or of the compiler. A test regenerates it and compares.
"""

from __future__ import annotations

import random
from pathlib import Path
from zlib import crc32

from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.genome.model import CorticalArea, Genome, MappingRule, Projection
from neurula_npu import ReferenceBrain
from neurula_npu.schema import RECORDS

TARGET = Path(__file__).with_name("neurula_mcu") / "selftest_image.py"
SEED = 20
STRETCHES = 24
Stretch = tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int, int], ...], int, int]
"""forced, injected (both in the first burst of the stretch), bursts, the burst number that is set before (0: it goes on)."""


def rule(morphology: str, multiplier: float, **more: object) -> MappingRule:
    return MappingRule(morphology, multiplier=multiplier, **more)  # type: ignore[arg-type]


def selftest_genome() -> Genome:
    """Every kind of row, of segment and of area."""
    learns = {"plastic": True, "plasticity_window": 2, "plasticity_constant": 0.5}
    always = {"excitability": 1.0, "charge_accumulation": True}
    areas = (
        CorticalArea(
            "___power", "power", excitability=1.0, firing_threshold=0.1,
            projections=(
                Projection("plain", (rule("all_to_all", 0.75),)),
                Projection("driven", (rule("all_to_all", 0.5, delay_bursts=2),)),
                Projection("tires", (rule("all_to_all", 1.0),)),
            ),
        ),
        CorticalArea(  # lists of 8 and more, thresholds of each neuron's own, chance
            "plain", "plain", dims=(5, 2, 2), excitability=0.5, firing_threshold=1.5, threshold_increment=(0.25, 0.5, -0.125),
            leak_coefficient=0.25, charge_accumulation=True, refractory_period=2, consecutive_fire_limit=2, snooze_period=3,
            psp_uniform=True,
            projections=(
                Projection("plain", (rule("lateral_+x", 0.5), rule("randomizer", 0.5))),
                Projection("driven", (rule("randomizer", -1.0, delay_bursts=3), rule("all_to_all", 0.125))),
                Projection("bulk", (rule("block_to_block", 1.0),)),
                Projection("wears", (rule("projector", 1.0),)),
            ),
        ),
        CorticalArea(  # nothing but a potential: the short way of the kernels; a list of 20
            "bulk", "bulk", dims=(5, 2, 2), firing_threshold=1.25, leak_coefficient=0.5, psp_uniform=True, **always,
            projections=(Projection("grows", (rule("all_to_all", 0.25),)), Projection("echo", (rule("block_to_block", -0.5),))),
        ),
        CorticalArea(  # a potential that grows until it saturates, and changes its sign
            "grows", "grows", dims=(2, 1, 1), firing_threshold=30.0, leak_coefficient=4.0, **always,
            projections=(Projection("echo", (rule("all_to_all", 1.0),)),),
        ),
        CorticalArea(  # no potential, but a rest: charge is kept in the input word; a limit below the threshold of some
            "echo", "echo", dims=(5, 2, 2), firing_threshold=0.5, threshold_limit=1.75, refractory_period=1, excitability=1.0,
            projections=(Projection("plain", (rule("block_to_block", -0.25, delay_bursts=2),)),),
        ),
        CorticalArea(  # fires until it must rest
            "tires", "tires", dims=(3, 1, 1), firing_threshold=1.0, consecutive_fire_limit=3, snooze_period=2, **always,
            projections=(Projection("driven", (rule("projector", 0.5),)), Projection("wears", (rule("last_to_first", 1.5),))),
        ),
        CorticalArea(
            "driven", "driven", dims=(3, 1, 1), neurons_per_voxel=2, firing_threshold=1.0, threshold_limit=6.0,
            leak_coefficient=-0.125, mp_driven_psp=True, **always,
            projections=(
                Projection("plain", (rule("all_to_all", 0.5),)),
                Projection("learns", (rule("projector", 0.75), rule("randomizer", 1.5, delay_bursts=2))),
            ),
        ),
        CorticalArea(
            "wears", "wears", dims=(4, 1, 1), excitability=1.0, firing_threshold=0.5, postsynaptic_potential=2.5, degeneration=0.375,
            refractory_period=1,
            projections=(Projection("learns", (rule("block_to_block", 1.0),)), Projection("driven", (rule("last_to_first", -0.5),))),
        ),
        CorticalArea(
            "learns", "learns", dims=(4, 1, 1), firing_threshold=1.0, leak_coefficient=1.5, refractory_period=1, **always,
            projections=(
                Projection("plain", (rule("all_to_all", 0.5, **learns),)),
                Projection("learns", (rule("lateral_+x", 1.0, delay_bursts=2, **learns),)),
            ),
        ),
    )
    return Genome("selftest", "selftest", "3.0", "flat", areas, {}, {}, {})


def course(brain: ReferenceBrain) -> list[Stretch]:
    """What is done to the brain: stimuli of all kinds, and the burst in which expired stamps are cleared."""
    chance = random.Random(SEED)
    sizes = [neurons_of(brain, area) for area in range(brain.image.areas)]
    places = [(area, neuron) for area, size in enumerate(sizes) for neuron in range(size)]
    stretches: list[Stretch] = []
    for number in range(STRETCHES):
        forced = tuple(chance.sample(places, chance.choice([0, 2, 6])))
        strength = chance.choice([1 << 22, 1 << 25, 1 << 29])
        inject = tuple((*chance.choice(places), chance.randint(-strength // 2, strength)) for _ in range(chance.choice([0, 2, 5])))
        stretches.append((forced, inject, chance.choice([2, 3, 5]), 8185 if number == STRETCHES * 2 // 3 else 0))
    return stretches


def neurons_of(brain: ReferenceBrain, area: int) -> int:
    at = brain.image.area_at(area) + 4 * RECORDS["AREA"].index("neurons")
    return int.from_bytes(brain.image.data[at : at + 4], "little")


def check_of(brain: object, stretches: list[Stretch]) -> int:
    """The CRC-32 of the state's hashes after all bursts. brain: anything with ram, step and state_hash."""
    check = 0
    for forced, inject, repeat, burst in stretches:
        if burst:
            brain.ram[0:4] = burst.to_bytes(4, "little")  # type: ignore[attr-defined]
        for number in range(repeat):
            brain.step(*((forced, inject) if number == 0 else ()))  # type: ignore[attr-defined]
            check = crc32(brain.state_hash().to_bytes(4, "little"), check)  # type: ignore[attr-defined]
    return check


def selftest_source() -> str:
    """The text of selftest_image.py."""
    from neurula_npu import Brain

    image = write_image(lower(develop(selftest_genome()).connectome))
    stretches = course(ReferenceBrain(image))
    lines = ['"""A tiny brain that uses every kernel, a course of bursts, and the check that right kernels give.', ""]
    lines += ["Generated by firmware_py/build_selftest.py. Do not edit.", '"""', "", "IMAGE = ("]
    lines += [f"    {image[at : at + 24]!r}" for at in range(0, len(image), 24)]
    lines += [")", "COURSE = (  # forced, injected, bursts, burst number set before"]
    lines += [f"    {stretch!r}," for stretch in stretches]
    lines += [")", f"CHECK = {check_of(Brain(image, pure=True), stretches)}", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    TARGET.write_text(selftest_source(), encoding="ascii")
