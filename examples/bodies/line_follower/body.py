"""The two-wheeled robot with five floor sensors in a row, put on a line."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

from examples.bodies.body import Stepping, held
from examples.bodies.shapes import Disc, Path, Picture, Point, Shape
from examples.bodies.track import LINE_M, RADIUS_M, make_track
from examples.bodies.two_wheels import STEP_S, TwoWheels

SENSORS = {"far_left": 2, "left": 1, "middle": 0, "right": -1, "far_right": -2}  # in steps of PITCH_M, to the left
MOTORS = ("left_wheel", "right_wheel")
PITCH_M, AHEAD_M = 0.014, 0.06  # between two sensors; from the axle to their row
ON_M = LINE_M  # the axle's middle is on the line up to here from the line's middle
MARK_M, PATIENCE_S = 0.05, 1.0  # a robot that has not passed a new mark of the line for so long does not follow it
TRAIL = 10  # steps between two points of the trail


class LineFollower:
    """Score: the share of the time in which the robot is on the line and gets on along it."""

    name = "line_follower"

    def __init__(self) -> None:
        self.robot = TwoWheels()
        self._stepping = Stepping(STEP_S)
        self.reset(0)

    def reset(self, seed: int) -> None:
        """On the line, along it but for a few degrees."""
        self.track = make_track(seed)
        chance = random.Random(seed + 1)
        i = chance.randrange(len(self.track.points))
        (x, y), (x1, y1) = self.track.points[i].tolist(), self.track.points[(i + 1) % len(self.track.points)].tolist()
        self.robot.place(x, y, math.atan2(y1 - y, x1 - x) + chance.uniform(-0.2, 0.2))
        self._stepping.clear()
        self._values = dict.fromkeys(MOTORS, 0.0)
        self.steps = self.good_steps = self.off_steps = 0
        self._along_m = self.track.nearest(x, y)[1]
        self.followed_m = self._marked_m = 0.0
        self._marked_at = 0
        self._trail: list[Point] = []

    def sense(self) -> dict[str, float]:
        """How dark the floor is: 0 = light, 1 = line."""
        spots = [self.robot.ahead(AHEAD_M, at * PITCH_M) for at in SENSORS.values()]
        return dict(zip(SENSORS, self.track.darkness(spots), strict=True))

    def act(self, values: Mapping[str, float]) -> None:
        self._values = held(MOTORS, self._values, values)

    def step(self, dt_s: float) -> None:
        for _ in range(self._stepping.steps_of(dt_s)):
            self.robot.advance(*(self._values[name] for name in MOTORS))
            self._judge()

    def _judge(self) -> None:
        away, along = self.track.nearest(self.robot.x, self.robot.y)
        on = away <= ON_M
        if on:
            self.followed_m += math.remainder(along - self._along_m, self.track.length_m)
            self._along_m = along
        if abs(self.followed_m) >= self._marked_m + MARK_M:
            self._marked_m, self._marked_at = abs(self.followed_m), self.steps
        self.off_steps += not on
        self.good_steps += on and (self.steps - self._marked_at) * STEP_S <= PATIENCE_S
        if self.steps % TRAIL == 0:
            self._trail.append((self.robot.x, self.robot.y))
        self.steps += 1

    @property
    def over(self) -> bool:
        return False

    def score(self) -> float:
        return self.good_steps / self.steps if self.steps else 0.0

    def figures(self) -> dict[str, float]:
        return {
            "seconds": self.steps * STEP_S,
            "followed_m": abs(self.followed_m),
            "rounds": abs(self.followed_m) / self.track.length_m,
            "off_line_percent": 100 * self.off_steps / self.steps if self.steps else 0.0,
        }

    def picture(self) -> Picture:
        spots: list[Shape] = []
        for at, dark in zip(SENSORS.values(), self.sense().values(), strict=True):
            spots.append(Disc(self.robot.ahead(AHEAD_M, at * PITCH_M), 0.006, "sense" if dark >= 0.5 else "ink", True))
        edge = 1.45 * RADIUS_M
        trail = (Path((*self._trail, (self.robot.x, self.robot.y)), "trail"),)
        return Picture(
            (-edge, -edge), (edge, edge), (*self.track.shapes(), *trail, *self.robot.shapes(), *spots),
            f"{self.steps * STEP_S:.1f} s   {abs(self.followed_m) / self.track.length_m:.1f} rounds   score {self.score():.3f}",
        )
