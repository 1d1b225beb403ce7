"""Vectors: source voxel + vector, for each vector; targets outside the area are dropped, there is no wrap-around.

A vector that is written twice counts once. morphology_scalar has no effect, as in FEAGI's released engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurula.development.morphologies.growth import Growth, Product, shift
from neurula.genome.model import Triple


def grow_vectors(parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """parameters: {"vectors": [[dx, dy, dz], ...]}, whole numbers."""
    written = parameters.get("vectors")
    entries = written if isinstance(written, (list, tuple)) else ()
    usable = {tuple(v): None for v in entries if _is_vector(v)}
    unusable = sum(not _is_vector(v) for v in entries)
    remarks = (f"{unusable} of its {len(entries)} vectors are not three whole numbers",) if unusable else ()
    steps = [{v[axis] for v in usable} for axis in range(3)]
    x, y, z = ({v: shift(v, source[a], target[a]) for v in steps[a]} for a in range(3))
    products = tuple(Product((x[v[0]], y[v[1]], z[v[2]])) for v in sorted(usable))
    return Growth(products, ordered=True, remarks=remarks)


def _is_vector(value: object) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 3 and all(type(v) is int for v in value)
