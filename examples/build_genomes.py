"""Writes genome.json, stimulus.json and expected.jsonl of every example from the designs in its folder.

python examples/build_genomes.py            writes them
python examples/build_genomes.py --check    only says which are out of date
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from logic_timer import design as logic_timer  # noqa: E402
from reflex import design as reflex  # noqa: E402
from vision_map import design as vision_map  # noqa: E402

from neurula.compiler import lower, write_image  # noqa: E402
from neurula.development import develop  # noqa: E402
from neurula.genome import genome_text, parse_genome  # noqa: E402
from neurula.runtimes.local import open_local  # noqa: E402
from neurula.runtimes.spikes import spike_line  # noqa: E402
from neurula.runtimes.stimulus import geometry_of, resolve  # noqa: E402
from neurula_npu import Image  # noqa: E402

RAM_LIMIT = 1 << 20


@dataclass(frozen=True)
class Example:
    """folder: where the files go; bursts: how many of them expected.jsonl holds."""

    folder: str
    genome: Mapping[str, Any]
    stimulus: Sequence[Mapping[str, Any]]
    bursts: int


def read_examples() -> list[Example]:
    return [
        Example("reflex", reflex.reflex_genome(), reflex.reflex_stimulus(), reflex.BURSTS),
        Example("logic_timer", logic_timer.logic_timer_genome(), logic_timer.logic_timer_stimulus(), logic_timer.BURSTS),
        Example("vision_map", vision_map.vision_map_genome(), vision_map.vision_map_stimulus(), vision_map.BURSTS),
    ]


def build_image(genome: Mapping[str, Any]) -> bytes:
    """A genome document, grown and compiled."""
    return write_image(lower(develop(parse_genome(dict(genome))).connectome))


def run_lines(image: bytes, stimulus: Sequence[Mapping[str, Any]], bursts: int, runtime: str = "reference") -> Iterator[str]:
    """One line of spikes a burst, without line ends."""
    geometry = geometry_of(Image(image, RAM_LIMIT))
    with open_local(runtime, image) as brain:
        for result in brain.run(bursts, resolve(stimulus, geometry)):
            yield spike_line(result, geometry)


def stimulus_text(entries: Sequence[Mapping[str, Any]]) -> str:
    """JSON with one burst a line."""
    return "[\n" + ",\n".join(" " + json.dumps(entry) for entry in entries) + "\n]\n"


def files_of(example: Example) -> dict[Path, str]:
    """Path -> text of what belongs to an example."""
    genome, stimulus = genome_text(example.genome), stimulus_text(example.stimulus)
    spikes = run_lines(build_image(json.loads(genome)), json.loads(stimulus), example.bursts)
    folder = HERE / example.folder
    return {
        folder / "genome.json": genome,
        folder / "stimulus.json": stimulus,
        folder / "expected.jsonl": "".join(line + "\n" for line in spikes),
    }


def main(arguments: Sequence[str]) -> int:
    stale = []
    for example in read_examples():
        for path, text in files_of(example).items():
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(path)
                if "--check" not in arguments:
                    path.write_text(text, encoding="utf-8")
    verb = "out of date" if "--check" in arguments else "wrote"
    print("\n".join(f"{verb}: {path.relative_to(HERE)}" for path in stale) or "the examples are up to date")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
