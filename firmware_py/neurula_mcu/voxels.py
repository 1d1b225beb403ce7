"""Voxels of an area at work: injecting into them, counting their spikes. Pins and coders share it. A burst takes no memory."""

from array import array

try:
    from micropython import const
except ImportError:
    const = int

from neurula_mcu.image import uword

_SMALL = const(16383)  # a product with 65535 stays below 2^30: larger ones would take memory
_SLOT = const(4)  # RAM byte that says which slot of the ring holds the last burst's spikes
_AREA_BITS = const(8)  # field of an area's record
BITS = bytes((0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4))


def pointed(way, span, voxels):
    """The voxel that a way from 0 to span points at, all of them covering as much of it. way * voxels must stay below 2^30."""
    voxel = way * voxels // span
    return voxel if voxel < voxels else voxels - 1


def part_of(units, way, span):
    """The part of some units that a way is of its span, to one in 1023."""
    share = way * 1023 // span  # in two pieces: their products stay below 2^30
    return (units >> 10) * share + ((units & 1023) * share >> 10)


class Voxels:
    """Voxels of an area, `stride` neurons apart, each of per_voxel neurons in a row."""

    def __init__(self, area, first, stride, voxels, per_voxel):
        self.area, self.first, self.stride, self.voxels, self.per_voxel = area, first, stride, voxels, per_voxel

    def inject(self, words, count, voxel, voxels, units):
        """Writes an injection for every neuron of some voxels; how many there are then."""
        at = 3 * count
        while voxels:
            neuron = self.first + voxel * self.stride
            end = neuron + self.per_voxel
            while neuron < end:
                words[at] = self.area
                words[at + 1] = neuron
                words[at + 2] = units
                at += 3
                neuron += 1
            voxel += 1
            voxels -= 1
        return at // 3


class Spikes:
    """The voxels of an output, as bits of the fired bitmaps."""

    def __init__(self, brain, area, first, stride, voxels, per_voxel):
        image = brain.image
        self.ram = brain.ram
        self.bits_at = image.bits_at + uword(image.data, image.area_at(area) + _AREA_BITS)
        self.slot_bytes = image.slot_bytes
        self.first, self.stride, self.voxels, self.per_voxel = first, stride, voxels, per_voxel
        if stride == per_voxel:  # all in one piece
            self.row, self.piece = 1, voxels * per_voxel
        else:
            self.row, self.piece = voxels, per_voxel
        self.single = self.row * self.piece == 1

    def bitmap(self):
        """Where the last burst's bitmap of the area is."""
        return self.bits_at + self.ram[_SLOT] * self.slot_bytes

    def count(self):
        """Neurons of the voxels that fired."""
        ram, first = self.ram, self.first
        bitmap = self.bits_at + ram[_SLOT] * self.slot_bytes
        if self.single:
            return ram[bitmap + (first >> 3)] >> (first & 7) & 1
        total = 0
        for _ in range(self.row):
            total += ones(ram, bitmap, first, self.piece)
            first += self.stride
        return total


def ones(ram, bitmap, first, count):
    """How many of the bits first to first + count - 1 of a bitmap are set."""
    at = bitmap + (first >> 3)
    bits = ram[at] >> (first & 7)
    room = 8 - (first & 7)
    total = 0
    while count > room:
        total += BITS[bits & 15] + BITS[bits >> 4]
        count -= room
        room = 8
        at += 1
        bits = ram[at]
    bits &= (1 << count) - 1
    return total + BITS[bits & 15] + BITS[bits >> 4]


class Window:
    """Spikes of the last bursts, or the difference of two voxels' spikes. full: so many are full activity."""

    def __init__(self, bursts, full):
        self.counts = array("i", bytes(4 * bursts))
        self.at = self.total = 0
        self.full = full
        self.shift = 0
        while self.full >> self.shift > _SMALL:
            self.shift += 1

    def add(self, count):
        """Takes a burst's spikes; those of the window."""
        at = self.at
        total = self.total + count - self.counts[at]
        self.total = total
        self.counts[at] = count
        at += 1
        self.at = at if at < len(self.counts) else 0
        return total

    def share(self, span):
        """The part of a span up to 65535 (either sign) that the activity is of full activity."""
        total = self.total
        if total < 0:
            return -(span * (min(-total, self.full) >> self.shift) // (self.full >> self.shift))
        return span * (min(total, self.full) >> self.shift) // (self.full >> self.shift)
