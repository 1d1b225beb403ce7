"""Counters of milliseconds and microseconds that wrap around, as MicroPython has them; the same on CPython."""

try:
    from time import sleep_us, ticks_add, ticks_diff, ticks_ms, ticks_us
except ImportError:
    from time import monotonic_ns, sleep

    _PERIOD = 1 << 30

    def ticks_us():
        return monotonic_ns() // 1000 % _PERIOD

    def ticks_ms():
        return monotonic_ns() // 1000000 % _PERIOD

    def ticks_add(ticks, delta):
        return (ticks + delta) % _PERIOD

    def ticks_diff(end, start):
        return (end - start + _PERIOD // 2) % _PERIOD - _PERIOD // 2

    def sleep_us(us):
        sleep(us * 1e-6)
