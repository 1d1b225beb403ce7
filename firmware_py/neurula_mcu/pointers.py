"""Viper's addresses and pointers for CPython, where the firmware's modules are tested. No board loads this."""

_HALF = 1 << 31


class Address:
    """Where a byte of a buffer is."""

    def __init__(self, buffer, offset=0):
        self.buffer = buffer
        self.offset = offset

    def __add__(self, count):
        return Address(self.buffer, self.offset + count)


def addressof(buffer):
    return Address(buffer)


class Pointer:
    """Elements from an address on. size: bytes of one."""

    def __init__(self, at, size):
        self.buffer = at.buffer
        self.first = at.offset // size
        self.size = size

    def __getitem__(self, index):
        value = self.buffer[self.first + index]
        return value & 0xFFFFFFFF if self.size == 4 else value  # as on a 64-bit host; boards see the sign

    def __setitem__(self, index, value):
        if self.size == 4:
            value = (value + _HALF) % (2 * _HALF) - _HALF
        else:
            value &= (1 << 8 * self.size) - 1
        self.buffer[self.first + index] = value


def ptr8(at):
    return Pointer(at if isinstance(at, Address) else Address(at), 1)


def ptr16(at):
    return Pointer(at, 2)


def ptr32(at):
    return Pointer(at, 4)


class micropython:
    @staticmethod
    def viper(function):
        return function

    native = viper


def const(value):
    return value
