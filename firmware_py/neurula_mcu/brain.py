"""A brain that runs on MicroPython: one image, one RAM block, the generated viper kernels."""

import sys
from array import array
from binascii import crc32, hexlify

import gc
import micropython
from uctypes import addressof

from neurula_mcu.image import Image, ImageError, uword

if sys.maxsize > 2147483647:
    from neurula_mcu import kernels64 as kernels
else:
    from neurula_mcu import kernels
try:
    from neurula_mcu import kernels_thumb as fast  # machine code for every Cortex-M
except Exception:  # another processor, or the file is not there
    fast = None

AGE_PERIOD_MASK = 8191
STIMULUS_ENTRIES = 64
BOTH_PHASES = 3
FEATURES_AT = 16  # field of the header: without learning and driven spikes there is less to do


def forget_replaced():
    """Gives the memory of the viper kernels back whose work machine code does."""
    if fast is not None:
        for name in ("begin", "deliver", "update"):
            if hasattr(kernels, name):
                delattr(kernels, name)


def quick_run(burst, img, ram, stim, arguments, arguments_at):
    """Brain.run as a closure: on a microcontroller looking names up costs more than a small burst does."""

    @micropython.native
    def run(injections=0, forced=0):
        arguments[1] = injections
        arguments[2] = 12 * injections
        arguments[3] = forced
        if not burst(img, ram, stim, arguments_at) & AGE_PERIOD_MASK:
            kernels.age(img, ram)

    return run


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
        self._arguments = array("i", (BOTH_PHASES, 0, 0, 0))
        self._arguments_at = addressof(self._arguments)
        self._valued = uword(data, FEATURES_AT) != 0
        self._room(STIMULUS_ENTRIES)

    def _room(self, entries):
        self.words = array("i", bytes(12 * entries))
        self._stim = addressof(self.words)
        if fast is not None and not self._valued:
            self.run = quick_run(fast.burst, self._img, self._ram, self._stim, self._arguments, self._arguments_at)

    def step(self, forced=(), inject=()):
        """One burst. forced: (area, neuron) that fire whatever their state; inject: (area, neuron, input units)."""
        if forced or inject:
            self._load_stimulus(forced, inject)
        self.run(len(inject), len(forced))

    def reserve(self, entries):
        """Makes room for so many injections in `words`, so that no burst has to."""
        if entries > len(self.words) // 3:
            self._room(entries)

    @micropython.native
    def run(self, injections, forced=0):
        """One burst with the stimulus in `words`: three for each injection, two for each forced neuron. Allocates nothing."""
        if fast is not None:
            self._step_fast(12 * injections, forced)
            return
        img = self._img
        ram = self._ram
        kernels.begin(img, ram, self._stim, injections)
        kernels.deliver(0, 0, img, ram)
        if self._valued:
            kernels.deliver_valued(0, 0, img, ram)
        kernels.update(0, 0, img, ram, self._stim, 12 * injections, forced)
        if self.image.plastics:
            kernels.learn(img, ram)
        if not self.ram[0] and not self.ram[1] & AGE_PERIOD_MASK >> 8:
            kernels.age(img, ram)

    def _step_fast(self, at, forced):
        """The burst in one call of machine code, or in two with what only viper does between them."""
        arguments = self._arguments
        arguments[1] = at // 12
        arguments[2] = at
        arguments[3] = forced
        if self._valued:
            arguments[0] = 1
            fast.burst(self._img, self._ram, self._stim, self._arguments_at)
            kernels.deliver_valued(0, 0, self._img, self._ram)
            arguments[0] = 2
        burst = fast.burst(self._img, self._ram, self._stim, self._arguments_at)
        if self.image.plastics:
            kernels.learn(self._img, self._ram)
        if burst & AGE_PERIOD_MASK == 0:
            kernels.age(self._img, self._ram)

    def _load_stimulus(self, forced, inject):
        if len(forced) + len(inject) > len(self.words) // 3:
            self._room(len(forced) + len(inject))
        words = self.words
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

    def rewind(self):
        """Back to before the first burst. The RAM block stays where it is."""
        ram = memoryview(self.ram)
        zeros = bytes(256)
        for at in range(0, len(ram), 256):
            part = min(256, len(ram) - at)
            ram[at : at + part] = zeros[:part]
        self.image.start(self.ram)

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
