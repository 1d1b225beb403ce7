"""Bursts of our NPU beside C written by hand, numba, Brian2 and NEST, on equal networks, in one run: `make bench`.

Every engine is a process of its own, all pinned to one processor, and they take turns; a figure is the median of the turns, in
processor time. Engines with our arithmetic must come to the same potentials, the others to the same number of spikes. Appends a JSON
line per engine, size and mode to benchmarks/results.jsonl.

    python benchmarks/burst.py [--sizes S,M,L,XL] [--modes dense,sparse] [--turns 15] [--results FILE] [--genomes FILE ...]
    python benchmarks/burst.py --table          writes the table of docs/NPU.md from the newest lines of benchmarks/results.jsonl
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import platform
import statistics
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "npu"))

import numpy as np
from folders import FOLDER, ROOT, folder_of
from networks import SIZES, TURNS
from processes import Process, engines_for, prepare

import pace
import pages
from npu import event_costs
from npu.genome_bursts import time_genomes
from npu.results import RESULTS, brain_table, newest, pace_table, speed_table

TURN_S = 0.03  # how long an engine runs before the next one does
WARM_UP = 20  # bursts
ROUNDS = 20  # of a million additions
TWO = "neurula, two threads"
PACES_HZ = [100.0, 1000.0]


def measure(engines: list[Process], turns: int) -> dict[str, list[float]]:
    """Seconds a burst, per engine and turn. Those with our arithmetic have run the same number of bursts afterwards."""
    ours = [engine for engine in engines if not has_own_arithmetic(engine)]
    counts = {}
    for engine in engines:
        counts[engine.name] = bursts_of(max(1e-7, engine.run(WARM_UP)))
    for engine in ours:
        counts[engine.name] = counts[ours[0].name]
    seconds: dict[str, list[float]] = {engine.name: [] for engine in engines}
    for _ in range(turns):
        for engine in engines:
            seconds[engine.name].append(engine.run(counts[engine.name]))
    return seconds


def has_own_arithmetic(engine: Process) -> bool:
    return engine.name in ("Brian2", "NEST")


def bursts_of(seconds: float) -> int:
    return max(5, int(TURN_S / seconds))


def check(engines: list[Process]) -> None:
    """All have the same potentials, or have fired each cell once a turn: else the comparison is worth nothing."""
    want = engines[0].potentials()
    assert np.any(want)
    for engine in engines[1:]:
        if not has_own_arithmetic(engine):
            assert np.array_equal(want, engine.potentials()), f"{engine.name} computes something else"
        else:
            per_burst, spikes = engine.about["cells"] / engine.about["turns"], engine.spikes()
            assert abs(spikes - engine.bursts * per_burst) <= 2 * per_burst, f"{engine.name} fired {spikes} times in {engine.bursts} bursts"


def roofline(folder: Path, cells: int) -> float:
    """Adds a second to random places of an array as long as the network has cells."""
    c = ctypes.CDLL(str(folder.parent / "hand_written.so"))
    places = np.fromfile(folder / "targets.i4", np.int32, 1 << 20)
    array = np.zeros(cells, np.int32)
    best = 1e9
    for _ in range(9):
        started = time.process_time()
        c.scatter(array.ctypes.data_as(ctypes.c_void_p), places.ctypes.data_as(ctypes.c_void_p), len(places))
        best = min(best, time.process_time() - started)
    return len(places) / best


def two_rooflines(folder: Path, cells: int) -> float:
    """How much more two threads add a second than one, each to an array of its own and pinned to a processor: no burst gains more. Where
    two processors are threads of one core, that is little as long as the arrays fit into its first cache."""
    c = ctypes.CDLL(str(folder.parent / "hand_written.so"))
    places = np.fromfile(folder / "targets.i4", np.int32, 1 << 20)
    arrays = [np.zeros(cells, np.int32) for _ in range(2)]

    def add(thread: int, processor: int) -> None:
        os.sched_setaffinity(0, {processor})
        for _ in range(ROUNDS):
            c.scatter(arrays[thread].ctypes.data_as(ctypes.c_void_p), places.ctypes.data_as(ctypes.c_void_p), len(places))

    def seconds(threads: int) -> float:
        pair = [Thread(target=add, args=given) for given in zip(range(threads), sorted(os.sched_getaffinity(0)), strict=False)]
        started = time.perf_counter()
        for thread in pair:
            thread.start()
        for thread in pair:
            thread.join()
        return time.perf_counter() - started

    return statistics.median(2 * seconds(1) / seconds(2) for _ in range(9))


def gigahertz(folder: Path) -> float:
    """Cycles a nanosecond, by additions that wait for each other."""
    c = ctypes.CDLL(str(folder.parent / "hand_written.so"))
    best = 1e9
    for _ in range(9):
        started = time.process_time()
        c.chain(ctypes.c_int64(1 << 18), ctypes.c_int64(3))
        best = min(best, time.process_time() - started)
    return 16 * (1 << 18) / best / 1e9


def compare(size: str, mode: str, turns: int, parent: Path, only: str) -> list[dict[str, Any]]:
    """One network on all engines; prints a table and returns its lines."""
    folder = folder_of(size, mode, parent)
    about = json.loads((folder / "about.json").read_text())
    names = [name for name in engines_for(about["cells"]) if not only or name.split(",")[0] in only.split(",")]
    prepare(folder, names)
    allowed = pin()
    engines: list[Process] = []
    try:
        for name in names:
            engines.append(Process(name, folder))
        seconds = measure(engines, turns)
        check(engines)
        top = roofline(folder, about["cells"])
        lines = lines_of(engines, seconds, about["events_per_burst"], top)
        ghz = round(gigahertz(folder), 3)
    finally:
        for engine in engines:
            engine.close()
        os.sched_setaffinity(0, allowed)
    print(f"\n{size} {mode}: {about['cells']:,} cells x {about['fan_out']}, {about['events_per_burst']:,.0f} events a burst, "
          f"roofline {top / 1e9:.2f} G adds/s, {ghz:.2f} GHz")
    show(lines)
    return [{**line, "size": size, "mode": mode, "ghz": ghz} for line in lines]


def lines_of(engines: list[Process], seconds: dict[str, list[float]], events: float, top: float) -> list[dict[str, Any]]:
    """The figures of every engine. events: of a burst; top: the roofline, adds a second."""
    median = {name: statistics.median(values) for name, values in seconds.items()}
    best = min((name for name in median if name.startswith("C,")), key=lambda name: median[name])
    lines = []
    for engine in engines:
        name, speed = engine.name, events / median[engine.name]
        ratios = sorted(b / own for own, b in zip(seconds[name], seconds[best], strict=True))
        now, peak = engine.memory_mb()
        lines.append({
            "engine": name, "events_per_s": round(speed), "burst_us": round(median[name] * 1e6, 2),
            "bytes_per_synapse": round(engine.bytes_per_synapse, 2), "rss_mb": now, "peak_rss_mb": peak,
            "start_s": round(engine.start_s, 3), "best_c": best, "of_roofline": round(speed / top, 3),
            "ratio_to_c": round(statistics.median(ratios), 3), "ratio_low": round(ratios[len(ratios) // 10], 3),
            "ratio_high": round(ratios[-1 - len(ratios) // 10], 3),
        })  # fmt: skip
    return lines


def show(lines: list[dict[str, Any]]) -> None:
    heads = {"G events/s": 11, "us a burst": 12, "of the best C": 15, "": 16, "B/synapse": 10, "start s": 9, "MB": 8, "peak MB": 9}
    print(" " * 26 + "".join(f"{head:>{width}}" for head, width in heads.items()))
    for line in lines:
        spread = f"({line['ratio_low']:.2f} to {line['ratio_high']:.2f})"
        print(f"  {line['engine']:24}{line['events_per_s'] / 1e9:11.3f}{line['burst_us']:12,.1f}{line['ratio_to_c']:15.2f} {spread:15}"
              f"{line['bytes_per_synapse']:10.2f}{line['start_s']:9.2f}{line['rss_mb']:8.0f}{line['peak_rss_mb']:9.0f}")


def compare_threads(size: str, mode: str, turns: int, parent: Path) -> list[dict[str, Any]]:
    """One thread and two, in turns on all processors, by the clock on the wall; prints and returns a line."""
    folder = folder_of(size, mode, parent)
    one, two = (Process(name, folder) for name in ("neurula", TWO))
    try:
        count = bursts_of(max(1e-7, one.run(WARM_UP, "wall_s")))
        two.run(WARM_UP)
        seconds = [(one.run(count, "wall_s"), two.run(count, "wall_s")) for _ in range(turns)]
        assert np.array_equal(one.potentials(), two.potentials()), "two threads compute something else"
        ratios = sorted(alone / both for alone, both in seconds)
        burst = statistics.median(both for _, both in seconds)
        line = {"engine": TWO, "size": size, "mode": mode, "events_per_s": round(one.about["events_per_burst"] / burst),
                "burst_us": round(burst * 1e6, 2), "rss_mb": two.memory_mb()[0], "speedup": round(statistics.median(ratios), 3),
                "speedup_low": round(ratios[len(ratios) // 10], 3), "speedup_high": round(ratios[-1 - len(ratios) // 10], 3),
                "speedup_of_additions": round(two_rooflines(folder, one.about["cells"]), 3)}  # fmt: skip
    finally:
        one.close()
        two.close()
    print(f"  {TWO}: {line['burst_us']:,.1f} us a burst on the wall, {line['speedup']:.2f} times as fast as one "
          f"({line['speedup_low']:.2f} to {line['speedup_high']:.2f}); two that only add: {line['speedup_of_additions']:.2f}")
    return [line]


def keep_pace(seconds: float) -> list[dict[str, Any]]:
    """Brains at a fixed rate; prints and returns a line per brain and rate."""
    print("\nat a fixed rate, not pinned; periods in µs")
    rows = pace.measured(PACES_HZ, seconds) if seconds else []
    pace.show(rows)
    return [{"engine": "neurula", "size": row.pop("brain"), "mode": f"{row['rate_hz']:g} Hz", **row} for row in rows]


def pin() -> set[int]:
    """This process and its children on one processor; returns where they were allowed before."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    return allowed


