"""The channels of a brain, as BIND sets them up and docs/WIRE.md says: what a board does in machine code, written plainly."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from neurula.errors import InvalidInput
from neurula.link.wire import CHANNELS, Bind, ChannelKind, Sense, Value
from neurula.robot.body import Injection

ENDLESS = 255
VOXELS_MAX, NEURONS_MAX, INJECTIONS_MAX = 4096, 65535, 1024
SENSORS = (ChannelKind.SENSE_LEVEL, ChannelKind.SENSE_VOXEL)


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
        b = self.bind
        share = min(1.0, max(0.0, (self.value - b.low) / (b.high - b.low)))
        if b.kind == ChannelKind.SENSE_LEVEL:
            units, voxels = int(abs(b.units) * share) * (1 if b.units > 0 else -1), range(b.voxels)
        else:
            voxel = min(b.voxels - 1, int(share * b.voxels))
            units, voxels = b.units, range(voxel, voxel + 1)
        if not units:
            return []
        return [(b.area, b.first + voxel * b.stride + n, units) for voxel in voxels for n in range(b.per_voxel)]


@dataclass
class MotorChannel:
    """value: what the motor shall do, after the last burst."""

    bind: Bind
    history: deque[int] = field(default_factory=deque)
    quiet: int = 0

    def __post_init__(self) -> None:
        self.history = deque([0] * self.bind.window, maxlen=self.bind.window)
        self.value = self.bind.neutral

    def decode(self, neurons: Sequence[int]) -> None:
        """Takes the spikes of its area in a burst."""
        b = self.bind
        fired = [voxel for neuron in neurons if (voxel := self._voxel(neuron)) is not None]
        if b.kind == ChannelKind.MOTOR_VOXEL:
            self.quiet = 0 if fired else self.quiet + 1
            if fired:
                self.value = self._between(sum(fired) / len(fired) / max(1, b.voxels - 1))
            elif self.quiet >= b.window:
                self.value = b.neutral
            return
        signed = b.kind == ChannelKind.MOTOR_DIFFERENCE
        half = b.voxels // 2
        self.history.append(sum(1 if voxel < half else -1 for voxel in fired) if signed else len(fired))
        total = max(-b.full, min(b.full, sum(self.history)))
        share = (total + b.full) / (2 * b.full) if signed else total / b.full
        self.value = self._between(share) if total else b.neutral

    def _between(self, share: float) -> int:
        return self.bind.low + int((self.bind.high - self.bind.low) * share)

    def _voxel(self, neuron: int) -> int | None:
        """The voxel that a neuron belongs to. A difference of one voxel halves its neurons."""
        b = self.bind
        voxel, place = divmod(neuron - b.first, b.stride)
        return voxel if 0 <= voxel < b.voxels and place < b.per_voxel else None


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
        """InvalidInput F133 for what the brain does not have."""
        need(bind.channel < CHANNELS and bind.kind in set(ChannelKind), "there is no such channel")
        if bind.kind == ChannelKind.NONE:
            self.sensors.pop(bind.channel, None)
            self.motors.pop(bind.channel, None)
            return
        need(bind.area < len(self._neurons) and 1 <= bind.voxels <= VOXELS_MAX, "the brain has no such voxels")
        last = bind.first + (bind.voxels - 1) * bind.stride + bind.per_voxel
        fits = min(bind.per_voxel, bind.stride) >= 1 and last <= self._neurons[bind.area] and bind.voxels * bind.per_voxel <= NEURONS_MAX
        need(fits, "the brain has no such voxels")
        need(bind.low != bind.high, "the channel has no range")
        if bind.kind in SENSORS:
            others = sum(most(channel.bind) for number, channel in self.sensors.items() if number != bind.channel)
            need(others + most(bind) <= INJECTIONS_MAX, "the sensors would inject into too many neurons")
            self.sensors[bind.channel] = SensorChannel(bind)
            return
        need(bind.window >= 1 and (bind.full >= 1 or bind.kind == ChannelKind.MOTOR_VOXEL), "the channel has no window")
        if bind.kind == ChannelKind.MOTOR_DIFFERENCE:
            need(bind.voxels % 2 == 0, "the voxels have no halves")
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
    return bind.per_voxel * (bind.voxels if bind.kind == ChannelKind.SENSE_LEVEL else 1)


def need(condition: bool, message: str) -> None:
    if not condition:
        raise InvalidInput("F133", message)
