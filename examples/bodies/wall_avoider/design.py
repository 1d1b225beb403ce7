"""Avoiding walls: near things ask for a turn, the two turns compete, the winner holds until the way is clear."""

from __future__ import annotations

from typing import Any

from neurula.genome import Design

SIDES, ALERT, TURNS, SPARKS, WHIMS = "CSides", "CAlert", "CTurns", "CSpark", "CWhims"
FAR_LEFT, LEFT, FRONT, RIGHT, FAR_RIGHT = range(5)  # x of the sensors
TO_RIGHT, TO_LEFT = 0, 1  # x of turns and whims, and of what asks for a turn
REACH = {FAR_LEFT: 2, LEFT: 3, FRONT: 4, RIGHT: 3, FAR_RIGHT: 2}  # how many z of the sensors are "near": 0 = touching, 9 = nothing
MIDDLE = range(3, 6)  # z at which the robot begins to bend away
SEEN = 8  # how many z are near enough not to bend there on a whim
BESIDE = {FAR_LEFT: TO_LEFT, LEFT: TO_LEFT, RIGHT: TO_RIGHT, FAR_RIGHT: TO_RIGHT}
LEFT_FORWARD, LEFT_BACKWARD, RIGHT_FORWARD, RIGHT_BACKWARD = range(4)  # x of the motors
FORWARD = LEFT_FORWARD, RIGHT_FORWARD
CRUISE, SLOW, SPIN = 7, 3, 6  # z of the motors: the speed is (z + 1) / 10
SPARK, WHIM = 0.01, 0.96  # chance that a whim begins, and that it goes on, in a burst


def wall_avoider_genome() -> dict[str, Any]:
    design = Design(
        "Wall avoider",
        id="neurula-body-wall-avoider",
        description="Five distance sensors, two wheels: drives on, bends away, turns on the spot.",
        burst_seconds=0.02,
    )
    design.death()
    power = design.power()
    sensors = design.input("proximity", 5, name="Proximity sensors", position=(-10, 0, -10))
    sides = design.area("Something is near", (2, 1, 1), id=SIDES, position=(0, 0, -10))
    alert = design.area("Anything near", id=ALERT, position=(0, 0, 0))
    turns = design.area("Turns", (2, 1, 1), id=TURNS, position=(10, 0, 0), threshold=3)
    sparks = design.area("Sparks", (2, 1, 1), id=SPARKS, position=(0, 0, 10), excitability=SPARK)
    whims = design.area("Whims", (2, 1, 1), id=WHIMS, position=(10, 0, 10), excitability=WHIM)
    motors = design.output("motor", 2, name="Motors", position=(20, 0, -10))

    power.to(motors, design.patterns("cruise", *(((0, 0, 0), (column, 0, CRUISE)) for column in FORWARD)))

    # at middle distance the other wheel becomes slower
    bends = [(side, column, z) for side, column in ((LEFT, RIGHT_FORWARD), (RIGHT, LEFT_FORWARD)) for z in MIDDLE]
    sensors.to(motors, design.patterns("other_wheel_slower", *(((s, 0, z), (column, 0, SLOW)) for s, column, z in bends)))
    sensors.to(motors, design.patterns("other_wheel_no_cruise", *(((s, 0, z), (column, 0, CRUISE)) for s, column, z in bends)), -1)

    # what is near on one side asks for a turn to the other. What is in front turns to the right, a burst later than what
    # is on the right turns to the left
    def near(name: str, turn: int, *seen: int) -> str:
        return design.patterns(name, *(((s, 0, z), (turn, 0, 0)) for s in seen for z in range(REACH[s])))

    sensors.to(sides, near("near_on_the_left", TO_RIGHT, FAR_LEFT, LEFT)).to(sides, near("near_on_the_right", TO_LEFT, RIGHT, FAR_RIGHT))
    sensors.to(sides, near("near_in_front", TO_RIGHT, FRONT), delay=2)

    # Threshold 3. To begin: own side 2 + alert 1. To hold: itself 2 + alert 1. Alert or itself alone: not enough.
    # The one that runs keeps the other out; if both begin in the same burst, right wins
    sides.to(turns, "block_to_block", 2).to(alert, "all_to_0-0-0")
    alert.to(turns, design.patterns("to_both", ((0, 0, 0), ("*", "*", "*"))))
    turns.to(turns, "block_to_block", 2)
    turns.to(turns, design.patterns("right_to_left", ((TO_RIGHT, 0, 0), (TO_LEFT, 0, 0))), -4)
    turns.to(turns, design.patterns("left_to_right", ((TO_LEFT, 0, 0), (TO_RIGHT, 0, 0))), -2)
    spins = ((TO_RIGHT, LEFT_FORWARD), (TO_RIGHT, RIGHT_BACKWARD), (TO_LEFT, LEFT_BACKWARD), (TO_LEFT, RIGHT_FORWARD))
    turns.to(motors, design.patterns("spin", *(((turn, 0, 0), (column, 0, SPIN)) for turn, column in spins)))
    turns.to(motors, design.patterns("no_driving", *((("*", 0, 0), (column, 0, z)) for column in FORWARD for z in (CRUISE, SLOW))), -3)

    # chance keeps it from driving the same round for ever: a spark now and then, a whim that lasts for a while
    power.to(sparks, "to_both")
    sparks.to(whims, "block_to_block")
    whims.to(whims, "block_to_block")
    inner = ((TO_RIGHT, RIGHT_FORWARD), (TO_LEFT, LEFT_FORWARD))
    whims.to(motors, design.patterns("bend_slow", *(((whim, 0, 0), (column, 0, SLOW)) for whim, column in inner)))
    whims.to(motors, design.patterns("bend_no_cruise", *(((whim, 0, 0), (column, 0, CRUISE)) for whim, column in inner)), -1)
    sensors.to(whims, design.patterns("not_this_way", *(((s, 0, z), (whim, 0, 0)) for s, whim in BESIDE.items() for z in range(SEEN))), -2)
    return design.document()
