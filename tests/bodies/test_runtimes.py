"""The same life wherever the brain runs: in this process, under MicroPython, on an emulated Pico."""

from __future__ import annotations

from typing import Any

import pytest

from examples.bodies.catalogue import CATALOGUE
from neurula.errors import DeviceNotFound
from neurula.robot import Robot, read_mapping
from tests.bodies.living import burst_s, image_of, lived
from tests.conftest import missing


def life(name: str, seconds: float, runtime: str) -> list[Any]:
    """Score, motors and picture after every burst."""
    entry = CATALOGUE[name]
    try:
        robot = Robot(read_mapping(entry.robot), image_of(entry.genome), runtime=runtime)
    except DeviceNotFound as error:
        missing(f"{error.message}; {error.remedy}")
        raise
    seen: list[Any] = []
    with robot:
        lived(name, 2, seconds, robot, lambda body, _: seen.append((body.score(), robot.values, body.picture())))
    return seen


LIVES = [(name, runtime) for name in ("line_follower", "wall_avoider", "cart_pole") for runtime in ("reference", "micropython")]


@pytest.mark.parametrize(("name", "runtime"), [*LIVES, pytest.param("line_follower", "sim:rpi_pico", marks=pytest.mark.needs_firmware)])
def test_a_brain_lives_the_same_life_on_every_runtime(name: str, runtime: str) -> None:
    seconds = 50 * burst_s(name)
    here = life(name, seconds, "npu")
    assert len(here) == 50
    assert life(name, seconds, runtime) == here
