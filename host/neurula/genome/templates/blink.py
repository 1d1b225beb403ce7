"""A lamp that blinks: on for PULSE bursts of every PERIOD, with nobody pressing anything."""

from __future__ import annotations

from neurula.genome.design import Design

PERIOD, PULSE = 10, 5  # bursts
BURST_SECONDS = 0.1


def design(title: str) -> Design:
    brain = Design(title, description="Blinks once a second.", burst_seconds=BURST_SECONDS)
    # the divider keeps one unit of charge from every spike of power, and fires when there are PERIOD of them
    divider = brain.area("Divider", threshold=PERIOD, accumulates=True)
    # its spike runs along a chain; while it runs, the lamp is on
    chain = brain.area("Pulse", (PULSE, 1, 1))
    lamp = brain.output("any_output", name="Lamp")
    first = brain.patterns("to_first", (("*", "*", "*"), (0, 0, 0)))
    brain.power().to(divider, "block_to_block")
    divider.to(chain, first)
    chain.to(chain, "lateral_+x").to(lamp, "all_to_0-0-0")
    return brain
