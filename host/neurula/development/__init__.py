"""Genome -> Connectome: neurons and synapses as arrays, in a fixed order."""

from __future__ import annotations

from neurula.development.connectome import Bundle, Connectome, GrownArea
from neurula.development.embryogenesis import Development, develop
from neurula.development.room import free_bytes
from neurula.development.stages import STAGES, ProgressEvent, StageStatistics
from neurula.development.storage import load_connectome, save_connectome

__all__ = [
    "STAGES",
    "Bundle",
    "Connectome",
    "Development",
    "GrownArea",
    "ProgressEvent",
    "StageStatistics",
    "develop",
    "free_bytes",
    "load_connectome",
    "save_connectome",
]
