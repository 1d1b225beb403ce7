"""Who remembers whom: the wiring of memory areas, which has no synapses but stands in the connectome from the beginning."""

from __future__ import annotations

from dataclasses import dataclass

from neurula.development.connectome import Connectome
from neurula.development.morphologies.memory import ASSOCIATES, REPLAYS, WATCHES
from neurula.genome.model import MappingRule

KINDS = {**dict.fromkeys(WATCHES, "watches"), **dict.fromkeys(REPLAYS, "replays"), **dict.fromkeys(ASSOCIATES, "associates")}


@dataclass(frozen=True, slots=True)
class MemoryLink:
    """kind: "watches" (the memory area watches the other), "replays" (it plays back into the other) or "associates" (both are
    memory areas); memory_area, other_area: indices into Connectome.areas; rule: as the genome writes it."""

    kind: str
    memory_area: int
    other_area: int
    rule: MappingRule


def memory_links(connectome: Connectome) -> tuple[MemoryLink, ...]:
    """All of them, in the order of the bundles. A rule that leads to, or from, an area that is no memory area makes none."""
    links = []
    for bundle in connectome.bundles:
        kind = KINDS.get(bundle.rule.morphology)
        memory, other = (bundle.target_area, bundle.source_area) if kind == "watches" else (bundle.source_area, bundle.target_area)
        remembers = [connectome.areas[index].area.is_memory for index in (memory, other)]
        if kind is not None and remembers[0] and (remembers[1] or kind != "associates"):
            links.append(MemoryLink(kind, memory, other, bundle.rule))
    return tuple(links)


def upstream_areas(connectome: Connectome, index: int) -> tuple[int, ...]:
    """Indices of the areas that a mapping rule leads from to this one, ascending, rules without synapses included."""
    return tuple(sorted({bundle.source_area for bundle in connectome.bundles if bundle.target_area == index}))
