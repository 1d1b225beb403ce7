"""How evenly the NPU keeps its bursts, and what it costs while the brain has nothing to do: nothing but `neurula_npu`, as on a robot.

    python benchmarks/pace.py [--seconds 10] [--rates 100,1000] [--fifo] [--json]

Three brains: one of a single neuron, the essential one, silent, and the same with 16 neurons made to fire in every burst. Each runs in a
process of its own. Periods are measured from the beginning of one burst to the next. --fifo: with the scheduler's real-time priority
(root), which keeps other programs from taking the processor as they would not on an idle machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

PRIORITY = 50
PROGRAM = """
import gc, json, os, sys, time
from array import array
from neurula_npu import Brain
from neurula_npu.pacer import Pacer, wake_precisely

path, rate, seconds, forced, priority = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
brain = Brain.open(path)
stimulus = brain.new_stimulus()
stimulus.force(brain.image.areas - 1, range(min(forced, brain.area_field(brain.image.areas - 1, "neurons"))))
step = brain.step if not stimulus.forced else lambda: brain.step_with(stimulus)
if priority:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
wake_precisely()
pacer, instants = Pacer(rate), array("q")
gc.freeze()
gc.disable()
cpu, begun = time.process_time(), time.monotonic()
for _ in range(int(rate * seconds)):
    pacer.wait()
    instants.append(time.monotonic_ns())
    step()
cpu, took = time.process_time() - cpu, time.monotonic() - begun
resident = next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]
print(json.dumps({"instants": list(instants), "missed": pacer.missed, "cpu_s": cpu, "took_s": took, "rss_kb": int(resident)}))
"""


def brains(folder: Path) -> dict[str, tuple[Path, int]]:
    """Name -> (image, neurons that are made to fire)."""
    from neurula.genome.templates import design_from
    from npu.genome_bursts import FORCED, empty_image, image_of_genome

    (folder / "empty.nrl").write_bytes(empty_image())
    (folder / "essential.nrl").write_bytes(image_of_genome(design_from("essential", "Essential").genome()))
    return {"empty": (folder / "empty.nrl", 0), "essential": (folder / "essential.nrl", 0),
            "essential, driven": (folder / "essential.nrl", FORCED)}  # fmt: skip


def measure(image: Path, forced: int, rate_hz: float, seconds: float, priority: int) -> dict[str, Any]:
    """One run. Periods in microseconds; drift: how much later on the grid the last burst lies than the first tenth."""
    command = [sys.executable, "-c", PROGRAM, str(image), str(rate_hz), str(seconds), str(forced), str(priority)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    instants = told.pop("instants")
    periods = sorted((b - a) / 1000 for a, b in pairwise(instants))
    late = [(t - instants[0]) % (1e9 / rate_hz) / 1000 for t in instants]
    late = [us - 1e6 / rate_hz if us > 5e5 / rate_hz else us for us in late]
    tenth = len(late) // 10
    middle = [sorted(part)[tenth // 2] for part in (late[:tenth], late[-tenth:])]
    percentiles = {f"p{name}_us": round(at(periods, share), 1) for name, share in
                   (("0_1", 0.001), ("50", 0.5), ("99", 0.99), ("99_9", 0.999), ("100", 1.0))}  # fmt: skip
    return {
        "rate_hz": rate_hz, "bursts": len(instants), **percentiles, "missed": told["missed"], "drift_us": round(middle[1] - middle[0], 1),
        "cpu_percent": round(100 * told["cpu_s"] / told["took_s"], 2), "rss_mb": round(told["rss_kb"] / 1024, 1),
    }  # fmt: skip


def measured(rates: list[float], seconds: float, priority: int = 0) -> list[dict[str, Any]]:
    """A row per brain and rate."""
    with tempfile.TemporaryDirectory() as name:
        return [
            {"brain": brain, **measure(image, forced, rate, seconds, priority)}
            for brain, (image, forced) in brains(Path(name)).items() for rate in rates
        ]  # fmt: skip


def at(values: list[float], share: float) -> float:
    """A quantile of sorted values."""
    return values[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    parser = argparse.ArgumentParser(description="How evenly the NPU keeps its bursts.")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rates", default="100,1000")
    parser.add_argument("--fifo", action="store_true")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    rows = measured([float(rate) for rate in chosen.rates.split(",")], chosen.seconds, PRIORITY if chosen.fifo else 0)
    load = os.getloadavg()[0]
    if chosen.json:
        print(json.dumps({"schema": 1, "cores": os.cpu_count(), "load": load, "fifo": chosen.fifo, "rows": rows}))
        return
    print(f"{os.cpu_count()} cores, load {load:.1f}{', real-time priority' if chosen.fifo else ''}; periods in µs")
    show(rows)


def show(rows: list[dict[str, Any]]) -> None:
    heads = {"p0.1": "p0_1_us", "p50": "p50_us", "p99": "p99_us", "p99.9": "p99_9_us", "worst": "p100_us", "missed": "missed",
             "drift µs": "drift_us", "CPU %": "cpu_percent", "MB": "rss_mb"}  # fmt: skip
    print(f"{'brain':20}{'Hz':>6}" + "".join(f"{head:>9}" for head in heads))
    for row in rows:
        print(f"{row['brain']:20}{row['rate_hz']:6g}" + "".join(f"{row[key]:>9}" for key in heads.values()))


if __name__ == "__main__":
    main()
