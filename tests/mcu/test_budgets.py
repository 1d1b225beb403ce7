"""What the kernels cost on the emulated RP2040 stays within its budget, and is what docs/BUDGETS.md says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent


def benchmark(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.needs_firmware
def test_the_machine_code_costs_what_the_page_says_and_no_more_than_its_budget() -> None:
    costs = benchmark("rp2040_cycles").measure_kernels(True)
    page = (ROOT / "docs" / "BUDGETS.md").read_text(encoding="utf-8").split("<!-- kernels -->")[1].split("<!-- end -->")[0]
    told = {row.split("|")[1].strip(): float(row.split("|")[2].replace(",", "")) for row in page.strip().splitlines()[2:]}
    assert {name: cost for name, cost in costs.items() if "Python" not in name} == {
        name: cost for name, cost in told.items() if "Python" not in name
    }
    assert costs["an event, list of 64"] <= 12.5
    assert costs["an updated neuron"] <= 35


def test_instructions_of_the_machine_code_are_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    costs = benchmark("core_instructions").costs("thumb:m0")
    page = (ROOT / "docs" / "BUDGETS.md").read_text(encoding="utf-8").split("<!-- cores -->")[1].split("<!-- end -->")[0]
    told = {row.split("|")[1].strip(): float(row.split("|")[2].replace(",", "")) for row in page.strip().splitlines()[2:]}
    assert costs == told


@pytest.mark.needs_firmware
def test_a_thousand_neurons_take_a_quarter_of_a_millisecond_and_the_state_is_the_host_s() -> None:
    brains = benchmark("rp2040_brains")
    for accumulate in (False, True):
        result = brains.run(1000, 5000, accumulate)
        assert result["state_equals_host"]
        assert result["fired_per_burst"] == pytest.approx(20, rel=0.1)
        assert result["us_per_burst"] <= 250


@pytest.mark.needs_firmware
def test_twenty_thousand_neurons_and_a_quarter_of_a_million_synapses_run_on_a_pico() -> None:
    result = benchmark("rp2040_brains").run(20_000, 250_000, True)
    assert result["state_equals_host"]
    assert result["heap_left"] > 20_000
    assert result["image_bytes_per_synapse"] < 3.5
