"""Brains grow the same as in plain loops, many times faster, and in the bytes that docs/DEVELOPMENT.md says."""

from __future__ import annotations

import pytest

import development
import pages

LINES = [[cell.strip() for cell in line.strip("|").split("|")] for line in pages.block("development").splitlines() if "|" in line]
TOLD = {row: cells for row, *cells in LINES}


@pytest.mark.parametrize("case", development.CASES, ids=lambda case: case.name)
def test_what_is_timed_grows_as_plain_loops_grow_it(case: development.Case) -> None:
    development.check(case)


@pytest.mark.parametrize("case", development.CASES, ids=lambda case: case.name)
def test_a_synapse_takes_the_bytes_that_the_page_says(case: development.Case) -> None:
    growing, image = development.bytes_growing(case)[1], development.bytes_of_image(case)
    assert growing <= development.BYTES_GROWING
    assert image <= development.BYTES_IMAGE
    told = [float(cell) for cell in TOLD[case.name][-2:]]
    assert [growing, image] == pytest.approx(told, rel=0.05, abs=0.02), "if that is meant: python benchmarks/development.py --page"


@pytest.mark.parametrize("case", [case for case in development.CASES if case.name in development.HELD], ids=lambda case: case.name)
def test_projector_and_all_to_all_are_far_faster_than_plain_python(case: development.Case) -> None:
    """In turns, in processor time: half of what the page promises is left to busy machines."""
    assert development.measure(case, turns=3).times > development.FLOORS["times"] / 2
