"""The physics of a round robot with two wheels: no slip, wheels that take their time, walls that hold it up."""

from __future__ import annotations

import math
from dataclasses import dataclass

from examples.bodies.shapes import Disc, Path, Point, Shape

STEP_S = 0.01


@dataclass(frozen=True)
class Chassis:
    """Measures. radius_m: of the body; axle_m: between the wheels; lag_s: time in which a wheel comes within 1/e of its speed."""

    radius_m: float = 0.09
    axle_m: float = 0.14
    top_speed_m_s: float = 0.3
    lag_s: float = 0.06


class TwoWheels:
    """Where the robot is and how fast its wheels turn. heading: radians, 0 along x, counted to the left."""

    def __init__(self, chassis: Chassis = Chassis()) -> None:
        self.chassis = chassis
        self.place(0.0, 0.0, 0.0)

    def place(self, x: float, y: float, heading: float) -> None:
        """Puts it somewhere, at rest."""
        self.x, self.y, self.heading = x, y, heading
        self.left_m_s = self.right_m_s = 0.0
        self.way_m = 0.0

    def advance(self, left: float, right: float) -> None:
        """One step of STEP_S. left, right: the wheels' wanted speeds, -1 to 1 of the top speed."""
        c = self.chassis
        share = STEP_S / (c.lag_s + STEP_S)
        self.left_m_s += share * (left * c.top_speed_m_s - self.left_m_s)
        self.right_m_s += share * (right * c.top_speed_m_s - self.right_m_s)
        speed, turn = (self.left_m_s + self.right_m_s) / 2, (self.right_m_s - self.left_m_s) / c.axle_m
        middle = self.heading + turn * STEP_S / 2
        self.x += speed * STEP_S * math.cos(middle)
        self.y += speed * STEP_S * math.sin(middle)
        self.heading = math.remainder(self.heading + turn * STEP_S, math.tau)
        self.way_m += abs(speed) * STEP_S

    def ahead(self, forward_m: float, left_m: float) -> Point:
        """The point so far in front of and to the left of its middle."""
        c, s = math.cos(self.heading), math.sin(self.heading)
        return self.x + forward_m * c - left_m * s, self.y + forward_m * s + left_m * c

    def shapes(self) -> tuple[Shape, ...]:
        r = self.chassis.radius_m
        wheels = []
        for side in (1, -1):
            at = side * self.chassis.axle_m / 2
            wheels.append(Path((self.ahead(-0.4 * r, at), self.ahead(0.4 * r, at)), "robot", 0.02))
        nose = Path((self.ahead(0.95 * r, 0), self.ahead(0.3 * r, 0.4 * r), self.ahead(0.3 * r, -0.4 * r)), "robot", closed=True)
        return (Disc((self.x, self.y), r, "robot"), *wheels, nose)
