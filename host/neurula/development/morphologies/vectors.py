"""Vectors: source voxel + vector, for each vector; targets outside the area are dropped, there is no wrap-around.

A vector that is written twice counts once. A rule's morphology_scalar scales the vectors (FEAGI's Python engine; the released one
ignores it). Per axis a, with factor s[a] and vector v:

* numbers: target[a] = source[a] + trunc(v[a] * s[a]);
* expressions in x, y, z: the rule is the union over all voxels (x, y, z) of the target area of
  target[a] = source[a] + v[a] * trunc(s[a](x, y, z)); where z occurs in any factor, target[2] = z instead: each layer of the
  target has a displacement of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurula.development.morphologies.growth import Growth, Indices, Product, Scatter, shift, to_index
from neurula.genome.expressions import VARIABLES, Expression, read_factor
from neurula.genome.model import Triple

Factors = tuple[Any, Any, Any]
UNSCALED: Factors = (1, 1, 1)
MOST_PLACES = 1 << 18  # places at which factors are worked out, times vectors
MOST_MOVES = 10_000  # different vectors after scaling
FEW_MOVES = 1


def grow_vectors(parameters: Mapping[str, Any], source: Triple, target: Triple, scalar: Factors = UNSCALED) -> Growth:
    """parameters: {"vectors": [[dx, dy, dz], ...]}, whole numbers; scalar: three numbers or expressions."""
    written = parameters.get("vectors")
    entries = written if isinstance(written, (list, tuple)) else ()
    usable = sorted({tuple(v) for v in entries if _is_vector(v)})
    unusable = sum(not _is_vector(v) for v in entries)
    remarks = (f"{unusable} of its {len(entries)} vectors are not three whole numbers and join nothing",) if unusable else ()
    if tuple(scalar) != UNSCALED and usable:
        return _grow_scaled(usable, source, target, scalar, remarks)
    moves = [v for v in usable if all(-s < step < t for s, step, t in zip(source, v, target, strict=True))]
    return _grow_moves(np.array(moves, np.int64).reshape(-1, 3), source, target, False, remarks)


def _grow_scaled(
    vectors: list[tuple[int, ...]], source: Triple, target: Triple, scalar: Factors, remarks: tuple[str, ...]
) -> Growth:
    read = [read_factor(factor) for factor in scalar]
    remarks += tuple(f"its factor {s!r:.60} cannot be read, 1 stands for it" for s, r in zip(scalar, read, strict=True) if r is None)
    factors = [1.0 if factor is None else factor for factor in read]
    used = frozenset().union(*(f.variables for f in factors if isinstance(f, Expression)))
    places = math.prod(size for name, size in zip(VARIABLES, target, strict=True) if name in used)
    if places * len(vectors) > MOST_PLACES:
        return Growth(remarks=(*remarks, f"its scalar would be worked out at {places:,} places for {len(vectors):,} vectors: too many"))
    moves = _moves(vectors, source, target, factors, used)
    if len(moves) > MOST_MOVES:
        return Growth(remarks=(*remarks, f"its scalar makes {len(moves):,} vectors, more than {MOST_MOVES:,}: too many"))
    return _grow_moves(moves, source, target, "z" in used, remarks)


def _grow_moves(moves: NDArray[np.int64], source: Triple, target: Triple, to_layers: bool, remarks: tuple[str, ...]) -> Growth:
    """moves: int64[n, 3], ascending; to_layers: the third is the target's z. Many of them are also said voxel by voxel, which is
    faster than box by box."""
    steps = [sorted({int(v) for v in moves[:, axis]}) for axis in range(3)]
    x, y = ({v: shift(v, source[a], target[a]) for v in steps[a]} for a in (0, 1))
    z = {v: to_index(v, 0, source[2], target[2]) if to_layers else shift(v, source[2], target[2]) for v in steps[2]}
    products = tuple(Product((x[dx], y[dy], z[dz])) for dx, dy, dz in moves.tolist())
    scatter = _scatter(moves, source, target, to_layers) if len(moves) > FEW_MOVES else None
    return Growth(products, ordered=True, remarks=remarks, scatter=scatter)


def _scatter(moves: NDArray[np.int64], source: Triple, target: Triple, to_layers: bool) -> Scatter:
    dx, dy, dz = (np.ascontiguousarray(column, np.int32) for column in moves.T)
    strides = np.int32(target[1] * target[2]), np.int32(target[2])
    offset = dx * strides[0] + dy * strides[1] + dz
    width, height, depth = (np.uint32(size) for size in target)

    def rows(voxels: Indices) -> Indices:
        x, y = voxels // np.int32(source[1] * source[2]), voxels // np.int32(source[2]) % np.int32(source[1])
        z = np.zeros_like(voxels) if to_layers else voxels % np.int32(source[2])
        inside = (x[:, None] + dx).view(np.uint32) < width  # what is negative is far above
        inside &= (y[:, None] + dy).view(np.uint32) < height
        inside &= (z[:, None] + dz).view(np.uint32) < depth
        reached = (x * strides[0] + y * strides[1] + z)[:, None] + offset
        made: Indices = np.where(inside, reached, np.int32(-1))
        return made

    return Scatter(len(moves), rows, ascending=True)


def _moves(
    vectors: list[tuple[int, ...]], source: Triple, target: Triple, factors: list[float | Expression], used: frozenset[str]
) -> NDArray[np.int64]:
    """int64[n, 3], ascending, each once: displacements that lead into the target; the third is the target's z where z is used."""
    axes = [np.arange(size if name in used else 1, dtype=np.float64) for name, size in zip(VARIABLES, target, strict=True)]
    x, y, z = (grid.ravel() for grid in np.meshgrid(*axes, indexing="ij"))
    table = np.clip(np.array(vectors, dtype=object), -(1 << 40), 1 << 40).astype(np.float64)
    columns = []
    with np.errstate(all="ignore"):
        for axis, factor in enumerate(factors):
            if isinstance(factor, Expression):
                scale = np.trunc(factor.value({"x": x, "y": y, "z": z}) * np.ones(len(x)))
                columns.append(table[:, axis, None] * scale)
            else:
                columns.append(np.trunc(table[:, axis, None] * np.full(len(x), factor)))
        if "z" in used:
            columns[2] = np.broadcast_to(z, columns[0].shape)
        moves = np.stack([column.ravel() for column in columns], axis=1)
        first, stop = -np.array(source, np.float64), np.array(target, np.float64)
        inside = ((moves > first) & (moves < stop)).all(axis=1)  # False for what is not a number
    return np.unique(moves[inside].astype(np.int64), axis=0)


def _is_vector(value: object) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 3 and all(type(v) is int for v in value)
