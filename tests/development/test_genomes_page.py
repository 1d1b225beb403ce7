"""docs/GENOMES.md says what becomes of every real genome."""

from __future__ import annotations

from pathlib import Path

import pytest

import genomes


@pytest.fixture(scope="module")
def rows(shared: Path) -> list[genomes.Row]:
    return list(genomes.measured(shared / "genomes", turns=1))


def test_the_page_shows_what_every_real_genome_becomes(rows: list[genomes.Row]) -> None:
    pages = [row.cells() for row in rows], genomes.told()
    found, told = ([{head: cells[head] for head in genomes.EXACT} for cells in page] for page in pages)
    assert found == told, "if that is meant: python benchmarks/genomes.py FOLDER --page"
    assert len(found) >= 39


def test_every_real_genome_grows_within_a_second_of_processor_time(rows: list[genomes.Row]) -> None:
    assert max(row.milliseconds for row in rows) < 1000
    assert max(int(cells["ms to grow"]) for cells in genomes.told()) < 1000
