"""Voxelogenesis, the second stage: the space of every area, a block of voxels.

No voxel is an object: voxel (x, y, z) of an area of w x h x d voxels is number (x*h + y)*d + z of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from neurula.development.corticogenesis import PlacedArea
from neurula.errors import DevelopmentError


def count_voxels(placed: Sequence[PlacedArea]) -> int:
    """Voxels of all areas together. Raises DevelopmentError D102 for an area that has no space.

    An area may have 0 neurons per voxel: a memory area, whose neurons come with learning.
    """
    for each in placed:
        area = each.area
        if min(area.dims) < 1 or area.neurons_per_voxel < 0:
            raise DevelopmentError(
                "D102",
                f"area {area.id!r} has no room: dims {area.dims}, {area.neurons_per_voxel} neurons per voxel",
                remedy="Give every dimension at least 1.",
            )
    return sum(each.area.voxels for each in placed)
