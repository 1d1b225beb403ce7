"""The numbered channels of a body at the far end of a link: which device has which, and how its values become 16-bit numbers.

Both ends read it out of the same robot.toml, so neither has to tell the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neurula.errors import InvalidInput
from neurula.link.wire import Motor, Sense, Value
from neurula.robot import BoundRobot, Device, RobotMapping, kinds
from neurula.robot.coders import Percentage, Size

FULL_SCALE = 32_767
NOTHING = -32_768  # a device that says nothing
CHANNELS_MAX = 256
VALUES_MAX = 100  # in one message: runs of neighbours take two bytes each, and a message has 240
FAMILIES = ("number", "signed", "profile", "switch", "image", "block", "classes", "token", "choice", "place")
WHOLE = ("choice", "classes", "token")  # whole numbers, which travel as they are
WHITE = 255.0
TOKEN_BITS = 15  # of a token in each of its two channels, the lower ones first
TOKEN_MAX = (1 << 2 * TOKEN_BITS) - 1


@dataclass(frozen=True, slots=True)
class WireDevice:
    """One device and its channels from `first` on. shape: of its value, () for a single number; range: what is nothing, what is all."""

    name: str
    family: str
    first: int
    shape: tuple[int, ...]
    range: tuple[float, float]

    @property
    def count(self) -> int:
        return 2 if self.family == "token" else math.prod(self.shape)

    def numbers_of(self, value: Any) -> list[int]:
        """A value in the device's own unit as the numbers of its channels. ValueError, TypeError for what is no value of it."""
        if value is None:
            return [NOTHING] * self.count
        if self.family == "token":
            token = max(0, min(TOKEN_MAX, int(value)))
            return [token & FULL_SCALE, token >> TOKEN_BITS]
        flat = list(flattened(value))
        if len(flat) != self.count:
            raise ValueError(f"{self.name} has {self.count} numbers, not {len(flat)}")
        return [self._number(one) for one in flat]

    def value_of(self, numbers: Sequence[int]) -> Any:
        """What the numbers of its channels mean, in the device's own unit; None where one of them says nothing."""
        if NOTHING in numbers:
            return None
        if self.family == "token":
            low, high = (number & FULL_SCALE for number in numbers)
            return low | high << TOKEN_BITS
        values = [self._value(number) for number in numbers]
        return values[0] if not self.shape else shaped(values, self.shape)

    @property
    def _balanced(self) -> bool:
        return self.range[0] == -self.range[1]

    def _number(self, value: Any) -> int:
        """One number of -FULL_SCALE to FULL_SCALE: the nearest; what lies outside of the range counts as its end."""
        if self.family in WHOLE:
            return max(-1 if self.family == "classes" else 0, min(FULL_SCALE, int(value)))
        low, high = self.range
        share = float(value) / high if self._balanced else (float(value) - low) / (high - low)
        if math.isnan(share):
            raise ValueError("it is not a number")
        return round(max(-1.0 if self._balanced else 0.0, min(1.0, share)) * FULL_SCALE)

    def _value(self, number: int) -> Any:
        low, high = self.range
        if self.family == "switch":
            return number > FULL_SCALE // 2
        if self.family in WHOLE:
            return number
        value = high * number / FULL_SCALE if self._balanced else low + (high - low) * number / FULL_SCALE
        return round(value) if self.family == "image" else value


def flattened(value: Any) -> Iterator[Any]:
    """The numbers of a value of any depth, rows first."""
    if hasattr(value, "__len__") and not isinstance(value, (str, bytes)):
        for part in value:
            yield from flattened(part)
    else:
        yield value


def shaped(values: list[Any], shape: Sequence[int]) -> Any:
    """The numbers in that shape: a tuple, or for pictures a list of rows."""
    if len(shape) == 1:
        return tuple(values)
    step = len(values) // shape[0]
    return [list(shaped(values[i * step : (i + 1) * step], shape[1:])) for i in range(shape[0])]


@dataclass(frozen=True, slots=True)
class Channels:
    """All devices of a body. Sensors and motors count apart."""

    sensors: tuple[WireDevice, ...]
    motors: tuple[WireDevice, ...]

    def sense(self, values: Mapping[str, Any]) -> list[Sense]:
        """The messages that carry the values of these sensors."""
        return [Sense(part) for part in in_parts(entries(self.sensors, values))]

    def motor(self, burst: int, values: Mapping[str, Any]) -> list[Motor]:
        """The messages that carry the values of these motors."""
        return [Motor(burst & 0xFFFFFFFF, part) for part in in_parts(entries(self.motors, values))]


def entries(devices: Iterable[WireDevice], values: Mapping[str, Any]) -> list[Value]:
    """InvalidInput W104 for a value that does not go with its device."""
    out: list[Value] = []
    for device in devices:
        if device.name in values:
            try:
                numbers = device.numbers_of(values[device.name])
            except (ValueError, TypeError, OverflowError) as problem:
                raise InvalidInput("W104", f"{device.name!r} cannot have the value {str(values[device.name])[:60]!r}: {problem}") from None
            out += map(Value, range(device.first, device.first + device.count), numbers)
    return out


