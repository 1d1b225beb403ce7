"""Instructions of the kernels on emulated cores, beside C at -O2: per synaptic event, per neuron, per empty burst.

Exact and repeatable (Unicorn). Prints the Markdown table of docs/BUDGETS.md. Cores without a C compiler are left out.
"""

from __future__ import annotations

import sys

import c_cost
from rp2040_cycles import network

from neurula.errors import DeviceNotFound
from neurula.runtimes import Stimulus
from neurula.runtimes.core import CoreRuntime

RUNTIMES = ("thumb:m0", "thumb:m3", "thumb:m4", "thumb:m33", "core:m0", "core:m3", "core:m4", "core:m33", "core:rv32")
C_CORES = ("m0", "m3", "m4", "m33", "rv32")
KINDS: dict[str, dict[str, object]] = {
    "an updated neuron": {}, "an updated neuron that accumulates": {"charge_accumulation": True},
    "an updated neuron that accumulates and leaks": {"charge_accumulation": True, "leak_coefficient": 0.1},
}


def burst(name: str, image: bytes, fire: int) -> dict[str, int]:
    """Instructions of the burst after `fire` neurons of area 1 fired."""
    runtime = CoreRuntime(name, image, count=True)
    for _ in runtime.run(2, {1: Stimulus(forced=tuple((1, i) for i in range(fire)))}):
        pass
    return runtime.instructions


def costs(name: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for what, image in (("list", network(64, 1024, False)), ("run", network(64, 1024, True))):
        few, many = (burst(name, image, fire)["deliver"] for fire in (32, 64))
        found[f"an event, {what} of 64"] = round((many - few) / 32 / 64, 2)
    big, small = (burst(name, network(8, n, True), 0)["update"] for n in (2048, 1024))
    silent = (big - small) / 1024
    found["a silent neuron"] = round(silent, 2)
    for what, parameters in KINDS.items():
        few, many = (burst(name, network(n, 1024, True, **parameters), 64)["update"] for n in (256, 512))
        found[what] = round((many - few) / 256 + silent, 1)
    found["an empty burst"] = sum(burst(name, network(8, 32, True), 0).values())
    return found


def c_costs(core: str) -> dict[str, float]:
    """The same of the C runtime, under the same names."""
    found = c_cost.costs(core)
    silent = found["silent neuron"]
    updated = [round(found[f"updated neuron, {kind}"] + silent, 1) for kind in ("plain", "accumulating", "leaking")]
    values = [found["list, fan-out 64: per event"], found["run, fan-out 64: per event"], silent, *updated, found["empty burst"]]
    return dict(zip(("an event, list of 64", "an event, run of 64", "a silent neuron", *KINDS, "an empty burst"), values, strict=True))


def main() -> None:
    results = {name.replace("core:", "viper:"): costs(name) for name in RUNTIMES}
    for core in C_CORES:
        try:
            results[f"C:{core}"] = c_costs(core)
        except DeviceNotFound as error:
            print(error, file=sys.stderr)
    print("| instructions of | " + " | ".join(results) + " |\n" + "|---" * (len(results) + 1) + "|")
    for what in next(iter(results.values())):
        print(f"| {what} | " + " | ".join(f"{found[what]:,}" for found in results.values()) + " |")


if __name__ == "__main__":
    main()
