"""A dark line on a light floor: one closed curve, bent by a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from examples.bodies.shapes import Path, Point, Shape

Floats = NDArray[np.float64]
POINTS = 360
RADIUS_M, WAVES, SWING = 0.8, (2, 3, 4, 5), 0.16  # mean radius; how often it swings out on the way round; how far, of the radius
TIGHTEST_M = 0.14  # curves are no narrower than this
LINE_M, BLUR_M = 0.03, 0.008  # width of the line; width of the spot that a floor sensor sees


class Track:
    """points: rows of x, y, the last one is followed by the first. length_m: once round."""

    def __init__(self, points: Floats) -> None:
        self.points = points
        self._way = np.roll(points, -1, 0) - points
        self._square = (self._way * self._way).sum(1)
        lengths = np.sqrt(self._square)
        self._lengths: list[float] = lengths.tolist()
        self._before: list[float] = np.concatenate(((0.0,), np.cumsum(lengths))).tolist()
        self.length_m = self._before[-1]
        self._longest_m = max(self._lengths)

    def nearest(self, x: float, y: float) -> tuple[float, float]:
        """Distance of a point to the middle of the line, and how far along it the nearest place is, metres."""
        to = np.array((x, y)) - self.points
        share = np.minimum(np.maximum((to * self._way).sum(1) / self._square, 0.0), 1.0)
        away = to - share[:, None] * self._way
        square = (away * away).sum(1)
        which = int(square.argmin())
        return math.sqrt(square[which]), self._before[which] + float(share[which]) * self._lengths[which]

    def darkness(self, spots: Sequence[Point]) -> list[float]:
        """How much of the spot that each sensor sees is line, 0 to 1. The spots are taken to be near each other."""
        x, y = spots[0]
        reach = LINE_M + BLUR_M + self._longest_m + max(math.dist(spots[0], spot) for spot in spots)
        away = self.points - np.array((x, y))
        near = np.flatnonzero((away * away).sum(1) <= reach * reach)
        if not len(near):
            return [0.0] * len(spots)
        start, way = self.points[near], self._way[near]
        to = np.array(spots)[:, None, :] - start
        share = np.minimum(np.maximum((to * way).sum(2) / self._square[near], 0.0), 1.0)
        rest = to - share[:, :, None] * way
        distance = np.sqrt((rest * rest).sum(2).min(1))
        dark: list[float] = np.clip((LINE_M / 2 + BLUR_M / 2 - distance) / BLUR_M, 0.0, 1.0).tolist()
        return dark

    def shapes(self) -> tuple[Shape, ...]:
        return (Path(tuple((x, y) for x, y in self.points.tolist()), "line", LINE_M, closed=True),)


def make_track(seed: int) -> Track:
    """The track of a seed; those with curves that are too tight are bent anew."""
    chance = random.Random(seed)
    while True:
        waves = [(k, chance.uniform(0, SWING), chance.uniform(0, math.tau)) for k in WAVES]
        ring = []
        for i in range(POINTS):
            angle = math.tau * i / POINTS
            r = RADIUS_M * (1 + sum(a * math.cos(k * angle + phase) for k, a, phase in waves))
            ring.append((r * math.cos(angle), r * math.sin(angle)))
        if tightest(ring) >= TIGHTEST_M:
            return Track(np.array(ring))


def tightest(ring: list[Point]) -> float:
    """The smallest radius of the circles through three points each, neighbours of a closed curve."""
    radii = []
    for i, b in enumerate(ring):
        a, c = ring[i - 1], ring[(i + 1) % len(ring)]
        twice_area = abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]))
        sides = math.dist(a, b) * math.dist(b, c) * math.dist(a, c)
        radii.append(sides / (2 * twice_area) if twice_area else math.inf)
    return min(radii)
