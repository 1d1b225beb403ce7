"""How much memory synaptogenesis takes, said before it takes any."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

from neurula.development.enumeration import BOX_CANDIDATES
from neurula.development.synaptogenesis import PlannedRule, expected_synapses
from neurula.errors import DevelopmentError

SYNAPSE_BYTES = 8  # two int32, source and target
EDITED_SYNAPSE_BYTES = 20  # more where single neurons or synapses are edited: a copy, and what is worked out to make it
CANDIDATE_BYTES = 64  # of a voxel pair while it is worked on
DRAWN_BYTES = 40  # of a neuron whose target is drawn, while it is worked on
BASE_BYTES = 4 << 20  # tables of the rules, and slices of candidates whose chance is drawn


def bytes_of(planned: Sequence[PlannedRule], edited: bool = False) -> int:
    """An upper bound of the memory that growing these rules takes, the grown arrays included."""
    synapses = sum(expected_synapses(plan) for plan in planned)
    at_once = max((min(plan.joined, max(BOX_CANDIDATES, _widest(plan))) for plan in planned), default=0)
    drawn = max((min(plan.at_most, BOX_CANDIDATES) for plan in planned if plan.growth.one_at_random), default=0)
    worked_on = max(at_once * CANDIDATE_BYTES, drawn * DRAWN_BYTES)
    return BASE_BYTES + synapses * (SYNAPSE_BYTES + edited * EDITED_SYNAPSE_BYTES) + worked_on


def require_room(needed_bytes: int, most_bytes: int | None) -> None:
    """Raises DevelopmentError D106. most_bytes: None = no limit."""
    if most_bytes is not None and needed_bytes > most_bytes:
        raise DevelopmentError(
            "D106",
            f"growing the synapses takes up to {_megabytes(needed_bytes)} of memory, more than the {_megabytes(most_bytes)} there may be",
            remedy="Make the areas smaller, use a morphology that connects fewer voxels, or allow more memory.",
        )


def free_bytes() -> int | None:
    """Memory of this computer that is free for use now; None where it does not say."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


def _widest(plan: PlannedRule) -> int:
    """The most candidates of one source voxel, which are worked on together however many they are."""
    if plan.growth.scatter is not None:
        return plan.growth.scatter.width
    return sum(math.prod(min(r.width, r.pairs) for r in product.relations) for product in plan.growth.products)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
