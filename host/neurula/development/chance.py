"""Chance without a random state: a counter hash says what happens to a synapse, whoever asks and in whatever order.

All arithmetic is on unsigned 64-bit integers modulo 2**64. With GOLDEN = 0x9E3779B97F4A7C15,

    mix(z):  z ^= z >> 30;  z *= 0xBF58476D1CE4E5B9;  z ^= z >> 27;  z *= 0x94D049BB133111EB;  z ^= z >> 31
    draw(seed, rule, source, target):
        w = mix(seed + GOLDEN);  for each of rule, source, target:  w = mix(w + it + GOLDEN);  the result is w >> 32

(mix is the finaliser of SplitMix64.) seed: the seed of the development modulo 2**64; rule: the index of the rule's
bundle in the connectome; source, target: the neurons' ids in the whole brain (the area's first neuron + index in it).
* A candidate of a rule with an attractivity of a percent, 0 < a < 100, is kept if draw < floor(a * 2**32 / 100).
* The randomizer sends a source neuron to the target voxel with raster index
  (draw(seed, rule, source, 2**32 - 1) * voxels of the target) >> 32; 2**32 - 1 is no neuron's id.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_GOLDEN = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1
_NO_NEURON = (1 << 32) - 1
_SLICE = 1 << 16  # draws at a time: the words stay in the processor's cache


def keep_by_chance(
    seed: int,
    rule: int,
    percent: float,
    first_neurons: tuple[int, int],
    source: NDArray[np.int32],
    target: NDArray[np.int32],
) -> int:
    """Moves the kept pairs to the front of both arrays, in their order; returns how many there are."""
    threshold = np.uint64(max(0, min(1 << 32, int(percent * (1 << 32) / 100))))
    kept = 0
    for start in range(0, len(source), _SLICE):
        s, t = source[start : start + _SLICE], target[start : start + _SLICE]
        chosen = draw(seed, rule, _ids(first_neurons[0], s), _ids(first_neurons[1], t)) < threshold
        count = int(np.count_nonzero(chosen))
        source[kept : kept + count] = s[chosen]
        target[kept : kept + count] = t[chosen]
        kept += count
    return kept


def draw_voxels(seed: int, rule: int, first_neuron: int, neurons: int, voxels: int) -> NDArray[np.int32]:
    """int32[neurons]: the raster index of a voxel for every neuron of an area."""
    drawn = np.empty(neurons, np.int32)
    for start in range(0, neurons, _SLICE):
        ids = np.arange(start, min(start + _SLICE, neurons), dtype=np.uint64) + np.uint64(first_neuron)
        words = draw(seed, rule, ids, np.uint64(_NO_NEURON))
        drawn[start : start + _SLICE] = (words * np.uint64(voxels)) >> np.uint64(32)
    return drawn


def draw(
    seed: int, rule: int, source: NDArray[np.uint64], target: NDArray[np.uint64] | np.uint64
) -> NDArray[np.uint64]:
    """A number from 0 to 2**32 - 1 for every pair of neuron ids."""
    salt = _mix_int((_mix_int((seed + _GOLDEN) & _WORD) + rule + _GOLDEN) & _WORD)
    words = _mix(source + np.uint64((salt + _GOLDEN) & _WORD))
    words = _mix(words + (target + np.uint64(_GOLDEN)))
    words >>= np.uint64(32)
    return words


def _ids(first: int, neurons: NDArray[np.int32]) -> NDArray[np.uint64]:
    ids = neurons.astype(np.uint64)
    ids += np.uint64(first)
    return ids


def _mix_int(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
    return z ^ (z >> 31)


def _mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Changes its argument."""
    words ^= words >> np.uint64(30)
    words *= np.uint64(0xBF58476D1CE4E5B9)
    words ^= words >> np.uint64(27)
    words *= np.uint64(0x94D049BB133111EB)
    words ^= words >> np.uint64(31)
    return words