def machine() -> str:
    """The processor's name, and how many of it."""
    names = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"{os.cpu_count()} processors, {names[0] if names else platform.machine()}"


def write_page() -> None:
    lines = newest(RESULTS.read_text(encoding="utf-8"))
    tables = {"speed": speed_table, "genomes": brain_table, "pace": pace_table, "events": event_costs.table}
    for name, table in tables.items():
        text = table(lines)
        print("unchanged" if text == pages.block(name) else "new", name)
        pages.write(name, text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--modes", default=",".join(TURNS))
    parser.add_argument("--engines", default="", help="such as neurula,C,NEST; all that are there if not given")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--pace-seconds", type=float, default=5.0, help="how long each brain runs at a fixed rate; 0: not at all")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the lines are appended; - for nowhere")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the networks are kept, up to 3 GB")
    parser.add_argument("--genomes", type=Path, nargs="*", help="more than the empty brain, the essential one and those of examples/")
    parser.add_argument("--table", action="store_true", help="measure nothing; write the table of docs/NPU.md")
    chosen = parser.parse_args()
    if chosen.table:
        write_page()
        return
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"this machine has other work (load {load:.1f}): figures will be worse than it is, and ratios uncertain")
    lines = []
    for size in chosen.sizes.split(","):
        for mode in chosen.modes.split(","):
            lines += compare(size, mode, chosen.turns, chosen.folder, chosen.engines)
            lines += compare_threads(size, mode, chosen.turns, chosen.folder) if len(os.sched_getaffinity(0)) > 1 else []
    allowed = pin()
    lines += time_genomes(sorted((ROOT / "examples").glob("*/genome.json")) + (chosen.genomes or []))
    os.sched_setaffinity(0, allowed)
    lines += keep_pace(chosen.pace_seconds)
    if str(chosen.results) != "-":
        stamp = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "machine": machine(), "load": round(load, 2)}
        with chosen.results.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps({**line, **stamp}) + "\n" for line in lines)


if __name__ == "__main__":
    main()