def in_parts(values: Sequence[Value]) -> Iterator[tuple[Value, ...]]:
    for at in range(0, len(values), VALUES_MAX):
        yield tuple(values[at : at + VALUES_MAX])


class Arrivals:
    """Numbers by channel as they arrive, and the devices that have news."""

    def __init__(self, devices: Sequence[WireDevice]) -> None:
        self.devices = tuple(devices)
        self._numbers = {channel: NOTHING for device in devices for channel in range(device.first, device.first + device.count)}
        self._of = {channel: device for device in devices for channel in range(device.first, device.first + device.count)}
        self._news: dict[str, WireDevice] = {}
        self._complete: set[int] = set()

    def take(self, values: Iterable[Value]) -> None:
        """Channels that no device has are passed over."""
        for channel, number in values:
            device = self._of.get(channel)
            if device is not None:
                self._numbers[channel] = number
                self._news[device.name] = device
                self._complete.add(channel)

    def news(self) -> dict[str, Any]:
        """Device -> value, of those that have said something since the last look."""
        news, self._news = self._news, {}
        self._complete.clear()
        return {name: device.value_of([self._numbers[device.first + i] for i in range(device.count)]) for name, device in news.items()}

    @property
    def complete(self) -> bool:
        """Whether all channels have said something since the last look."""
        return len(self._complete) == len(self._numbers)


def channels_of_brain(robot: BoundRobot) -> Channels:
    """At the brain's end, where sizes are those of its areas. InvalidInput W101, W102."""
    shapes: dict[str, tuple[int, ...]] = {}
    for device in robot.devices:
        part = device.parts[0]
        shapes[device.name] = (part.coder.components,) if isinstance(part.coder, Percentage) else shape_in(part.family, part.coder.size)
    return plan(robot.mapping, shapes)


def channels_of_body(mapping: RobotMapping, values: Mapping[str, Any]) -> Channels:
    """At the body's end, where sizes are those of what it senses. InvalidInput W101, W102."""
    return plan(mapping, {name: shape_of(value) for name, value in values.items()})


def shape_in(family: str, size: Size) -> tuple[int, ...]:
    """Of the values of a channel of that size."""
    width, height, depth = size
    return size if family == "block" else (height, width) if family == "classes" else (height, width, depth)


def shape_of(value: Any) -> tuple[int, ...]:
    """Of a nested value: (rows, columns, ...), the first of each level telling for all."""
    if not hasattr(value, "__len__") or isinstance(value, (str, bytes)):
        return ()
    return (len(value), *(shape_of(value[0]) if len(value) else ()))


def plan(mapping: RobotMapping, shapes: Mapping[str, tuple[int, ...]]) -> Channels:
    """Numbers the channels: a device begins at its `number`, or behind the one before it in the file."""
    ways: dict[str, list[WireDevice]] = {"sensor": [], "motor": []}
    taken: dict[str, dict[int, str]] = {"sensor": {}, "motor": {}}
    after = {"sensor": 0, "motor": 0}
    for device in mapping.devices:
        family, shape, span = layout_of(device, shapes)
        wired = WireDevice(device.name, family, after[device.way] if device.number is None else device.number, shape, span)
        after[device.way] = end = wired.first + wired.count
        if end > CHANNELS_MAX:
            raise InvalidInput("W102", f"{device.name!r} would need channel {end - 1}: there are {CHANNELS_MAX}", where=device.place)
        for channel in range(wired.first, end):
            other = taken[device.way].setdefault(channel, device.name)
            if other != device.name:
                raise InvalidInput("W102", f"{device.name!r} and {other!r} are both on channel {channel}", where=device.place)
        ways[device.way].append(wired)
    return Channels(tuple(ways["sensor"]), tuple(ways["motor"]))


def layout_of(device: Device, shapes: Mapping[str, tuple[int, ...]]) -> tuple[str, tuple[int, ...], tuple[float, float]]:
    """(family, shape of the value, range) of a device. InvalidInput W101 for one whose values are no list of numbers."""
    kind = kinds()[device.kind]
    layout = kind.parts[0].layout_of(device.areas.get(kind.parts[0].name, ""))
    if len(kind.parts) > 1 or layout.family not in FAMILIES:
        raise InvalidInput("W101", f"{device.name!r} cannot be at the far end of a link: a {kind.name} says more than a few numbers",
                           where=device.place)  # fmt: skip
    span = device.range or kind.range
    if layout.family in ("number", "signed"):
        return layout.family, () if layout.components == 1 else (layout.components,), span
    if layout.family == "switch":
        width, height, depth = layout.size
        return "switch", () if width * height * depth == 1 else (width * height * depth,), (0.0, 1.0)
    if layout.family in ("choice", "token", "place"):
        return layout.family, (2,) if layout.family == "place" else (), (0.0, 1.0)
    shape = shapes.get(device.name) or (shape_in(layout.family, device.size) if device.size else ())
    if not shape:
        remedy = "Write size = [x, y, z] into its part of robot.toml."
        raise InvalidInput("W101", f"how many numbers {device.name!r} has is not known here", where=device.place, remedy=remedy)
    if layout.family == "image" and len(shape) == 3 and shape[2] == 1:
        shape = shape[:2]  # a grey picture is a plain one
    return layout.family, shape, (0.0, WHITE) if layout.family == "image" else span
