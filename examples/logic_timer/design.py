"""Logic gates out of single neurons, and a clock: a pulse that runs in a ring and divides itself by two, four and eight."""

from __future__ import annotations

from typing import Any

from neurula.genome import Design

SWITCHES, LAMPS = "i__dgp", "o__mis"
AND, OR, NOT, ONLY, XOR = "CGtAND", "CGt_OR", "CGtNOT", "CGtONL", "CGtXOR"
RING, COUNTER, ALARM = "CTRing", "CTCoun", "CTAlrm"
A, B, START, STOP = range(4)  # x of the switches
LAMP_AND, LAMP_OR, LAMP_NOT, LAMP_ONLY, LAMP_XOR, LAMP_TICK, LAMP_ALARM = range(7)  # x of the lamps
RING_NEURONS, STEP_BURSTS = 5, 2
TURN_BURSTS = RING_NEURONS * STEP_BURSTS
COUNTER_BITS = 3
ALARM_DELAY_BURSTS = 12


def logic_timer_genome() -> dict[str, Any]:
    design = Design(
        "Logic and timer",
        id="neurula-example-logic-timer",
        description="Gates of one neuron each, a ring clock, a binary counter, an alarm.",
        burst_seconds=0.1,
    )

    def switch(name: str, x: int) -> str:
        return design.patterns(name, ((x, 0, 0), (0, 0, 0)))

    def lamp(name: str, x: int) -> str:
        return design.patterns(name, ((0, 0, 0), (x, 0, 0)))

    from_a, from_b, from_start = switch("from_a", A), switch("from_b", B), switch("from_start", START)
    from_stop_to_all = design.patterns("from_stop_to_all", ((STOP, 0, 0), ("*", "*", "*")))
    last_to_lamp_tick = design.patterns("last_to_lamp_tick", ((COUNTER_BITS - 1, 0, 0), (LAMP_TICK, 0, 0)))
    end_of_turn = design.patterns("end_of_turn", ((RING_NEURONS - 1, 0, 0), (0, 0, 0)))

    design.death()
    power = design.power()
    switches = design.input("digital", 4, name="Switches", position=(-20, 0, 0))
    both = design.area("A and B", id=AND, threshold=2, position=(-10, 8, 0))
    either = design.area("A or B", id=OR, position=(-10, 6, 0))
    neither = design.area("not A", id=NOT, position=(-10, 4, 0))
    only = design.area("A without B", id=ONLY, position=(-10, 2, 0))
    one = design.area("either A or B", id=XOR, position=(0, 7, 0))
    ring = design.area("Clock ring", (RING_NEURONS, 1, 1), id=RING, position=(-10, -2, 0))
    # every neuron needs two spikes for one of its own: the chain counts in binary
    counter = design.area("Counter", (COUNTER_BITS, 1, 1), id=COUNTER, position=(0, -2, 0), threshold=2, accumulates=True)
    alarm = design.area("Alarm", id=ALARM, position=(0, -4, 0))
    lamps = design.output("any_output", 7, name="Lamps", position=(20, 0, 0))

    power.to(neither, "block_to_block")
    switches.to(both, from_a).to(both, from_b).to(either, from_a).to(either, from_b)
    switches.to(neither, from_a, -1).to(only, from_a).to(only, from_b, -1)
    both.to(one, "block_to_block", -1).to(lamps, lamp("to_lamp_and", LAMP_AND))
    either.to(one, "block_to_block").to(lamps, lamp("to_lamp_or", LAMP_OR))
    neither.to(lamps, lamp("to_lamp_not", LAMP_NOT))
    only.to(lamps, lamp("to_lamp_only", LAMP_ONLY))
    one.to(lamps, lamp("to_lamp_xor", LAMP_XOR))

    # a spike steps from neuron to neuron and from the last back to the first. A step takes two bursts, so stop has to meet it in
    # either: it inhibits twice, and as the neurons keep no charge, the spike is gone
    switches.to(ring, from_start).to(ring, from_stop_to_all, -1).to(ring, from_stop_to_all, -1, delay=2)
    ring.to(ring, "lateral_+x", delay=STEP_BURSTS).to(ring, "last_to_first", delay=STEP_BURSTS).to(counter, end_of_turn)
    counter.to(counter, "lateral_+x").to(lamps, last_to_lamp_tick)
    switches.to(alarm, from_start, delay=ALARM_DELAY_BURSTS)
    alarm.to(lamps, lamp("to_lamp_alarm", LAMP_ALARM))
    return design.document()


SWITCHED_ON = ((10, 14, (A,)), (20, 24, (B,)), (30, 34, (A, B)), (40, 40, (START,)), (140, 140, (STOP,)))
BURSTS = 160


def logic_timer_stimulus() -> list[dict[str, Any]]:
    """Switches that are held fire in every burst."""
    return [
        {"burst": burst, "force_fire": {SWITCHES: [[x, 0, 0] for x in switches]}}
        for first, last, switches in SWITCHED_ON
        for burst in range(first, last + 1)
    ]
