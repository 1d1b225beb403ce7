"""The SDK: a body and a brain in one object. Ten lines make a robot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from neurula.errors import InvalidInput
from neurula.link.clock import Clock
from neurula.link.link import Link
from neurula.robot.binding import BoundRobot, bind
from neurula.robot.body import Body
from neurula.robot.mapping import RobotMapping, read_mapping
from neurula.robot.remote import RemoteBrain
from neurula.robot.shape import rate_of, shape_of_image
from neurula.runtimes import Runtime, Stimulus, open_runtime
from neurula.runtimes.stimulus import geometry_of
from neurula_npu import Image, ImageError

IMAGE_MAGIC = b"NRLB"
IMAGE_BYTES_MAX = (1 << 31) - 1
RAM_LIMIT = 1 << 30


class Robot:
    """A body with a brain, in this process or at the other end of a link.

    mapping: robot.toml, or what `read_mapping` made of it; brain: a genome, which is grown and compiled, or an image (`.nrl`);
    runtime: where the brain runs, a name as `neurula run --runtime` takes it. link: leads to a board or a process that runs this
    brain already, by the clock (None: the computer's). A context manager; raises NeurulaError.

        robot = Robot("robot.toml", "genome.json")
        robot.sense(left_eye=0.4, right_eye=2.5)
        values = robot.step()
    """

    def __init__(
        self,
        mapping: str | Path | RobotMapping,
        brain: str | Path | bytes,
        *,
        runtime: str = "npu",
        link: Link | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.mapping = mapping if isinstance(mapping, RobotMapping) else read_mapping(mapping)
        data, rate_hz = load_brain(brain, self.mapping)
        try:
            image = Image(data, RAM_LIMIT)
            shape = shape_of_image(image, rate_hz)
        except ImageError as error:
            raise InvalidInput("M303", f"the brain's image cannot be used: {error.message}", where=f"byte {error.at}") from None
        self.bound: BoundRobot = bind(self.mapping, shape)
        self.body = Body(self.bound, [area.units for area in geometry_of(image)])
        self._brain: LocalBrain | RemoteBrain = (
            LocalBrain(self.body, open_runtime(runtime, data)) if link is None else RemoteBrain(self.body, data, link, clock)
        )

    def sense(self, **values: Any) -> None:
        """What sensors say from now on, by name, in their own units; None: nothing. InvalidInput M301, M302."""
        for name, value in values.items():
            self.body.sense(name, value)

    def step(self, bursts: int = 1) -> dict[str, Any]:
        """Lets the brain run for some bursts (over a link: waits until they have gone by); the values of all motors after the last."""
        self._brain.step(bursts)
        return self.values

    @property
    def burst(self) -> int:
        """Number of the last burst that is known of."""
        return self._brain.burst

    @property
    def values(self) -> dict[str, Any]:
        """What the motors shall do, by name, in their own units."""
        return self.body.values

    def __getitem__(self, motor: str) -> Any:
        """The value of one motor. InvalidInput M301."""
        values: Mapping[str, Any] = self.values
        if motor not in values:
            raise InvalidInput("M301", f"the robot has no motor {motor!r}: {', '.join(values) or 'it has none'}")
        return values[motor]

    def close(self) -> None:
        self._brain.close()

    def __enter__(self) -> Robot:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class LocalBrain:
    """A brain that runs when its body says so."""

    def __init__(self, body: Body, runtime: Runtime) -> None:
        self.body, self.runtime = body, runtime
        self.burst = 0

    def step(self, bursts: int) -> None:
        for _ in range(bursts):
            stimulus = Stimulus(inject=tuple(self.body.injections()))
            for result in self.runtime.run(1, {self.burst + 1: stimulus}):
                self.burst = result.number
                self.body.read(result.fired)

    def close(self) -> None:
        self.runtime.close()


def load_brain(brain: str | Path | bytes, mapping: RobotMapping) -> tuple[bytes, float | None]:
    """The image of a brain, and its bursts in a second as far as its genome says so. Areas that the robot names are kept."""
    if isinstance(brain, bytes):
        return brain, None
    try:
        with Path(brain).open("rb") as file:
            magic = file.read(len(IMAGE_MAGIC))
            if magic == IMAGE_MAGIC:
                return magic + file.read(IMAGE_BYTES_MAX), None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InvalidInput("M304", f"the brain cannot be read: {reason}", where=str(brain)) from None
    from neurula.compiler import lower, write_image
    from neurula.compiler.lower import DEFAULT_WINDOW, window_of
    from neurula.development import develop
    from neurula.genome import read_genome
    from neurula.robot.binding import try_bind
    from neurula.robot.shape import shape_of_genome

    genome = read_genome(str(brain))
    shape = shape_of_genome(genome)
    robot, _ = try_bind(mapping, shape)
    keep = {shape.areas[part.area].id for device in robot.devices for part in device.parts}
    window = window_of(genome.physiology) or DEFAULT_WINDOW
    program = lower(develop(genome).connectome, keep=keep, plasticity_window=window)
    return write_image(program), rate_of(genome.physiology.get("simulation_timestep"))
