"""Genome -> Connectome: neurons and synapses as arrays, in a fixed order."""

from __future__ import annotations

from neurula.development.connectome import Bundle, Connectome, GrownArea
from neurula.development.embryogenesis import Development, develop
from neurula.development.storage import load_connectome, save_connectome

__all__ = [
    "Bundle",
    "Connectome",
    "Development",
    "GrownArea",
    "develop",
    "load_connectome",
    "save_connectome",
]
