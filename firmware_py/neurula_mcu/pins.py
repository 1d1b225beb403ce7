"""Sensor pins to input areas, output areas to pins: the image's section `pins` at work. Whole numbers; a burst allocates nothing."""

import struct
from array import array

try:
    from micropython import const
except ImportError:
    const = int

from neurula_mcu.image import ImageError, uword
from neurula_mcu.ticks import ticks_add, ticks_diff
from neurula_mcu.voxels import Spikes, Voxels, Window, ones, part_of, pointed

_VERSION = const(1)
_NEEDS_HOST = const(1)
_DIGITAL_IN = const(1)
_ADC_VOXEL = const(2)
_ADC_LEVEL = const(3)
_DIGITAL_OUT = const(4)
_PWM = const(5)
_SERVO = const(6)
_STOP = const(7)
_LOW = const(1)
_PULL_UP = const(2)
_PULL_DOWN = const(4)
_INSIDE = const(8)
_HOLD = const(16)
_HEAD_BYTES = const(16)
_ENTRY_BYTES = const(64)
_ENTRIES_MAX = const(128)
_SPIKE = const(256)  # what a spike adds to a voxel's activity
_DUTY_MAX = const(65535)
_AREA_NEURONS = const(4)  # field of an area's record


class Pins:
    """The wiring of one brain whose image has pins. inputs, outputs, buttons; failsafe_ms: 0 = the board's. Raises ImageError F142."""

    def __init__(self, brain, machine):
        self.inputs = []
        self.outputs = []
        self.buttons = []
        self.failsafe_ms = 0
        self.needs_host = False
        self.brain = brain
        at, length = brain.image.optional["pins"]
        data = brain.image.data
        need(length >= _HEAD_BYTES, at)
        version, entries, failsafe_ms, flags = struct.unpack_from("<4i", data, at)
        need(version == _VERSION and 0 <= entries <= _ENTRIES_MAX and length == _HEAD_BYTES + entries * _ENTRY_BYTES, at)
        need(0 <= failsafe_ms <= 60000, at)
        self.failsafe_ms = failsafe_ms
        self.needs_host = flags & _NEEDS_HOST != 0
        injected = 0
        for number in range(entries):
            place = at + _HEAD_BYTES + number * _ENTRY_BYTES
            entry = struct.unpack_from("<16i", data, place)
            need(entry[0] in KINDS, place)
            need(entry[0] == _STOP or fits(brain.image, entry), place)
            try:
                part = KINDS[entry[0]](brain, machine, entry)
            except ValueError:  # the chip has no such pin, or cannot do this with it
                raise ImageError("F142", "the chip cannot do with this pin what the image asks", place)
            if entry[0] == _STOP:
                self.buttons.append(part)
            elif entry[0] in (_DIGITAL_OUT, _PWM, _SERVO):
                self.outputs.append(part)
            else:
                self.inputs.append(part)
                injected += part.most
        brain.reserve(injected)

    def sense(self):
        """Puts what the sensors say into the brain's stimulus; the number of injections."""
        count = 0
        words = self.brain.words
        for part in self.inputs:
            count = part.sense(words, count)
        return count

    def decode(self, now):
        """Works out what the outputs shall show after a burst. now: milliseconds."""
        for part in self.outputs:
            part.decode(now)


def need(condition, place):
    if not condition:
        raise ImageError("F142", "the section of pins is not what this firmware knows", place)


def fits(image, entry):
    """True if the voxels lie inside their area and no number is out of its range."""
    kind, pin, _, area, first, stride, voxels, per_voxel = entry[:8]
    low, high, _, hold_ms, frequency_hz, window, full, neutral = entry[8:]
    if not (0 <= pin <= 255 and 0 <= area < image.areas and first >= 0 and stride >= 1 and voxels >= 1 and per_voxel >= 1):
        return False
    neurons = uword(image.data, image.area_at(area) + _AREA_NEURONS)
    if first + (voxels - 1) * stride + per_voxel > neurons:
        return False
    if kind in (_ADC_VOXEL, _ADC_LEVEL):
        return low != high and 0 <= low <= _DUTY_MAX and 0 <= high <= _DUTY_MAX
    if kind == _DIGITAL_OUT:
        return 0 <= hold_ms <= 60000 and neutral in (0, 1)
    if kind in (_PWM, _SERVO):
        values = low, high, neutral
        if kind == _SERVO and (voxels > 256 or per_voxel > 4096):
            return False
        return frequency_hz >= 1 and 1 <= window <= 255 and (kind == _SERVO or full >= 1) and min(values) >= 0 and max(values) <= _DUTY_MAX
    return True


def input_pin(machine, entry):
    pull = machine.Pin.PULL_UP if entry[2] & _PULL_UP else machine.Pin.PULL_DOWN if entry[2] & _PULL_DOWN else None
    return machine.Pin(entry[1], machine.Pin.IN, pull)


class Button:
    """The emergency stop."""

    def __init__(self, _brain, machine, entry):
        self.pin = input_pin(machine, entry)
        self.active = 0 if entry[2] & _LOW else 1

    def pressed(self):
        return self.pin.value() == self.active


class Input(Voxels):
    """The voxels of an input. most: injections of one burst at most."""

    def __init__(self, entry):
        super().__init__(*entry[3:8])
        self.flags = entry[2]
        self.low, self.high, self.units = entry[8:11]
        self.most = self.voxels * self.per_voxel


