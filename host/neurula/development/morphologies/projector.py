"""Projectors: the source area is scaled onto the target area, topology preserved.

Per axis, with source size S, target size D and every operation rounded to float32 (FEAGI's released engine):
S > D: i -> floor(i / (S / D)); S < D: i -> every j with floor(j / (D / S)) = i; S = D: i -> i.
projector_xy, _xz, _yz exchange two axes of the source first. project_from_end_x, _y, _z project only the last layer
of the source along that axis, onto layer 0 of the target.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurula.development.morphologies.growth import Growth, Indices, Product, Relation, same, to_index
from neurula.genome.model import Triple


def grow_projector(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """Scales axis by axis."""
    return _scaled(source, target, (0, 1, 2))


def grow_projector_xy(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """Scales with x and y of the source exchanged."""
    return _scaled(source, target, (1, 0, 2))


def grow_projector_xz(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """Scales with x and z of the source exchanged."""
    return _scaled(source, target, (2, 1, 0))


def grow_projector_yz(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """Scales with y and z of the source exchanged."""
    return _scaled(source, target, (0, 2, 1))


def grow_from_end_x(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """Scales the last x layer onto x = 0."""
    return _from_end(source, target, 0)


def grow_from_end_y(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """Scales the last y layer onto y = 0."""
    return _from_end(source, target, 1)


def grow_from_end_z(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """Scales the last z layer onto z = 0."""
    return _from_end(source, target, 2)


def scale(source: int, target: int) -> Relation:
    """The relation of one axis."""
    if source == target:
        return same(source, target)
    return _shrink(source, target) if source > target else _stretch(source, target)


def _scaled(source: Triple, target: Triple, source_axes: Triple) -> Growth:
    x, y, z = (scale(source[a], t) for a, t in zip(source_axes, target, strict=True))
    return Growth((Product((x, y, z), source_axes),))


def _from_end(source: Triple, target: Triple, axis: int) -> Growth:
    relations = [scale(s, t) for s, t in zip(source, target, strict=True)]
    relations[axis] = to_index(0, source[axis] - 1, source[axis], target[axis])
    return Growth((Product((relations[0], relations[1], relations[2])),))


def _shrink(source: int, target: int) -> Relation:
    ratio = np.float32(source) / np.float32(target)
    return Relation(0, source, 1, lambda i: (i.astype(np.float32) / ratio).astype(np.int32)[:, None], source)


def _stretch(source: int, target: int) -> Relation:
    ratio = np.float32(target) / np.float32(source)
    width = target // source + 2  # rounding moves a boundary by one at most at either end

    def rows(i: Indices) -> Indices:
        owner = (np.arange(target, dtype=np.float32) / ratio).astype(np.int32)
        first = np.searchsorted(owner, i, side="left").astype(np.int32)
        stop = np.searchsorted(owner, i, side="right").astype(np.int32)
        made = first[:, None] + np.arange(width, dtype=np.int32)
        return np.where(made < stop[:, None], made, np.int32(-1))

    return Relation(0, source, width, rows, target)


FUNCTIONS = {
    "projector": grow_projector,
    "projector_xy": grow_projector_xy,
    "projector_xz": grow_projector_xz,
    "projector_yz": grow_projector_yz,
    "project_from_end_x": grow_from_end_x,
    "project_from_end_y": grow_from_end_y,
    "project_from_end_z": grow_from_end_z,
}
