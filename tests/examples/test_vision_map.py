"""What examples/vision_map promises: contours and their direction, at the right place, and nothing where there is none."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.examples.example_runs import Run, changed, injected, rules_of

RETINA, CONTRAST, VERTICAL, HORIZONTAL, REPORT = "i__img", "CEdge_", "CVertc", "CHoriz", "o__img"
SIDE, BLOCK = 16, 4
FEATURES, MAPS, REPORTED = 2, 3, 4  # in which burst a picture of burst 1 is there
CONTRASTS, VERTICALS, HORIZONTALS = range(3)
Pixels = set[tuple[int, int]]


def see(lit: Iterable[tuple[int, int]], genome: object = "vision_map") -> Run:
    assert isinstance(genome, (str, dict))
    return Run(genome, injected(RETINA, [(x, y, 0) for x, y in lit], [1]), 6)


def pixels(run: Run, area: str) -> Pixels:
    return {(x, y) for x, y, _ in run.at(FEATURES, area)}


def layers(run: Run) -> list[Pixels]:
    """The report: blocks of contrast, of verticals, of horizontals."""
    return [{(x, y) for x, y, layer in run.at(REPORTED, REPORT) if layer == z} for z in range(3)]


def rectangle(columns: range, rows: range) -> Pixels:
    return {(x, y) for x in columns for y in rows}


def blocks(lit: Pixels) -> Pixels:
    """Blocks with at least two of the pixels."""
    homes = [(x // BLOCK, y // BLOCK) for x, y in lit]
    return {home for home in homes if homes.count(home) >= 2}


@pytest.mark.parametrize("x", range(1, SIDE - 1))
def test_a_vertical_line_is_reported_as_vertical_where_it_is(x: int) -> None:
    line = rectangle(range(x, x + 1), range(2, 14))
    assert layers(see(line)) == [blocks(line), blocks(line), set()]


@pytest.mark.parametrize("y", range(1, SIDE - 1))
def test_a_horizontal_line_is_reported_as_horizontal_where_it_is(y: int) -> None:
    line = rectangle(range(2, 14), range(y, y + 1))
    assert layers(see(line)) == [blocks(line), set(), blocks(line)]


@pytest.mark.parametrize("slope", [1, -1])
def test_a_diagonal_is_contrast_without_either_direction(slope: int) -> None:
    line = {(i, i if slope > 0 else 15 - i) for i in range(2, 14)}
    assert layers(see(line)) == [blocks(line), set(), set()]


def test_of_a_surface_only_the_border_is_contrast() -> None:
    square, inside = rectangle(range(4, 12), range(4, 12)), rectangle(range(5, 11), range(5, 11))
    run = see(square)
    assert pixels(run, CONTRAST) == square - inside
    assert pixels(run, VERTICAL) == rectangle(range(4, 12, 7), range(5, 11))
    assert pixels(run, HORIZONTAL) == rectangle(range(5, 11), range(4, 12, 7))
    assert layers(run) == [rectangle(range(1, 3), range(1, 3))] * 3


def test_single_pixels_are_seen_but_not_reported() -> None:
    noise = {(1, 1), (6, 9), (11, 3), (13, 13)}
    run = see(noise)
    assert pixels(run, CONTRAST) == noise
    assert layers(run) == [set(), set(), set()]
    careful_no_more = see(noise, changed("vision_map", "CMapEd-nx-fire_t-f", 1.0))
    assert layers(careful_no_more) == [{(0, 0), (1, 2), (2, 0), (3, 3)}, set(), set()]


def test_of_a_picture_that_is_all_lit_only_the_frame_is_left() -> None:
    run = see(rectangle(range(SIDE), range(SIDE)))
    ring = rectangle(range(4), range(4)) - rectangle(range(1, 3), range(1, 3))
    sides, ends = rectangle(range(0, 4, 3), range(4)), rectangle(range(4), range(0, 4, 3))
    assert layers(run) == [ring, sides, ends]


def test_darkness_is_silent_and_a_picture_leaves_no_trace() -> None:
    run = see(rectangle(range(4, 12), range(4, 12)))
    assert all(not run.at(5, area) and not run.at(6, area) for area in (RETINA, CONTRAST, VERTICAL, HORIZONTAL, REPORT))
    assert not any(see(set()).at(burst, REPORT) for burst in range(7))


def test_pictures_in_one_burst_after_the_other_do_not_mix() -> None:
    upright, flat = rectangle(range(5, 6), range(2, 14)), rectangle(range(2, 14), range(10, 11))
    stimulus = [injected(RETINA, [(x, y, 0) for x, y in lit], [burst])[0] for burst, lit in ((1, upright), (2, flat))]
    run = Run("vision_map", stimulus, 6)
    assert {z for _, _, z in run.at(REPORTED, REPORT)} == {CONTRASTS, VERTICALS}
    assert {z for _, _, z in run.at(REPORTED + 1, REPORT)} == {CONTRASTS, HORIZONTALS}


def test_a_weaker_surround_lets_surfaces_through() -> None:
    rules = rules_of("vision_map", RETINA)
    for rule in rules[CONTRAST]:
        if rule["morphology_id"] == "surround":
            rule["postSynapticCurrent_multiplier"] = -0.5
    square = rectangle(range(4, 12), range(4, 12))
    assert pixels(see(square, changed("vision_map", f"{RETINA}-cx-dstmap-d", rules)), CONTRAST) == square


def test_a_field_along_the_diagonal_finds_diagonals_only() -> None:
    rules = rules_of("vision_map", RETINA)
    along = [(-1, -1), (0, 0), (1, 1)]
    beside = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) not in along]
    rules[VERTICAL][0]["morphology_id"], rules[VERTICAL][1]["morphology_id"] = "along", "beside"
    genome = changed("vision_map", f"{RETINA}-cx-dstmap-d", rules)
    for name, steps in (("along", along), ("beside", beside)):
        genome["neuron_morphologies"][name] = {"type": "vectors", "parameters": {"vectors": [[x, y, 0] for x, y in steps]}}
    assert pixels(see({(i, i) for i in range(2, 14)}, genome), VERTICAL)
    for lit in ({(i, 15 - i) for i in range(2, 14)}, rectangle(range(5, 6), range(2, 14)), rectangle(range(2, 14), range(5, 6))):
        assert not pixels(see(lit, genome), VERTICAL)
