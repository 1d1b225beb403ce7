"""The console as a stream of bytes: reads that never wait. A port has read_into(buffer) -> bytes that came, -1 when it has ended
for good; write(buffer, size); leave(rest): the REPL goes on, with these bytes first."""

import sys

try:
    import micropython
    from micropython import const
except ImportError:
    from neurula_mcu.pointers import const, micropython, ptr8

_FIRST_BYTES = const(16)
_MOST_BYTES = const(256)  # no buffer is smaller


class ConsolePort:
    """Standard input and output of any MicroPython, one byte a look."""

    def __init__(self):
        import select

        poller = select.poll()
        poller.register(sys.stdin, select.POLLIN)
        self.poll = getattr(poller, "ipoll", poller.poll)  # MicroPython's ipoll takes no memory
        self.read = sys.stdin.buffer.readinto
        self.put = getattr(sys.stdout, "buffer", sys.stdout).write
        self.one = bytearray(1)
        self.ended = False

    @micropython.native
    def read_into(self, buffer):
        count = 0
        one = self.one
        while count < len(buffer) and not self.ended and self.ready():
            try:
                if not self.read(one):
                    self.ended = True
                    break
            except OSError:
                self.ended = True
                break
            buffer[count] = one[0]
            count += 1
        return -1 if self.ended and not count else count

    def ready(self):
        for _ in self.poll(0):
            return True
        return False

    def write(self, buffer, size):
        try:
            self.put(buffer, size)
        except OSError:  # nobody reads any more
            self.ended = True

    def leave(self, rest):
        if rest:
            hand_over(rest)


@micropython.viper
def _settle(buffer: ptr8, size: int, filled: int, filling: ptr8) -> int:
    """Takes the filling out of what was read; how many bytes are left.

    It stands at the end, unless something arrived in between: then it is looked for from the end on, and where a byte that
    arrived looks like filling, a frame is lost."""
    rest = size - filled
    i = 0
    while i < filled:
        there = buffer[rest + i]
        wanted = filling[i]
        if there != wanted:
            break
        i += 1
    if i == filled:
        return rest
    i = size - 1
    to = size - 1
    left = filled
    while i >= 0:
        there = buffer[i]
        if left:
            wanted = filling[left - 1]
            if there == wanted:
                left -= 1
                i -= 1
                continue
        buffer[to] = there
        to -= 1
        i -= 1
    to += 1
    i = 0
    while to < size:
        there = buffer[to]
        buffer[i] = there
        to += 1
        i += 1
    return i


def quick_read(poll, read, second, filling):
    """PicoPort.read_into as a closure."""
    import io

    stream = io.BytesIO(filling)
    seek, tell = stream.seek, stream.tell
    expected = more = _FIRST_BYTES  # what comes together, as far as one knows
    came = 0

    @micropython.native
    def read_into(buffer):
        nonlocal expected, more, came
        for _ in poll(0):
            break
        else:
            if came:
                expected = came if came < _MOST_BYTES else _MOST_BYTES
                came = 0
            return 0
        if came:
            size = more
            more = 2 * size if 2 * size < _MOST_BYTES else _MOST_BYTES
        else:
            size = expected
            more = _FIRST_BYTES
        seek(0)
        second(stream)
        read(buffer, size)
        second(None)
        filled = tell()
        if filled:
            size = _settle(buffer, size, filled, filling)
        came += size
        return size

    return read_into


class PicoPort(ConsolePort):
    """The console of an RP2, whose read of n bytes waits for all of them, and costs a fifth of n reads of one byte. While it
    lasts, a second console hands out a filling whenever the first one is empty, so it never waits."""

    def __init__(self):
        import os

        super().__init__()
        filling = bytes([1 + (151 * i + 59) % 255 for i in range(_MOST_BYTES)])
        self.read_into = quick_read(self.poll, self.read, os.dupterm, filling)
        self.write = self.put  # it raises nothing


def hand_over(rest):
    """The REPL reads these bytes before it reads the console."""
    import os

    if not hasattr(os, "dupterm"):
        return
    import io

    class Rest(io.IOBase):
        at = 0

        def readinto(self, buffer):
            buffer[0] = rest[self.at]
            self.at += 1
            if self.at == len(rest):
                os.dupterm(None)
            return 1

        def write(self, data):
            return len(data)

        def ioctl(self, request, argument):
            return argument & 5 if request == 3 else 0

    os.dupterm(Rest())


def standard_port():
    """The port on standard input and output."""
    return PicoPort() if sys.platform == "rp2" else ConsolePort()
