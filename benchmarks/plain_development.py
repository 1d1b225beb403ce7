"""The same growth in plain Python, as one would write it down: a loop for every axis of the source and of the target.

What `development.py` measures itself against, and compares its connectomes with, synapse for synapse.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from fractions import Fraction
from math import lcm

Triple = tuple[int, int, int]
Axis = list[list[int]]  # target indices by source index
Pairs = list[tuple[int, int]]  # source neuron, target neuron
WORD, GOLDEN = (1 << 64) - 1, 0x9E3779B97F4A7C15


def join(products: Iterable[tuple[Axis, Axis, Axis]], source: Triple, target: Triple) -> Pairs:
    """Every voxel of the source with every voxel that its three coordinates reach; each pair once."""
    products = list(products)
    made: Pairs = []
    for x in range(source[0]):
        for y in range(source[1]):
            for z in range(source[2]):
                neuron = (x * source[1] + y) * source[2] + z
                start = len(made)
                for along_x, along_y, along_z in products:
                    for a in along_x[x]:
                        for b in along_y[y]:
                            for c in along_z[z]:
                                made.append((neuron, (a * target[1] + b) * target[2] + c))
                if len(products) > 1:
                    made[start:] = sorted(set(made[start:]))
    return made


def to_all(source: int, target: int) -> Axis:
    return [list(range(target)) for _ in range(source)]


def to_same(source: int, target: int) -> Axis:
    return [[i] if i < target else [] for i in range(source)]


def to_others(source: int, target: int) -> Axis:
    return [[j for j in range(target) if j != i] for i in range(source)]


def by_step(step: int) -> Callable[[int, int], Axis]:
    return lambda source, target: [[i + step] if 0 <= i + step < target else [] for i in range(source)]


def scaled(source: int, target: int) -> Axis:
    """The projector's axis: floor(i / (S / D)), or the j with floor(j / (D / S)) = i, in float32."""
    if source >= target:
        return [[int(_float32(i / _float32(source / target)))] for i in range(source)]
    owners = [int(_float32(j / _float32(target / source))) for j in range(target)]
    return [[j for j, owner in enumerate(owners) if owner == i] for i in range(source)]


def thinned(pairs: Pairs, percent: float, first_neurons: tuple[int, int], seed: int = 0, rule: int = 0) -> Pairs:
    """Those that chance keeps (neurula.development.chance)."""
    start = _mix((_mix((seed + GOLDEN) & WORD) + rule + GOLDEN) & WORD)
    threshold = int(percent * (1 << 32) / 100)
    kept = []
    for source, target in pairs:
        word = _mix((_mix((start + source + first_neurons[0] + GOLDEN) & WORD) + target + first_neurons[1] + GOLDEN) & WORD)
        if word >> 32 < threshold:
            kept.append((source, target))
    return kept


def two_a_voxel(pairs: Pairs) -> Pairs:
    """Of voxel pairs that follow each other, those of two neurons in each source voxel."""
    return [(2 * source + k, target) for source, target in pairs for k in range(2)]


def neurons(dims: Triple, threshold: Fraction, steps: tuple[Fraction, Fraction, Fraction], unit: Fraction) -> tuple[list[int], list[int]]:
    """Of every neuron of an area the least whole potential at or above its threshold, in units, and the potential that it begins with."""
    common = lcm(threshold.denominator, *(step.denominator for step in steps))
    start, dx, dy, dz = (int(value * common) for value in (threshold, *steps))
    up, down = (unit / common).as_integer_ratio()
    thresholds, potentials = [], []
    for x in range(dims[0]):
        for y in range(dims[1]):
            for z in range(dims[2]):
                units = -(-(start + x * dx + y * dy + z * dz) * up // down)
                thresholds.append(max(-(1 << 30), min(1 << 30, units)))
                potentials.append(0)
    return thresholds, potentials


def _float32(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


def _mix(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
    return z ^ (z >> 31)
