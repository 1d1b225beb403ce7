"""Logic gates out of single neurons, and a clock: a pulse that runs in a ring and divides itself by two, four and eight."""

from __future__ import annotations

from typing import Any

from blueprint import Area, Rule, death, genome, patterns, power

SWITCHES, LAMPS = "i__dgp", "o__mis"
AND, OR, NOT, ONLY, XOR = "CGtAND", "CGt_OR", "CGtNOT", "CGtONL", "CGtXOR"
RING, COUNTER, ALARM = "CTRing", "CTCoun", "CTAlrm"
A, B, START, STOP = range(4)  # x of the switches
LAMP_AND, LAMP_OR, LAMP_NOT, LAMP_ONLY, LAMP_XOR, LAMP_TICK, LAMP_ALARM = range(7)  # x of the lamps
RING_NEURONS, STEP_BURSTS = 5, 2
TURN_BURSTS = RING_NEURONS * STEP_BURSTS
COUNTER_BITS = 3
ALARM_DELAY_BURSTS = 12


def switch(x: int) -> dict[str, Any]:
    return patterns(((x, 0, 0), (0, 0, 0)))


def lamp(x: int) -> dict[str, Any]:
    return patterns(((0, 0, 0), (x, 0, 0)))


MORPHOLOGIES = {
    "from_a": switch(A),
    "from_b": switch(B),
    "from_start": switch(START),
    "from_stop_to_all": patterns(((STOP, 0, 0), ("*", "*", "*"))),
    "to_lamp_and": lamp(LAMP_AND),
    "to_lamp_or": lamp(LAMP_OR),
    "to_lamp_not": lamp(LAMP_NOT),
    "to_lamp_only": lamp(LAMP_ONLY),
    "to_lamp_xor": lamp(LAMP_XOR),
    "to_lamp_alarm": lamp(LAMP_ALARM),
    "last_to_lamp_tick": patterns(((COUNTER_BITS - 1, 0, 0), (LAMP_TICK, 0, 0))),
    "end_of_turn": patterns(((RING_NEURONS - 1, 0, 0), (0, 0, 0))),
}

AREAS = (
    death(),
    power({NOT: [Rule("block_to_block", 1)]}),
    Area(
        SWITCHES, "Switches", "IPU", size=(4, 1, 1), position=(-20, 0, 0), devices=4,
        to={
            AND: [Rule("from_a", 1), Rule("from_b", 1)],
            OR: [Rule("from_a", 1), Rule("from_b", 1)],
            NOT: [Rule("from_a", -1)],
            ONLY: [Rule("from_a", 1), Rule("from_b", -1)],
            RING: [Rule("from_start", 1), Rule("from_stop_to_all", -1), Rule("from_stop_to_all", -1, 2)],
            ALARM: [Rule("from_start", 1, ALARM_DELAY_BURSTS)],
        },
    ),
    Area(AND, "A and B", threshold=2, position=(-10, 8, 0), to={XOR: [Rule("block_to_block", -1)], LAMPS: [Rule("to_lamp_and")]}),
    Area(OR, "A or B", position=(-10, 6, 0), to={XOR: [Rule("block_to_block", 1)], LAMPS: [Rule("to_lamp_or")]}),
    Area(NOT, "not A", position=(-10, 4, 0), to={LAMPS: [Rule("to_lamp_not")]}),
    Area(ONLY, "A without B", position=(-10, 2, 0), to={LAMPS: [Rule("to_lamp_only")]}),
    Area(XOR, "either A or B", position=(0, 7, 0), to={LAMPS: [Rule("to_lamp_xor")]}),
    # a spike steps from neuron to neuron and from the last back to the first. A step takes two bursts, so stop has to meet it in
    # either: it inhibits twice, and as the neurons keep no charge, the spike is gone
    Area(
        RING, "Clock ring", size=(RING_NEURONS, 1, 1), position=(-10, -2, 0),
        to={
            RING: [Rule("lateral_+x", 1, STEP_BURSTS), Rule("last_to_first", 1, STEP_BURSTS)],
            COUNTER: [Rule("end_of_turn", 1)],
        },
    ),
    # every neuron needs two spikes for one of its own: the chain counts in binary
    Area(
        COUNTER, "Counter", size=(COUNTER_BITS, 1, 1), position=(0, -2, 0), threshold=2, accumulates=True,
        to={COUNTER: [Rule("lateral_+x", 1)], LAMPS: [Rule("last_to_lamp_tick", 1)]},
    ),
    Area(ALARM, "Alarm", position=(0, -4, 0), to={LAMPS: [Rule("to_lamp_alarm")]}),
    Area(LAMPS, "Lamps", "OPU", size=(7, 1, 1), position=(20, 0, 0), devices=7),
)


def logic_timer_genome() -> dict[str, Any]:
    return genome(
        "neurula-example-logic-timer", "Logic and timer", "Gates of one neuron each, a ring clock, a binary counter, an alarm.",
        AREAS, MORPHOLOGIES, burst_seconds=0.1,
    )


SWITCHED_ON = ((10, 14, (A,)), (20, 24, (B,)), (30, 34, (A, B)), (40, 40, (START,)), (140, 140, (STOP,)))
BURSTS = 160


def logic_timer_stimulus() -> list[dict[str, Any]]:
    """Switches that are held fire in every burst."""
    return [
        {"burst": burst, "force_fire": {SWITCHES: [[x, 0, 0] for x in switches]}}
        for first, last, switches in SWITCHED_ON
        for burst in range(first, last + 1)
    ]
