"""Bursts a second of our NPU beside C written by hand and numba, on equal networks, in one run: `make bench`.

All run the same network to the same potentials (checked), pinned to one processor, in turns; a figure is the median of the turns,
in processor time. Appends a JSON line per engine, size and mode to benchmarks/results.jsonl.

    python benchmarks/burst.py [--sizes S,M,L] [--modes dense,sparse] [--turns 15] [--results FILE] [--genomes FILE ...]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "npu"))

import engines as runners
import numpy as np
from engines import Engine
from networks import SIZES, TURNS, Network, image_of, make_network

from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.genome import read_genome
from neurula_npu import Brain

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results.jsonl"
TURN_S = 0.03  # how long an engine runs before the next one does


def measure(engines: list[Engine], turns: int) -> dict[str, list[float]]:
    """Seconds a burst, per engine and turn. All have run the same number of bursts afterwards."""
    started = time.process_time()
    engines[0].run(20)
    one = max(1e-7, (time.process_time() - started) / 20)
    for engine in engines[1:]:
        engine.run(20)
    count = max(5, int(TURN_S / one))
    seconds: dict[str, list[float]] = {engine.name: [] for engine in engines}
    for _ in range(turns):
        for engine in engines:
            started = time.process_time()
            engine.run(count)
            seconds[engine.name].append((time.process_time() - started) / count)
    return seconds


def check(engines: list[Engine]) -> None:
    """All have the same potentials, or the comparison is worth nothing."""
    want = engines[0].potentials()
    assert np.any(want)
    for engine in engines[1:]:
        assert np.array_equal(want, engine.potentials()), f"{engine.name} computes something else"


def roofline(c: object, network: Network) -> float:
    """Adds a second to random places of an array as long as the network has cells."""
    places = np.ascontiguousarray(network.targets.ravel()[: 1 << 20], np.uint32)
    array = np.zeros(network.cells, np.int32)
    best = 1e9
    for _ in range(9):
        started = time.process_time()
        c.scatter(array.ctypes.data_as(runners.ctypes.c_void_p), places.ctypes.data_as(runners.ctypes.c_void_p), len(places))  # type: ignore[attr-defined]
        best = min(best, time.process_time() - started)
    return len(places) / best


def compare(size: str, mode: str, turns: int, c: object) -> list[dict[str, object]]:
    """One network on all engines; prints a table and returns its lines."""
    network = make_network(size, mode)
    image = image_of(network)
    engines = [runners.npu(network, image), *runners.hand_written(network, image, c)]  # type: ignore[arg-type]
    other = runners.in_numba(network, image)
    engines += [other] if other else []
    seconds = measure(engines, turns)
    check(engines)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    best = min((name for name in median if name.startswith("C,")), key=lambda name: median[name])
    top = roofline(c, network)
    print(f"\n{size} {mode}: {network.cells:,} cells x {network.fan_out}, {network.events_per_burst:,.0f} events a burst, "
          f"roofline {top / 1e9:.2f} G adds/s")
    lines = []
    for engine in engines:
        ratios = sorted(b / own for own, b in zip(seconds[engine.name], seconds[best], strict=True))
        speed = network.events_per_burst / median[engine.name]
        lines.append({
            "engine": engine.name, "size": size, "mode": mode, "events_per_s": round(speed),
            "burst_us": round(median[engine.name] * 1e6, 2),
            "bytes_per_synapse": round(engine.bytes_per_synapse, 2), "ratio_to_c": round(statistics.median(ratios), 3),
            "ratio_low": round(ratios[len(ratios) // 10], 3), "ratio_high": round(ratios[-1 - len(ratios) // 10], 3),
            "of_roofline": round(speed / top, 3), "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        })
        row = lines[-1]
        print(f"  {engine.name:22} {speed / 1e9:6.3f} G events/s {row['burst_us']:>9} us a burst  {row['bytes_per_synapse']:>5} B/synapse  "
              f"{row['ratio_to_c']:.2f} of the best C ({row['ratio_low']:.2f} to {row['ratio_high']:.2f})")
    return lines


def time_genome(path: Path) -> dict[str, object]:
    """A brain that runs by itself: microseconds a burst, called from Python each time and in one call."""
    brain = Brain(write_image(lower(develop(read_genome(path)).connectome)))
    brain.run(50)
    single, together = [], []
    for _ in range(9):
        started = time.process_time()
        for _ in range(1000):
            brain.step()
        single.append((time.process_time() - started) / 1000)
        started = time.process_time()
        brain.run(1000)
        together.append((time.process_time() - started) / 1000)
    line = {"engine": "neurula", "size": path.parent.name if path.stem == "genome" else path.stem, "mode": "alone",
            "neurons": brain.image.neurons, "burst_us": round(statistics.median(together) * 1e6, 3),
            "step_us": round(statistics.median(single) * 1e6, 3)}
    print(f"  {line['size']:32} {line['neurons']:>7,} neurons  {line['burst_us']:>7} us a burst, {line['step_us']} us called from Python")
    return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--modes", default=",".join(TURNS))
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the lines are appended; - for nowhere")
    parser.add_argument("--genomes", type=Path, nargs="*", default=sorted((ROOT / "examples").glob("*/genome.json")))
    chosen = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    c = runners.library()
    lines = [
        line for size in chosen.sizes.split(",") for mode in chosen.modes.split(",") for line in compare(size, mode, chosen.turns, c)
    ]
    print("\nbrains grown from genomes, running by themselves:")
    lines += [time_genome(path) for path in chosen.genomes]
    if str(chosen.results) != "-":
        with chosen.results.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)


if __name__ == "__main__":
    main()
