"""The bill: what a brain costs on a board, and a refusal that names the largest consumer and three things to try."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from neurula.boards import Board, list_boards, load_board
from neurula.compiler.bill import TYPICAL_FIRING, check_fits, list_consumers, make_bill, remedies
from neurula.compiler.sizes import AreaSizes, ImageSizes
from neurula.errors import DoesNotFit

MEASURED: dict[str, Any] = {
    "cycles_per_burst": 5000.0,
    "cycles_per_silent": 2.0,
    "cycles_per_neuron": 30.0,
    "cycles_per_spike": 100.0,
    "cycles_per_event": 20.0,
}


def sizes_of(ram: dict[str, int], image: dict[str, int], neurons: int = 1000, synapses: int = 50_000) -> ImageSizes:
    """An image with a small area A and a large area B."""
    small = AreaSizes("A", "small", 1, MappingProxyType({"inputs": 4}), MappingProxyType({}))
    large = AreaSizes("B", "large", neurons - 1, MappingProxyType(ram), MappingProxyType(image))
    return ImageSizes((small, large), neurons, synapses, 4 + sum(ram.values()) + 64, sum(image.values()) + 500, 64, 500)


@pytest.fixture
def pico() -> Board:
    return load_board("rpi_pico")


def test_a_burst_costs_its_neurons_spikes_and_events(pico: Board) -> None:
    sizes = sizes_of({"inputs": 4000}, {"synapses": 10_000})
    bill = make_bill(sizes, replace(pico, **MEASURED))
    fixed = 5000 + 2 * 1000
    assert bill.burst_us == pytest.approx((fixed + 30 * 1000 + 100 * 1000 + 20 * 50_000) / 125)
    updated = min(1000, TYPICAL_FIRING * 50_000)
    assert bill.burst_us_typical == pytest.approx((fixed + 30 * updated + TYPICAL_FIRING * (100 * 1000 + 20 * 50_000)) / 125)


def test_a_board_that_was_not_measured_has_no_burst_time(pico: Board) -> None:
    bare = replace(pico, cycles_per_burst=None, cycles_per_neuron=None, cycles_per_spike=None, cycles_per_event=None)
    bill = make_bill(sizes_of({"inputs": 4000}, {}), bare)
    assert (bill.burst_us, bill.burst_us_typical) == (None, None)


def test_consumers_come_largest_first_and_read_as_sentences() -> None:
    consumers = list_consumers(sizes_of({"inputs": 4000, "potentials": 40_000}, {"synapses": 9000}))
    assert [str(consumer) for consumer in consumers] == [
        "area B potentials 40,000 bytes", "synapses of area B 9,000 bytes", "area B inputs 4,000 bytes",
        "area A inputs 4 bytes",
    ]  # fmt: skip
    assert [consumer.memory for consumer in consumers] == ["ram", "flash", "ram", "ram"]


def test_a_board_that_copies_the_image_pays_for_it_in_ram() -> None:
    esp32 = load_board("esp32")
    assert esp32.image_in_ram
    sizes = sizes_of({"inputs": 4000}, {"synapses": 60_000})
    bill = make_bill(sizes, esp32)
    assert bill.ram_bytes == sizes.ram_bytes + sizes.image_bytes
    assert bill.block_bytes == sizes.image_bytes
    assert bill.consumers[0].memory == "ram"


@pytest.mark.parametrize(
    ("ram", "image", "code", "blamed"),
    [
        ({"potentials": 300_000}, {"synapses": 900_000}, "B201", "area B potentials 300,000 bytes"),
        ({"inputs": 205_000}, {}, "B201", "area B inputs 205,000 bytes"),
        ({"inputs": 4000}, {"synapses": 3_000_000}, "B202", "synapses of area B 3,000,000 bytes"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_largest_consumer(
    pico: Board, ram: dict[str, int], image: dict[str, int], code: str, blamed: str
) -> None:
    sizes = sizes_of(ram, image)
    bill = make_bill(sizes, pico)
    assert not bill.fits
    with pytest.raises(DoesNotFit) as refused:
        check_fits(bill, pico, list_boards(), sizes)
    assert refused.value.code == code
    assert refused.value.exit_code == 5
    assert blamed in refused.value.message
    assert refused.value.remedy.count("; or ") == 2
    assert "linux" in refused.value.remedy


@pytest.mark.parametrize(
    ("over_a_slot", "fits", "single"), [(0, True, False), (1, True, True), (119 * 4096, True, True), (119 * 4096 + 1, False, False)]
)
def test_two_slots_halve_the_flash_and_one_takes_what_is_larger(pico: Board, over_a_slot: int, fits: bool, single: bool) -> None:
    assert pico.image_limit_bytes == 119 * 4096
    bill = make_bill(sizes_of({"inputs": 4000}, {"synapses": 119 * 4096 - 500 + over_a_slot}), pico)
    assert (bill.fits, bill.needs_single_slot) == (fits, single)


def test_boards_without_flash_in_memory_have_no_single_slot() -> None:
    esp32, linux = load_board("esp32"), load_board("linux")
    assert esp32.single_image_limit_bytes == esp32.image_limit_bytes == esp32.flash_for_brain_bytes // 2 - 4096
    assert linux.single_image_limit_bytes == linux.image_limit_bytes == linux.flash_for_brain_bytes


def test_exactly_what_there_is_fits(pico: Board) -> None:
    room = pico.ram_for_brain_bytes - 4 - 64
    for ram, fits in ((room, True), (room + 1, False)):
        bill = make_bill(sizes_of({"inputs": ram}, {}), pico)
        assert bill.fits is fits
    check_fits(make_bill(sizes_of({"inputs": room}, {}), pico), pico)


def test_every_kind_of_bytes_has_a_remedy() -> None:
    from neurula.compiler.sizes import DELAY_LINES, INPUTS, SPIKE_BITS, STATE_FIELDS, SYNAPSES, THRESHOLDS, WEIGHTS

    kinds = {
        DELAY_LINES,
        INPUTS,
        SPIKE_BITS,
        SYNAPSES,
        THRESHOLDS,
        WEIGHTS,
        *(kind for kind, _ in STATE_FIELDS.values()),
    }
    for kind in kinds:
        consumer = list_consumers(sizes_of({kind: 9999}, {}))[0]
        assert consumer.kind == kind
        assert "9 bytes or more" in remedies(consumer, [], 9)
