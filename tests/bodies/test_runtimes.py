"""The same life wherever the brain runs: in this process, under MicroPython, on an emulated Pico."""

from __future__ import annotations

from typing import Any

import pytest

from examples.bodies.catalogue import CATALOGUE
from neurula.errors import DeviceNotFound
from neurula.robot import Robot, read_mapping
from tests.bodies.living import image_of, lived
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


@pytest.mark.parametrize("runtime", ["reference", "micropython", pytest.param("sim:rpi_pico", marks=pytest.mark.needs_firmware)])
@pytest.mark.parametrize(("name", "seconds"), [("line_follower", 1.0), ("wall_avoider", 1.0), ("cart_pole", 0.5)])
def test_a_brain_lives_the_same_life_on_every_runtime(name: str, seconds: float, runtime: str) -> None:
    here = life(name, seconds, "npu")
    assert len(here) == 50
    assert life(name, seconds, runtime) == here
