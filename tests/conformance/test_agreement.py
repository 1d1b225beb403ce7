"""The same image and the same stimulus give the same state in every burst, on every runtime."""

from __future__ import annotations

from functools import cache

import pytest

from neurula.compiler import lower
from neurula.runtimes import BurstResult, Stimulus, open_runtime
from neurula.runtimes.difference import first_difference
from neurula_npu import Image, ReferenceBrain
from tests.conformance.brains import extreme_connectome, image_of, random_connectome, random_stimuli
from tests.conftest import open_backend

BURSTS = 30
EMULATED = ("micropython32", "sim:rpi_pico", "sim:rpi_pico:viper", "c:rp2040")
CORES = ["core:m0", "core:m4", "core:rv32", "core:xtensa", "thumb:m0", "thumb:m4", "c:m0", "c:m4", "c:rv32", "c:xtensa", "c:wasm32"]
BACKENDS = ["npu-pure", "npu", "micropython", "c", *CORES]
SEEDS = {"npu-pure": 300, "npu": 300, "c": 300, "micropython": 100, "micropython32": 100, "sim:rpi_pico": 12}
SEEDS |= {"sim:rpi_pico:viper": 6, "c:rp2040": 12}
SEEDS |= dict.fromkeys(CORES, 60) | {"c:xtensa": 24}  # it takes four times as long as the others
FIRMWARE_BACKENDS = [pytest.param(name, marks=pytest.mark.needs_firmware) for name in EMULATED]


@cache
def truth(seed: int) -> tuple[bytes, dict[int, Stimulus], list[BurstResult]]:
    """Image, stimulus and what the reference makes of them."""
    connectome = random_connectome(seed)
    image = image_of(connectome)
    stimuli = random_stimuli(seed, connectome, BURSTS)
    with open_runtime("reference", image) as runtime:
        return image, stimuli, list(runtime.run(BURSTS, stimuli))


def explain(image: bytes, stimuli: dict[int, Stimulus], burst: int, state: bytes) -> str:
    """Burst, area, neuron and field of the first difference to the reference."""
    with open_runtime("reference", image) as reference:
        for _ in reference.run(burst, stimuli):
            pass
        return f"burst {burst}: {first_difference(Image(image, 1 << 30), reference.state(), state)}"


@pytest.mark.parametrize("backend", [*BACKENDS, *FIRMWARE_BACKENDS])
@pytest.mark.parametrize("part", range(2))
def test_random_brains_agree_with_the_reference_burst_for_burst(backend: str, part: int) -> None:
    for seed in range(part, SEEDS[backend], 2):
        image, stimuli, expected = truth(seed)
        with open_backend(backend, image) as runtime:
            for want, got in zip(expected, runtime.run(BURSTS, stimuli), strict=True):
                assert got == want, f"seed {seed}, {explain(image, stimuli, want.number, runtime.state())}"


@pytest.mark.parametrize("backend", [*BACKENDS, *FIRMWARE_BACKENDS])
@pytest.mark.parametrize("name", ["saturation", "all_fire", "empty", "weighted"])
def test_extreme_brains_agree_with_the_reference(backend: str, name: str) -> None:
    image = image_of(extreme_connectome(name))
    with open_runtime("reference", image) as reference, open_backend(backend, image) as runtime:
        for want, got in zip(reference.run(60, {}), runtime.run(60, {}), strict=True):
            assert got == want, f"{name} burst {want.number}"


def test_random_brains_use_every_feature() -> None:
    """A set of brains that left a feature out would prove nothing about it."""
    seen: set[str] = set()
    for seed in range(100):
        connectome = random_connectome(seed)
        for bundle in connectome.bundles:
            seen |= {f"delay {bundle.rule.delay_bursts}", f"plastic {bundle.rule.plastic}"}
            area = connectome.areas[bundle.source_area].area
            seen |= {f"driven {area.mp_driven_psp}", f"wears {area.degeneration != 0}"}
        seen |= {f"fires {any(result.fired for result in truth(seed)[2])}"}
    for value in ("delay 1", "delay 2", "delay 4", "plastic True", "driven True", "wears True", "fires True"):
        assert value in seen


def test_the_weighted_brain_has_synapses_with_a_weight_each() -> None:
    connectome = extreme_connectome("weighted")
    brain = ReferenceBrain(image_of(connectome))
    segments = [segment for group in brain.groups for row in group.rows for segment in row]
    weights = [weight for segment in segments for weight in segment.weights]
    assert len(weights) > 0.9 * connectome.synapses
    assert {-127, 0, 127} < set(weights)
    assert lower(connectome).rows.nbytes < 3.5 * connectome.synapses


def test_bursts_beyond_the_ageing_of_stamps_agree() -> None:
    """Refractory stamps count modulo 2^15 and are aged every 8192 bursts: both must be invisible."""
    for seed in (2, 5, 11):
        image, _, _ = truth(seed)
        with open_runtime("reference", image) as reference, open_runtime("npu", image) as npu:
            for want, got in zip(reference.run(17_000, {}), npu.run(17_000, {}), strict=True):
                assert got == want, f"seed {seed} burst {want.number}"
