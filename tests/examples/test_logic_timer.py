"""What examples/logic_timer promises: gates that follow their truth table, a ring that keeps time, a counter, an alarm."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest

from tests.examples.example_runs import Run, changed, forced, rules_of

SWITCHES, LAMPS, RING, COUNTER, ALARM = "i__dgp", "o__mis", "CTRing", "CTCoun", "CTAlrm"
A, B, START, STOP = range(4)
TURN = 10
GATES: dict[str, tuple[str, int, int, Callable[[bool, bool], bool]]] = {  # id, lamp, bursts from the switch, truth
    "and": ("CGtAND", 0, 1, lambda a, b: a and b),
    "or": ("CGt_OR", 1, 1, lambda a, b: a or b),
    "not": ("CGtNOT", 2, 1, lambda a, b: not a),
    "only": ("CGtONL", 3, 1, lambda a, b: a and not b),
    "xor": ("CGtXOR", 4, 2, lambda a, b: a != b),
}


def press(*pressed: tuple[int, Iterable[int]]) -> list[dict[str, object]]:
    return [entry for switch, bursts in pressed for entry in forced(SWITCHES, [(switch, 0, 0)], bursts)]


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("a", [False, True])
@pytest.mark.parametrize("b", [False, True])
def test_a_gate_answers_as_its_truth_table_says(gate: str, a: bool, b: bool) -> None:
    area, lamp, delay, truth = GATES[gate]
    held = range(5, 15)
    run = Run("logic_timer", press(*[(switch, held) for switch, on in ((A, a), (B, b)) if on]), 20)
    for burst in held:
        assert bool(run.at(burst + delay, area)) == truth(a, b), f"burst {burst}"
        assert ((lamp, 0, 0) in run.at(burst + delay + 1, LAMPS)) == truth(a, b), f"burst {burst}"


def test_gates_remember_nothing() -> None:
    """A and B one after the other is not A and B at once."""
    run = Run("logic_timer", press((A, [5, 7, 9]), (B, [6, 8, 10])), 20)
    assert not run.bursts_of("CGtAND")
    assert run.bursts_of("CGt_OR") == [6, 7, 8, 9, 10, 11]
    assert run.bursts_of("CGtXOR") == [7, 8, 9, 10, 11, 12]


@pytest.mark.parametrize("start", [3, 4])
def test_the_ring_turns_once_in_ten_bursts_from_one_push(start: int) -> None:
    run = Run("logic_timer", press((START, [start])), 100)
    for x in range(5):
        assert run.bursts_of(RING, x) == list(range(start + 1 + 2 * x, 101, TURN))


def test_without_a_push_the_clock_stands_still() -> None:
    run = Run("logic_timer", [], 60)
    assert not any(run.at(burst, area) for burst in range(61) for area in (RING, COUNTER, ALARM))


def test_the_counter_counts_turns_in_binary() -> None:
    run = Run("logic_timer", press((START, [4])), 400)
    ends = run.bursts_of(RING, 4)
    for x in range(3):
        every = 2 ** (x + 1)
        assert run.bursts_of(COUNTER, x) == [end + 1 + x for end in ends[every - 1 :: every] if end + 1 + x <= 400]
    assert run.bursts_of(LAMPS, 5) == [burst + 1 for burst in run.bursts_of(COUNTER, 2)]
    assert {later - earlier for earlier, later in pairwise(run.bursts_of(LAMPS, 5))} == {8 * TURN}


def test_the_charge_of_the_counter_is_the_number_of_turns() -> None:
    """It goes on from where stop left it: three turns and five turns are eight."""
    run = Run("logic_timer", press((START, [4, 64]), (STOP, [36])), 120)
    turns = run.bursts_of(RING, 4)
    assert len([t for t in turns if t < 64]) == 3
    assert run.bursts_of(COUNTER, 2) == [turns[7] + 3]


@pytest.mark.parametrize("stop", range(20, 30))
def test_stop_ends_the_clock_in_whichever_burst_it_comes(stop: int) -> None:
    run = Run("logic_timer", press((START, [4]), (STOP, [stop])), 60)
    assert all(not run.at(burst, RING) for burst in range(stop + 1, 61))
    assert run.at(stop, RING) | run.at(stop - 1, RING)


def test_stop_without_its_second_rule_works_in_every_other_burst_only() -> None:
    rules = rules_of("logic_timer", SWITCHES)
    rules[RING] = [rule for rule in rules[RING] if rule.get("synaptic_delay_bursts", 1) == 1]
    genome = changed("logic_timer", f"{SWITCHES}-cx-dstmap-d", rules)
    stopped = [not Run(genome, press((START, [4]), (STOP, [stop])), 60).at(59, RING) for stop in (20, 21, 22, 23)]
    assert stopped in ([True, False, True, False], [False, True, False, True])


def test_two_pushes_make_two_spikes_and_the_clock_twice_as_fast() -> None:
    run = Run("logic_timer", press((START, [4, 8])), 100)
    assert len(run.bursts_of(RING, 4)) == 2 * len(Run("logic_timer", press((START, [4])), 100).bursts_of(RING, 4))
    assert run.bursts_of(RING, 0)[:4] == [5, 9, 15, 19]


@pytest.mark.parametrize("start", [4, 17])
def test_the_alarm_comes_twelve_bursts_after_start(start: int) -> None:
    run = Run("logic_timer", press((START, [start])), 60)
    assert run.bursts_of(ALARM) == [start + 12]
    assert run.bursts_of(LAMPS, 6) == [start + 13]


def test_a_slower_step_makes_a_slower_clock() -> None:
    rules = rules_of("logic_timer", RING)
    for rule in rules[RING]:
        if rule["morphology_id"] == "lateral_+x":
            rule["synaptic_delay_bursts"] = 5
    run = Run(changed("logic_timer", f"{RING}-cx-dstmap-d", rules), press((START, [4])), 100)
    assert run.bursts_of(RING, 0) == [5, 27, 49, 71, 93]


def test_a_counter_of_eight_neurons_divides_by_256() -> None:
    genome = changed("logic_timer", f"{COUNTER}-cx-___bbx-i", 8)
    genome["neuron_morphologies"]["last_to_lamp_tick"]["parameters"]["patterns"] = [[[7, 0, 0], [5, 0, 0]]]
    lamp = Run(genome, press((START, [4])), 2 * 2560 + 40).bursts_of(LAMPS, 5)
    assert len(lamp) == 2
    assert lamp[1] - lamp[0] == 2560
