"""What a burst costs as brains grow: instructions, counted by valgrind, against events, touched neurons and silent neurons.

    python benchmarks/npu/scaling.py      prints the table of docs/NPU.md and draws docs/npu_cost.svg
Senders that power fires in every burst deliver to a part of an area whose neurons accumulate and leak and never fire. One thing grows,
the others stay. All brains run in one process; valgrind writes down what was counted between two calls of `run`, the first of which
runs nothing.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from chart import Panel, draw

from neurula.compiler import lower, write_image
from neurula.development.connectome import Bundle, Connectome, GrownArea
from neurula.genome.model import CorticalArea, MappingRule

PICTURE = Path(__file__).resolve().parent.parent.parent / "docs" / "npu_cost.svg"
BURSTS = 8
FAN_OUT = 100
POWER, SENDERS, RECEIVERS = 0, 1, 2  # areas
RUN = "__pyx_pw_*Kernels_*run"  # the C function of Kernels.run
PROGRAM = """
import sys
from neurula_npu import Brain
for path in sys.argv[1:]:
    brain = Brain(open(path, "rb").read())
    brain.step()
    brain.step()
    brain.run(0)
    brain.run(BURSTS)
    brain.run(0)
"""
SUMMARY = re.compile(r"^totals: (\d+)$", re.MULTILINE)
PART = re.compile(r"^part: (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Load:
    """Of a burst: senders that fire, each with FAN_OUT synapses; neurons that receive something; neurons that do not."""

    senders: int
    touched: int
    silent: int = 0

    @property
    def events(self) -> int:
        return self.senders * FAN_OUT


SERIES = {
    "synaptic events": [Load(senders, 1024) for senders in (50, 100, 200, 400, 800)],
    "touched neurons": [Load(200, touched, 16_384 - touched) for touched in (1024, 2048, 4096, 8192, 16_384)],
    "silent neurons": [Load(200, 1024, silent) for silent in (0, 32_768, 65_536, 131_072, 262_144)],
}


def grown(series: str, load: Load) -> int:
    """What grows in a series."""
    return {"synaptic events": load.events, "touched neurons": load.touched, "silent neurons": load.silent}[series]


def image_of(load: Load) -> bytes:
    """Every touched neuron receives equally many events, but for one, in a random order."""
    rng = np.random.default_rng(1)
    always = {"excitability": 1.0, "psp_uniform": True}
    areas = (
        GrownArea(CorticalArea("___pwr", "power", dims=(1, 1, 1), firing_threshold=0.1, **always), 0),
        GrownArea(CorticalArea("Csend_", "senders", dims=(load.senders, 1, 1), firing_threshold=1.0, **always), 1),
        GrownArea(
            CorticalArea("Creceiv", "receivers", dims=(load.touched + load.silent, 1, 1), firing_threshold=1e6, leak_coefficient=0.25,
                         charge_accumulation=True, **always), 1 + load.senders,
        ),
    )  # fmt: skip
    targets = rng.permutation(np.arange(load.events, dtype=np.int32) % load.touched).reshape(load.senders, FAN_OUT)
    targets = np.sort(targets, axis=1).ravel()
    sources = np.repeat(np.arange(load.senders, dtype=np.int32), FAN_OUT)
    senders = np.arange(load.senders, dtype=np.int32)
    bundles = (
        Bundle(POWER, SENDERS, MappingRule("any", multiplier=1), 0, load.senders),
        Bundle(SENDERS, RECEIVERS, MappingRule("any", multiplier=1), load.senders, load.senders + load.events),
    )
    connectome = Connectome(
        areas, bundles, np.concatenate([np.zeros_like(senders), sources]), np.concatenate([senders, targets]).astype(np.int32)
    )
    return write_image(lower(connectome, keep_all=True))


def count(loads: list[Load]) -> list[float]:
    """Instructions a burst, for each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [folder / f"{number}.nrl" for number in range(len(loads))]
        for path, load in zip(paths, loads, strict=True):
            path.write_bytes(image_of(load))
        tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", f"--dump-before={RUN}"]
        program = PROGRAM.replace("BURSTS", str(BURSTS))
        subprocess.run([*tool, sys.executable, "-c", program, *map(str, paths)], check=True, capture_output=True)
        parts = {}
        for path in folder.glob("out*"):
            text = path.read_text(encoding="utf-8", errors="replace")
            part, total = PART.search(text), SUMMARY.search(text)
            if part and total:
                parts[int(part[1])] = int(total[1])
    counted = [parts[number] for number in sorted(parts)]
    assert len(counted) == 3 * len(loads) + 1, parts
    nothing, bursts = counted[1::3], counted[2::3]  # in front of them: how the brain was made
    return [(there - without) / BURSTS for there, without in zip(bursts, nothing, strict=True)]


def measured() -> dict[str, list[tuple[int, float]]]:
    """Series -> (what grows, instructions a burst)."""
    every = [load for loads in SERIES.values() for load in loads]
    costs = dict(zip(every, count(every), strict=True))
    return {series: [(grown(series, load), costs[load]) for load in loads] for series, loads in SERIES.items()}


def slope(points: list[tuple[int, float]]) -> float:
    """Instructions for one more, between the ends of a series."""
    (x0, y0), (x1, y1) = points[0], points[-1]
    return (y1 - y0) / (x1 - x0)


def table(found: dict[str, list[tuple[int, float]]]) -> str:
    lines = ["| what grows | from | to | instructions a burst, from | to | for one more |", "|---|---|---|---|---|---|"]
    for series, points in found.items():
        (x0, y0), (x1, y1) = points[0], points[-1]
        lines.append(f"| {series} | {x0:,} | {x1:,} | {y0:,.0f} | {y1:,.0f} | {slope(points):.3f} |")
    return "\n".join(lines)


def picture(found: dict[str, list[tuple[int, float]]]) -> str:
    panels = [Panel(series, [(x, y / 1000) for x, y in points]) for series, points in found.items()]
    return draw("Thousand instructions a burst", panels)


if __name__ == "__main__":
    told = measured()
    print(table(told))
    PICTURE.write_text(picture(told), encoding="utf-8")
