"""From what a person asks for to a bridge that can run: brain, body, clock, recorder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurula.bridge.addresses import open_far_end
from neurula.bridge.bodies import BodyPort, LinkedBody, LocalBody
from neurula.bridge.brains import BoundBrain, SteppedBrain, bound_brain
from neurula.bridge.bridge import Bridge
from neurula.bridge.channels import channels_of_brain
from neurula.bridge.meters import Meters
from neurula.bridge.recording import Head, Recorder, Recording
from neurula.bridge.replay import Replay
from neurula.bridge.worlds import make_world
from neurula.link.clock import Clock, SystemClock
from neurula.robot import RobotMapping, parse_mapping, read_mapping
from neurula.robot.robot import load_brain


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a bridge is made of. link: address of the body, or None and body: MODULE:CLASS; record: path, or None."""

    brain: str
    robot: str
    link: str | None = None
    body: str | None = None
    runtime: str = "npu"
    rate_hz: float | None = None
    lockstep: bool = False
    seed: int = 1
    record: str | None = None


@dataclass(frozen=True, slots=True)
class Assembled:
    """A bridge that is open. waits: whether it keeps the time of the clock on the wall."""

    bridge: Bridge
    brain: BoundBrain
    body: BodyPort
    brain_name: str
    waits: bool

    @property
    def body_name(self) -> str:
        return self.body.name

    @property
    def title(self) -> str:
        return f"{self.brain.robot.mapping.name} on {self.brain_name}"

    @property
    def score(self) -> float | None:
        """Of a body in this process that has one."""
        world: Any = self.body.world if isinstance(self.body, LocalBody) else None
        return float(world.score()) if hasattr(world, "score") else None

    @property
    def figures(self) -> dict[str, float]:
        world: Any = self.body.world if isinstance(self.body, LocalBody) else None
        return {str(name): float(value) for name, value in world.figures().items()} if hasattr(world, "figures") else {}


def assemble(wishes: Wishes, stack: ExitStack) -> Assembled:
    """Opens everything; the stack closes it, motors neutral. Raises NeurulaError."""
    mapping = read_mapping(wishes.robot)
    image, genome_rate_hz = load_brain(wishes.brain, mapping)
    brain = bound_brain(image, mapping, genome_rate_hz, wishes.rate_hz)
    stepped = SteppedBrain(brain, wishes.runtime)
    stack.callback(stepped.close)
    body, clock = open_body(wishes, brain, mapping)
    recorder = None
    if wishes.record is not None:
        head = Head(stepped.name, brain.rate_hz, body.name, repeatable=True)
        recorder = stack.enter_context(Recorder(Path(wishes.record), head, Path(wishes.robot).read_bytes(), image))
    stack.callback(body.close)
    body.open()
    meters = Meters(brain.geometry, brain.rate_hz)
    made = Bridge(stepped, body, clock, meters, lockstep=wishes.lockstep, recorder=recorder)
    return Assembled(made, brain, body, stepped.name, not wishes.lockstep)


def open_body(wishes: Wishes, brain: BoundBrain, mapping: RobotMapping) -> tuple[BodyPort, Clock]:
    if wishes.body is not None:
        clock = SystemClock()
        return LocalBody(make_world(wishes.body, wishes.seed), mapping, clock, wishes.body), clock
    assert wishes.link is not None
    channels = channels_of_brain(brain.robot)
    link, far_clock = open_far_end(wishes.link)
    return LinkedBody(channels, mapping, link, far_clock, lockstep=wishes.lockstep, period_s=1 / brain.rate_hz), far_clock


@contextmanager
def open_replay(path: Path, brain: str | None, runtime: str | None) -> Iterator[Replay]:
    """A recording with its own brain, or another one; on its own runtime, or another one. Raises NeurulaError."""
    with Recording(path) as recording:
        mapping = parse_mapping(recording.robot, f"robot.toml in {path}")
        image = recording.image if brain is None else load_brain(brain, mapping)[0]
        yield Replay(recording, bound_brain(image, mapping, None, recording.head.rate_hz), runtime or recording.head.runtime, str(path))
