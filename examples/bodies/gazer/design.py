"""Gazing: bright pixels make spots, a spot pulls the head towards itself, and where there is none the head sweeps to and fro."""

from __future__ import annotations

from typing import Any

from neurula.genome import Design

SPOTS, NOTHING, SWEEP, SEARCH = "CSpots", "CNothg", "CSweep", "CSerch"
WIDTH, HEIGHT, BLOCK = 16, 12, 2  # pixels of the eye; pixels along the side of a spot
ACROSS, UP = WIDTH // BLOCK, HEIGHT // BLOCK
BRIGHT, ENOUGH = 150, 2  # grey value from which a pixel fires; bright pixels that make a spot
PAN, TILT = 0, 1  # x of the angles and of the sweeps
RIGHT, LEFT, DOWNWARDS, UPWARDS = range(4)  # x of search and motors
ENDS = 10  # z of the angles: 0 = left end or top, ENDS = right end or bottom
SWEEPS = {RIGHT: 6, LEFT: 6, DOWNWARDS: 2, UPWARDS: 2}  # z of the motors: the speed is (z + 1) / 10


def pull(offset: float) -> int:
    """z of a motor for a spot that lies so many spots from the middle: the further, the faster."""
    return max(0, min(9, round(2.6 * abs(offset)) - 1))


def pulls() -> list[Any]:
    """Every spot to a speed of each motor. y of the eye runs upwards."""
    pairs: list[Any] = []
    for x in range(ACROSS):
        offset = x - (ACROSS - 1) / 2
        pairs.append(((x, "*", 0), (RIGHT if offset > 0 else LEFT, 0, pull(offset))))
    for y in range(UP):
        offset = y - (UP - 1) / 2
        pairs.append((("*", y, 0), (UPWARDS if offset > 0 else DOWNWARDS, 0, pull(offset))))
    return pairs


def gazer_genome() -> dict[str, Any]:
    design = Design(
        "Gazer",
        id="neurula-body-gazer",
        description=f"An eye of {WIDTH} x {HEIGHT} pixels on a head that turns to what is bright.",
        burst_seconds=0.02,
    )
    design.death()
    power = design.power()
    # a pixel's grey value is its potential
    eye = design.input("camera", 1, (WIDTH, HEIGHT, 1), name="Eye", position=(-10, 0, 0), threshold=BRIGHT)
    angles = design.input("servo_position", 2, (1, 1, ENDS + 1), name="Angles of the head", position=(-10, 0, -20))
    spots = design.area("Spots", (ACROSS, UP, 1), id=SPOTS, position=(0, 0, 0), threshold=ENOUGH)
    sweep = design.area("Sweep forth", (2, 1, 1), id=SWEEP, position=(0, 0, -20))
    nothing = design.area("Nothing seen", id=NOTHING, position=(10, 0, 0))
    search = design.area("Search", (4, 1, 1), id=SEARCH, position=(10, 0, -20), threshold=2)
    motors = design.output("motor", 2, name="Motors of the head", position=(20, 0, 0))

    # single pixels that glare are not enough for a spot
    eye.to(spots, "projector")
    spots.to(motors, design.patterns("pull", *pulls()))
    power.to(nothing, "block_to_block")
    spots.to(nothing, "all_to_0-0-0", -1)

    # a sweep is set at one end and cleared at the other; between them it holds itself
    near_end = design.patterns("at_the_near_end", (("?", 0, 0), ("?", 0, 0)))
    far_end = design.patterns("at_the_far_end", (("?", 0, ENDS), ("?", 0, 0)))
    angles.to(sweep, near_end).to(sweep, far_end, -2)
    sweep.to(sweep, "block_to_block")

    # threshold 2: forth with nothing seen and a sweep, back with nothing seen and none
    sweep.to(search, design.patterns("forth", ((PAN, 0, 0), (RIGHT, 0, 0)), ((TILT, 0, 0), (DOWNWARDS, 0, 0))))
    sweep.to(search, design.patterns("no_back", ((PAN, 0, 0), (LEFT, 0, 0)), ((TILT, 0, 0), (UPWARDS, 0, 0))), -1)
    nothing.to(search, design.patterns("all_forth", *(((0, 0, 0), (x, 0, 0)) for x in (RIGHT, DOWNWARDS))))
    nothing.to(search, design.patterns("all_back", *(((0, 0, 0), (x, 0, 0)) for x in (LEFT, UPWARDS))), 2)
    search.to(motors, design.patterns("drive", *(((x, 0, 0), (x, 0, z)) for x, z in SWEEPS.items())))
    return design.document()
