"""Which sensors and motors of a robot can be channels of the wire, so that the board codes them itself (docs/WIRE.md, BIND).

Numbers and switches can. What else there is (pictures, tokens, places, changes) is coded here and travels as injections and spikes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from neurula.link.wire import CHANNELS, Bind, ChannelKind, Coding
from neurula.robot.binding import BoundDevice, BoundPart, BoundRobot
from neurula.robot.body import WINDOW, first_neuron
from neurula.robot.coders import Boolean, Coder, Fractional, Linear, Percentage, Rate, Scale, Signed, Voxel
from neurula.robot.shape import AreaShape
from neurula_npu.schema import POTENTIAL_MAX

FULL_SCALE = 32767
SILENT = -32768  # the value of a motor channel without spikes
WINDOW_MAX = 255
FULL_MAX = 65535
DEPTH_MAX = {Coding.FRACTIONAL: 14, Coding.RATE: 1, Coding.BOOLEAN: 1}
COLUMN_MAX = 128
PER_VOXEL_MAX = 4096


@dataclass(frozen=True, slots=True)
class Writing:
    """How numbers are written into columns. step: columns from one number to the next; signed: the second one is that of negative ones."""

    coding: Coding
    depth: int
    signed: bool

    @property
    def step(self) -> int:
        return 2 if self.signed else 1

    def value(self, plus: Sequence[Voxel], minus: Sequence[Voxel]) -> int:
        """The number whose writing is these voxels of its columns, in the middle of all that have it."""
        if plus and minus:
            return 0
        size = self._size(plus or minus)
        return size if plus else -size

    def _size(self, voxels: Sequence[Voxel]) -> int:
        depth = self.depth
        if not voxels:
            return 0
        if self.coding is Coding.RATE:
            return round(voxels[0][3] * FULL_SCALE)
        if self.coding is Coding.BOOLEAN:
            return FULL_SCALE
        places = [z for _, _, z, _ in voxels]
        if self.coding is Coding.FRACTIONAL:
            return FULL_SCALE * (2 * sum(1 << (depth - 1 - place) for place in places) + 1) // (2 << depth)
        if self.coding is Coding.SCALE:
            return (2 * FULL_SCALE * places[0] + (depth - 1) // 2) // (depth - 1) - FULL_SCALE
        level = places[0] + 1 if self.coding is Coding.RISING else depth - places[0]
        return FULL_SCALE * (2 * level - 1) // (2 * depth)


@dataclass(frozen=True, slots=True)
class WireDevice:
    """A device on consecutive channels, one for each of its numbers."""

    bound: BoundDevice
    first: int
    binds: tuple[Bind, ...]

    @property
    def part(self) -> BoundPart:
        return self.bound.parts[0]

    def values_of(self, voxels: Sequence[Voxel]) -> list[int]:
        """What a sensor's channels are sent, so that the board chooses these voxels."""
        writing = writing_of(self.part.coder)
        assert writing is not None
        columns: list[list[Voxel]] = [[] for _ in range(writing.step * len(self.binds))]
        for voxel in voxels:
            columns[voxel[0]].append(voxel)
        minus = columns[1:] if writing.signed else [[] for _ in columns]
        return [writing.value(columns[i], minus[i]) for i in range(0, len(columns), writing.step)]

    def unit_of(self, values: Sequence[int]) -> float | bool | tuple[float, ...] | None:
        """What a motor's channels say, as its coder would read it; None: silence."""
        if isinstance(self.part.coder, Boolean):
            return values[0] > 0
        if all(value == SILENT for value in values):
            return None
        on_scale = self.binds[0].coding == Coding.SCALE
        numbers = tuple(0.0 if value == SILENT else (value / FULL_SCALE + 1) / 2 if on_scale else value / FULL_SCALE for value in values)
        return numbers[0] if len(numbers) == 1 else numbers


@dataclass(frozen=True, slots=True)
class WirePlan:
    """How a robot travels. raw_sensors, raw_motors: names of those that are coded here."""

    sensors: tuple[WireDevice, ...]
    motors: tuple[WireDevice, ...]
    raw_sensors: tuple[str, ...]
    raw_motors: tuple[str, ...]


