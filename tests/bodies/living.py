"""Lives of the bodies as the tests run them."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from examples.bodies.body import Body
from examples.bodies.catalogue import CATALOGUE, DESIGNED
from examples.bodies.loop import Brain, NoBrain, live
from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.genome import read_genome
from neurula.robot import Robot, read_mapping
from tests.conftest import missing

SEEDS = range(int(os.environ.get("NEURULA_BODY_SEEDS", "3")))  # more of them where there is time
ALL = tuple(CATALOGUE)
GYM = ("cart_pole", "swimmer")
NEEDS = {"cart_pole": "gymnasium", "swimmer": "mujoco"}


def make(name: str) -> Body:
    """The body; the test is skipped (or failed, where everything is required) if this machine lacks what it is made of."""
    if name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None:
        missing(f"{name} needs {NEEDS[name]} (pip install '.[bodies]')")
    return CATALOGUE[name].make()


@lru_cache(maxsize=16)
def image_of(genome: Path) -> bytes:
    return write_image(lower(develop(read_genome(genome)).connectome))


def brain_of(name: str, genome: Path | None = None) -> Robot:
    """A fresh brain for a body: its own, or that of another genome."""
    return Robot(read_mapping(CATALOGUE[name].robot), image_of(genome or CATALOGUE[name].genome))


def burst_s(name: str) -> float:
    rate_hz = read_mapping(CATALOGUE[name].robot).rate_hz
    assert rate_hz is not None
    return 1 / rate_hz


def lived(name: str, seed: int, seconds: float, brain: Brain | None = None, watch: Callable[[Body, int], None] | None = None) -> Body:
    """The body after a life, with its own brain unless another is given. watch: called after every burst."""
    body = make(name)
    body.reset(seed)
    for burst in live(body, brain or brain_of(name), burst_s(name), seconds):
        if watch:
            watch(body, burst)
    return body


class Changed:
    """A brain whose sensors or motors go through something first."""

    def __init__(self, brain: Brain, sensors: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
                 motors: Callable[[dict[str, Any]], dict[str, Any]] | None = None) -> None:  # fmt: skip
        self._brain, self._sensors, self._motors = brain, sensors, motors

    def sense(self, **values: Any) -> None:
        self._brain.sense(**(self._sensors(values) if self._sensors else values))

    def step(self) -> dict[str, Any]:
        values = self._brain.step()
        return self._motors(values) if self._motors else values


__all__ = ["ALL", "DESIGNED", "GYM", "SEEDS", "Changed", "NoBrain", "brain_of", "burst_s", "image_of", "lived", "make"]
