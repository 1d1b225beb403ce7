"""A camera on a head that pans and tilts. It sees a ninth of the scene at a time and should keep its eye on what is bright."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from examples.bodies.body import Stepping, held
from examples.bodies.gazer.scene import FRAME_S, HEIGHT, WIDTH, Scene, WanderingBlob
from examples.bodies.shapes import Path, Picture, Point, Shape

VIEW = 16, 12  # pixels that the camera sees
MOTORS = ("pan", "tilt")
SPEED = 30.0  # pixels a second at full speed
CENTRE = 3.0  # the target is looked at when it is nearer to the middle of the view than this, in both directions
BRIGHT = 150  # grey value from which a pixel is drawn


class Gazer:
    """Score: the share of the time in which the target is in the middle of what the camera sees."""

    name = "gazer"

    def __init__(self, scene: Callable[[int], Scene] = WanderingBlob) -> None:
        """scene: makes the scene of a seed."""
        self._make_scene = scene
        self._stepping = Stepping(FRAME_S)
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Looks at the middle of the scene."""
        self._scene = self._make_scene(seed)
        self._stepping.clear()
        self._values = dict.fromkeys(MOTORS, 0.0)
        self.gaze: Point = (WIDTH / 2, HEIGHT / 2)
        self.frames = self.looked = 0

    def _corner(self) -> tuple[int, int]:
        return round(self.gaze[0] - VIEW[0] / 2), round(self.gaze[1] - VIEW[1] / 2)

    def sense(self) -> dict[str, Any]:
        """What the camera sees, and how far the head is turned: 0 = left end or top, 1 = right end or bottom."""
        x, y = self._corner()
        view = self._scene.frame(self.frames)[y : y + VIEW[1], x : x + VIEW[0]]
        return {"camera": view, "pan_angle": x / (WIDTH - VIEW[0]), "tilt_angle": y / (HEIGHT - VIEW[1])}

    def act(self, values: Mapping[str, float]) -> None:
        """pan: to the right, tilt: downwards."""
        self._values = held(MOTORS, self._values, values)

    def step(self, dt_s: float) -> None:
        for _ in range(self._stepping.steps_of(dt_s)):
            half = VIEW[0] / 2, VIEW[1] / 2
            moved = [place + self._values[name] * SPEED * FRAME_S for place, name in zip(self.gaze, MOTORS, strict=True)]
            self.gaze = (min(WIDTH - half[0], max(half[0], moved[0])), min(HEIGHT - half[1], max(half[1], moved[1])))
            self.frames += 1
            target = self._scene.target(self.frames)
            self.looked += max(abs(target[0] - self.gaze[0]), abs(target[1] - self.gaze[1])) <= CENTRE

    @property
    def over(self) -> bool:
        return False

    def score(self) -> float:
        return self.looked / self.frames if self.frames else 0.0

    def figures(self) -> dict[str, float]:
        return {"seconds": self.frames * FRAME_S, "looked_s": self.looked * FRAME_S}

    def picture(self) -> Picture:
        """Bright pixels of the scene, and the frame of what the camera sees."""
        rows, columns = np.nonzero(self._scene.frame(self.frames) >= BRIGHT)
        places = zip(columns.tolist(), (HEIGHT - 0.5 - rows).tolist(), strict=True)
        dots: list[Shape] = [Path(((x, y), (x + 1, y)), "line", 1) for x, y in places]
        x, y = self._corner()
        low, high = (x, HEIGHT - y - VIEW[1]), (x + VIEW[0], HEIGHT - y)
        view = Path((low, (high[0], low[1]), high, (low[0], high[1]), low), "robot")
        scene = Path(((0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT), (0, 0)), "wall")
        return Picture((-1, -1), (WIDTH + 1, HEIGHT + 1), (scene, *dots, view), f"{self.frames * FRAME_S:.1f} s   score {self.score():.2f}")
