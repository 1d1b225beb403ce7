"""The development of a brain from its genome in four stages: corticogenesis, voxelogenesis, neurogenesis, synaptogenesis.

The same genome and seed always grow the same connectome; the seed matters only where the genome leaves room for chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from neurula.development.connectome import Connectome
from neurula.development.edits import read_edits, with_edits
from neurula.development.engine_losses import without_what_the_engine_loses
from neurula.development.neurogenesis import create_areas
from neurula.development.room import bytes_of, require_room
from neurula.development.stages import Cancelled, Progress, StageStatistics, Watch
from neurula.development.synaptogenesis import grow_planned, plan_rules
from neurula.genome.model import Genome, Problem, Region
from neurula.genome.region_tree import regions_of

MOST_SYNAPSES = 100_000_000


@dataclass(frozen=True, slots=True)
class Development:
    """What grew, and how. problems: what of the genome could not grow as written; stages: the four in their order;
    announced_bytes: the most memory that synaptogenesis may have taken; regions: as read, or generated where the genome has none;
    counts: areas, neurons, synapses and added_areas."""

    connectome: Connectome
    problems: tuple[Problem, ...]
    stages: tuple[StageStatistics, ...]
    announced_bytes: int
    regions: tuple[Region, ...]
    counts: Mapping[str, int]


def develop(
    genome: Genome,
    *,
    seed: int = 0,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    most_synapses: int = MOST_SYNAPSES,
    most_bytes: int | None = None,
    as_engine: bool = False,
) -> Development:
    """Grows the brain. progress: called with an event at both ends of every stage and after every mapping rule;
    cancelled: asked as often, True stops the development. as_engine: grow only what FEAGI's released engine grows of this
    genome (engine_losses.py).

    Raises DevelopmentError, before taking room, if the genome asks for more than most_synapses candidate synapses (D104) or
    for more memory than most_bytes (D106); DevelopmentCancelled (D107).
    """
    if as_engine:
        genome = without_what_the_engine_loses(genome)
    watch = Watch(progress, cancelled)
    areas = create_areas(genome.areas, watch)
    with watch.stage("synaptogenesis"):
        edits, unused = read_edits(genome.document, areas)
        planned, problems = plan_rules(genome, areas, most_synapses)
        announced_bytes = bytes_of(planned, bool(edits))
        require_room(announced_bytes, most_bytes)
        watch.announce(announced_bytes)
        connectome = with_edits(grow_planned(planned, areas, seed, watch), edits)
        watch.count(synapses=connectome.synapses)
    counts = {
        "areas": len(areas),
        "added_areas": sum(a.added for a in areas),
        "neurons": connectome.neurons,
        "synapses": connectome.synapses,
    }
    found = (*problems, *unused)
    return Development(connectome, found, watch.finished, announced_bytes, regions_of(genome), MappingProxyType(counts))
