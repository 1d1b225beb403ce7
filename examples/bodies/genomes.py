"""Writes genome.json of every body from the design in its folder.

python -m examples.bodies.genomes            writes them
python -m examples.bodies.genomes --check    only says which are out of date
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from examples.bodies.catalogue import CATALOGUE, DESIGNED, HERE
from neurula.genome import genome_text


def texts() -> dict[Path, str]:
    """Path -> what should stand there."""
    return {CATALOGUE[name].genome: genome_text(CATALOGUE[name].design()) for name in DESIGNED}


def main(arguments: Sequence[str]) -> int:
    stale = [path for path, text in texts().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" not in arguments:
        for path in stale:
            path.write_text(texts()[path], encoding="utf-8")
    verb = "out of date" if "--check" in arguments else "wrote"
    print("\n".join(f"{verb}: {path.relative_to(HERE)}" for path in stale) or "the genomes are up to date")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
