"""A round robot with five distance sensors in a room that it does not know."""

from __future__ import annotations

import math

from examples.bodies.roamer import Roamer, rays_of
from examples.bodies.two_wheels import Chassis

SENSORS = {"far_left": 70.0, "left": 35.0, "front": 0.0, "right": -35.0, "far_right": -70.0}  # degrees, to the left
ASIDE = (-17.0, -8.5, 0.0, 8.5, 17.0)  # degrees: a sensor sees the nearest thing within its cone
RANGE_M = 0.8
CRUISE = 0.8
RAYS = rays_of([math.radians(middle + aside) for middle in SENSORS.values() for aside in ASIDE])


class WallAvoider(Roamer):
    """See Roamer for the score."""

    name = "wall_avoider"

    def __init__(self) -> None:
        super().__init__(Chassis(), CRUISE)

    def sense(self) -> dict[str, float]:
        """How far the nearest thing in each cone is from the robot's rim, metres, at most RANGE_M."""
        far = self.distances(RAYS, RANGE_M)
        return {name: min(far[i * len(ASIDE) : (i + 1) * len(ASIDE)]) for i, name in enumerate(SENSORS)}

    def beams(self) -> list[tuple[float, float]]:
        seen = zip(SENSORS.values(), self.sense().values(), strict=True)
        return [(math.radians(angle), far) for angle, far in seen if far < RANGE_M]
