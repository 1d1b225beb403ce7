"""A rover in a room, with an emulated Arduino Uno for its nerves: two distance sensors as voltages, two wheels as pulses."""

from __future__ import annotations

from pathlib import Path

from examples.bodies.roamer import Roamer, rays_of
from examples.bodies.two_wheels import STEP_S, Chassis
from tests.bridge.uno.uno import Uno

REACH_M = 1.0
EYES = {0: 0.5, 2: -0.5}  # analogue input -> radians to the left
WHEELS = {"left_wheel": (5, 7), "right_wheel": (6, 8)}  # pins of the pulses and of the direction
RAYS = rays_of(list(EYES.values()))


class Rover(Roamer):
    """What is around the board. The nearer a wall, the higher the voltage."""

    def __init__(self, library: Path, sketch: Path, seed: int) -> None:
        super().__init__(Chassis(top_speed_m_s=0.25), cruise=0.5)
        self.reset(seed)
        self.uno = Uno(library, sketch, STEP_S)
        self.uno.outside = self.live
        self.live()

    def live(self) -> None:
        """A step of the world: wheels as the pins say, voltages as the walls are."""
        uno = self.uno
        self.act({name: uno.duty(pulses) * (-1 if uno.pin(direction) else 1) for name, (pulses, direction) in WHEELS.items()})
        self.step(STEP_S)
        for (number, _), far_m in zip(EYES.items(), self.distances(RAYS, REACH_M), strict=True):
            uno.set_analog(number, 1 - min(far_m, REACH_M) / REACH_M)
