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
_SLICE = 1 << 15  # draws at a time: the words stay in the processor's cache


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
    salt, offset = _salt(seed, rule) + first_neurons[0], first_neurons[1] + _GOLDEN
    kept = 0
    for start in range(0, len(source), _SLICE):
        s, t = source[start : start + _SLICE], target[start : start + _SLICE]
        words = _source_words(salt, s)
        words += np.uint64(offset & _WORD)
        np.add(words, t, out=words, dtype=np.uint64, casting="unsafe")
        words = _mix(words)
        words >>= np.uint64(32)
        chosen = np.flatnonzero(words < threshold)
        source[kept : kept + len(chosen)] = s.take(chosen)
        target[kept : kept + len(chosen)] = t.take(chosen)
        kept += len(chosen)
    return kept


def draw_voxels(seed: int, rule: int, first_neuron: int, voxels: int, drawn: NDArray[np.int32]) -> None:
    """Fills `drawn` with the raster index of a voxel for every neuron from first_neuron (its id) on."""
    salt = _salt(seed, rule) + first_neuron
    for start in range(0, len(drawn), _SLICE):
        part = drawn[start : start + _SLICE]
        words = _mixed_range(salt + start, len(part))
        words += np.uint64((_NO_NEURON + _GOLDEN) & _WORD)
        words = _mix(words)
        words >>= np.uint64(32)
        words *= np.uint64(voxels)
        words >>= np.uint64(32)
        part[:] = words


def _salt(seed: int, rule: int) -> int:
    """What a source neuron's id is added to before it is mixed."""
    return _mix_int((_mix_int((seed + _GOLDEN) & _WORD) + rule + _GOLDEN) & _WORD) + _GOLDEN


def _source_words(salt: int, source: NDArray[np.int32]) -> NDArray[np.uint64]:
    """mix(salt + source): where few neurons have many synapses, once for each neuron."""
    first, last = int(source.min()), int(source.max())
    if 2 * (last - first) < len(source):
        of_neuron = _mixed_range(salt + first, last - first + 1)
        words: NDArray[np.uint64] = of_neuron.take(source - np.int32(first))
        return words
    words = source.astype(np.uint64)
    words += np.uint64(salt & _WORD)
    return _mix(words)


def _mixed_range(first: int, count: int) -> NDArray[np.uint64]:
    """mix(first), mix(first + 1), ...: as many as count."""
    words = np.arange(count, dtype=np.uint64)
    words += np.uint64(first & _WORD)
    return _mix(words)


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