def plan_channels(robot: BoundRobot, units: Sequence[Fraction], hold: int) -> WirePlan:
    """hold: bursts in which a sensor's value counts when no newer one comes, 1 to 254."""
    areas = robot.shape.areas
    sensors, raw_sensors = spread(robot.sensors, lambda d: sensor_binds(d, areas[d.parts[0].area], units[d.parts[0].area], hold))
    motors, raw_motors = spread(robot.motors, lambda d: motor_binds(d, areas[d.parts[0].area]))
    return WirePlan(sensors, motors, raw_sensors, raw_motors)


def spread(devices: Sequence[BoundDevice], binds_of: Callable[[BoundDevice], list[Bind]]) -> tuple[tuple[WireDevice, ...], tuple[str, ...]]:
    """Numbers the channels of the devices that have some; the names of the others."""
    placed, raw, number = [], [], 0
    for bound in devices:
        binds = binds_of(bound) if len(bound.parts) == 1 else []
        if not binds or number + len(binds) > CHANNELS:
            raw.append(bound.name)
            continue
        placed.append(WireDevice(bound, number, tuple(replace(bind, channel=number + i) for i, bind in enumerate(binds))))
        number += len(binds)
    return tuple(placed), tuple(raw)


def writing_of(coder: Coder) -> Writing | None:
    """None where a board cannot write so."""
    if isinstance(coder, Boolean) and coder.height == 1:
        return Writing(Coding.BOOLEAN, 1, False)
    if isinstance(coder, Rate):
        return Writing(Coding.RATE, 1, coder.signed)
    if isinstance(coder, Percentage) and (coder.rows > 1 or coder.flat):
        return None
    if not isinstance(coder, Percentage | Signed):
        return None
    column, signed = coder.column, isinstance(coder, Signed)
    if isinstance(column, Linear):
        return Writing(Coding.RISING if column.rising else Coding.LINEAR, column.depth, signed)
    if isinstance(column, Fractional):
        return Writing(Coding.FRACTIONAL, column.depth, signed)
    return Writing(Coding.SCALE, column.depth, False) if isinstance(column, Scale) and not signed else None


def blank_binds(part: BoundPart, area: AreaShape) -> list[Bind]:
    """For each number where its columns lie, [] where a board cannot write so."""
    writing = writing_of(part.coder)
    if writing is None or writing.depth > DEPTH_MAX.get(writing.coding, COLUMN_MAX) or area.per_voxel > PER_VOXEL_MAX:
        return []
    if writing.coding is Coding.SCALE and writing.depth < 2:
        return []
    columns = [first_neuron(area, part.x + x, 0, 0) for x in range(part.coder.size[0])]
    blank = Bind(0, ChannelKind.NONE, writing.coding, 0, 1, part.area, writing.depth, area.per_voxel, 1, SILENT, 0, area.per_voxel, 0, 0)
    minus = [columns[i + 1] - columns[i] if writing.signed else 0 for i in range(0, len(columns), writing.step)]
    return [replace(blank, first=first, minus=to) for first, to in zip(columns[:: writing.step], minus, strict=True)]


def sensor_binds(bound: BoundDevice, area: AreaShape, scale: Fraction, hold: int) -> list[Bind]:
    """A channel for each number, [] where there is none."""
    units = math.floor(float(scale) * bound.device.potential + 0.5)
    if not 0 < abs(units) <= POTENTIAL_MAX:
        return []
    return [replace(blank, kind=ChannelKind.SENSOR, hold=hold, units=units) for blank in blank_binds(bound.parts[0], area)]


def motor_binds(bound: BoundDevice, area: AreaShape) -> list[Bind]:
    """A channel for each number, [] where there is none."""
    device, coder = bound.device, bound.parts[0].coder
    window = device.window or (1 if isinstance(coder, Boolean) else WINDOW)
    full = round(device.full * window * area.per_voxel) if isinstance(coder, Rate) else 1
    if window > WINDOW_MAX or not 1 <= full <= FULL_MAX or device.when_silent == "hold":
        return []
    if isinstance(coder, Boolean) and coder.size != (1, 1, 1):
        return []
    neutral = 0 if isinstance(coder, Boolean) else SILENT
    blanks = blank_binds(bound.parts[0], area)
    return [replace(blank, kind=ChannelKind.MOTOR, window=window, full=full, neutral=neutral) for blank in blanks]
