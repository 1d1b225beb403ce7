"""Numbers <-> voxels in whole numbers, as neurula.robot.coders does it with fractions: what docs/ROBOTS.md says of codings.

A value is a whole number, 32767 standing for 1. A burst takes no memory: no product reaches 2^30.
"""

try:
    from micropython import const
except ImportError:
    const = int

from neurula_mcu.voxels import Spikes, Window, ones, part_of, pointed

ONE = const(32767)
LINEAR = const(1)  # one voxel a number, the first is ONE
RISING = const(2)  # the last is ONE
FRACTIONAL = const(3)  # binary digits, the first is a half
SCALE = const(4)  # one voxel from -ONE, the first, to ONE, the last
RATE = const(5)  # how strongly one voxel is driven, how often it fires
BOOLEAN = const(6)  # on from a half
DEPTH_MAX = const(128)  # so that sums over a column stay small
DIGITS_MAX = const(14)
_HALF = const(16384)


def check(coding, signed, depth, per_voxel):
    """ValueError for what this firmware does not code."""
    most = DIGITS_MAX if coding == FRACTIONAL else 1 if coding in (RATE, BOOLEAN) else DEPTH_MAX
    if not (LINEAR <= coding <= BOOLEAN and (2 if coding == SCALE else 1) <= depth <= most and per_voxel >= 1):
        raise ValueError("depth")
    if signed and coding in (SCALE, BOOLEAN):
        raise ValueError("sign")


class Encoder:
    """A sensor's number. voxels: its column, place 0 first; minus: neurons from it to the column of negative numbers, 0 without a sign.

    units: what a voxel is given, input units of the area. most: injections of one burst at most.
    """

    def __init__(self, coding, voxels, units, minus=0):
        check(coding, minus, voxels.voxels, voxels.per_voxel)
        self.coding, self.voxels, self.units, self.minus = coding, voxels, units, minus
        self.most = voxels.per_voxel * (voxels.voxels if coding == FRACTIONAL else 1) * (2 if minus else 1)

    def encode(self, words, count, value):
        """Writes the injections of a value behind the first `count` in `words`; how many there are then."""
        if self.coding == SCALE:
            depth = self.voxels.voxels - 1
            value = max(-ONE, min(ONE, value))
            return self.voxels.inject(words, count, ((value + ONE) * depth + ONE) // (2 * ONE), 1, self.units)
        if not self.minus:
            return self._column(words, count, value)
        if value >= 0:
            count = self._column(words, count, value)
        if value <= 0:
            voxels = self.voxels
            voxels.first += self.minus
            count = self._column(words, count, -value)
            voxels.first -= self.minus
        return count

    def _column(self, words, count, value):
        coding, voxels = self.coding, self.voxels
        value = max(0, min(ONE, value))
        if coding == RATE:
            units = part_of(self.units, value, ONE)
            return voxels.inject(words, count, 0, 1, units) if units else count
        if coding == BOOLEAN:
            return voxels.inject(words, count, 0, 1, self.units) if value >= _HALF else count
        if coding == FRACTIONAL:
            return self._digits(words, count, value)
        voxel = pointed(ONE - value, ONE, voxels.voxels)
        return voxels.inject(words, count, voxel if coding == LINEAR else voxels.voxels - 1 - voxel, 1, self.units)

    def _digits(self, words, count, value):
        begun = count
        for place in range(self.voxels.voxels):
            value <<= 1
            if value >= ONE:
                value -= ONE
                count = self.voxels.inject(words, count, place, 1, self.units)
        return count if count > begun else self.voxels.inject(words, count, self.voxels.voxels - 1, 1, self.units)


class Decoder:
    """A motor's number. value: after a burst; neutral: without a spike in `window` bursts, -ONE or more below that: it stays.

    brain, area, first, stride, depth, per_voxel: the column, place 0 first; minus: as for Encoder. full: RATE: spikes in the
    window that mean ONE.
    """

    def __init__(self, coding, brain, area, first, stride, depth, per_voxel, minus=0, window=16, full=16, neutral=0):
        check(coding, minus, depth, per_voxel)
        self.coding, self.window, self.neutral = coding, window, neutral
        self.plus = Spikes(brain, area, first, stride, depth, per_voxel)
        self.minus = Spikes(brain, area, first + minus, stride, depth, per_voxel) if minus else None
        self.recent = Window(window, full) if coding == RATE else None
        self.quiet = window
        self.value = max(-ONE, neutral)

    def decode(self):
        """Takes the spikes of a burst."""
        coding = self.coding
        if coding == RATE:
            self._rate()
            return
        fired = -1
        if coding == BOOLEAN:
            fired = ONE if self.plus.count() else -1
        else:
            plus = self._read(self.plus)
            minus = self._read(self.minus) if self.minus is not None else -1
            if plus >= 0 or minus >= 0:
                self.quiet = 0
                self.value = plus - ONE if coding == SCALE else max(plus, 0) - max(minus, 0)
                return
        if fired >= 0:
            self.quiet = 0
            self.value = fired
        elif self.quiet < self.window:
            self.quiet += 1
            if self.quiet == self.window and self.neutral >= -ONE:
                self.value = self.neutral

    def _rate(self):
        count = self.plus.count()
        if self.minus is not None:
            count -= self.minus.count()
        self.value = self.recent.share(ONE) if self.recent.add(count) else self.neutral

    def _read(self, spikes):
        """What a column says, 0 to ONE (SCALE: to twice that); -1 when it is silent."""
        ram, first, depth = spikes.ram, spikes.first, spikes.voxels
        bitmap = spikes.bitmap()
        count = total = 0
        fractional = self.coding == FRACTIONAL
        for place in range(depth):
            if ones(ram, bitmap, first, spikes.per_voxel):
                count += 1
                total += 1 << (depth - 1 - place) if fractional else place
            first += spikes.stride
        if not count:
            return -1
        if fractional:
            return (ONE * total + (1 << depth) - 1) >> depth
        if self.coding == LINEAR:
            return ONE * (depth * count - total) // (depth * count)
        if self.coding == RISING:
            return ONE * (total + count) // (depth * count)
        return 2 * ONE * total // (count * (depth - 1))
