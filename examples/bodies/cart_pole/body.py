"""Gymnasium's CartPole-v1: a cart on a rail, a pole on the cart, a push to the left or to the right 50 times a second."""

from __future__ import annotations

import math
from collections.abc import Mapping

from examples.bodies.body import held
from examples.bodies.gym_body import GymBody
from examples.bodies.shapes import Path, Picture

STEP_S, STEPS_MAX = 0.02, 500  # of the environment
DEGREE = math.degrees(1.0)
# place in the state, unit
SENSORS = {"pole_angle": (2, DEGREE), "pole_turning": (3, DEGREE), "cart_place": (0, 1.0), "cart_speed": (1, 1.0)}
MOTOR = "push"


class CartPole(GymBody):
    """Score: the steps for which the pole stood, of 500. Without a push ever it is pushed to the left, as the environment knows no rest."""

    name = "cart_pole"

    def __init__(self) -> None:
        super().__init__("CartPole-v1", STEP_S)
        self.reset(0)

    def reset(self, seed: int) -> None:
        self._begin(seed)
        self._values = {MOTOR: 0.0}

    def sense(self) -> dict[str, float]:
        """Degrees and degrees a second, metres and metres a second; to the right."""
        return {name: self.state[at] * unit for name, (at, unit) in SENSORS.items()}

    def act(self, values: Mapping[str, float]) -> None:
        self._values = held((MOTOR,), self._values, values)

    def step(self, dt_s: float) -> None:
        for _ in range(self._stepping.steps_of(dt_s)):
            if not self.over:
                self._advance(int(self._values[MOTOR] > 0))

    def score(self) -> float:
        return self.steps / STEPS_MAX

    def figures(self) -> dict[str, float]:
        return {"seconds": self.steps * STEP_S, "angle_deg": math.degrees(self.state[2]), "place_m": self.state[0]}

    def picture(self) -> Picture:
        x, angle = self.state[0], self.state[2]
        cart = Path(((x - 0.25, -0.12), (x + 0.25, -0.12), (x + 0.25, 0.12), (x - 0.25, 0.12)), "robot", closed=True)
        pole = Path(((x, 0.12), (x + math.sin(angle), 0.12 + math.cos(angle))), "sense", 0.06)
        rail = Path(((-2.4, -0.14), (2.4, -0.14)), "wall", 0.02)
        return Picture((-2.5, -0.4), (2.5, 1.5), (rail, cart, pole), f"{self.steps * STEP_S:.1f} s   score {self.score():.3f}")
