"""A brain that runs on MicroPython: one image, one RAM block, the generated viper kernels."""

import sys
from array import array
from binascii import crc32, hexlify

import gc
from uctypes import addressof

from neurula_mcu.image import Image, ImageError, uword

if sys.maxsize > 2147483647:
    from neurula_mcu import kernels64 as kernels
else:
    from neurula_mcu import kernels

AGE_PERIOD_MASK = 8191
STIMULUS_ENTRIES = 64
FEATURES_AT = 16  # field of the header: without learning and driven spikes there is less to do


class Brain:
    """Runs the bursts of one image. data: its bytes, in RAM or in flash, kept and never copied. Raises ImageError."""

    def __init__(self, data, ram_limit=0):
        gc.collect()
        self.image = image = Image(data, ram_limit or gc.mem_free())
        self.ram = bytearray(image.ram_bytes)
        image.start(self.ram)
        self._img = addressof(data)
        self._ram = addressof(self.ram)
        bad = kernels.verify(0, 0, self._img, self._ram, *image.row_bounds())
        if bad:
            raise ImageError("I112", "a row, a target or a table is out of bounds", bad)
        self._valued = uword(data, FEATURES_AT) != 0
        self._room(STIMULUS_ENTRIES)

    def _room(self, entries):
        self._words = array("i", bytes(12 * entries))
        self._stim = addressof(self._words)

    def step(self, forced=(), inject=()):
        """One burst. forced: (area, neuron) that fire whatever their state; inject: (area, neuron, input units)."""
        img = self._img
        ram = self._ram
        if forced or inject:
            self._load_stimulus(forced, inject)
        kernels.begin(img, ram, self._stim, len(inject))
        kernels.deliver(0, 0, img, ram)
        if self._valued:
            kernels.deliver_valued(0, 0, img, ram)
        kernels.update(0, 0, img, ram, self._stim, 12 * len(inject), len(forced))
        if self.image.plastics:
            kernels.learn(img, ram)
        if self.burst() & AGE_PERIOD_MASK == 0:
            kernels.age(img, ram)

    def _load_stimulus(self, forced, inject):
        if len(forced) + len(inject) > len(self._words) // 3:
            self._room(len(forced) + len(inject))
        words = self._words
        at = 0
        for area, neuron, units in inject:
            self._check(area, neuron)
            words[at] = area
            words[at + 1] = neuron
            words[at + 2] = max(-1073741823, min(1073741823, units))
            at += 3
        for area, neuron in forced:
            self._check(area, neuron)
            words[at] = area
            words[at + 1] = neuron
            at += 2

    def _check(self, area, neuron):
        if not (0 <= area < self.image.areas and 0 <= neuron < uword(self.image.data, self.image.area_at(area) + 4)):
            raise IndexError("no such neuron")

    def burst(self):
        """Number of the last burst, modulo 2^32; 0 before the first."""
        return uword(self.ram, 0)

    def fired_slot(self):
        """The last burst's spikes as hexadecimal text: the fired bitmaps of all areas."""
        image = self.image
        at = image.bits_at + uword(self.ram, 4) * image.slot_bytes
        return hexlify(memoryview(self.ram)[at : at + image.slot_bytes])

    def state_hash(self):
        """CRC-32 of the state, the number that every runtime must agree on after every burst."""
        return crc32(self.ram) & 4294967295
