"""Balancing a pole with one layer: the binary digits of four numbers, added up, push to the side of their sum."""

from __future__ import annotations

from typing import Any

from neurula.genome import Design

NUMBERS = 4  # x of the state; how much each has to say is in its range in robot.toml
DIGITS = 10  # z of the state: digit z is worth 2^-(z+1), so 0 stands for the low end of the range, 1 for the high end
RIGHT, LEFT = 0, 1  # x of the pushes
HALF_DIGIT = 2.0 ** -(DIGITS + 1)  # digits are cut, not rounded: on average a number is so much higher than they say
MIDDLE = NUMBERS * (0.5 - HALF_DIGIT)  # the sum of the digits when all is in the middle


def cart_pole_genome() -> dict[str, Any]:
    design = Design(
        "Cart and pole",
        id="neurula-body-cart-pole",
        description="Four numbers in binary digits are added up; the sign of the sum is the push.",
        burst_seconds=0.01,
    )
    design.death()
    power = design.power()
    state = design.input("analog", NUMBERS, (1, 1, DIGITS), name="State of pole and cart", position=(-10, 0, 0))
    push = design.output("motor", 1, (2, 1, 1), name="Push", position=(10, 0, 0), threshold=HALF_DIGIT)
    for name, side, sign in (("right", RIGHT, 1), ("left", LEFT, -1)):
        for z in range(DIGITS):
            state.to(push, design.patterns(f"digit_{z}_to_{name}", (("*", 0, z), (side, 0, 0))), sign * 2.0 ** -(z + 1))
        power.to(push, design.patterns(f"middle_to_{name}", ((0, 0, 0), (side, 0, 0))), -sign * MIDDLE)
    return design.document()
