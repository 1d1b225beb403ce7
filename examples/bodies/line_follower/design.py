"""Following a line: each floor sensor asks for a bend of its own, and the side where the line was last is remembered."""

from __future__ import annotations

from typing import Any

from neurula.genome import Design

LINE, LOST, SIDE, SEARCH = "CLine_", "CLost_", "CSide_", "CSerch"
FAR_LEFT, LEFT, MIDDLE, RIGHT, FAR_RIGHT = range(5)  # x of the sensors
DEPTH, DARK = 10, 5  # z of the sensors: 0 = all floor, 9 = all line; from DARK on it counts as line
LEFT_FORWARD, LEFT_BACKWARD, RIGHT_FORWARD, RIGHT_BACKWARD = range(4)  # x of the motors
FULL, SLOW, CREEP = 7, 3, 0  # z of the motors: the speed is (z + 1) / 10
ON_LEFT, ON_RIGHT = 0, 1  # x of side and search
STEERING = {  # what a sensor that sees the line asks of the two wheels: x and z of the motors
    FAR_LEFT: ((LEFT_BACKWARD, CREEP), (RIGHT_FORWARD, FULL)),
    LEFT: ((LEFT_FORWARD, SLOW), (RIGHT_FORWARD, FULL)),
    MIDDLE: ((LEFT_FORWARD, FULL), (RIGHT_FORWARD, FULL)),
    RIGHT: ((LEFT_FORWARD, FULL), (RIGHT_FORWARD, SLOW)),
    FAR_RIGHT: ((LEFT_FORWARD, FULL), (RIGHT_BACKWARD, CREEP)),
}
SEARCHING = ((ON_LEFT, LEFT_BACKWARD), (ON_LEFT, RIGHT_FORWARD), (ON_RIGHT, LEFT_FORWARD), (ON_RIGHT, RIGHT_BACKWARD))


def line_follower_genome() -> dict[str, Any]:
    design = Design(
        "Line follower",
        id="neurula-body-line-follower",
        description="Five floor sensors, two wheels: steers, and remembers on which side the line was.",
        burst_seconds=0.02,
    )
    design.death()
    power = design.power()
    sensors = design.input("infrared", 5, (1, 1, DEPTH), name="Floor sensors", position=(-10, 0, -10))
    line = design.area("Line", (5, 1, 1), id=LINE, position=(0, 0, -10))
    lost = design.area("Line lost", id=LOST, position=(0, 0, 0))
    side = design.area("Side of the line", (2, 1, 1), id=SIDE, position=(10, 0, 0))
    search = design.area("Search", (2, 1, 1), id=SEARCH, position=(20, 0, 0), threshold=2)
    motors = design.output("motor", 2, name="Motors", position=(30, 0, -10))

    sensors.to(line, design.patterns("dark", *((("*", 0, z), ("?", 0, 0)) for z in range(DARK, DEPTH))))
    asked = [((sensor, 0, 0), (x, 0, z)) for sensor, wheels in STEERING.items() for x, z in wheels]
    line.to(motors, design.patterns("steer", *asked))

    # each side holds itself until the line is seen on the other
    def seen(name: str, x: int, *sensors: int) -> str:
        return design.patterns(name, *(((sensor, 0, 0), (x, 0, 0)) for sensor in sensors))

    line.to(side, seen("left", ON_LEFT, FAR_LEFT, LEFT), 2).to(side, seen("right", ON_RIGHT, RIGHT, FAR_RIGHT), 2)
    line.to(side, seen("not_left", ON_LEFT, RIGHT, FAR_RIGHT), -2).to(side, seen("not_right", ON_RIGHT, FAR_LEFT, LEFT), -2)
    side.to(side, "block_to_block")

    # lost, and a side: search there
    power.to(lost, "block_to_block")
    line.to(lost, "all_to_0-0-0", -1)
    lost.to(search, design.patterns("to_both", ((0, 0, 0), ("*", "*", "*"))))
    side.to(search, "block_to_block")
    search.to(motors, design.patterns("turn_there", *(((x, 0, 0), (column, 0, SLOW)) for x, column in SEARCHING)))
    return design.document()
