"""What `make bench` has written to benchmarks/results.jsonl, as the tables of docs/NPU.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent.parent / "results.jsonl"
Line = dict[str, Any]
SIZES = {"S": "1,000 x 100", "M": "10,000 x 200", "L": "100,000 x 100", "XL": "1,000,000 x 100"}
BUSY = 0.5  # load from which a row is marked
FIRE = {"dense": "2 %", "sparse": "0.2 %"}


def newest(text: str) -> list[Line]:
    """The last line of each engine, size and mode, in the order of the file."""
    found: dict[tuple[str, str, str], Line] = {}
    for row in text.splitlines():
        line = json.loads(row)
        key = (line["engine"], line["size"], line["mode"])
        found.pop(key, None)
        found[key] = line
    return list(found.values())


def speed_table(lines: list[Line]) -> str:
    """Ours, the best C and the peers, a row per size and mode: G synaptic events a second, and ratios."""
    measured = [line for line in lines if "ratio_to_c" in line or "speedup" in line]
    peers = [name for name in ("numba", "Brian2", "NEST") if any(line["engine"] == name for line in measured)]
    heads = ["cells x synapses", "fire", "neurula", "best C", "of the best C", "of the roofline", *peers]
    heads += ["two threads", "two that only add", "a burst", "bytes a synapse", "MB", "ready after"]
    rows = []
    for size in SIZES:
        for mode in FIRE:
            here = {line["engine"]: line for line in measured if (line["size"], line["mode"]) == (size, mode)}
            if "neurula" in here:
                rows.append(speed_row(size, mode, here, peers))
    return "\n".join([row_of(heads), row_of(["---"] * len(heads)), *map(row_of, rows), "", footer(measured)])


def speed_row(size: str, mode: str, here: dict[str, Line], peers: list[str]) -> list[str]:
    own = here["neurula"]
    best = here[own["best_c"]]
    ratio = f"{own['ratio_to_c']:.2f} ({own['ratio_low']:.2f} to {own['ratio_high']:.2f})"
    layout = own["best_c"].removeprefix("C, ")
    cells = [SIZES[size], FIRE[mode], giga(own), f"{giga(best)} ({layout})", ratio, f"{own['of_roofline']:.0%}"]
    cells += [giga(here[peer]) if peer in here else "" for peer in peers]
    shared = here.get("neurula, two threads")
    cells.append(f"{shared['speedup']:.2f} ({shared['speedup_low']:.2f} to {shared['speedup_high']:.2f})" if shared else "")
    cells.append(f"{shared['speedup_of_additions']:.2f}" if shared and "speedup_of_additions" in shared else "")
    cells += [f"{own['burst_us']:,.1f} µs", f"{own['bytes_per_synapse']:.2f}", f"{own['rss_mb']:.0f}", f"{1000 * own['start_s']:.0f} ms"]
    return cells


def giga(line: Line) -> str:
    return f"{line['events_per_s'] / 1e9:.3f}"


def brain_table(lines: list[Line]) -> str:
    """Brains grown from genomes."""
    heads = ["brain", "neurons", "fire in a burst", "a burst of many in one call", "a burst called from Python"]
    rows = []
    for line in lines:
        if line["mode"] in ("alone", "driven"):
            name = line["size"] + (", driven" if line["mode"] == "driven" else "")
            together = f"{line['burst_us']:.2f} µs" if "burst_us" in line else ""
            rows.append([name, f"{line['neurons']:,}", f"{line['fired']:,}", together, f"{line['step_us']:.2f} µs"])
    return "\n".join([row_of(heads), row_of(["---"] * len(heads)), *map(row_of, rows)])


def pace_table(lines: list[Line]) -> str:
    """Brains at a fixed rate."""
    heads = ["brain", "rate", "period, p0.1", "p50", "p99.9", "worst", "missed", "drift", "of a processor", "MB"]
    rows = [
        [line["size"], line["mode"], *(f"{line[key]:,.0f} µs" for key in ("p0_1_us", "p50_us", "p99_9_us", "p100_us")),
         f"{line['missed']} of {line['bursts']:,}", f"{line['drift_us']:.0f} µs", f"{line['cpu_percent']:.1f} %", f"{line['rss_mb']:.0f}"]
        for line in lines if "rate_hz" in line
    ]  # fmt: skip
    return "\n".join([row_of(heads), row_of(["---"] * len(heads)), *map(row_of, rows)])


def footer(lines: list[Line]) -> str:
    """When, on what, and which rows are of a machine that had other work: rows may come from several runs."""
    last = max(lines, key=lambda line: str(line["at"]))
    busy = sorted({f"{SIZES[line['size']]} ({line['load']:.1f})" for line in lines if line["engine"] == "neurula" and line["load"] > BUSY})
    note = f" Other programs ran beside (load) while these rows were measured: {', '.join(busy)}." if busy else ""
    return f"Measured on {last['at'][:10]}, on {last['machine']}.{note}"


def row_of(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
