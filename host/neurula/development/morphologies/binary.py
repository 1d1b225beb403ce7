"""Binary code along x: reducer_x encodes a position as the bits of its number, expander_x decodes; y = z = 0.

Most significant bit first, as in FEAGI's Python engine, for which the genomes that use them were written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurula.development.morphologies.growth import Growth, Indices, Product, Relation, to_index
from neurula.genome.model import Triple


def grow_reducer_x(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """x -> j for every 1 at place j of x in binary, padded with zeros on the left to the width of the target."""
    bits = max(1, (source[0] - 1).bit_length())
    first_place = max(0, target[0] - bits)

    def rows(i: Indices) -> Indices:
        length = np.maximum(_bit_length(i, bits), target[0])[:, None]
        place = np.arange(first_place, target[0], dtype=np.int32)
        weight = length - 1 - place
        return np.where((i[:, None] >> weight) & 1 == 1, place, np.int32(-1)).astype(np.int32)

    width = target[0] - first_place
    return _to_x_only(Relation(0, source[0], width, rows, source[0] * width), source, target)


def grow_expander_x(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """x -> every j with a 1 at place x of j in binary, padded on the left to the bit length of the target's width."""
    bits = target[0].bit_length()
    stop = min(source[0], bits)

    def rows(i: Indices) -> Indices:
        made = np.arange(target[0], dtype=np.int32)
        return np.where((made >> (bits - 1 - i[:, None])) & 1 == 1, made, np.int32(-1)).astype(np.int32)

    return _to_x_only(Relation(0, stop, target[0], rows, stop * target[0]), source, target)


def _bit_length(i: Indices, bits: int) -> Indices:
    powers = np.left_shift(np.int64(1), np.arange(bits, dtype=np.int64))
    return np.searchsorted(powers, i, side="right").astype(np.int32)


def _to_x_only(x: Relation, source: Triple, target: Triple) -> Growth:
    return Growth((Product((x, to_index(0, 0, source[1], target[1]), to_index(0, 0, source[2], target[2]))),))


FUNCTIONS = {"reducer_x": grow_reducer_x, "expander_x": grow_expander_x}
