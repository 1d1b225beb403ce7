"""What the C runtime costs on small cores: instructions on emulated cores, cycles on the emulated RP2040 (memory without wait
states). Exact and repeatable. Prints JSON; `--table` the Markdown table of runtime_c/README.md. Cores without a compiler are left
out.
"""

from __future__ import annotations

import json
import sys

from neurula.errors import DeviceNotFound
from neurula.runtimes.c_cores import Core, open_core
from rp2040_cycles import EVENTS, NEURONS, network

CORES = {
    "m0": "M0+, instructions", "m4": "M4, instructions", "rv32": "RV32, instructions", "xtensa": "Xtensa, instructions",
    "rp2040": "RP2040, cycles",
}
BETWEEN = 32  # spikes between the two measurements whose difference counts


def parts(core: str, image: bytes, fire: int) -> dict[str, int]:
    """Costs of begin, deliver and update in the burst after `fire` neurons of area 1 fired."""
    machine: Core = open_core(core, count=True)
    try:
        assert machine.open(image) == (0, 0)
        assert machine.step([], [word for neuron in range(fire) for word in (1, neuron)]) == 0
        at = machine.layout
        machine.call("begin", at.brain, at.stimulus, 0)
        machine.call("deliver", at.brain)
        machine.call("update", at.brain, at.stimulus, 0)
        return {name: machine.costs[name] for name in ("begin", "deliver", "update")}
    finally:
        machine.close()


def costs(core: str) -> dict[str, float]:
    """Instructions, of "rp2040" cycles, by what they are spent on. Raises DeviceNotFound."""
    found: dict[str, float] = {}
    for name, (fan_out, same, weights) in EVENTS.items():
        image = network(fan_out, 1024, same, weights)
        few, many = (parts(core, image, fire)["deliver"] for fire in (BETWEEN, 2 * BETWEEN))
        found[name] = round((many - few) / BETWEEN / fan_out, 2)
    big, small = (parts(core, network(8, n, True), 0)["update"] for n in (2048, 1024))
    silent = (big - small) / 1024
    found["a silent neuron"] = round(silent, 2)
    for name, parameters in NEURONS.items():
        few, many = (parts(core, network(n, 1024, True, **parameters), 64)["update"] for n in (256, 512))
        found[name] = round((many - few) / 256 + silent, 1)
    found["an empty burst"] = sum(parts(core, network(8, 32, True), 0).values())
    return found


def measured() -> dict[str, dict[str, float]]:
    """Costs by core, of those that can be measured here."""
    results = {}
    for core in CORES:
        try:
            results[core] = costs(core)
        except DeviceNotFound as error:
            print(f"{core}: {error}", file=sys.stderr)
    return results


def table(results: dict[str, dict[str, float]]) -> str:
    lines = ["| what | " + " | ".join(CORES[core] for core in results) + " |", "|---" * (len(results) + 1) + "|"]
    for what in next(iter(results.values())):
        lines.append(f"| {what} | " + " | ".join(f"{found[what]:,}" for found in results.values()) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(measured()) if "--table" in sys.argv else json.dumps(measured(), indent=1))
