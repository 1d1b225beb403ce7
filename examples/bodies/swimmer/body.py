"""Gymnasium's Swimmer-v5 (MuJoCo): three links in a thick fluid, joined by two hinges that can be turned."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from examples.bodies.body import held
from examples.bodies.gym_body import GymBody
from examples.bodies.shapes import Path, Picture, Point

STEP_S, STEPS_MAX = 0.04, 1000  # of the environment
SENSORS = {"front_joint": 1, "rear_joint": 2}  # place in the state
MOTORS = ("front_muscle", "rear_muscle")
GOOD_M_S = 0.35  # about what the best known gaits reach
LINK_M, NOSE_M = 1.0, 1.5  # length of a link; from the point that the model counts from to the nose
TRAIL = 5  # steps between two points of the trail


class Swimmer(GymBody):
    """Score: how far it is from where it began, over how far GOOD_M_S would have taken it. Which way it swims does not matter."""

    name = "swimmer"

    def __init__(self) -> None:
        super().__init__("Swimmer-v5", STEP_S)
        self.reset(0)

    def reset(self, seed: int) -> None:
        self._begin(seed)
        self._values = dict.fromkeys(MOTORS, 0.0)
        self._place = self._start = self._point()
        self._trail: list[Point] = []

    def _point(self) -> Point:
        model: Any = self._environment.unwrapped
        x, y = model.data.qpos[:2].tolist()
        return x, y

    def sense(self) -> dict[str, float]:
        """Degrees."""
        return {name: math.degrees(self.state[at]) for name, at in SENSORS.items()}

    def act(self, values: Mapping[str, float]) -> None:
        self._values = held(MOTORS, self._values, values)

    def step(self, dt_s: float) -> None:
        for _ in range(self._stepping.steps_of(dt_s)):
            if not self.over:
                self._advance(np.array([self._values[name] for name in MOTORS], np.float32))
                self._place = self._point()
                if self.steps % TRAIL == 0:
                    self._trail.append(self._place)

    def score(self) -> float:
        could = GOOD_M_S * self.steps * STEP_S
        return min(1.0, math.dist(self._start, self._place) / could) if could else 0.0

    def figures(self) -> dict[str, float]:
        return {"seconds": self.steps * STEP_S, "way_m": math.dist(self._start, self._place)}

    def picture(self) -> Picture:
        """The links begin at the nose; each hangs behind the one before, turned by its joint."""
        angle = self.state[0]
        x, y = self._place[0] + NOSE_M * math.cos(angle), self._place[1] + NOSE_M * math.sin(angle)
        points = [(x, y)]
        for joint in (0.0, self.state[1], self.state[2]):
            angle += joint
            x, y = x - LINK_M * math.cos(angle), y - LINK_M * math.sin(angle)
            points.append((x, y))
        left, low = self._start[0] - 3.0, self._start[1] - 6.0
        trail = (Path((*self._trail, self._place), "trail"),) if self._trail else ()
        return Picture(
            (left, low), (left + 20.0, low + 12.0), (*trail, Path(tuple(points), "robot", 0.2)),
            f"{self.steps * STEP_S:.1f} s   {math.dist(self._start, self._place):.1f} m   score {self.score():.2f}",
        )
