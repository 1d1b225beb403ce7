"""A round robot that drives about in a room: physics, collisions and score. What it senses is up to the bodies made from it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from examples.bodies.body import Stepping, held
from examples.bodies.room import HEIGHT_M, WIDTH_M, Floats, make_room
from examples.bodies.shapes import Path, Picture, Point, Shape
from examples.bodies.two_wheels import STEP_S, Chassis, TwoWheels

MOTORS = ("left_wheel", "right_wheel")
CELL_M = 0.2  # of the floor, for counting what was explored
TRAIL = 25  # steps between two points of the trail


def rays_of(angles: Sequence[float]) -> Floats:
    """Unit vectors ahead and to the left, as rows, for angles in radians to the left."""
    return np.array([(math.cos(angle), math.sin(angle)) for angle in angles])


class Roamer:
    """Score: the way driven before the first collision, over what `cruise` (of the top speed) would have made of the whole time.

    scale: by how much the room is larger than those of room.py; furnished: with things in it.
    """

    def __init__(self, chassis: Chassis, cruise: float, scale: float = 1.0, furnished: bool = True) -> None:
        self.robot = TwoWheels(chassis)
        self._cruise, self._scale, self._furnished = cruise, scale, furnished
        self._stepping = Stepping(STEP_S)
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Somewhere free in the room of that seed, at rest."""
        room, (x, y), heading = make_room(seed, self._furnished)
        self.room = room.scaled(self._scale)
        self.robot.place(x * self._scale, y * self._scale, heading)
        self._stepping.clear()
        self._values = dict.fromkeys(MOTORS, 0.0)
        self.steps = self.collisions = 0
        self._touching = False
        self._clear_m = self._free_way_m = 0.0
        self._cells: set[tuple[int, int]] = set()
        self._trail: list[Point] = []

    def distances(self, rays: Floats, limit_m: float) -> list[float]:
        """From the robot's rim to the nearest thing along each ray (see `rays_of`), at most limit_m."""
        robot, radius = self.robot, self.robot.chassis.radius_m
        c, s = math.cos(robot.heading), math.sin(robot.heading)
        directions = rays[:, :1] * np.array((c, s)) + rays[:, 1:] * np.array((-s, c))
        reach = self.room.reach(robot.x, robot.y, directions, limit_m + radius)
        return [max(0.0, far - radius) for far in reach.tolist()]

    def beams(self) -> list[tuple[float, float]]:
        """What to draw of the sensors that see something: angle, distance from the rim."""
        return []

    def act(self, values: Mapping[str, float]) -> None:
        self._values = held(MOTORS, self._values, values)

    def step(self, dt_s: float) -> None:
        for _ in range(self._stepping.steps_of(dt_s)):
            self._advance()

    def _advance(self) -> None:
        robot, before, way = self.robot, (self.robot.x, self.robot.y), self.robot.way_m
        robot.advance(*(self._values[name] for name in MOTORS))
        self._clear_m -= math.hypot(robot.x - before[0], robot.y - before[1])
        if self._clear_m <= 0:  # until then nothing can have come nearer than that
            self._clear_m = self.room.gap(robot.x, robot.y) - robot.chassis.radius_m
        touching = self._clear_m < 0
        if touching:  # held up: it may turn on the spot, but not go on
            robot.x, robot.y, robot.way_m = *before, way
        self.collisions += touching and not self._touching
        self._touching = touching
        if not self.collisions:
            self._free_way_m = robot.way_m
        self._cells.add((int(robot.x / CELL_M), int(robot.y / CELL_M)))
        if self.steps % TRAIL == 0:
            self._trail.append((robot.x, robot.y))
        self.steps += 1

    @property
    def over(self) -> bool:
        return False

    def score(self) -> float:
        could = self._cruise * self.robot.chassis.top_speed_m_s * self.steps * STEP_S
        return min(1.0, self._free_way_m / could) if could else 0.0

    def figures(self) -> dict[str, float]:
        cells = (self._scale * WIDTH_M / CELL_M) * (self._scale * HEIGHT_M / CELL_M)
        return {
            "seconds": self.steps * STEP_S,
            "way_m": self.robot.way_m,
            "collisions": self.collisions,
            "explored_percent": 100 * len(self._cells) / cells,
        }

    def picture(self) -> Picture:
        rays: list[Shape] = []
        for angle, far in self.beams():
            reach = far + self.robot.chassis.radius_m
            end = self.robot.ahead(reach * math.cos(angle), reach * math.sin(angle))
            rays.append(Path(((self.robot.x, self.robot.y), end), "sense"))
        trail = Path((*self._trail, (self.robot.x, self.robot.y)), "trail")
        return Picture(
            (-0.05, -0.05), (self._scale * WIDTH_M + 0.05, self._scale * HEIGHT_M + 0.05),
            (trail, *self.room.shapes(), *rays, *self.robot.shapes()),
            f"{self.steps * STEP_S:.1f} s   {self.robot.way_m:.1f} m   {self.collisions} collisions   score {self.score():.2f}",
        )