class DigitalIn(Input):
    def __init__(self, _brain, machine, entry):
        super().__init__(entry)
        self.pin = input_pin(machine, entry)
        self.active = 0 if entry[2] & _LOW else 1

    def sense(self, words, count):
        if self.pin.value() == self.active and self.units:
            return self.inject(words, count, 0, self.voxels, self.units)
        return count


class AdcIn(Input):
    """A reading on its way from low to high, in either direction."""

    def __init__(self, _brain, machine, entry):
        super().__init__(entry)
        self.adc = machine.ADC(machine.Pin(entry[1]))
        self.span = abs(self.high - self.low)

    def way(self):
        """How far the reading is from low, 0 to span; -1 outside where that counts as nothing."""
        way = self.adc.read_u16() - self.low
        if self.high < self.low:
            way = -way
        if 0 <= way <= self.span:
            return way
        if self.flags & _INSIDE:
            return -1
        return 0 if way < 0 else self.span


class AdcVoxel(AdcIn):
    def __init__(self, brain, machine, entry):
        super().__init__(brain, machine, entry)
        self.most = self.per_voxel

    def sense(self, words, count):
        way = self.way()
        if way < 0 or not self.units:
            return count
        return self.inject(words, count, pointed(way, self.span, self.voxels), 1, self.units)


class AdcLevel(AdcIn):
    def sense(self, words, count):
        way = self.way()
        if way <= 0:
            return count
        units = part_of(self.units, way, self.span)
        return self.inject(words, count, 0, self.voxels, units) if units else count


class DigitalOut:
    """On while a voxel fired within hold_ms."""

    def __init__(self, brain, machine, entry):
        self.spikes = Spikes(brain, *entry[3:8])
        self.inverted = 1 if entry[2] & _LOW else 0
        self.hold_ms = entry[11]
        self.neutral = entry[15]
        self.target = 0
        self.until = 0
        self.shown = self.neutral
        self.pin = machine.Pin(entry[1], machine.Pin.OUT, value=self.neutral ^ self.inverted)

    def decode(self, now):
        if self.spikes.count():
            self.until = ticks_add(now, self.hold_ms)
            self.target = 1
        elif self.target and ticks_diff(now, self.until) >= 0:
            self.target = 0

    def show(self, value):
        if value != self.shown:
            self.pin.value(value ^ self.inverted)
            self.shown = value


class PwmOut:
    """Duty by the spikes of the last bursts."""

    def __init__(self, brain, machine, entry):
        self.spikes = Spikes(brain, *entry[3:8])
        self.low, self.high = entry[8:10]
        self.inverted = entry[2] & _LOW != 0
        self.recent = Window(entry[13], entry[14])
        self.neutral = self.target = self.shown = entry[15]
        self.pwm = machine.PWM(machine.Pin(entry[1]), freq=entry[12], duty_u16=self._duty(self.neutral))

    def _duty(self, value):
        return _DUTY_MAX - value if self.inverted else value

    def decode(self, _now):
        recent = self.recent
        if recent.add(self.spikes.count()):
            self.target = self.low + recent.share(self.high - self.low)
        else:
            self.target = self.neutral

    def show(self, value):
        if value != self.shown:
            self.pwm.duty_u16(self._duty(value))
            self.shown = value


class Servo:
    """A pulse by the position of the voxel that fires most."""

    def __init__(self, brain, machine, entry):
        self.spikes = Spikes(brain, *entry[3:8])
        self.low, self.high = entry[8:10]
        self.hold = entry[2] & _HOLD != 0
        self.window = entry[13]
        self.activity = array("i", bytes(4 * self.spikes.voxels))
        self.quiet = 0
        self.voxel = 0
        self.neutral = self.target = self.shown = entry[15]
        self.pwm = machine.PWM(machine.Pin(entry[1]), freq=entry[12], duty_ns=1000 * self.neutral)

    def decode(self, _now):
        spikes, activity, window = self.spikes, self.activity, self.window
        bitmap, first, fired = spikes.bitmap(), spikes.first, 0
        for voxel in range(spikes.voxels):
            count = ones(spikes.ram, bitmap, first, spikes.per_voxel)
            first += spikes.stride
            fired += count
            level = activity[voxel]
            if level or count:
                activity[voxel] = level - (level + window - 1) // window + _SPIKE * count
        if fired:
            self.quiet = 0
            self._point()
        elif self.quiet < window:
            self.quiet += 1
            if self.quiet == window:
                for voxel in range(spikes.voxels):
                    activity[voxel] = 0
                if not self.hold:
                    self.target = self.neutral

    def _point(self):
        activity, best = self.activity, self.voxel
        level = activity[best]
        for voxel in range(len(activity)):
            if activity[voxel] > level:
                best, level = voxel, activity[voxel]
        self.voxel = best
        self.target = self.low + (self.high - self.low) * best // (len(activity) - 1) if len(activity) > 1 else self.low

    def show(self, value):
        if value != self.shown:
            self.pwm.duty_ns(1000 * value)
            self.shown = value


KINDS = {
    _DIGITAL_IN: DigitalIn, _ADC_VOXEL: AdcVoxel, _ADC_LEVEL: AdcLevel,
    _DIGITAL_OUT: DigitalOut, _PWM: PwmOut, _SERVO: Servo, _STOP: Button,
}
