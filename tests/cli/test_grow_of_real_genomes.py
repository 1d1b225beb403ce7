"""`neurula grow` counts what a faithful reading grows of every real genome; core areas that development adds are counted apart."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.cli.conftest import Command


def test_every_real_genome_grows_what_its_author_wrote(neurula: Command, shared: Path) -> None:
    with (shared / "genomes" / "INDEX.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) == 39
    for row in rows:
        answer = neurula("grow", str(shared / "genomes" / row["file"]), "--json").json
        expected = (int(row["areas"]), int(row["neurons_expected"]), int(row["synapses_expected"]))
        assert (answer["areas"], answer["neurons"], answer["synapses"]) == expected, row["file"]


def test_grown_as_the_engine_they_have_its_synapses(neurula: Command, shared: Path) -> None:
    """Two exceptions, each understood: an area id of 7 letters, and the one ordinary neuron of a memory area."""
    explained = {"Turtlebot_essential_genome_modification_30c8.json", "FeagiMobileAppGenomes_BenGradeckGenome_61b5.json"}
    with (shared / "genomes" / "INDEX.tsv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["feagi_2.6.10_synapses"]]
    assert len(rows) > 30
    for row in rows:
        answer = neurula("grow", str(shared / "genomes" / row["file"]), "--as-engine", "--json").json
        same = answer["synapses"] == int(row["feagi_2.6.10_synapses"])
        assert same != (row["file"] in explained), row["file"]
