"""The memory family: who remembers whom is wiring from the beginning, the synapses come with learning.

memory, episodic_memory: the target, a memory area, watches the source; no synapse (FEAGI's engines).
memory_replay: the source, a memory area, plays back into the target; no synapse.
associative_memory, bi_directional_stdp (its old name): between two memory areas a projector, whose synapses learn where the rule
is plastic; between others no synapse.

Every such rule has its bundle in the connectome, mostly an empty one: `neurula.development.memory_links` reads the wiring off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurula.development.morphologies.growth import Growth
from neurula.development.morphologies.projector import grow_projector
from neurula.genome.model import Triple

WATCHES = ("memory", "episodic_memory")
REPLAYS = ("memory_replay",)
ASSOCIATES = ("associative_memory", "bi_directional_stdp")


def grow_by_learning(_parameters: Mapping[str, Any], _source: Triple, _target: Triple) -> Growth:
    """No synapses at birth."""
    return Growth(learning=True)


def grow_between_memories(parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """ASSOCIATES where both areas are memory areas."""
    return grow_projector(parameters, source, target)


FUNCTIONS = dict.fromkeys((*WATCHES, *REPLAYS, *ASSOCIATES), grow_by_learning)
