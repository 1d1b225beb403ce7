"""Whole brains on the emulated RP2040 (real MicroPython firmware, image read in place from flash): what fits, how long a burst takes.

Prints, per brain: bytes of image and RAM, heap left, bytes a synapse and a neuron, cycles and microseconds at 125 MHz of a burst in
which about 2 % of the neurons fire, and whether the state is the reference's. Zero-wait flash: on silicon reading rows costs more.
JSON, a brain a line; `--table` the two Markdown tables of docs/BUDGETS.md; `--small` without the large brains.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from neurula.compiler import lower, write_image
from neurula.development.connectome import Bundle, Connectome, GrownArea
from neurula.genome.model import CorticalArea, MappingRule
from neurula.runtimes.firmware_files import compiled_firmware
from neurula.sim.flash import FLASH_BYTES
from neurula.sim.rp2040 import Rp2040
from neurula_npu import Brain
from rp2040_cycles import event_cycles

CLOCK_HZ = 125_000_000
WARM_UP = 20
GROUPS = 50
SIZES = [(1000, 5000, False), (1000, 5000, True), (20000, 250000, False), (20000, 250000, True)]
"""Neurons, synapses, whether charge accumulates."""
MODULES = ("__init__", "brain", "image", "kernels", "kernels_thumb")
"""What of the firmware runs a brain: the rest would lie where the emulated flash holds the image."""
HEADS = ("neurons", "synapses", "charge accumulates", "image", "a synapse", "RAM", "a neuron", "heap left", "a burst at 125 MHz")
SCRIPT = """
import gc, machine
from uctypes import bytearray_at
from neurula_mcu.brain import Brain
mem32 = machine.mem32
gc.collect()
brain = Brain(bytearray_at({at}, {size}))
step = brain.step
step([(1, i) for i in range({kick})], [])
step = brain.run
for _ in range({warm_up} - 1):
    step(0)
cycles = []
for _ in range(8):
    gc.collect()
    mem32[0xE000E180] = 1 << 5
    mem32[0xE000E010] = 0
    mem32[0xE000E014] = 0xFFFFFF
    mem32[0xE000E018] = 0
    mem32[0xE000E010] = 5
    a = mem32[0xE000E018]
    step(0)
    b = mem32[0xE000E018]
    mem32[0xE000E100] = 1 << 5
    cycles.append(a - b)
gc.collect()
print(brain.state_hash(), gc.mem_free(), *cycles)
"""


def network(neurons: int, synapses: int, accumulate: bool) -> bytes:
    """A ring of 50 groups that excite each other in turn, so that 2 % of the neurons fire in every burst without any stimulus but a kick.

    A neuron has synapses/neurons targets, random in the next group, which fires from any one of them; below 10,000 neurons half of
    them lie anywhere instead and are a hundred times weaker.
    """
    rng = np.random.default_rng(7)
    power = GrownArea(CorticalArea("___power", "power", "CORE", excitability=1.0, psp_uniform=True), 0)
    cells = CorticalArea("Ccells", "cells", dims=(neurons, 1, 1), psp_uniform=True, charge_accumulation=accumulate)
    group, half = neurons // GROUPS, synapses // 2 if neurons < 10_000 else synapses
    source = [np.sort(rng.integers(0, neurons, n)).astype(np.int32) for n in (half, synapses - half)]
    near = (source[0] // group + 1) % GROUPS * group + rng.integers(0, group, half)
    target = [near.astype(np.int32), rng.integers(0, neurons, synapses - half).astype(np.int32)]
    rules = MappingRule("near", multiplier=1), MappingRule("far", multiplier=0.01)
    bundles = Bundle(1, 1, rules[0], 0, half), Bundle(1, 1, rules[1], half, synapses)
    areas = (power, GrownArea(cells, 1))
    return write_image(lower(Connectome(areas, bundles, np.concatenate(source), np.concatenate(target))))


def run(neurons: int, synapses: int, accumulate: bool) -> dict[str, Any]:
    image = network(neurons, synapses, accumulate)
    offset = (FLASH_BYTES - len(image)) & -4096
    host = Brain(image)
    fired = []
    for burst in range(WARM_UP + 8):
        host.step([(1, i) for i in range(neurons // GROUPS)] if burst == 0 else [])
        fired.append(sum(len(n) for _, n in host.fired()))
    files = {name: code for name, code in compiled_firmware("armv6m").items() if name.split("/")[-1].removesuffix(".mpy") in MODULES}
    with Rp2040(files=files, blobs={offset: image}, wall_limit_s=900) as board:
        script = SCRIPT.format(at=0x10000000 + offset, size=len(image), warm_up=WARM_UP, kick=neurons // GROUPS)
        words = [int(word) for word in board.run(script, timeout_s=600).split()]
    cycles = sum(words[2:]) / len(words[2:])
    return {
        "neurons": neurons, "synapses": synapses, "accumulating": accumulate, "image_bytes": len(image), "ram_bytes": len(host.ram),
        "heap_left": words[1], "image_bytes_per_synapse": round(len(image) / synapses, 2),
        "ram_bytes_per_neuron": round(len(host.ram) / neurons, 2), "fired_per_burst": round(sum(fired[-8:]) / 8, 1),
        "cycles_per_burst": round(cycles), "us_per_burst": round(cycles / CLOCK_HZ * 1e6, 1),
        "state_equals_host": words[0] == host.state_hash(),
    }


def brain_table(results: list[dict[str, Any]]) -> str:
    return "\n".join(["| " + " | ".join(HEADS) + " |", "|---" * len(HEADS) + "|", *map(brain_row, results)])


def brain_row(found: dict[str, Any]) -> str:
    return (
        f"| {found['neurons']:,} | {found['synapses']:,} | {'yes' if found['accumulating'] else 'no'} | {found['image_bytes']:,} B "
        f"| {found['image_bytes_per_synapse']:.1f} B | {found['ram_bytes']:,} B | {found['ram_bytes_per_neuron']:.1f} B "
        f"| {found['heap_left'] // 1024:,} KB | {found['us_per_burst'] / 1000:.3f} ms |"
    )


def comparison(largest: dict[str, Any], event_cycles: float) -> str:
    """Beside what others say of their own: FEAGI's documents and embedded code, SpiNNaker's papers."""
    ram_kb = round(largest["ram_bytes"] / 1024)
    return "\n".join([
        "| on an RP2040 | here, emulated and compared with the reference | FEAGI, claimed | SpiNNaker, published |",
        "|---|---|---|---|",
        f"| neurons | {largest['neurons']:,} | 3,500 | another chip |",
        f"| synapses | {largest['synapses']:,} | 17,500 | another chip |",
        f"| RAM of the brain, of 264 KB | {ram_kb} KB | 960 KB, which its code allocates | another chip |",
        f"| cycles a synaptic event | {event_cycles} | none | 40 or fewer, on an ARM968 |",
    ])


def tables(results: list[dict[str, Any]]) -> tuple[str, str]:
    """The two tables of docs/BUDGETS.md; the last brain is the largest."""
    return brain_table(results), comparison(results[-1], event_cycles("an event, list of 64", True))


if __name__ == "__main__":
    chosen = SIZES[: 2 if "--small" in sys.argv else None]
    if "--table" in sys.argv:
        print(*tables([run(*size) for size in chosen]), sep="\n\n")
    else:
        for size in chosen:
            print(json.dumps(run(*size)), flush=True)
