"""Genome -> Connectome: neurons and synapses as arrays, in a fixed order."""

from __future__ import annotations

from neurula.development.connectome import Bundle, Connectome, GrownArea
from neurula.development.embryogenesis import Development, develop
from neurula.development.memory_wiring import MemoryLink, memory_links, upstream_areas
from neurula.development.room import free_bytes
from neurula.development.stages import STAGES, ProgressEvent, StageStatistics
from neurula.development.storage import load_connectome, save_connectome

__all__ = [
    "STAGES",
    "Bundle",
    "Connectome",
    "Development",
    "GrownArea",
    "MemoryLink",
    "ProgressEvent",
    "StageStatistics",
    "develop",
    "free_bytes",
    "load_connectome",
    "memory_links",
    "save_connectome",
    "upstream_areas",
]
