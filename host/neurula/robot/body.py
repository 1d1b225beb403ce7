"""A body at work: values of sensors -> injections of a burst, spikes of a burst -> values of motors, wherever the brain is."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from neurula.errors import InvalidInput
from neurula.robot.binding import BoundDevice, BoundPart, BoundRobot
from neurula.robot.coders import Boolean, ChangedPixels, Gaze, Image, Increment, Rate, Token, Vision, Voxel
from neurula.robot.coders.voxels import inside
from neurula.robot.shape import AreaShape
from neurula_npu.schema import POTENTIAL_MAX

Injection = tuple[int, int, int]  # area, neuron, input units
WINDOW = 16  # bursts of the read-out, unless the file says otherwise
RATE_HZ = 100.0  # of a brain for which nobody has said it


class Body:
    """The sensors and motors of a bound robot, with what they hold between two bursts.

    units: input units per 1.0 of potential, for every area of the brain.
    """

    def __init__(self, robot: BoundRobot, units: Sequence[Fraction]) -> None:
        self.robot = robot
        self.units = units
        rate = robot.mapping.rate_hz or robot.shape.rate_hz or RATE_HZ
        self._senders = {d.name: Sender(d, robot.shape.areas, units, rate) for d in robot.sensors}
        self._readers = {d.name: Reader(d, robot.shape.areas) for d in robot.motors}

    def sense(self, name: str, value: Any) -> None:
        """What a sensor says from now on; None: nothing. InvalidInput M301 for another name, M302 for a value that it cannot have."""
        sender = self._senders.get(name)
        if sender is None:
            names = ", ".join(self._senders) or "it has none"
            raise InvalidInput("M301", f"the robot has no sensor {name!r}: {names}")
        sender.set(value)

    def injections(self, names: Iterable[str] | None = None) -> list[Injection]:
        """What the sensors, or some of them, inject into the next burst."""
        senders = self._senders.values() if names is None else [self._senders[name] for name in names]
        return [injection for sender in senders for injection in sender.injections()]

    def read(self, fired: Iterable[tuple[int, Sequence[int]]], names: Iterable[str] | None = None) -> None:
        """Takes the spikes of a burst, (area, neurons), for the motors or some of them."""
        by_area = dict(fired)
        for reader in self._readers.values() if names is None else [self._readers[name] for name in names]:
            reader.read(by_area)

    @property
    def values(self) -> dict[str, Any]:
        """What every motor shall do, in its own unit."""
        return {name: reader.value for name, reader in self._readers.items()}

    def sender(self, name: str) -> Sender:
        """One sensor."""
        return self._senders[name]

    def reader(self, name: str) -> Reader:
        """One motor."""
        return self._readers[name]


@dataclass
class Sender:
    """One sensor. Its value stays until it is set again; a token is sent once."""

    bound: BoundDevice
    areas: Sequence[AreaShape]
    units: Sequence[Fraction]
    rate_hz: float
    voxels: list[list[Voxel]] | None = None  # by part, what is said now; None where nothing is, or where it depends on what was
    _value: Any = None
    _ready: list[Injection] | None = None
    _known: list[Any] = field(default_factory=list)
    _bursts: int = 0

    def __post_init__(self) -> None:
        wanted = self.bound.device.rate_hz
        self.every = max(1, round(self.rate_hz / wanted)) if wanted else 1
        self._known = [None] * len(self.bound.parts)

    def set(self, value: Any) -> None:
        """InvalidInput M302 if the coder cannot take it; then everything stays as it was."""
        if value is None:
            self._value = self._ready = self.voxels = None
            return
        try:
            voxels = None if self.stateful else self._encoded(value)
            self._ready = None if voxels is None else list(self._inject(voxels))
        except (ValueError, TypeError, OverflowError) as problem:
            raise InvalidInput("M302", f"{self.bound.name!r} cannot have the value {str(value)[:60]!r}: {problem}") from None
        self._value, self.voxels = value, voxels

    @property
    def stateful(self) -> bool:
        """True where what is sent depends on what was sent before."""
        return isinstance(self.bound.parts[0].coder, (Increment, ChangedPixels))

    def injections(self) -> list[Injection]:
        self._bursts += 1
        if self._value is None or (self._bursts - 1) % self.every:
            return []
        if self.stateful:
            return list(self._inject(self._changes()))
        ready = self._ready or []
        if isinstance(self.bound.parts[0].coder, Token):
            self._value = self._ready = self.voxels = None
        return ready

    def _encoded(self, value: Any) -> list[list[Voxel]]:
        """Voxels by part."""
        parts = self.bound.parts
        if len(parts) > 1:
            picture, gaze = value if isinstance(value, tuple) else (value, Gaze())
            return Vision(tuple(p.coder for p in parts if isinstance(p.coder, Image))).encode(picture, gaze)
        return [parts[0].coder.encode(self._unit(value))]

    def _unit(self, value: Any) -> Any:
        unit = self.bound.unit_of(self.bound.parts[0], value)
        numbers = unit if isinstance(unit, tuple) else (unit,) if isinstance(unit, float) else ()
        if not all(map(math.isfinite, numbers)):
            raise ValueError("a number must be finite")
        return unit

    def _changes(self) -> list[list[Voxel]]:
        coder: Any = self.bound.parts[0].coder
        unit = self._unit(self._value)
        voxels: list[Voxel] = coder.encode(unit, self._known[0])
        self._known[0] = coder.decode(voxels, self._known[0]) if isinstance(coder, Increment) else unit
        return [voxels]

    def _inject(self, voxels: Sequence[Sequence[Voxel]]) -> Iterator[Injection]:
        for part, found in zip(self.bound.parts, voxels, strict=True):
            area = self.areas[part.area]
            scale = float(self.units[part.area]) * self.bound.device.potential
            for x, y, z, p in found:
                units = max(-POTENTIAL_MAX, min(POTENTIAL_MAX, math.floor(p * scale + 0.5)))
                first = first_neuron(area, x + part.x, y, z)
                for neuron in range(first, first + area.per_voxel):
                    yield part.area, neuron, units


def first_neuron(area: AreaShape, x: int, y: int, z: int) -> int:
    """Index of the first neuron of a voxel."""
    _, h, d = area.dims
    return ((x * h + y) * d + z) * area.per_voxel


class Reader:
    """One motor: its value after every burst, in its own unit (by part, where its kind has several areas)."""

    def __init__(self, bound: BoundDevice, areas: Sequence[AreaShape]) -> None:
        self.bound = bound
        self._readouts = [ReadOut(bound, part, areas[part.area]) for part in bound.parts]

    def read(self, fired: Mapping[int, Sequence[int]]) -> None:
        for readout in self._readouts:
            readout.read(fired.get(readout.part.area, ()))

    def show(self, unit: Any) -> None:
        """What somebody else has read, as the coder of its only area takes it; None: nothing fired."""
        self._readouts[0].show(unit)

    @property
    def value(self) -> Any:
        if len(self._readouts) == 1:
            return self._readouts[0].value
        return {readout.part.name: readout.value for readout in self._readouts}


class ReadOut:
    """One area of a motor. A rate is the mean of the last `window` bursts; other values stay until silence has lasted so long."""

    def __init__(self, bound: BoundDevice, part: BoundPart, area: AreaShape) -> None:
        self.part = part
        self._bound = bound
        self._area = area
        device = bound.device
        boolean = isinstance(part.coder, Boolean)
        self._window = device.window or (1 if boolean else WINDOW)
        self._holds = device.when_silent == "hold" or isinstance(part.coder, Increment)
        self._silent = 0
        self._history: deque[Any] = deque(maxlen=self._window)
        self._neutral = self._first()
        self._unit: Any = None
        self.value = self._neutral

    def _first(self) -> Any:
        """The value of a motor that no spike has ever reached."""
        device, part, coder = self._bound.device, self.part, self.part.coder
        if part.family not in ("number", "signed"):
            return coder.decode([])
        if isinstance(coder, Boolean):
            return coder.decode([])
        components = getattr(coder, "components", None) or coder.size[0] // 2
        zero = self._bound.value_of(part, 0.0) if device.neutral is None else device.neutral
        return zero if components == 1 else (zero,) * components

    def read(self, neurons: Sequence[int]) -> None:
        coder = self.part.coder
        voxels = list(inside(self._voxels(neurons), coder.size))
        if isinstance(coder, (Rate, Boolean)):
            self._history.append(coder.decode(voxels))
            self.value = self._recent()
            return
        self._silent = 0 if voxels else self._silent + 1
        if isinstance(coder, Token):
            self.value = coder.decode(voxels)
        elif voxels:
            self._unit = coder.decode(voxels, self._unit)
            self.value = self._bound.value_of(self.part, self._unit)
        elif self._silent == self._window and not self._holds:
            self._unit = None
            self.value = self._neutral

    def show(self, unit: Any) -> None:
        self.value = self._neutral if unit is None else self._bound.value_of(self.part, unit)

    def _recent(self) -> Any:
        """Switches: on if they were on in one of the last bursts; rates: the mean share of full activity."""
        rows = [entry if isinstance(entry, tuple) else (entry,) for entry in self._history]
        columns = list(zip(*rows, strict=True))
        if isinstance(self.part.coder, Boolean):
            on = tuple(any(column) for column in columns)
            return on[0] if len(on) == 1 else on
        totals = [sum(column) for column in columns]
        if not any(totals):
            return self._neutral
        full = self._bound.device.full * self._window
        shares = tuple(max(-1.0, min(1.0, total / full)) for total in totals)
        return self._bound.value_of(self.part, shares[0] if len(shares) == 1 else shares)

    def _voxels(self, neurons: Sequence[int]) -> Iterator[Voxel]:
        """The voxels of the channel that fired, with the share of their neurons that did."""
        _, h, d = self._area.dims
        per = self._area.per_voxel
        plane = h * d * per
        width = self.part.coder.size[0]
        counts: dict[int, int] = {}
        for neuron in neurons:
            if 0 <= neuron // plane - self.part.x < width:
                counts[neuron // per] = counts.get(neuron // per, 0) + 1
        for voxel, count in counts.items():
            yield voxel // (h * d) - self.part.x, voxel // d % h, voxel % d, count / per
