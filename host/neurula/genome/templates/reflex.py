"""A vehicle with two distance sensors: power turns both wheels, a wall on one side stops the wheel of the other."""

from __future__ import annotations

from neurula.genome.design import Design

NEAR = 5  # z of the sensors from which on a wall counts: 0 = out of reach, 9 = touching
NEARNESSES = 10
LEFT, RIGHT = 0, 1  # x of the sensors
LEFT_FORWARD, LEFT_BACKWARD, RIGHT_FORWARD, RIGHT_BACKWARD = range(4)  # x of the motors


def design(title: str) -> Design:
    brain = Design(title, description="Two distance sensors, two wheels: drives, and turns away from walls.", burst_seconds=0.02)
    eyes = brain.input("proximity", 2, name="Distance")
    walls = brain.area("Walls", (2, 1, 1))
    wheels = brain.output("motor", 2, (2, 1, 1), name="Wheels")
    near = brain.patterns("near", *((("*", "*", z), ("?", "?", 0)) for z in range(NEAR, NEARNESSES)))
    both_forward = brain.patterns("both_forward", *(((0, 0, 0), (x, 0, 0)) for x in (LEFT_FORWARD, RIGHT_FORWARD)))
    other_side = brain.patterns("other_side", ((LEFT, 0, 0), (RIGHT_FORWARD, 0, 0)), ((RIGHT, 0, 0), (LEFT_FORWARD, 0, 0)))
    backward = brain.patterns("other_backward", ((LEFT, 0, 0), (RIGHT_BACKWARD, 0, 0)), ((RIGHT, 0, 0), (LEFT_BACKWARD, 0, 0)))
    brain.power().to(wheels, both_forward)
    eyes.to(walls, near)
    walls.to(wheels, other_side, -1).to(wheels, backward)
    return brain
