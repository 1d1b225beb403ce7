"""What the C runtime costs on small cores: instructions (Unicorn) on m0, m4 and rv32, cycles on the emulated RP2040 (memory
without wait states). Exact and repeatable. Prints JSON; `--table` a Markdown table. Cores without a compiler are left out.
"""

from __future__ import annotations

import json
import sys

from rp2040_cycles import network

from neurula.errors import DeviceNotFound
from neurula.runtimes.c_cores import Core, open_core

CORES = ("m0", "m4", "rv32", "rp2040")
BETWEEN = 32  # spikes between the two measurements whose difference counts


def parts(core: str, image: bytes, fire: int) -> dict[str, int]:
    """Costs of begin, deliver and update in the burst after `fire` neurons of area 1 fired."""
    machine: Core = open_core(core, count=True)
    assert machine.open(image) == (0, 0)
    assert machine.step([], [word for neuron in range(fire) for word in (1, neuron)]) == 0
    at = machine.layout
    machine.call("begin", at.brain, at.stimulus, 0)
    machine.call("deliver", at.brain)
    machine.call("update", at.brain, at.stimulus, 0)
    return {name: machine.costs[name] for name in ("begin", "deliver", "update")}


def costs(core: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for fan_out in (8, 16, 64):
        image = network(fan_out, 1024, False)
        spikes = (parts(core, image, 2 * BETWEEN)["deliver"] - parts(core, image, BETWEEN)["deliver"]) / BETWEEN
        found[f"list, fan-out {fan_out}: per event"] = round(spikes / fan_out, 2)
    image = network(64, 1024, True)
    found["run, fan-out 64: per event"] = round(
        (parts(core, image, 2 * BETWEEN)["deliver"] - parts(core, image, BETWEEN)["deliver"]) / BETWEEN / 64, 2
    )
    kinds: dict[str, dict[str, object]] = {
        "plain": {}, "accumulating": {"charge_accumulation": True},
        "leaking": {"charge_accumulation": True, "leak_coefficient": 0.1},
    }
    for name, parameters in kinds.items():
        few, many = (parts(core, network(n, 1024, True, **parameters), 64)["update"] for n in (256, 512))
        found[f"updated neuron, {name}"] = round((many - few) / 256, 1)
    big, small = (parts(core, network(8, n, True), 0)["update"] for n in (2048, 1024))
    found["silent neuron"] = round((big - small) / 1024, 2)
    found["empty burst"] = sum(parts(core, network(8, 32, True), 0).values())
    return found


def main() -> None:
    results = {}
    for core in CORES:
        try:
            results[core] = costs(core)
        except DeviceNotFound as error:
            print(error, file=sys.stderr)
    if "--table" in sys.argv:
        print("| what | " + " | ".join(results) + " |\n" + "|---" * (len(results) + 1) + "|")
        for what in next(iter(results.values())):
            print(f"| {what} | " + " | ".join(str(found[what]) for found in results.values()) + " |")
    else:
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
