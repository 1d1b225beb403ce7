"""Brains grown from genomes: microseconds a burst, in one call and called from Python each time, alone and with busy senses."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.development.connectome import Connectome, GrownArea
from neurula.genome import Genome, read_genome
from neurula.genome.model import CorticalArea
from neurula.genome.templates import design_from
from neurula_npu import Brain

BURSTS, TURNS = 2000, 9
FORCED = 16  # neurons that fire in every burst of a driven brain, spread over all


def empty_image() -> bytes:
    """One neuron that nothing reaches."""
    area = GrownArea(CorticalArea("Cempty", "empty", dims=(1, 1, 1), firing_threshold=1.0), 0)
    nothing = np.zeros(0, np.int32)
    return write_image(lower(Connectome((area,), (), nothing, nothing), keep_all=True))


def image_of_genome(genome: Genome) -> bytes:
    return write_image(lower(develop(genome).connectome))


def time_brain(name: str, mode: str, image: bytes) -> dict[str, Any]:
    """burst_us: of many bursts in one call; step_us: of one call each; fired: neurons that fire in a burst, on the average."""
    brain = Brain(image)
    sizes = [brain.area_field(area, "neurons") for area in range(brain.image.areas)]
    every = [(area, neuron) for area, size in enumerate(sizes) for neuron in range(size)]
    forced = every[:: max(1, len(every) // FORCED)][:FORCED] if mode == "driven" else []
    fired = 0
    for _ in range(200):
        brain.step(forced)
        fired += sum(len(neurons) for _, neurons in brain.fired())
    single, together = [], []
    for _ in range(TURNS):
        started = time.process_time()
        for _ in range(BURSTS):
            brain.step(forced)
        single.append((time.process_time() - started) / BURSTS)
        started = time.process_time()
        brain.run(BURSTS)
        together.append((time.process_time() - started) / BURSTS)
    line = {"engine": "neurula", "size": name, "mode": mode, "neurons": brain.image.neurons, "fired": round(fired / 200, 1),
            "step_us": round(statistics.median(single) * 1e6, 3)}  # fmt: skip
    return line if forced else {**line, "burst_us": round(statistics.median(together) * 1e6, 3)}


def time_genomes(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Prints and returns a line per brain and mode: the empty one, the essential one, and those of the files."""
    brains = {"empty": empty_image(), "essential": image_of_genome(design_from("essential", "Essential").genome())}
    for path in paths:
        brains[path.parent.name if path.stem == "genome" else path.stem] = image_of_genome(read_genome(path))
    print("\nbrains grown from genomes (driven: 16 neurons are made to fire in every burst):")
    lines = []
    for name, image in brains.items():
        for mode in ("alone", "driven") if name != "empty" else ("alone",):
            lines.append(line := time_brain(name, mode, image))
            print(f"  {name:36} {mode:7}{line['neurons']:>8,} neurons,{line['fired']:>8} fire, {line['step_us']:>8} us a call from Python"
                  + (f", {line['burst_us']} us a burst of many in one call" if "burst_us" in line else ""))
    return lines
