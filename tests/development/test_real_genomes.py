"""Community genomes grow the neurons and synapses that a faithful reading of them gives."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from neurula.development import develop, memory_links
from neurula.genome.reader import parse_genome, read_genome


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


def test_the_neurons_that_a_genome_declares_leave_out_a_memory_area_that_only_its_sub_group_names(shared: Path) -> None:
    genome = read_genome(shared / "genomes" / "GestureRecognition_genome_12_1_adca.json")
    connectome = develop(genome).connectome
    written = [grown for grown in connectome.areas if not grown.added]
    assert sum(grown.neurons for grown in written) == genome.document["stats"]["innate_neuron_count"] == 8351
    memories = [index for index, grown in enumerate(connectome.areas) if grown.area.is_memory]
    assert [(connectome.areas[i].area.id, connectome.areas[i].neurons) for i in memories] == [("MLIcom", 0)]
    watched = [connectome.areas[link.other_area].area.id for link in memory_links(connectome)]
    assert sorted(watched) == ["C76ges", "COEges", "CQUdow", "CYIdow"]


MEMORY = {"subgrp-t": "MEMORY"}


@pytest.mark.parametrize(("genes", "neurons"), [(MEMORY, 0), ({**MEMORY, "memory-b": True}, 6), ({"_group-t": "MEMORY"}, 6)])
def test_a_memory_area_has_neurons_at_birth_where_a_flag_or_its_group_says_memory(genes: dict[str, object], neurons: int) -> None:
    written = {"__name-t": "Store", "___bbx-i": 3, "___bby-i": 2, "___bbz-i": 1, **genes}
    document = {"version": "3.0", "blueprint": {f"_____10c-CStore-cx-{gene}": value for gene, value in written.items()}}
    grown = develop(parse_genome(document)).connectome.areas[-1]
    assert (grown.area.id, grown.area.is_memory, grown.neurons) == ("CStore", True, neurons)
