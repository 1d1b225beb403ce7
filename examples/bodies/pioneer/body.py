"""A Pioneer 2 seen from above: two wheels and sixteen infra-red sensors all around, with the ranges of Webots' model of it."""

from __future__ import annotations

import math

from examples.bodies.roamer import Roamer, rays_of
from examples.bodies.two_wheels import Chassis

DEGREES = (10, 30, 50, 90, 90, 130, 150, 170)  # of ds0 to ds7, on the left; ds8 to ds15 are their mirror images
ANGLES = [math.radians(a) for a in DEGREES] + [-math.radians(a) for a in reversed(DEGREES)]
RAYS = rays_of(ANGLES)
FULL, FULL_M, NOTHING_M = 1024.0, 0.2, 0.4  # the reading up to FULL_M; from there it falls to 0 at NOTHING_M
CRUISE, SCALE = 0.3, 2.0


class Pioneer(Roamer):
    """See Roamer for the score. CRUISE is the speed that the community genome drives at."""

    name = "pioneer"

    def __init__(self) -> None:
        super().__init__(Chassis(radius_m=0.22, axle_m=0.32, top_speed_m_s=0.6, lag_s=0.1), CRUISE, SCALE, furnished=False)

    def sense(self) -> dict[str, float]:
        """The readings of ds0 to ds15: 1024 = near, 0 = nothing."""
        far = self.distances(RAYS, NOTHING_M)
        return {f"ds{i}": FULL * min(1.0, (NOTHING_M - d) / (NOTHING_M - FULL_M)) for i, d in enumerate(far)}

    def beams(self) -> list[tuple[float, float]]:
        return [(angle, far) for angle, far in zip(ANGLES, self.distances(RAYS, NOTHING_M), strict=True) if far < NOTHING_M]
