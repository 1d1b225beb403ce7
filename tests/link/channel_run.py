"""Channels at work beside the coders that say what they must do, on CPython and MicroPython alike: prints what differs, then a checksum."""

import gc
import struct
from array import array
from binascii import crc32

from neurula_mcu import coders
from neurula_mcu.channels import Channels
from neurula_mcu.voxels import Voxels

NEURONS = (40, 900, 3000)
BITS_AT = 16
SLOT_BYTES = 8 + 112 + 376
DEPTHS = {coders.FRACTIONAL: (1, 7, 14), coders.RATE: (1,), coders.BOOLEAN: (1,), coders.SCALE: (2, 21, 128)}


class PaperImage:
    """Three areas; data holds their records: neurons at 4, first byte of the bits at 8."""

    bits_at, slot_bytes, areas = BITS_AT, SLOT_BYTES, 3
    data = b"".join(struct.pack("<III", 0, neurons, at) for neurons, at in zip(NEURONS, (0, 8, 120)))

    def area_at(self, area):
        return 12 * area


class PaperBrain:
    def __init__(self):
        self.image = PaperImage()
        self.ram = bytearray(BITS_AT + 3 * SLOT_BYTES)
        self.words = array("i", bytes(12 * 64))

    def reserve(self, entries):
        if entries > len(self.words) // 3:
            self.words = array("i", bytes(12 * entries))


class PaperLink:
    """Gets what the loop calls."""


class Chance:
    """Small numbers, the same everywhere."""

    def __init__(self, seed):
        self.seed = seed & 0x3FFFFF

    def below(self, limit):
        self.seed = (self.seed * 129 + 12345) & 0x3FFFFF
        return (self.seed >> 3) % limit

    def among(self, things):
        return things[self.below(len(things))]


def column(chance):
    """Where a random channel lies: (coding, area, first, stride, depth, per_voxel, minus)."""
    while True:
        coding = 1 + chance.below(6)
        area = chance.below(3)
        depth = chance.among(DEPTHS.get(coding, (1, 3, 10, 128)))
        per_voxel = chance.among((1, 1, 2, 9))
        stride = per_voxel + chance.among((0, 0, 1, 5))
        span = (depth - 1) * stride + per_voxel
        minus = 0 if coding in (coders.SCALE, coders.BOOLEAN) else chance.among((0, span, -span, 2 * span + 3))
        low, high = min(0, minus), max(0, minus) + span
        if high - low <= NEURONS[area]:
            return coding, area, chance.below(NEURONS[area] - high + low + 1) - low, stride, depth, per_voxel, minus


def sensors(chance, rounds):
    brain = PaperBrain()
    link = PaperLink()
    channels = Channels(link, brain, 5)
    check = 0
    wanted = array("i", bytes(12 * 2000))
    for number in range(rounds):
        channels.clear()
        encoders = []
        for channel in (0, 1, 2, 40, 63):
            coding, area, first, stride, depth, per_voxel, minus = column(chance)
            units = chance.among((4096, -4096, 1, 1073741823, -777))
            channels.bind(channel, 1, coding, 1, 1, area, depth, per_voxel, 1, 0, first, stride, minus, units)
            encoders.append((channel, coders.Encoder(coding, Voxels(area, first, stride, depth, per_voxel), units, minus)))
        for _ in range(6):
            values = [chance.among((0, 1, -1, 32767, -32767, -32768, 16383, 16384, chance.below(65535) - 32767)) for _ in encoders]
            payload = b"".join(struct.pack("<BBh", channel, 1, value) for (channel, _), value in zip(encoders, values))
            link.take(payload, 0, len(payload))
            count = link.sense(5)
            count_wanted = 5
            for (_, encoder), value in zip(encoders, values):
                count_wanted = encoder.encode(wanted, count_wanted, value)
            if count != count_wanted or list(brain.words[15 : 3 * count]) != list(wanted[15 : 3 * count]):
                print("sensors", number, values, encoders)
            for at in range(15, 3 * count):
                check = crc32((brain.words[at] & 0xFFFFFFFF).to_bytes(4, "little"), check)
            if link.sense(7) != 7:
                print("a value that does not hold came again", number)
    return check


def scatter(chance, ram):
    """Random spikes in all slots, or silence."""
    rate = chance.among((0, 0, 2, 20, 200))
    for at in range(8, len(ram)):
        byte = 0
        if rate:
            for bit in range(8):
                if not chance.below(rate):
                    byte |= 1 << bit
        ram[at] = byte
    ram[4] = chance.below(3)


def motors(chance, rounds):
    brain = PaperBrain()
    out = bytearray(260)
    check = 0
    for number in range(rounds):
        link = PaperLink()
        channels = Channels(link, brain, 0)
        decoders = []
        for channel in (40, 0, 2, 1, 63):
            coding, area, first, stride, depth, per_voxel, minus = column(chance)
            window, full, neutral = chance.among((1, 2, 16)), chance.among((1, 7, 40000)), chance.among((0, -32767, 500))
            if coding == coders.RATE:
                neutral = 0
            channels.bind(channel, 2, coding, 0, window, area, depth, per_voxel, full, neutral, first, stride, minus, 0)
            decoders.append(coders.Decoder(coding, brain, area, first, stride, depth, per_voxel, minus, window, full, neutral))
        for _ in range(12):
            scatter(chance, brain.ram)
            link.decode()
            for decoder in decoders:
                decoder.decode()
            end = channels.put_motors(out, 3)
            runs = (0, 3) + tuple(decoders[at].value for at in (1, 3, 2)) + (40, 1, decoders[0].value, 63, 1, decoders[4].value)
            if bytes(out[3:end]) != bytes(brain.ram[:4]) + struct.pack("<BBhhhBBhBBh", *runs):
                print("motors", number, runs, bytes(out[3:end]))
            check = crc32(bytes(out[3:end]), check)
    return check


def memory():
    """Bytes of the heap that bursts take."""
    if not hasattr(gc, "mem_alloc"):
        return 0
    chance = Chance(5)
    brain = PaperBrain()
    link = PaperLink()
    channels = Channels(link, brain, 0)
    for channel in range(8):
        coding, area, first, stride, depth, per_voxel, minus = column(chance)
        channels.bind(channel, 1, coding, 3, 1, area, depth, per_voxel, 1, 0, first, stride, minus, 4096)
        coding, area, first, stride, depth, per_voxel, minus = column(chance)
        channels.bind(channel, 2, coding, 0, 4, area, depth, per_voxel, 9, 0, first, stride, minus, 0)
    payload = b"\x00\x08" + bytes(range(16))
    inject = struct.pack("<HIHiHi", 1, 7, 3, 1 << 30, 4, -5)
    excite = struct.pack("<i", 99) + b"\x02\x01\x01\x00"
    out = bytearray(260)

    def work():
        link.take(payload, 0, len(payload))
        channels.inject(inject, 0, len(inject))
        channels.excite(excite, 0, len(excite))
        link.sense(0)
        link.decode()
        channels.put_motors(out, 0)

    work()
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(200):
        work()
    taken = gc.mem_alloc() - before
    gc.enable()
    return taken


def main(seed, rounds):
    chance = Chance(seed)
    print("%08x %08x %d" % (sensors(chance, rounds), motors(chance, rounds), memory()))
