"""Community genomes grow the neurons and synapses that a faithful reading of them gives."""

from __future__ import annotations

import csv
from pathlib import Path

from neurula.development import develop
from neurula.genome.reader import read_genome


def test_counts_are_those_of_the_index(shared: Path) -> None:
    with (shared / "genomes" / "INDEX.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) >= 39
    differences = {}
    for row in rows:
        connectome = develop(read_genome(shared / "genomes" / row["file"])).connectome
        neurons = sum(a.neurons for a in connectome.areas if not a.added)
        more = neurons - int(row["neurons_expected"]), connectome.synapses - int(row["synapses_expected"])
        if any(more):
            differences[row["file"]] = more
    assert differences == {}
