"""A bridge on simulated time: a brain here, a body at the other end of a pipe that has the faults one wants."""

from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path
from typing import Any

from examples.bodies.body import Body
from examples.bodies.catalogue import CATALOGUE
from neurula.bridge import (
    BodyEnd,
    BoundBrain,
    Bridge,
    LinkedBody,
    LocalBody,
    Meters,
    Recorder,
    SteppedBrain,
    bound_brain,
    channels_of_brain,
)
from neurula.bridge.recording import Head
from neurula.link.clock import SimulatedClock
from neurula.link.fault_pipe import FaultPipe, Faults
from neurula.robot import RobotMapping, read_mapping
from tests.bodies.living import image_of, make

ROUGH = Faults(loss=0.2, duplication=0.05, reordering=0.2, depth=8, jitter_s=0.05)
LOOK_S = 0.02  # how often a body looks whether its cable is back


@lru_cache(maxsize=16)
def brain_of(name: str) -> BoundBrain:
    mapping = mapping_of(name)
    return bound_brain(image_of(CATALOGUE[name].genome), mapping, None)


@lru_cache(maxsize=16)
def mapping_of(name: str) -> RobotMapping:
    return read_mapping(CATALOGUE[name].robot)


def world_of(name: str, seed: int) -> Body:
    world = make(name)
    world.reset(seed)
    return world


class Lab:
    """One body with its brain over a pipe. outcomes: of all bursts that `run` has run."""

    def __init__(
        self, name: str, seed: int, faults: Faults | None = None, *, lockstep: bool = False, runtime: str = "npu", failsafe_s: float = 0.2
    ) -> None:
        self.name, self.brain, mapping = name, brain_of(name), mapping_of(name)
        self.clock = SimulatedClock()
        self.pipe = FaultPipe(self.clock, faults, seed=seed)
        self.world = world_of(name, seed)
        period_s = 1 / self.brain.rate_hz
        self.end = BodyEnd(
            self.world, mapping, self.pipe.b, self.clock, sense_s=period_s, lockstep_s=period_s if lockstep else None, failsafe_s=failsafe_s
        )
        self.pipe.b.on_data = self.end.poll
        self.clock.call_every(period_s, self.end.tick)
        self.clock.call_every(LOOK_S, self._look)
        self.body = LinkedBody(
            channels_of_brain(self.brain.robot), mapping, self.pipe.a, self.clock, lockstep=lockstep, period_s=period_s,
            chance=random.Random(seed),
        )  # fmt: skip
        self.body.open()
        self.stepped = SteppedBrain(self.brain, runtime)
        self.bridge = Bridge(self.stepped, self.body, self.clock, Meters(self.brain.geometry, self.brain.rate_hz), lockstep=lockstep)

    def _look(self) -> None:
        if not self.pipe.b.open:
            self.pipe.b.reopen()

    def run(self, seconds: float) -> Lab:
        self.bridge.run(round(seconds * self.brain.rate_hz))
        return self


def local_bridge(name: str, seed: int, runtime: str = "npu", record: Path | None = None) -> tuple[Bridge, Any, Recorder | None]:
    """The same brain and body in one process, in lockstep; (bridge, world, recorder)."""
    brain, world, clock = brain_of(name), world_of(name, seed), SimulatedClock()
    recorder = None
    if record is not None:
        head = Head(runtime, brain.rate_hz, name, repeatable=True)
        recorder = Recorder(record, head, CATALOGUE[name].robot.read_bytes(), brain.image)
    body = LocalBody(world, mapping_of(name), clock, name)
    meters = Meters(brain.geometry, brain.rate_hz)
    return Bridge(SteppedBrain(brain, runtime), body, clock, meters, lockstep=True, recorder=recorder), world, recorder
