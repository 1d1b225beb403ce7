"""The reflex: two distance sensors, two motors, and the shortest way between them that avoids walls."""

from __future__ import annotations

from typing import Any

from neurula.genome import Design

SENSORS, DANGER, AHEAD, MOTORS = "i__pro", "CDangr", "CAhead", "o__mot"
LEFT, RIGHT = 0, 1  # x of the sensors and of the dangers
LEFT_FORWARD, LEFT_BACKWARD, RIGHT_FORWARD, RIGHT_BACKWARD = range(4)  # x of the motors
NEARNESSES = 10  # z of the sensors: 0 = at the far end of the range, 9 = touching
MIDDLE, NEAR = 4, 7  # from here on an obstacle is of interest, and dangerous


def reflex_genome() -> dict[str, Any]:
    reflex = Design(
        "Reflex",
        id="neurula-example-reflex",
        description="Two distance sensors and two motors: drives on, turns away, backs off.",
        burst_seconds=0.02,
    )
    middle = reflex.patterns("middle_distance", *((("*", "*", z), ("?", "?", 0)) for z in range(MIDDLE, NEAR)))
    near = reflex.patterns("short_distance", *((("*", "*", z), ("?", "?", 0)) for z in range(NEAR, NEARNESSES)))
    own_side = reflex.patterns("own_side", ((LEFT, 0, 0), (LEFT_FORWARD, 0, 0)), ((RIGHT, 0, 0), (RIGHT_FORWARD, 0, 0)))
    other_side = reflex.patterns("other_side", ((LEFT, 0, 0), (RIGHT_FORWARD, 0, 0)), ((RIGHT, 0, 0), (LEFT_FORWARD, 0, 0)))
    both_forward = reflex.patterns("both_forward", *(((0, 0, 0), (x, 0, 0)) for x in (LEFT_FORWARD, RIGHT_FORWARD)))
    left_backward = reflex.patterns("left_backward", ((0, 0, 0), (LEFT_BACKWARD, 0, 0)))
    right_backward = reflex.patterns("right_backward", ((0, 0, 0), (RIGHT_BACKWARD, 0, 0)))

    reflex.death()
    power = reflex.power()
    sensors = reflex.input("proximity", 2, name="Distance sensors", position=(-10, 0, -10))
    # one look at a near wall is enough; one at middle distance must be confirmed by the next, or it is forgotten
    danger = reflex.area("Danger", (2, 1, 1), id=DANGER, position=(0, 0, -10), threshold=1.5, leak=0.5, accumulates=True)
    ahead = reflex.area("Wall ahead", id=AHEAD, position=(0, 0, 0), threshold=2)
    # after each spike a motor neuron rests for a burst, so full speed is every other burst
    motors = reflex.output("motor", 2, (2, 1, 1), name="Motors", position=(10, 0, -10), threshold=3, refractory=1, accumulates=True)

    power.to(motors, both_forward)
    sensors.to(danger, middle, 1).to(danger, near, 2)
    danger.to(motors, own_side, 3).to(motors, other_side, -4).to(ahead, "all_to_0-0-0")
    ahead.to(motors, left_backward, 3).to(motors, right_backward, 1.5)
    return reflex.document()


# first burst, last burst, what the left and the right sensor see (None: nothing within reach)
COURSE = (
    (25, 48, 8, None),  # a wall close on the left
    (73, 96, None, 5),  # something at middle distance on the right
    (121, 144, 9, 9),  # a wall ahead
    (160, 160, 5, None),  # a single echo: noise
)
BURSTS = 176


def reflex_stimulus() -> list[dict[str, Any]]:
    """What the sensors' encoder would send: potential 1 at the voxel of the nearness, in every burst."""
    entries = []
    for first, last, *seen in COURSE:
        voxels = [[side, 0, nearness, 1.0] for side, nearness in enumerate(seen) if nearness is not None]
        entries += [{"burst": burst, "inject": {SENSORS: voxels}} for burst in range(first, last + 1)]
    return entries
