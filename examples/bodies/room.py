"""Rooms with walls and pillars, laid out by a seed, and what a distance sensor sees in them."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from examples.bodies.shapes import Disc, Path, Point, Shape

Floats = NDArray[np.float64]
WIDTH_M, HEIGHT_M = 3.2, 2.4
WALLS, PILLARS = 4, 24  # how many are tried; those that leave no passages are left out
PILLAR_M = 0.06, 0.16  # smallest and largest radius
WALL_M = (0.4, 0.8)  # shortest and longest free-standing wall
POST_M = 0.04  # radius of the posts at the ends of free-standing walls
PASSAGE_M = 0.4  # between any two things


@dataclass(frozen=True)
class Room:
    """walls: from and to as rows of x0, y0, x1, y1; pillars: rows of x, y, radius."""

    walls: Floats
    pillars: Floats

    def scaled(self, factor: float) -> Room:
        """The same room, larger."""
        return Room(self.walls * factor, self.pillars * factor)

    def gap(self, x: float, y: float) -> float:
        """Distance from a point to the nearest surface, metres."""
        start, way = self.walls[:, :2], self.walls[:, 2:] - self.walls[:, :2]
        to = np.array((x, y)) - start
        along = np.clip((to * way).sum(1) / (way * way).sum(1), 0.0, 1.0)
        nearest = float(np.sqrt(((to - along[:, None] * way) ** 2).sum(1)).min())
        if len(self.pillars):
            away = np.sqrt((self.pillars[:, 0] - x) ** 2 + (self.pillars[:, 1] - y) ** 2) - self.pillars[:, 2]
            nearest = min(nearest, float(away.min()))
        return nearest

    def reach(self, x: float, y: float, directions: Floats, limit_m: float) -> Floats:
        """How far one sees from a point along each direction (rows of unit vectors), at most limit_m."""
        start, way = self.walls[:, :2] - np.array((x, y)), self.walls[:, 2:] - self.walls[:, :2]
        dx, dy = directions[:, :1], directions[:, 1:]
        across = dx * way[:, 1] - dy * way[:, 0]
        across = np.where(across == 0.0, 1e-12, across)
        far = (start[:, 0] * way[:, 1] - start[:, 1] * way[:, 0]) / across
        along = (start[:, 0] * dy - start[:, 1] * dx) / across
        seen = np.where((far >= 0) & (along >= 0) & (along <= 1), far, limit_m).min(1)
        if len(self.pillars):
            px, py, radius = self.pillars[:, 0] - x, self.pillars[:, 1] - y, self.pillars[:, 2]
            near = dx * px + dy * py
            inside = radius**2 - (px**2 + py**2 - near**2)
            hit = near - np.sqrt(np.maximum(inside, 0.0))
            seen = np.minimum(seen, np.where((inside > 0) & (hit >= 0), hit, limit_m).min(1))
        reach: Floats = np.minimum(seen, limit_m)
        return reach

    def shapes(self) -> tuple[Shape, ...]:
        walls = tuple(Path(((x0, y0), (x1, y1)), "wall", 0.02) for x0, y0, x1, y1 in self.walls.tolist())
        return walls + tuple(Disc((x, y), r, "wall", True) for x, y, r in self.pillars.tolist())


def make_room(seed: int, furnished: bool = True) -> tuple[Room, Point, float]:
    """The room of a seed, and where in it the robot starts: point and heading. furnished: with free-standing walls and pillars."""
    chance = random.Random(seed)
    w, h = WIDTH_M, HEIGHT_M
    room = Room(np.array([(0, 0, w, 0), (w, 0, w, h), (w, h, 0, h), (0, h, 0, 0)], float), np.zeros((0, 3)))
    for _ in range(WALLS if furnished else 0):
        room = with_wall(room, chance)
    for _ in range(PILLARS if furnished else 0):
        x, y, radius = chance.uniform(0, w), chance.uniform(0, h), chance.uniform(*PILLAR_M)
        if room.gap(x, y) - radius >= PASSAGE_M:
            room = Room(room.walls, np.vstack((room.pillars, (x, y, radius))))
    while True:
        x, y = chance.uniform(0, w), chance.uniform(0, h)
        if room.gap(x, y) >= 0.3:
            return room, (x, y), chance.uniform(-math.pi, math.pi)


def with_wall(room: Room, chance: random.Random) -> Room:
    """The room with one more free-standing wall, if the one that chance proposes leaves passages."""
    x, y, angle, half = (chance.uniform(0, WIDTH_M), chance.uniform(0, HEIGHT_M), chance.uniform(0, math.pi), chance.uniform(*WALL_M) / 2)
    dx, dy = half * math.cos(angle), half * math.sin(angle)
    along = [(x + t * dx, y + t * dy) for t in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    if min(room.gap(*point) for point in along) < PASSAGE_M or not all(0 < px < WIDTH_M and 0 < py < HEIGHT_M for px, py in along):
        return room
    ends = [(x + side * dx, y + side * dy) for side in (-1, 1)]
    posts = np.array([(*end, POST_M) for end in ends])  # without them a wall seen from its end would be invisible
    return Room(np.vstack((room.walls, (*ends[0], *ends[1]))), np.vstack((room.pillars, posts)))
