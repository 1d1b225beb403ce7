"""The channels of a brain, as BIND sets them up and docs/WIRE.md says: what a board does in machine code, written plainly."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from neurula.errors import InvalidInput
from neurula.link.wire import CHANNELS, Bind, ChannelKind, Coding, Sense, Value
from neurula.robot.body import Injection

ENDLESS = 255
ONE = 32767  # the whole number that stands for 1
DEPTH_MAX = {Coding.FRACTIONAL: 14, Coding.RATE: 1, Coding.BOOLEAN: 1}
COLUMN_MAX, PER_VOXEL_MAX, INJECTIONS_MAX = 128, 4096, 1024
UNSIGNED = (Coding.SCALE, Coding.BOOLEAN)
PARTS = 1023  # into which a rate divides the units


@dataclass
class SensorChannel:
    """value: the latest; left: bursts in which it still counts."""

    bind: Bind
    value: int = 0
    left: float = 0

    def injections(self) -> list[Injection]:
        """Those of the next burst."""
        if self.left <= 0:
            return []
        self.left -= 1
        value, b = max(-ONE, min(ONE, self.value)), self.bind
        if b.coding == Coding.SCALE:
            return self._inject(b.first, ((value + ONE) * (b.depth - 1) + ONE) // (2 * ONE), b.units)
        found: list[Injection] = []
        if value >= 0 or not b.minus:
            found += self._column(b.first, max(0, value))
        if value <= 0 and b.minus:
            found += self._column(b.first + b.minus, -value)
        return found

    def _column(self, first: int, value: int) -> list[Injection]:
        b = self.bind
        if b.coding == Coding.RATE:
            share = value * PARTS // ONE
            return self._inject(first, 0, (b.units >> 10) * share + ((b.units & 1023) * share >> 10))
        if b.coding == Coding.BOOLEAN:
            return self._inject(first, 0, b.units if value > ONE // 2 else 0)
        if b.coding == Coding.FRACTIONAL:
            places = digits(value, b.depth)
            return [injection for place in places for injection in self._inject(first, place, b.units)]
        place = min(b.depth - 1, (ONE - value) * b.depth // ONE)
        return self._inject(first, b.depth - 1 - place if b.coding == Coding.RISING else place, b.units)

    def _inject(self, first: int, place: int, units: int) -> list[Injection]:
        neuron = first + place * self.bind.stride
        return [(self.bind.area, neuron + n, units) for n in range(self.bind.per_voxel)] if units else []


def digits(value: int, depth: int) -> list[int]:
    """Places of the binary digits of a value from 0 to ONE that are set; the last place where none is."""
    found = []
    for place in range(depth):
        value *= 2
        if value >= ONE:
            value -= ONE
            found.append(place)
    return found or [depth - 1]


@dataclass
class MotorChannel:
    """value: what the motor shall do, after the last burst."""

    bind: Bind
    history: deque[int] = field(default_factory=deque)
    quiet: int = 0

    def __post_init__(self) -> None:
        self.history = deque([0] * self.bind.window, maxlen=self.bind.window)
        self.value = self.bind.neutral
        self.quiet = self.bind.window

    def decode(self, neurons: Sequence[int]) -> None:
        """Takes the spikes of its area in a burst."""
        b = self.bind
        plus = self._places(neurons, b.first)
        minus = self._places(neurons, b.first + b.minus) if b.minus else []
        if b.coding == Coding.RATE:
            self.history.append(len(plus) - len(minus))
            total = sum(self.history)
            share = rate(min(abs(total), b.full), b.full)
            self.value = (share if total > 0 else -share) if total else b.neutral
            return
        if not plus and not minus:
            self.quiet += 1
            if self.quiet == b.window:
                self.value = b.neutral
            return
        self.quiet = 0
        self.value = self._read(set(plus)) - (self._read(set(minus)) if minus else 0) if plus else -self._read(set(minus))

    def _read(self, places: set[int]) -> int:
        """What the places of a column say that fired."""
        coding, depth, count, total = self.bind.coding, self.bind.depth, len(places), sum(places)
        if coding == Coding.BOOLEAN:
            return ONE
        if coding == Coding.FRACTIONAL:
            return (ONE * sum(1 << (depth - 1 - place) for place in places) + (1 << depth) - 1) >> depth
        if coding == Coding.SCALE:
            return 2 * ONE * total // (count * (depth - 1)) - ONE
        level = total + count if coding == Coding.RISING else depth * count - total
        return ONE * level // (depth * count)

    def _places(self, neurons: Sequence[int], first: int) -> list[int]:
        """The places of the neurons that belong to a column."""
        b = self.bind
        found = (divmod(neuron - first, b.stride) for neuron in neurons)
        return [place for place, rest in found if 0 <= place < b.depth and rest < b.per_voxel]


def rate(spikes: int, full: int) -> int:
    """The part of ONE that some spikes are of all; both are halved until products are small enough for a board."""
    shift = max(0, full.bit_length() - 14)
    return ONE * (spikes >> shift) // (full >> shift)


class ChannelTable:
    """The channels of one session. neurons: of every area."""

    def __init__(self, neurons: Sequence[int]) -> None:
        self._neurons = neurons
        self.sensors: dict[int, SensorChannel] = {}
        self.motors: dict[int, MotorChannel] = {}

    def clear(self) -> None:
        """Nothing is bound."""
        self.sensors.clear()
        self.motors.clear()

    def bind(self, bind: Bind) -> None:
        """InvalidInput F150 for what the brain does not have."""
        need(bind.channel < CHANNELS and bind.kind in set(ChannelKind), "there is no such channel")
        if bind.kind == ChannelKind.NONE:
            self.sensors.pop(bind.channel, None)
            self.motors.pop(bind.channel, None)
            return
        need(bind.coding in set(Coding) and not (bind.minus and bind.coding in UNSIGNED), "there is no such coding")
        least = 2 if bind.coding == Coding.SCALE else 1
        need(least <= bind.depth <= DEPTH_MAX.get(Coding(bind.coding), COLUMN_MAX), "the column is too long or too short")
        need(bind.area < len(self._neurons) and bind.stride >= 1 <= bind.per_voxel <= PER_VOXEL_MAX, "the brain has no such voxels")
        last = bind.first + (bind.depth - 1) * bind.stride + bind.per_voxel
        need(bind.first + bind.minus >= 0 and last + max(0, bind.minus) <= self._neurons[bind.area], "the brain has no such voxels")
        if bind.kind == ChannelKind.SENSOR:
            others = sum(most(channel.bind) for number, channel in self.sensors.items() if number != bind.channel)
            need(others + most(bind) <= INJECTIONS_MAX, "the sensors would inject into too many neurons")
            self.sensors[bind.channel] = SensorChannel(bind)
            return
        need(bind.window >= 1 and (bind.full >= 1 or bind.coding != Coding.RATE), "the channel has no window")
        self.motors[bind.channel] = MotorChannel(bind)

    def take(self, sense: Sense) -> None:
        """The latest values of the sensors that are bound."""
        for channel, value in sense.values:
            sensor = self.sensors.get(channel)
            if sensor is not None:
                sensor.value = value
                sensor.left = float("inf") if sensor.bind.hold == ENDLESS else sensor.bind.hold

    def injections(self) -> list[Injection]:
        """What the sensors inject into the next burst."""
        return [injection for sensor in self.sensors.values() for injection in sensor.injections()]

    def decode(self, fired: Mapping[int, Sequence[int]]) -> tuple[Value, ...]:
        """What the motors want after a burst, by area who fired."""
        for motor in self.motors.values():
            motor.decode(fired.get(motor.bind.area, ()))
        return tuple(Value(number, self.motors[number].value) for number in sorted(self.motors))


def most(bind: Bind) -> int:
    """Injections of a sensor in one burst."""
    return bind.per_voxel * (bind.depth if bind.coding == Coding.FRACTIONAL else 1) * (2 if bind.minus else 1)


def need(condition: bool, message: str) -> None:
    if not condition:
        raise InvalidInput("F150", message)
