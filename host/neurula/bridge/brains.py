"""Brains as the bridge sees them, and the one that waits for every burst, wherever its runtime is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from neurula.bridge.bodies import LinkQuality
from neurula.errors import InvalidInput
from neurula.link.session import Event
from neurula.link.wire import Stats
from neurula.robot import Body, BoundRobot, RobotMapping, bind, shape_of_image
from neurula.runtimes import Runtime, Stimulus, open_runtime
from neurula.runtimes.stimulus import AreaGeometry, geometry_of
from neurula_npu import Image, ImageError

RAM_LIMIT = 1 << 30
RATE_HZ = 50.0  # of a brain for which nobody has said it
FiredNeurons = tuple[tuple[int, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one burst was: its number from 1, what was new to the sensors, who fired, the CRC-32 of the state, what the motors shall do.

    sensed and motors: by device, in their own units; state_hash: None where nobody can see it."""

    burst: int
    sensed: Mapping[str, Any]
    fired: FiredNeurons
    state_hash: int | None
    motors: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BoundBrain:
    """An image, and the robot on it. rate_hz: bursts in a second: what was asked for, else the robot's, else the genome's, else 50."""

    image: bytes
    robot: BoundRobot
    geometry: Sequence[AreaGeometry]
    rate_hz: float

    @property
    def sha256(self) -> bytes:
        return sha256(self.image).digest()

    def coders(self) -> Body:
        """Sensors and motors as they are before the first burst."""
        return Body(self.robot, [area.units for area in self.geometry])


def bound_brain(image: bytes, mapping: RobotMapping, genome_rate_hz: float | None, rate_hz: float | None = None) -> BoundBrain:
    """InvalidInput M303 for an image that cannot be used, M201 to M206 where the robot does not fit it."""
    try:
        parsed = Image(image, RAM_LIMIT)
        robot = bind(mapping, shape_of_image(parsed, genome_rate_hz))
        geometry = geometry_of(parsed)
    except ImageError as error:
        raise InvalidInput("M303", f"the brain's image cannot be used: {error.message}", where=f"byte {error.at}") from None
    return BoundBrain(image, robot, geometry, rate_hz or mapping.rate_hz or genome_rate_hz or RATE_HZ)


class BrainPort(Protocol):
    """What the bridge needs of a brain."""

    @property
    def name(self) -> str: ...

    @property
    def paced(self) -> bool:
        """True for a brain that keeps its own time: whoever steps it waits."""

    def step(self, news: Mapping[str, Any]) -> Outcome | None:
        """The next burst, with what the sensors say that is new; None: none came, for the link is away."""

    def quality(self) -> LinkQuality | None:
        """None for a brain without a link."""

    def stats(self) -> Stats | None:
        """A board's own figures."""

    def events(self) -> Sequence[Event]:
        """What happened to the link, oldest first."""

    def close(self) -> None: ...


class SteppedBrain:
    """A brain that runs one burst when it is asked to, wherever its runtime is."""

    paced = False

    def __init__(self, brain: BoundBrain, runtime: str | Runtime = "npu") -> None:
        """runtime: a name as for `neurula run`, or one that is open."""
        self.brain = brain
        self._coders = brain.coders()
        self._runtime: Runtime = open_runtime(runtime, brain.image) if isinstance(runtime, str) else runtime
        self._burst = 0

    @property
    def name(self) -> str:
        return self._runtime.name

    def step(self, news: Mapping[str, Any]) -> Outcome:
        """One burst with what the sensors say that is new. InvalidInput M301, M302 for what they cannot say."""
        for name, value in news.items():
            self._coders.sense(name, value)
        stimulus = Stimulus(inject=tuple(self._coders.injections()))
        result = next(iter(self._runtime.run(1, {self._burst + 1: stimulus})))
        self._burst = result.number
        self._coders.read(result.fired)
        return Outcome(result.number, news, result.fired, result.state_hash, self._coders.values)

    def quality(self) -> LinkQuality | None:
        return None

    def stats(self) -> Stats | None:
        return None

    def events(self) -> Sequence[Event]:
        return ()

    def close(self) -> None:
        self._runtime.close()
