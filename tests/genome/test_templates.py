"""Every template is a sound genome that does what its sentence says."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from tests.examples.example_runs import Run, forced, injected

from neurula.errors import UsageError
from neurula.genome import check_genome
from neurula.genome.templates import DEFAULT, TEMPLATES, design_from
from neurula.genome.templates.blink import PERIOD, PULSE

WHEELS = "o__mot"
LEFT_FORWARD, LEFT_BACKWARD, RIGHT_FORWARD, RIGHT_BACKWARD = ((x, 0, 0) for x in range(4))
FORWARD = {LEFT_FORWARD, RIGHT_FORWARD}


def run(template: str, stimulus: Any, bursts: int) -> Run:
    return Run(design_from(template, template).document(), stimulus, bursts)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_clean_and_carries_the_title(template: str) -> None:
    genome = design_from(template, "Rover").genome()
    assert (genome.title, genome.id) == ("Rover", "neurula-rover")
    assert check_genome(genome) == ()


def test_a_template_that_there_is_not_is_refused() -> None:
    assert DEFAULT in TEMPLATES
    with pytest.raises(UsageError, match="U201"):
        design_from("os.path", "x")


def test_barebones_answers_one_burst_later() -> None:
    assert run("barebones", forced("i__dgp", [(0, 0, 0)], [3]), 6).bursts_of("o__mis") == [4]


def test_blink_is_on_for_a_pulse_of_every_period() -> None:
    on = run("blink", [], 5 * PERIOD).bursts_of("o__mis")
    starts = [burst for burst in on if burst - 1 not in on]
    assert len(starts) >= 3
    assert {later - earlier for earlier, later in pairwise(starts)} == {PERIOD}
    assert all(set(range(start, start + PULSE)) <= set(on) for start in starts[:3])
    assert all(start + PULSE not in on for start in starts[:3])


def test_reflex_drives_on_a_free_road_and_turns_away_from_a_wall() -> None:
    assert run("reflex", injected("i__pro", [(0, 0, 4), (1, 0, 4)], range(1, 9)), 9).at(8, WHEELS) == FORWARD
    assert run("reflex", injected("i__pro", [(0, 0, 8)], range(1, 9)), 9).at(8, WHEELS) == {LEFT_FORWARD, RIGHT_BACKWARD}
    assert run("reflex", injected("i__pro", [(1, 0, 8)], range(1, 9)), 9).at(8, WHEELS) == {RIGHT_FORWARD, LEFT_BACKWARD}


def test_vision_maps_contours_and_not_surfaces_or_noise() -> None:
    square = [(x, y, 0) for x in range(4, 12) for y in range(4, 12)]
    seen = run("vision", injected("i__img", square, [1]), 5)
    assert seen.at(2, "CConto") == {(x, y, z) for x, y, z in square if {x, y} & {4, 11}}
    assert seen.at(4, "o__img") == {(x, y, 0) for x in (1, 2) for y in (1, 2)}
    assert not run("vision", injected("i__img", [(3, 3, 0)], [1]), 5).at(4, "o__img")


def test_essential_turns_to_the_light_and_backs_off_from_walls() -> None:
    left_half = [(x, y, 0) for x in range(8) for y in range(8)]
    assert run("essential", injected("i__img", left_half, [1]), 4).at(3, WHEELS) == {RIGHT_FORWARD}
    assert not run("essential", injected("i__img", left_half[:10], [1]), 4).at(3, WHEELS)
    both = [injected("i__img", left_half, [1])[0], injected("i__pro", [(0, 0, 9)], [1])[0]]
    assert run("essential", both, 4).at(3, WHEELS) == {LEFT_BACKWARD, RIGHT_BACKWARD}


def test_learning_needs_meals_with_the_bell_and_forgets_without() -> None:
    bell, food, mouth = "i__dgp", "i__mis", "o__mis"
    untrained = forced(bell, [(0, 0, 0)], [5])
    assert not run("learning", untrained, 9).bursts_of(mouth)
    meals = range(1, 60, 5)
    trained = [*forced(bell, [(0, 0, 0)], meals), *forced(food, [(0, 0, 0)], meals)]
    alone = run("learning", [*trained, *forced(bell, [(0, 0, 0)], [70])], 75)
    assert 71 in alone.bursts_of(mouth)
    only_food = run("learning", [*forced(food, [(0, 0, 0)], meals), *forced(bell, [(0, 0, 0)], [70])], 75)
    assert 71 not in only_food.bursts_of(mouth)
