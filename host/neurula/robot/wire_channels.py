"""Which sensors and motors of a robot can be channels of the wire, so that the board codes them itself (docs/WIRE.md, BIND).

Numbers in one voxel at a time, rates and switches can. What else there is (signs in two columns, binary digits, pictures, tokens,
changes) is coded here and travels as injections and spikes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from neurula.link.wire import CHANNELS, Bind, ChannelKind
from neurula.robot.binding import BoundDevice, BoundPart, BoundRobot
from neurula.robot.body import WINDOW, first_neuron
from neurula.robot.coders import Boolean, Coder, Linear, Percentage, Rate, Scale, Voxel
from neurula.robot.shape import AreaShape
from neurula_npu.schema import POTENTIAL_MAX

FULL_SCALE = 32767
SILENT = -32768  # the value of a motor channel without spikes
WINDOW_MAX = 255
FULL_MAX = 65535
VOXELS_MAX = 4096


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
        coder = self.part.coder
        found = [0] * len(self.binds)
        for x, _, z, p in voxels:
            if isinstance(coder, Percentage):
                found[x] = ((2 * z + 1) * FULL_SCALE) // (2 * coder.column.depth)
            else:
                found[x] = round(p * FULL_SCALE)
        return found

    def unit_of(self, values: Sequence[int]) -> float | bool | tuple[float, ...] | None:
        """What a motor's channels say, as its coder would read it; None: silence."""
        if isinstance(self.part.coder, Boolean):
            return values[0] > 0
        if all(value == SILENT for value in values):
            return None
        numbers = tuple(max(-1.0, min(1.0, (0 if value == SILENT else value) / FULL_SCALE)) for value in values)
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


def columns_of(part: BoundPart, area: AreaShape) -> list[int]:
    """First neurons of the columns of a part that has one row of them along z."""
    return [first_neuron(area, part.x + x, 0, 0) for x in range(part.coder.size[0])]


def is_single(coder: Coder) -> bool:
    """Whether every number is one voxel along z."""
    return isinstance(coder, Percentage) and isinstance(coder.column, (Linear, Scale)) and coder.rows == 1 and not coder.flat


def sensor_binds(bound: BoundDevice, area: AreaShape, scale: Fraction, hold: int) -> list[Bind]:
    """A channel for each number, [] where there is none. The values of all of them run from 0 to FULL_SCALE."""
    part = bound.parts[0]
    coder = part.coder
    units = math.floor(float(scale) * bound.device.potential + 0.5)
    if not 0 < abs(units) <= POTENTIAL_MAX:
        return []
    if is_single(coder):
        kind, voxels = ChannelKind.SENSE_VOXEL, coder.size[2]
    elif (isinstance(coder, Rate) and not coder.signed) or (isinstance(coder, Boolean) and coder.height == 1):
        kind, voxels = ChannelKind.SENSE_LEVEL, 1
    else:
        return []
    if voxels > VOXELS_MAX:
        return []
    blank = Bind(0, kind, hold, 0, part.area, voxels, area.per_voxel, 0, 0, FULL_SCALE, 0, 0, area.per_voxel, units)
    return [replace(blank, first=first) for first in columns_of(part, area)]


def motor_binds(bound: BoundDevice, area: AreaShape) -> list[Bind]:
    """A channel for each number, [] where there is none."""
    part, device = bound.parts[0], bound.device
    coder, per = part.coder, area.per_voxel
    window = device.window or (1 if isinstance(coder, Boolean) else WINDOW)
    if window > WINDOW_MAX or device.when_silent == "hold" or coder.size[2] > VOXELS_MAX:
        return []
    blank = Bind(0, ChannelKind.NONE, 0, window, part.area, 1, per, 0, 0, FULL_SCALE, SILENT, 0, per, 0)
    columns = columns_of(part, area)
    if isinstance(coder, Boolean) and coder.size == (1, 1, 1):
        return [replace(blank, kind=ChannelKind.MOTOR_LEVEL, full=1, neutral=0, first=columns[0])]
    if isinstance(coder, Rate):
        full = round(device.full * window * per)
        if not 1 <= full <= FULL_MAX:
            return []
        if not coder.signed:
            return [replace(blank, kind=ChannelKind.MOTOR_LEVEL, full=full, first=first) for first in columns]
        difference = replace(blank, kind=ChannelKind.MOTOR_DIFFERENCE, full=full, low=-FULL_SCALE, voxels=2)
        # forward and backward lie next to each other: the area has one voxel along z, and must have one along y
        return [replace(difference, first=first) for first in columns[::2]] if area.dims[1] == 1 else []
    if not is_single(coder) or coder.size[2] < 2:
        return []
    low, high = end_values(coder)
    return [replace(blank, kind=ChannelKind.MOTOR_VOXEL, voxels=coder.size[2], low=low, high=high, first=first) for first in columns]


def end_values(coder: Coder) -> tuple[int, int]:
    """What the first and the last voxel of a column mean."""
    assert isinstance(coder, Percentage)
    ends = (coder.column.value([place]) for place in (0, coder.column.depth - 1))
    low, high = (round(FULL_SCALE * end) for end in ends)
    return low, high
