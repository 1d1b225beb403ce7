"""The development of a brain from its genome, stage by stage: areas, neurons, synapses.

The same genome and seed always grow the same connectome; the seed matters only where the genome leaves room for chance.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from neurula.development.connectome import Connectome
from neurula.development.corticogenesis import create_areas
from neurula.development.edits import read_edits, with_edits
from neurula.development.engine_losses import without_what_the_engine_loses
from neurula.development.synaptogenesis import grow_synapses, plan_rules
from neurula.genome.model import Genome, Problem

MOST_SYNAPSES = 100_000_000
STAGES = ("corticogenesis", "planning", "synaptogenesis")


@dataclass(frozen=True, slots=True)
class Development:
    """What grew, and how. problems: what of the genome could not grow as written; seconds: by stage;
    counts: areas, neurons, synapses and added_areas."""

    connectome: Connectome
    problems: tuple[Problem, ...]
    seconds: Mapping[str, float]
    counts: Mapping[str, int]


def develop(
    genome: Genome,
    *,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
    most_synapses: int = MOST_SYNAPSES,
    as_engine: bool = False,
) -> Development:
    """Grows the brain. progress(stage, fraction 0..1) is called along the way, with 1 at the end of each stage.

    as_engine: grow only what FEAGI's released engine grows of this genome (engine_losses.py).

    Raises DevelopmentError, before taking room, if the genome asks for more than most_synapses candidate synapses.
    """
    if as_engine:
        genome = without_what_the_engine_loses(genome)
    report = progress or (lambda _stage, _fraction: None)
    began = [time.perf_counter()]

    def finish(stage: str) -> None:
        began.append(time.perf_counter())
        report(stage, 1.0)

    areas = create_areas(genome.areas)
    finish("corticogenesis")
    planned, problems = plan_rules(genome, areas, most_synapses)
    finish("planning")
    bundles, source, target = grow_synapses(planned, areas, seed, lambda done: report("synaptogenesis", done))
    finish("synaptogenesis")
    edits, unused = read_edits(genome.document, areas)
    connectome = with_edits(Connectome(areas, bundles, source, target), edits)
    problems += unused
    counts = {
        "areas": len(areas),
        "added_areas": sum(a.added for a in areas),
        "neurons": connectome.neurons,
        "synapses": connectome.synapses,
    }
    seconds = {stage: stop - start for stage, start, stop in zip(STAGES, began[:-1], began[1:], strict=True)}
    return Development(connectome, tuple(problems), MappingProxyType(seconds), MappingProxyType(counts))
