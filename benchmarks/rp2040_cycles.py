"""Cycles of the viper kernels on the emulated RP2040 (real MicroPython firmware; zero-wait flash): per event, per neuron, per call.

Exact and repeatable: SysTick counts, with the USB interrupt masked. Prints JSON, or with
`--table` a Markdown table; `--viper` measures the viper kernels instead of the machine code.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from neurula.compiler import lower, write_image
from neurula.development.connectome import Bundle, Connectome, GrownArea
from neurula.genome.model import CorticalArea, MappingRule
from neurula.runtimes.firmware_files import compiled_firmware
from neurula.sim.rp2040 import Rp2040

EVENTS = {
    "an event, list of 8": (8, False, 1), "an event, list of 16": (16, False, 1), "an event, list of 64": (64, False, 1),
    "an event, list of 64 with a weight each": (64, False, 32), "an event, run of 64": (64, True, 1),
}
"""What is measured of synapses: targets a source, whether all sources have the same, how many weights."""
NEURONS: dict[str, dict[str, object]] = {
    "an updated neuron": {}, "an updated neuron that accumulates": {"charge_accumulation": True},
    "an updated neuron that accumulates and leaks": {"charge_accumulation": True, "leak_coefficient": 0.1},
}
SCRIPT = """
import gc, machine
from uctypes import bytearray_at, addressof
from neurula_mcu.brain import Brain
from neurula_mcu import kernels
mem32 = machine.mem32

def timed(f, *arguments):
    gc.collect()
    mem32[0xE000E180] = 1 << 5
    mem32[0xE000E010] = 0
    mem32[0xE000E014] = 0xFFFFFF
    mem32[0xE000E018] = 0
    mem32[0xE000E010] = 5
    a = mem32[0xE000E018]
    b = mem32[0xE000E018]
    f(*arguments)
    c = mem32[0xE000E018]
    mem32[0xE000E100] = 1 << 5
    return (b - c) - (a - b)

with open('brain.nrl', 'rb') as file:
    brain = Brain(file.read())
img, ram, stim = brain._img, brain._ram, brain._stim
def phases(which):
    if not THUMB:
        if which == 1:
            return timed(kernels.begin, img, ram, stim, 0) + timed(kernels.deliver, 0, 0, img, ram)
        return timed(kernels.update, 0, 0, img, ram, stim, 0, 0)
    from neurula_mcu.kernels_thumb import burst
    words = brain._arguments
    words[0] = which
    words[1] = words[2] = words[3] = 0
    return timed(burst, img, ram, stim, brain._arguments_at)
for fire in (0, 32, 64):
    brain.step([(1, i) for i in range(fire)], [])
    print(fire, phases(1), phases(2))
    brain._arguments[0] = 3
    brain.step()
    brain.step()
print('run', timed(brain.run, 0), gc.mem_free())
"""


def network(fan_out: int, neurons: int, same: bool, weights: int = 1, **parameters: object) -> bytes:
    """128 sources, each with fan_out random targets among `neurons` (same: the first ones), and weights from 1 on."""
    rng = np.random.default_rng(1)
    power = GrownArea(CorticalArea("___power", "power", "CORE", excitability=1.0), 0)
    source = GrownArea(CorticalArea("Csourc", "source", dims=(128, 1, 1), psp_uniform=True, firing_threshold=100.0), 1)
    sink = CorticalArea("Csink_", "sink", dims=(neurons, 1, 1), firing_threshold=1e6, **parameters)  # type: ignore[arg-type]
    targets = np.concatenate([np.sort(rng.choice(neurons, fan_out, replace=False)) for _ in range(128)]).astype(np.int32)
    if same:
        targets = np.tile(np.arange(fan_out, dtype=np.int32), 128)
    sources, each = np.repeat(np.arange(128, dtype=np.int32), fan_out), 128 * fan_out // weights
    mixed = rng.permutation(len(targets)) if weights > 1 else np.arange(len(targets))
    bundles = [Bundle(1, 2, MappingRule("any", multiplier=w + 1), w * each, (w + 1) * each) for w in range(weights)]
    connectome = Connectome((power, source, GrownArea(sink, 129)), tuple(bundles), sources[mixed], targets[mixed])
    return write_image(lower(connectome, keep_all=True))


def measure(image: bytes, thumb: bool) -> list[list[int]]:
    """Rows of cycles on a board just started: begin and deliver, update, for 0, 32 and 64 spikes; last the whole run from Python."""
    files = {**compiled_firmware("armv6m"), "/brain.nrl": image}
    if not thumb:
        del files["/neurula_mcu/kernels_thumb.mpy"]
    with Rp2040(files=files) as board:
        lines = board.run(SCRIPT.replace("THUMB", str(thumb)), timeout_s=30).splitlines()
    return [[int(word) for word in line.split()[1:]] for line in lines]


def event_cycles(name: str, thumb: bool) -> float:
    """Cycles of one of EVENTS."""
    fan_out, same, weights = EVENTS[name]
    rows = measure(network(fan_out, 1024, same, weights), thumb)
    return round((rows[2][0] - rows[1][0]) / 32 / fan_out, 2)


def measure_kernels(thumb: bool) -> dict[str, float]:
    """What the kernels cost, by name; thumb: the machine code that a Cortex-M prefers, else viper."""
    costs = {name: event_cycles(name, thumb) for name in EVENTS}
    big, small = (measure(network(8, n, True), thumb)[0][1] for n in (2048, 1024))
    silent = (big - small) / 1024
    costs["a silent neuron"] = round(silent, 2)
    for name, parameters in NEURONS.items():
        few, many = (measure(network(n, 1024, True, **parameters), thumb)[2][1] for n in (256, 512))
        costs[name] = round((many - few) / 256 + silent, 1)
    rows = measure(network(8, 32, True), thumb)
    costs["an empty burst, kernels alone"] = sum(rows[0])
    costs["an empty burst, called from Python"] = rows[3][0]
    return costs


def table() -> str:
    """The Markdown table of docs/BUDGETS.md."""
    thumb, viper = measure_kernels(True), measure_kernels(False)
    lines = [f"| {name} | {thumb[name]:,} | {viper[name]:,} |" for name in thumb]
    return "\n".join(["| cycles of | machine code | viper |", "|---|---|---|", *lines])


if __name__ == "__main__":
    print(table() if "--table" in sys.argv else json.dumps(measure_kernels("--viper" not in sys.argv), indent=1))
