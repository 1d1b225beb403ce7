"""A timer that is an interrupt, on an RP2 whose MicroPython (before 1.26) calls timers between two bytecodes only, so never
while machine code runs: a DMA channel moves bytes to nowhere, slowly, and interrupts at the end."""

import sys

import machine
import rp2

from neurula_mcu.ticks import ticks_diff, ticks_us

_PACE = 0x50000420 if "RP2040" in sys.implementation._machine else 0x50000440  # the first of the DMA's fractions of the clock
_PACED = 0x3B
_DIVISOR = 50000
_COUNT_AND_GO = 7  # of a channel's registers


class InterruptTimer:
    """Calls callback(None) every period_ms, in an interrupt: nothing in it may take memory. OSError where that does not work."""

    def __init__(self, period_ms, callback):
        self.callback = callback
        self.ended = False
        self.transfers = machine.freq() // _DIVISOR * period_ms // 1000
        self.dma = dma = rp2.DMA()
        self.registers = dma.registers
        self.word = bytearray(4)
        machine.mem32[_PACE] = 1 << 16 | _DIVISOR
        paced = dma.pack_ctrl(size=0, inc_read=False, inc_write=False, treq_sel=_PACED, irq_quiet=False)
        dma.config(read=self.word, write=self.word, ctrl=paced)
        dma.irq(self._end, hard=True)
        begun = ticks_us()
        took = 0
        self.registers[_COUNT_AND_GO] = self.transfers
        while not self.ended and took < 2000 * period_ms:
            took = ticks_diff(ticks_us(), begun)
        if abs(took - 1000 * period_ms) > 250 * period_ms:  # a chip or an emulator whose DMA keeps other time
            self.deinit()
            raise OSError("the DMA keeps no time")
        dma.irq(self._tick, hard=True)
        self.registers[_COUNT_AND_GO] = self.transfers

    def _end(self, _dma):
        self.ended = True

    def _tick(self, _dma):
        self.registers[_COUNT_AND_GO] = self.transfers
        self.callback(None)

    def deinit(self):
        self.dma.irq(None)
        self.dma.active(0)
        self.dma.close()
