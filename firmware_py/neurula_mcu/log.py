"""What happened, in a ring of fixed size: an entry takes no memory, the oldest makes room."""

import struct

from neurula_mcu.ticks import ticks_ms

ENTRIES = 32
_ENTRY = "<IHHi"  # milliseconds since the start, code, how often in a row, burst
_BYTES = 12
_BURSTS = 0x3FFFFFFF  # burst numbers are kept modulo 2^30


class Log:
    """The last ENTRIES things that happened."""

    def __init__(self, entries=ENTRIES):
        self.ring = bytearray(_BYTES * entries)
        self.entries = entries
        self.added = 0

    def add(self, code, burst=0):
        """code: as in docs/ERRORS.md, "F144". The same one again only counts."""
        number = int(code[1:])
        at = (self.added - 1) % self.entries * _BYTES
        again = struct.unpack_from("<H", self.ring, at + 6)[0]
        if self.added and struct.unpack_from("<H", self.ring, at + 4)[0] == number and again < 65535:
            struct.pack_into("<H", self.ring, at + 6, again + 1)
            return
        at = self.added % self.entries * _BYTES
        struct.pack_into(_ENTRY, self.ring, at, ticks_ms(), number, 1, burst & _BURSTS)
        self.added += 1

    def put(self, first, out, at, room):
        """Copies entries from number `first` on, as many as fit; (number of the first that is still there, where they end)."""
        first = min(self.added, max(first, self.added - self.entries))
        for number in range(first, min(self.added, first + room // _BYTES)):
            place = number % self.entries * _BYTES
            out[at : at + _BYTES] = self.ring[place : place + _BYTES]
            at += _BYTES
        return first, at

    def lines(self):
        """Oldest first: "log MILLISECONDS CODE TIMES BURST" """
        for number in range(max(0, self.added - self.entries), self.added):
            ms, code, times, burst = struct.unpack_from(_ENTRY, self.ring, number % self.entries * _BYTES)
            yield "log %d F%03d %d %d" % (ms, code, times, burst)
