"""rotator_z: every layer z of the target shows the source area turned about its centre, from -90 degrees in the first layer to
+90 degrees in the last (FEAGI's released engine; clockwise is positive, one layer is not turned at all).

With sizes W, H of the source, w, h, d of the target, span(n) = max(n - 1, 1), all in float64 and in this order:
    angle(z) = (-90 + 180 * (z / (d - 1))) degrees, 0 where d = 1;  cx = span(w) / 2,  cy = span(h) / 2
    dx = x / span(W) * span(w) - cx,                dy = y / span(H) * span(h) - cy
    (x, y, any z) -> round(cx + cos*dx + sin*dy), round(cy - sin*dx + cos*dy), z'   for every layer z' of the target
halves are rounded away from zero, and what falls outside the layer is dropped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurula.development.morphologies.growth import Growth, Indices, Scatter
from neurula.genome.model import Triple


def grow_rotator_z(_parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """Turns layer by layer."""
    width, height, depth = target
    angles = [(-90 + 180 * (z / (depth - 1)) if depth > 1 else 0.0) * (math.pi / 180) for z in range(depth)]
    cos, sin = (np.array([turn(angle) for angle in angles]) for turn in (math.cos, math.sin))

    def rows(voxels: Indices) -> Indices:
        x, y = voxels // (source[1] * source[2]), voxels // source[2] % source[1]
        dx, centre_x = _from_centre(x, source[0], width)
        dy, centre_y = _from_centre(y, source[1], height)
        turned_x = _rounded(centre_x + cos * dx[:, None] + sin * dy[:, None])
        turned_y = _rounded(centre_y - sin * dx[:, None] + cos * dy[:, None])
        inside = (turned_x >= 0) & (turned_x < width) & (turned_y >= 0) & (turned_y < height)
        reached = (turned_x * height + turned_y) * depth + np.arange(depth)
        return np.where(inside, reached, -1).astype(np.int32)

    return Growth(scatter=Scatter(depth, rows))


def _from_centre(at: Indices, source: int, target: int) -> tuple[NDArray[np.float64], float]:
    """The places in the target, from its centre; and the centre."""
    span = float(max(target - 1, 1))
    return at.astype(np.float64) / max(source - 1, 1) * span - span / 2.0, span / 2.0


def _rounded(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """To the nearest whole number, halves away from zero."""
    whole: NDArray[np.float64] = np.trunc(value)
    whole += np.sign(value) * (np.abs(value - whole) >= 0.5)
    return whole


FUNCTIONS = {"rotator_z": grow_rotator_z}
