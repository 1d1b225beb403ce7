"""From what a person asks for to a bridge that can run: brain, body, clock, recorder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurula.bridge.addresses import SERIAL, is_address, open_far_end
from neurula.bridge.board_brain import BoardBrain
from neurula.bridge.bodies import BodyPort, LinkedBody, LocalBody, NoBody
from neurula.bridge.brains import BoundBrain, BrainPort, SteppedBrain, bound_brain
from neurula.bridge.bridge import Bridge
from neurula.bridge.channels import channels_of_brain
from neurula.bridge.meters import Meters
from neurula.bridge.recording import Head, Recorder, Recording
from neurula.bridge.replay import Replay
from neurula.bridge.worlds import make_world
from neurula.link.clock import Clock, SystemClock
from neurula.robot import parse_mapping, read_mapping
from neurula.robot.robot import load_brain
from neurula.runtimes import LOCAL
from neurula_npu.pacer import wake_precisely


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a bridge is made of. board: address of the brain, or None for a brain here on `runtime`; body: address, MODULE:CLASS or None."""

    brain: str
    robot: str
    board: str | None = None
    body: str | None = None
    runtime: str = "npu"
    rate_hz: float | None = None
    lockstep: bool = False
    seed: int = 1
    record: str | None = None


@dataclass(frozen=True, slots=True)
class Assembled:
    """A bridge that is open. waits: whether it keeps the time of the clock on the wall, or a board's."""

    bridge: Bridge
    brain: BoundBrain
    body: BodyPort
    brain_name: str
    waits: bool
    paced: bool

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
    port, clock = open_brain(wishes, brain, stack)
    body, clock = open_body(wishes, brain, clock)
    recorder = None
    if wishes.record is not None:
        head = Head(port.name, brain.rate_hz, body.name, repeatable=not port.paced)
        recorder = stack.enter_context(Recorder(Path(wishes.record), head, Path(wishes.robot).read_bytes(), image))
    stack.callback(body.close)
    body.open()
    if not wishes.lockstep:
        wake_precisely()
    made = Bridge(port, body, clock, Meters(brain.geometry, brain.rate_hz), lockstep=wishes.lockstep, recorder=recorder)
    return Assembled(made, brain, body, port.name, not wishes.lockstep, port.paced)


def open_brain(wishes: Wishes, brain: BoundBrain, stack: ExitStack) -> tuple[BrainPort, Clock]:
    """The brain, and the clock that its time is counted by."""
    if wishes.board is None:
        here = SteppedBrain(brain, wishes.runtime)
        stack.callback(here.close)
        return here, SystemClock()
    if wishes.lockstep:
        return held_brain(wishes.board, brain, stack), SystemClock()
    link, clock = open_far_end(wishes.board)
    there = BoardBrain(brain, link, clock)
    stack.callback(there.close)
    there.open()
    return there, clock


def held_brain(address: str, brain: BoundBrain, stack: ExitStack) -> SteppedBrain:
    """A brain on a board that takes every burst from here. DeviceNotFound K101 to K107, VerificationFailed K124 for another brain."""
    from neurula.device.board_runtime import BoardRuntime
    from neurula.device.find import find_device
    from neurula.device.link import BoardLink
    from neurula.device.ports import open_connection

    connection = open_connection(find_device(address.removeprefix(SERIAL)))
    stack.callback(connection.close)
    held = SteppedBrain(brain, BoardRuntime(BoardLink(connection), brain.image))
    stack.callback(held.close)
    return held


def open_body(wishes: Wishes, brain: BoundBrain, clock: Clock) -> tuple[BodyPort, Clock]:
    """The body, and the clock of both: that of an emulated board, or the computer's. clock: of the brain."""
    mapping = brain.robot.mapping
    if wishes.body is None:
        return NoBody(clock), clock
    if not is_address(wishes.body):
        return LocalBody(make_world(wishes.body, wishes.seed), mapping, clock, wishes.body), clock
    link, far_clock = open_far_end(wishes.body)
    period_s = 1 / brain.rate_hz
    return LinkedBody(channels_of_brain(brain.robot), mapping, link, far_clock, lockstep=wishes.lockstep, period_s=period_s), clock


@contextmanager
def open_replay(path: Path, brain: str | None, runtime: str | None) -> Iterator[Replay]:
    """A recording with its own brain or another one, on its own runtime, where this computer has it, or another. Raises NeurulaError."""
    with Recording(path) as recording:
        mapping = parse_mapping(recording.robot, f"robot.toml in {path}")
        image = recording.image if brain is None else load_brain(brain, mapping)[0]
        own = recording.head.runtime if recording.head.runtime in LOCAL else LOCAL[1]
        yield Replay(recording, bound_brain(image, mapping, None, recording.head.rate_hz), runtime or own, str(path))
