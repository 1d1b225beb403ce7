"""Swimming: a half-centre that turns round where the rear joint is bent far enough, and a front joint that bends against the rear one."""

from __future__ import annotations

from typing import Any

from neurula.genome import Design

BEND = "CBend_"
REAR = 1  # x of the joints: front, rear
DEPTH, MIDDLE, FAR = 21, 10, 3  # z of the joints: the middle one is straight; further than FAR from it the muscle changes sides
FRONT_PLUS, FRONT_MINUS, REAR_PLUS, REAR_MINUS = range(4)  # x of the motors
PULL = 9  # z of the motors: full


def swimmer_genome() -> dict[str, Any]:
    design = Design(
        "Swimmer",
        id="neurula-body-swimmer",
        description="Two joints, two muscles: a half-centre that its own movement switches.",
        burst_seconds=0.01,
    )
    design.death()
    power = design.power()
    joints = design.input("servo_position", 2, (1, 1, DEPTH), name="Joints", position=(-10, 0, -10))
    bend = design.area("Bend back", id=BEND, position=(0, 0, 0))
    muscles = design.output("motor", 2, name="Muscles", position=(10, 0, -10))

    # silent: the rear joint is pulled to plus, by power; firing: to minus. It holds itself until the joint is bent back
    rear_plus = design.patterns("rear_plus", ((0, 0, 0), (REAR_PLUS, 0, PULL)))
    rear_minus = design.patterns("rear_minus", ((0, 0, 0), (REAR_MINUS, 0, PULL)))
    power.to(muscles, rear_plus)
    bend.to(muscles, rear_plus, -1).to(muscles, rear_minus).to(bend, "block_to_block")
    far = design.patterns("bent_far", *(((REAR, 0, z), (0, 0, 0)) for z in range(MIDDLE + FAR + 1, DEPTH)))
    far_back = design.patterns("bent_far_back", *(((REAR, 0, z), (0, 0, 0)) for z in range(MIDDLE - FAR)))
    joints.to(bend, far).to(bend, far_back, -2)

    against = (((REAR, 0, z), (FRONT_MINUS if z >= MIDDLE else FRONT_PLUS, 0, PULL)) for z in range(DEPTH))
    joints.to(muscles, design.patterns("front_against_rear", *against))
    return design.document()
