"""What becomes of every genome of a folder: a line each, as docs/GENOMES.md shows them.

    python benchmarks/genomes.py FOLDER [--page]      --page: writes the table into docs/GENOMES.md
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pages
from neurula.boards import Board, list_boards
from neurula.cli.brains import Recipe, compile_grown, grow_file
from neurula.cli.progress import Progress
from neurula.compiler.bill import make_bill
from neurula.compiler.sizes import measure
from neurula.development import develop
from neurula.errors import NeurulaError
from neurula.genome import read_genome

TURNS = 5
HEADS = ("genome", "loads", "areas", "neurons", "synapses", "declared", "ms to grow", "image, bytes", "smallest board")
EXACT = tuple(head for head in HEADS if head != "ms to grow")


@dataclass(frozen=True, slots=True)
class Row:
    """areas, neurons, synapses: of what the author wrote, core areas that development adds left out; milliseconds: of processor
    time, from the file to the connectome; board: the one with the least room for a brain where it fits, "" = none."""

    name: str
    loads: str
    areas: int
    neurons: int
    synapses: int
    declared: str
    milliseconds: float
    image_bytes: int
    board: str

    def cells(self) -> dict[str, str]:
        numbers = (f"{n:,}" for n in (self.areas, self.neurons, self.synapses))
        values = (f"`{self.name}`", self.loads, *numbers, self.declared, f"{self.milliseconds:.0f}", f"{self.image_bytes:,}", self.board)
        return dict(zip(HEADS, values, strict=True))


def measured(folder: Path, turns: int = TURNS) -> Iterator[Row]:
    """Every .json of the folder that is a genome, by name."""
    boards = sorted(list_boards(), key=lambda board: board.ram_for_brain_bytes or board.heap_bytes)
    for path in sorted(folder.glob("*.json")):
        yield measure_genome(path, boards, turns)


def measure_genome(path: Path, boards: list[Board], turns: int) -> Row:
    """Grown and compiled as `neurula build` does it."""
    loads = "yes"
    with Progress() as progress:
        try:
            grown = grow_file(str(path), Recipe(), progress)
        except NeurulaError as error:
            loads = f"{error.code}; with `--lenient` yes"
            grown = grow_file(str(path), Recipe(lenient=True), progress)
        image = compile_grown(grown, Recipe(), (), progress).image
    written = [area for area in grown.connectome.areas if not area.added]
    neurons, synapses = sum(area.neurons for area in written), grown.connectome.synapses
    sizes = measure(image)
    board = next((board.name for board in boards if make_bill(sizes, board).fits), "")
    times = [_milliseconds(path) for _ in range(turns)]
    return Row(path.name, loads, len(written), neurons, synapses, _declared(path, neurons, synapses), statistics.median(times),
               sizes.image_bytes, board)


def _milliseconds(path: Path) -> float:
    began = time.process_time()
    develop(read_genome(path))
    return (time.process_time() - began) * 1000


def _declared(path: Path, neurons: int, synapses: int) -> str:
    """What the file says of itself: nothing, the same as what grows, or something else."""
    stats = json.loads(path.read_bytes()).get("stats") or {}
    told = tuple(stats.get(f"innate_{kind}_count") for kind in ("neuron", "synapse"))
    if not all(isinstance(number, int) for number in told):
        return "-"
    return "the same" if told == (neurons, synapses) else f"{told[0]:,} and {told[1]:,}"


def table(rows: list[Row]) -> str:
    aligned = "|".join("---" if head in ("genome", "loads", "declared", "smallest board") else "--:" for head in HEADS)
    lines = [f"| {' | '.join(row.cells().values())} |" for row in rows]
    whole = f"{len(rows)} genomes, {sum(r.neurons for r in rows):,} neurons, {sum(r.synapses for r in rows):,} synapses."
    return "\n".join([f"| {' | '.join(HEADS)} |", f"|{aligned}|", *lines, "", whole])


def memory(path: Path) -> str:
    """How large a process gets that grows this genome and does nothing else; Linux only."""
    program = (
        "import sys; from pathlib import Path; from neurula.development import develop; from neurula.genome import read_genome\n"
        "size = lambda: int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
        "before = size(); connectome = develop(read_genome(sys.argv[1])).connectome; print(before, size(), connectome.synapses)"
    )
    answer = subprocess.run([sys.executable, "-c", program, str(path)], check=True, capture_output=True, text=True).stdout
    before, after, synapses = (int(number) for number in answer.split())
    return (
        f"Growing `{path.name}`, the one with the most synapses ({synapses:,}), makes a Python process {(after - before) / 1024:.1f} MB "
        f"larger; Python with NumPy and the modules of `neurula grow` has {before / 1024:.0f} MB before it begins."
    )


def told() -> list[dict[str, str]]:
    """The lines of the page."""
    lines = [line.strip("|").split("|") for line in pages.block("real").splitlines() if line.startswith("|")]
    return [dict(zip(HEADS, (cell.strip() for cell in line), strict=True)) for line in lines[2:]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--page", action="store_true")
    chosen = parser.parse_args()
    rows = list(measured(chosen.folder))
    text = f"{table(rows)} {memory(chosen.folder / max(rows, key=lambda row: row.synapses).name)}"
    print(text)
    if chosen.page:
        pages.write("real", text)


if __name__ == "__main__":
    main()
