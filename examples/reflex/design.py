"""The reflex: two distance sensors, two motors, and the shortest way between them that avoids walls."""

from __future__ import annotations

from typing import Any

from blueprint import Area, Rule, death, genome, patterns, power

SENSORS, DANGER, AHEAD, MOTORS = "i__pro", "CDangr", "CAhead", "o__mot"
LEFT, RIGHT = 0, 1  # x of the sensors and of the dangers
LEFT_FORWARD, LEFT_BACKWARD, RIGHT_FORWARD, RIGHT_BACKWARD = range(4)  # x of the motors
NEARNESSES = 10  # z of the sensors: 0 = at the far end of the range, 9 = touching
MIDDLE, NEAR = 4, 7  # from here on an obstacle is of interest, and dangerous

MORPHOLOGIES = {
    "middle_distance": patterns(*((("*", "*", z), ("?", "?", 0)) for z in range(MIDDLE, NEAR))),
    "short_distance": patterns(*((("*", "*", z), ("?", "?", 0)) for z in range(NEAR, NEARNESSES))),
    "own_side": patterns(((LEFT, 0, 0), (LEFT_FORWARD, 0, 0)), ((RIGHT, 0, 0), (RIGHT_FORWARD, 0, 0))),
    "other_side": patterns(((LEFT, 0, 0), (RIGHT_FORWARD, 0, 0)), ((RIGHT, 0, 0), (LEFT_FORWARD, 0, 0))),
    "both_forward": patterns(((0, 0, 0), (LEFT_FORWARD, 0, 0)), ((0, 0, 0), (RIGHT_FORWARD, 0, 0))),
    "left_backward": patterns(((0, 0, 0), (LEFT_BACKWARD, 0, 0))),
    "right_backward": patterns(((0, 0, 0), (RIGHT_BACKWARD, 0, 0))),
}

AREAS = (
    death(),
    power({MOTORS: [Rule("both_forward", 1)]}),
    Area(
        SENSORS, "Distance sensors", "IPU", size=(2, 1, NEARNESSES), position=(-10, 0, -10), devices=2,
        to={DANGER: [Rule("middle_distance", 1), Rule("short_distance", 2)]},
    ),
    # one look at a near wall is enough; one at middle distance must be confirmed by the next, or it is forgotten
    Area(
        DANGER, "Danger", size=(2, 1, 1), position=(0, 0, -10), threshold=1.5, leak=0.5, accumulates=True,
        to={MOTORS: [Rule("own_side", 3), Rule("other_side", -4)], AHEAD: [Rule("all_to_0-0-0", 1)]},
    ),
    Area(
        AHEAD, "Wall ahead", position=(0, 0, 0), threshold=2,
        to={MOTORS: [Rule("left_backward", 3), Rule("right_backward", 1.5)]},
    ),
    # after each spike a motor neuron rests for a burst, so full speed is every other burst
    Area(
        MOTORS, "Motors", "OPU", size=(4, 1, 1), position=(10, 0, -10), devices=2, threshold=3, refractory=1, accumulates=True,
    ),
)


def reflex_genome() -> dict[str, Any]:
    return genome(
        "neurula-example-reflex", "Reflex", "Two distance sensors and two motors: drives on, turns away, backs off.",
        AREAS, MORPHOLOGIES, burst_seconds=0.02,
    )


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
