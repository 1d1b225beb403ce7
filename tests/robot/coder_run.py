"""Integer coders at work, on CPython and MicroPython alike: prints checksums of everything that they write and read."""

import gc
from array import array
from binascii import crc32

from neurula_mcu import coders
from neurula_mcu.voxels import Voxels

AREA, FIRST, PER_VOXEL, UNITS, MINUS = 1, 5, 2, 4096, 300
CODINGS = (coders.LINEAR, coders.RISING, coders.FRACTIONAL, coders.SCALE, coders.RATE, coders.BOOLEAN)
DEPTHS = {coders.FRACTIONAL: (1, 7, 10, 14), coders.RATE: (1,), coders.BOOLEAN: (1,), coders.SCALE: (2, 10, 21, 128)}


class PaperImage:
    """One area whose bits begin where its slot does."""

    bits_at, slot_bytes, data = 8, 128, bytes(64)

    def area_at(self, _area):
        return 0


class PaperBrain:
    def __init__(self):
        self.image = PaperImage()
        self.ram = bytearray(8 + 128)
        self.words = array("i", bytes(12 * 600))


def depths(coding):
    return DEPTHS.get(coding, (1, 3, 10, 128))


def signs(coding):
    return (0,) if coding in (coders.SCALE, coders.BOOLEAN) else (0, MINUS)


def encodings(coding, depth, minus, values):
    """Checksum of what a sensor injects for many values."""
    words = array("i", bytes(12 * 600))
    encoder = coders.Encoder(coding, Voxels(AREA, FIRST, PER_VOXEL, depth, PER_VOXEL), UNITS, minus)
    check = 0
    for value in values:
        count = encoder.encode(words, 0, value)
        assert count <= encoder.most
        for at in range(3 * count):
            check = crc32(words[at].to_bytes(4, "little"), check)
    return check


def scatter(seed, fired, ram):
    """Random spikes: about one in `fired` neurons; the next seed."""
    for at in range(8, len(ram)):
        byte = 0
        for bit in range(8):
            seed = (seed * 1103515 + 12345) & 0x3FFFFF
            if (seed >> 7) % fired == 0:
                byte |= 1 << bit
        ram[at] = byte
    return seed


def decodings(coding, depth, minus, bursts):
    """Checksum of what a motor shows over many bursts, some of them silent."""
    brain = PaperBrain()
    decoder = coders.Decoder(coding, brain, AREA, FIRST, PER_VOXEL, depth, PER_VOXEL, minus, 3, 5, -7)
    check, seed = 0, 99
    for burst in range(bursts):
        seed = scatter(seed, (2, 9, 400, 5000)[burst >> 2 & 3], brain.ram)
        decoder.decode()
        assert -coders.ONE <= decoder.value <= coders.ONE
        check = crc32((decoder.value & 0xFFFF).to_bytes(4, "little"), check)
    return check


def taken(coding, depth, minus):
    """Bytes of memory that encoding and decoding take; 0 where it cannot be told."""
    if not hasattr(gc, "mem_alloc"):
        return 0
    brain = PaperBrain()
    encoder = coders.Encoder(coding, Voxels(AREA, FIRST, PER_VOXEL, depth, PER_VOXEL), UNITS, minus)
    decoder = coders.Decoder(coding, brain, AREA, FIRST, PER_VOXEL, depth, PER_VOXEL, minus)
    scatter(1, 3, brain.ram)
    value = -coders.ONE
    encoder.encode(brain.words, 0, value)
    decoder.decode()
    gc.collect()
    before = gc.mem_alloc()
    while value <= coders.ONE:
        encoder.encode(brain.words, 0, value)
        decoder.decode()
        value += 1371
    return gc.mem_alloc() - before


def run(step, bursts):
    """One line for every coding, depth and sign: checksums, and bytes taken."""
    for coding in CODINGS:
        for depth in depths(coding):
            for minus in signs(coding):
                values = range(-coders.ONE, coders.ONE + 1, step)
                results = encodings(coding, depth, minus, values), decodings(coding, depth, minus, bursts), taken(coding, depth, minus)
                print(coding, depth, minus, *results)
