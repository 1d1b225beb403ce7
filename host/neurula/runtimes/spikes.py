"""Spikes as people and programs read them: JSON lines {"burst": n, "fired": {id: [[x, y, z], ...]}}."""

from __future__ import annotations

import json
from collections.abc import Sequence

from neurula.runtimes.burst import BurstResult
from neurula.runtimes.stimulus import AreaGeometry


def spike_line(result: BurstResult, geometry: Sequence[AreaGeometry]) -> str:
    """One line of a spike file: every area that fired, sorted by id, voxels sorted."""
    fired = {
        geometry[area].id: sorted(list(geometry[area].voxel_of(neuron)) for neuron in neurons)
        for area, neurons in result.fired
    }
    return json.dumps({"burst": result.number, "fired": dict(sorted(fired.items()))}, ensure_ascii=False)
