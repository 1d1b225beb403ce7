"""Small kernels in the style of the real ones, with what they must compute in plain Python.

KERNELS is viper source: integers and pointers only, every address an argument, no constant of 2**30 or more, loads
sign-extended by hand because a 64-bit interpreter does not."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

KERNELS = '''
@micropython.viper
def accumulate(entry: int, potentials: int, end: int) -> int:
    """Add u16 weights to 32-bit potentials; entries are (u16 byte offset, u16 weight)."""
    count = 0
    while entry < end:
        p = ptr16(entry)
        q = ptr32(potentials + p[0])
        q[0] = q[0] + p[1]
        entry = entry + 4
        count = count + 1
    return count

@micropython.viper
def leak_and_fire(state: int, end: int, retention: int, threshold: int, fired: int) -> int:
    """potential = potential * retention >> 22, exact in 32 bits for |potential| < 2**30; fire at the threshold."""
    sign = 1
    sign = sign << 31
    r1 = retention >> 11
    r0 = retention & 0x7ff
    number = 0
    count = 0
    while state < end:
        q = ptr32(state)
        x = q[0]
        x = (x ^ sign) - sign
        vh = x >> 15
        vl = x & 0x7fff
        low = vl * r0
        low = low >> 11
        x = vh * r0 * 16 + vl * r1 + low
        x = x >> 11
        x = vh * r1 * 16 + x
        if x >= threshold:
            f = ptr16(fired)
            f[count] = number
            count = count + 1
            x = 0
        q[0] = x
        number = number + 1
        state = state + 4
    return count

@micropython.viper
def count_bits(word: int) -> int:
    count = 0
    left = 32
    while left:
        count = count + (word & 1)
        word = word >> 1
        left = left - 1
    return count
'''

PROGRAM = '''
{source}
import uctypes
entries = bytearray(bytes.fromhex("{entries}"))
state = bytearray(bytes.fromhex("{state}"))
fired = bytearray({fired_bytes})
at = uctypes.addressof
results = [accumulate(at(entries), at(state), at(entries) + len(entries)),
           leak_and_fire(at(state), at(state) + len(state), {retention}, {threshold}, at(fired)),
           count_bits({word}), count_bits(-1), count_bits(0)]
print(results, state.hex(), fired.hex())
'''


@dataclass(frozen=True)
class Problem:
    """Inputs for all kernels at once."""

    entries: bytes
    state: bytes
    retention: int
    threshold: int
    word: int

    @property
    def fired_bytes(self) -> int:
        return len(self.state) // 2


@dataclass(frozen=True)
class Outcome:
    """What a run of all kernels on a Problem leaves behind."""

    results: list[int]
    state: bytes
    fired: bytes


def random_problem(seed: int, neurons: int = 48, entries: int = 150) -> Problem:
    """Potentials over the whole 30-bit range, both signs; weights of 16 bits that leave it intact."""
    chance = random.Random(seed)
    edge = (1 << 30) - 1 - (entries << 16)
    potentials = [chance.randint(-edge, edge) for _ in range(neurons)]
    potentials[:4] = [-edge, edge, 0, -1]
    pairs = [(4 * chance.randrange(neurons), chance.getrandbits(16)) for _ in range(entries)]
    return Problem(entries=b"".join(struct.pack("<HH", *pair) for pair in pairs),
                   state=struct.pack(f"<{neurons}i", *potentials),
                   retention=chance.randint(0, 1 << 22), threshold=chance.randint(1, 1 << 28),
                   word=chance.getrandbits(30) - (1 << 29))


def expected(problem: Problem) -> Outcome:
    """The kernels in unbounded Python integers, by their definition and not by their steps."""
    potentials = list(struct.unpack(f"<{len(problem.state) // 4}i", problem.state))
    pairs = list(struct.iter_unpack("<HH", problem.entries))
    for offset, weight in pairs:
        potentials[offset // 4] += weight
    fired = []
    for number, potential in enumerate(potentials):
        leaked = potential * problem.retention >> 22
        if leaked >= problem.threshold:
            fired.append(number)
            leaked = 0
        potentials[number] = leaked
    return Outcome(
        results=[len(pairs), len(fired), (problem.word & 0xFFFFFFFF).bit_count(), 32, 0],
        state=struct.pack(f"<{len(potentials)}i", *potentials),
        fired=struct.pack(f"<{len(fired)}H", *fired).ljust(problem.fired_bytes, b"\0"))


def program(problem: Problem, source: str = KERNELS) -> str:
    """A MicroPython program that solves the problem and prints the outcome."""
    return PROGRAM.format(source=source, entries=problem.entries.hex(), state=problem.state.hex(),
                          fired_bytes=problem.fired_bytes, retention=problem.retention,
                          threshold=problem.threshold, word=problem.word)


def printed_outcome(text: str) -> Outcome:
    """The outcome that the program printed."""
    numbers, state, fired = text.strip().rpartition("]")[0] + "]", *text.strip().rpartition("]")[2].split()
    return Outcome([int(number) for number in numbers.strip("[]").split(",")], bytes.fromhex(state),
                   bytes.fromhex(fired))
