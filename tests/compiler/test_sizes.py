"""Every byte of an image is accounted for: by area and kind, or as the rest."""

from __future__ import annotations

import numpy as np
import pytest

from neurula.compiler import lower, write_image
from neurula.compiler.report import make_report
from neurula.compiler.sizes import DELAY_LINES, INPUTS, SPIKE_BITS, SYNAPSES, THRESHOLDS, WEIGHTS, ImageSizes, measure
from neurula_npu import Image
from neurula_npu.schema import RECORDS
from tests.conformance.brains import random_connectome

SEEDS = range(40)


def image_and_sizes(seed: int) -> tuple[Image, ImageSizes]:
    image = Image(write_image(lower(random_connectome(seed), keep_all=True)), 1 << 30)
    return image, measure(image)


def total(sizes: ImageSizes, kind: str) -> int:
    return sum(area.ram.get(kind, 0) + area.image.get(kind, 0) for area in sizes.areas)


@pytest.mark.parametrize("seed", SEEDS)
def test_areas_and_rest_make_up_the_whole(seed: int) -> None:
    image, sizes = image_and_sizes(seed)
    in_areas = sum(sum(area.ram.values()) for area in sizes.areas)
    assert in_areas + sizes.rest_ram_bytes == sizes.ram_bytes == image.ram_bytes
    scratch = image.slot_bytes if image.seen_at else 0
    padding = 2 * sum(bool(area.ram.get(k)) for area in sizes.areas for k in ("refractory stamps", "fire counts"))
    assert (
        4 * len(RECORDS["RAM"]) <= sizes.rest_ram_bytes <= 4 * len(RECORDS["RAM"]) + scratch + padding + 2 * image.slots
    )
    assert sum(sum(area.image.values()) for area in sizes.areas) + sizes.rest_image_bytes == len(image.data)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bytes_of_synapses_are_those_of_their_sections(seed: int) -> None:
    image, sizes = image_and_sizes(seed)
    sections = {tag: size for tag, (_, size) in image.sections.items()}
    assert total(sizes, SYNAPSES) == sections["ROWS"] + sections["RTAB"] + sections["RDIR"] - 4  # entry 0 is nobody's
    assert total(sizes, THRESHOLDS) == sections["THRS"]
    assert total(sizes, WEIGHTS) == image.weights_end - image.weights_at
    assert total(sizes, INPUTS) == 4 * image.neurons
    assert 0 <= image.slots * image.slot_bytes - total(sizes, SPIKE_BITS) < 4 * image.slots


def test_the_seeds_cover_every_kind() -> None:
    kinds = {kind for seed in SEEDS for area in image_and_sizes(seed)[1].areas for kind in (*area.ram, *area.image)}
    assert kinds >= {
        DELAY_LINES,
        WEIGHTS,
        THRESHOLDS,
        SYNAPSES,
        "worn PSPs",
        "driving values",
        "fire counts",
        "potentials",
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_the_report_agrees_with_the_program(seed: int) -> None:
    connectome = random_connectome(seed)
    program = lower(connectome, keep_all=True)
    sizes = measure(Image(write_image(program), 1 << 30))
    report = make_report(program, sizes)
    assert [area.id for area in report.areas] == [area.id for area in program.areas]
    for told, area, grown in zip(report.areas, program.areas, connectome.areas, strict=True):
        assert told.ram_bytes == sum(told.ram.values())
        assert ("potential" in told.state) == grown.area.charge_accumulation
        assert ("count" in told.state) == (grown.area.consecutive_fire_limit not in (0, 65535))
        assert told.scale == area.scale.input_scale
    errors = [area.worst_error for area in report.areas]
    assert (report.least_exact.worst_error if report.least_exact else 0) == max(errors)
    assert report.pruned == ()


def test_pruned_areas_are_reported() -> None:
    connectome = random_connectome(2)
    program = lower(connectome)
    report = make_report(program, measure(Image(write_image(program), 1 << 30)))
    used = {index for bundle in connectome.bundles for index in (bundle.source_area, bundle.target_area)}
    gone = [(a.area.id, a.neurons) for i, a in enumerate(connectome.areas) if i not in used | {0}]
    assert list(report.pruned) == gone
    assert report.pruned_neurons == sum(neurons for _, neurons in gone)


def test_equal_rows_are_counted_once() -> None:
    """10,000 neurons that share one row: the synapses cost next to nothing."""
    from dataclasses import replace

    from neurula.development.connectome import Bundle, Connectome, GrownArea
    from neurula.genome.model import CorticalArea, MappingRule

    first = GrownArea(CorticalArea("___power", "power", "CORE", dims=(1, 1, 1)), 0)
    many = CorticalArea("C00000", "many", dims=(100, 100, 1), psp_uniform=True)
    grown = (first, GrownArea(many, 1), GrownArea(replace(many, id="C00001", dims=(1, 1, 1)), 10_001))
    source = np.arange(10_000, dtype=np.int32)
    bundles = (Bundle(1, 2, MappingRule("any"), 0, 10_000),)
    connectome = Connectome(grown, bundles, source, np.zeros(10_000, np.int32))
    sizes = measure(Image(write_image(lower(connectome)), 1 << 30))
    assert total(sizes, SYNAPSES) < 64
    assert sizes.synapses == 10_000
