"""Which voxels a source voxel reaches, the slow and obvious way: plain loops over all target voxels, one at a time."""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from neurula.genome.model import Triple

Reaches = Callable[[Triple, Triple, Triple, Triple], bool]  # source voxel, target voxel, source dims, target dims


def all_voxels(dims: Triple) -> Iterable[Triple]:
    """In raster order, x slowest."""
    return itertools.product(range(dims[0]), range(dims[1]), range(dims[2]))


def enumerate_synapses(
    reaches: Reaches, source: Triple, target: Triple, densities: tuple[int, int]
) -> list[tuple[Triple, int, Triple, int]]:
    """In the documented order: by source voxel, by target voxel, by neuron of the source voxel."""
    return [
        (p, k, q, densities[1] - 1)
        for p in all_voxels(source)
        for q in all_voxels(target)
        if reaches(p, q, source, target)
        for k in range(densities[0])
    ]


def float32(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


def by_vectors(vectors: list[list[int]]) -> Reaches:
    return lambda p, q, _s, _t: any(all(a + v == b for a, v, b in zip(p, vector, q, strict=True)) for vector in vectors)


def by_scaled_vectors(vectors: list[list[int]], scalar: tuple[Any, Any, Any]) -> Reaches:
    """Every place (x, y, z) of the target area in turn; expressions are Python's, written with ** and *."""

    def factor(written: Any, at: dict[str, int]) -> float:
        return float(eval(written, {}, at)) if isinstance(written, str) else float(written)

    def reaches(p: Triple, q: Triple, _s: Triple, t: Triple) -> bool:
        named = "".join(written for written in scalar if isinstance(written, str))
        for x, y, z in itertools.product(*(range(n) if name in named else [0] for name, n in zip("xyz", t, strict=True))):
            for vector in vectors:
                made = []
                for axis in range(3):
                    size = factor(scalar[axis], {"x": x, "y": y, "z": z})
                    step = vector[axis] * int(size) if any(v in str(scalar[axis]) for v in "xyz") else int(vector[axis] * size)
                    made.append(p[axis] + step)
                if "z" in named:
                    made[2] = z
                if tuple(made) == q:
                    return True
        return False

    return reaches


def by_patterns(pairs: list[list[list[Any]]]) -> Reaches:
    def accepts(element: Any, index: int) -> bool:
        return element in ("*", "?", "!") or element == index

    def makes(element: Any, index: int, made: int) -> bool:
        if element == "*":
            return True
        if element == "?":
            return made == index
        if element == "!":
            return made != index
        return bool(element == made)

    return lambda p, q, _s, _t: any(
        all(accepts(e, a) for e, a in zip(accepting, p, strict=True))
        and all(makes(e, a, b) for e, a, b in zip(making, p, q, strict=True))
        for accepting, making in pairs
    )


def scaled(source: int, target: int, index: int, made: int) -> bool:
    if source > target:
        return int(float32(float32(index) / float32(source / target))) == made
    if source < target:
        return int(float32(float32(made) / float32(target / source))) == index
    return index == made


def by_projector(order: Triple = (0, 1, 2)) -> Reaches:
    return lambda p, q, s, t: all(scaled(s[a], t[k], p[a], q[k]) for k, a in enumerate(order))


def by_projector_from_end(axis: int) -> Reaches:
    def reaches(p: Triple, q: Triple, s: Triple, t: Triple) -> bool:
        others = [a for a in range(3) if a != axis]
        return p[axis] == s[axis] - 1 and q[axis] == 0 and all(scaled(s[a], t[a], p[a], q[a]) for a in others)

    return reaches


def by_sweeper(p: Triple, q: Triple, s: Triple, _t: Triple) -> bool:
    ring = [(x, y, z) for z in range(s[2]) for y in range(s[1]) for x in range(s[0])]
    place = ring.index(p)
    return place + 1 < len(ring) and ring[place + 1] == q


def by_last_to_first(p: Triple, q: Triple, s: Triple, _t: Triple) -> bool:
    return p == (s[0] - 1, s[1] - 1, s[2] - 1) and q == (0, 0, 0)


def by_lateral_pairs(p: Triple, q: Triple, _s: Triple, _t: Triple) -> bool:
    partner = p[0] + 1 if p[0] % 2 == 0 else p[0] - 1
    return q == (partner, p[1], p[2])


def by_blocks(p: Triple, q: Triple, _s: Triple, _t: Triple) -> bool:
    return q == (p[0] // 10, p[1], p[2])


def by_reducer(p: Triple, q: Triple, _s: Triple, t: Triple) -> bool:
    digits = bin(p[0])[2:].zfill(t[0])
    return q[1:] == (0, 0) and digits[q[0]] == "1"


def by_expander(p: Triple, q: Triple, _s: Triple, t: Triple) -> bool:
    digits = bin(q[0])[2:].rjust(t[0].bit_length(), "*")
    return q[1:] == (0, 0) and p[0] < len(digits) and digits[p[0]] == "1"


def by_clamping(p: Triple, q: Triple, _s: Triple, t: Triple) -> bool:
    return q == tuple(a if a < n else n - 1 for a, n in zip(p, t, strict=True))


def by_rotator(p: Triple, q: Triple, s: Triple, t: Triple) -> bool:
    """One voxel at a time, with the rotation as a matrix."""
    degrees = 0.0 if t[2] == 1 else -90 + 180 * (q[2] / (t[2] - 1))
    angle = degrees * (math.pi / 180)
    matrix = ((math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle)))
    spans = [(max(s[a] - 1, 1), max(t[a] - 1, 1)) for a in (0, 1)]
    moved = [p[a] / spans[a][0] * spans[a][1] - spans[a][1] / 2 for a in (0, 1)]
    for axis in (0, 1):
        place = spans[axis][1] / 2 + matrix[axis][0] * moved[0] + matrix[axis][1] * moved[1]
        if Decimal(place).quantize(Decimal(1), ROUND_HALF_UP) != q[axis]:
            return False
    return True


def by_tile(p: Triple, q: Triple, s: Triple, t: Triple) -> bool:
    if s[0] * s[1] * s[2] > t[0] * t[1] * t[2]:
        return q == (p[0] % t[0], p[1] % t[1], p[2] % t[2])
    return p == (q[0] % s[0], q[1] % s[1], q[2] % s[2])


def by_tiles_of(seed: list[int], pattern: list[list[int]], mapper: Reaches) -> Reaches:
    def reaches(p: Triple, q: Triple, s: Triple, t: Triple) -> bool:
        inside = []
        for axis in range(3):
            starts, place = [], 0
            while place < s[axis]:
                for _ in range(pattern[axis][0]):
                    starts.append(place)
                    place += seed[axis]
                place += pattern[axis][1] * seed[axis]
            held = [a for a in starts if a <= p[axis] < a + seed[axis] <= s[axis]]
            if not held:
                return False
            inside.append(p[axis] - held[0])
        return mapper((inside[0], inside[1], inside[2]), q, (seed[0], seed[1], seed[2]), t)

    return reaches
