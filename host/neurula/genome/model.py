"""What was written: the frozen values that the reader produces and the development consumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

Triple = tuple[int, int, int]
EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Fix:
    """How a copy of the genome can be mended: "set" a value at a place, "remove" what is there, or make a "comment" of it."""

    action: str
    value: Any = None
    path: str = ""  # JSON pointer; the problem's own where it is empty


@dataclass(frozen=True, slots=True)
class Problem:
    """What a person should know about a genome. severity: "error" or "warning"; path: JSON pointer into the file."""

    code: str
    severity: str
    path: str
    message: str
    remedy: str
    line: int = 0  # of the file, from 1; 0 = not known
    fix: Fix | None = None  # None: only the author can know


@dataclass(frozen=True, slots=True)
class MappingRule:
    """One entry of a destination's list: which voxels connect (morphology) and how strongly (multiplier)."""

    morphology: str
    scalar: tuple[Any, Any, Any] = (1, 1, 1)
    multiplier: float = 1.0  # weight = |multiplier|; negative = inhibitory
    plastic: bool = False
    plasticity_constant: float = 1.0
    ltp_multiplier: float = 1.0
    ltd_multiplier: float = 1.0
    plasticity_window: int = 0  # bursts; 0 = not given
    delay_bursts: int = 1  # a spike of burst t arrives at t + delay_bursts
    attractivity: float = 100.0  # percent of the candidate synapses that are made


@dataclass(frozen=True, slots=True)
class Projection:
    """All rules from one area to one destination, in the order of the file."""

    destination: str  # cortical id as the genome writes it
    rules: tuple[MappingRule, ...]


@dataclass(frozen=True, slots=True)
class Morphology:
    """kind: "vectors", "patterns", "functions" or "composite"; parameters as written, already checked for shape."""

    id: str
    kind: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    origin: str = "custom"  # "core" or "custom"


@dataclass(frozen=True, slots=True)
class CorticalArea:
    """One cortical area with the parameters all its neurons share. Potentials are in the genome's own units."""

    id: str  # exactly as the genome writes it
    name: str
    group: str = "CUSTOM"  # IPU, OPU, CORE, CUSTOM, MEMORY
    dims: Triple = (1, 1, 1)  # voxels along x, y, z
    neurons_per_voxel: int = 1
    position: Triple = (0, 0, 0)
    postsynaptic_potential: float = 1.0
    firing_threshold: float = 1.0
    threshold_increment: tuple[float, float, float] = (0.0, 0.0, 0.0)  # added per voxel index along x, y, z
    threshold_limit: float = 0.0  # fires only while potential <= limit; 0 = none
    refractory_period: int = 0  # bursts
    leak_coefficient: float = 0.0  # potential keeps the fraction (1 - leak) after an update without spike; not clamped
    consecutive_fire_limit: int = 0  # 0 = none
    snooze_period: int = 0  # bursts
    charge_accumulation: bool = False
    mp_driven_psp: bool = False
    excitability: float = 100.0  # fraction; >= 0.999 always, <= 0 never
    psp_uniform: bool = False  # False: a spike's PSP is divided over all outgoing synapses
    degeneration: float = 0.0
    attractivity: float = 100.0  # percent, gene synatt of the destination area
    is_memory: bool = False
    projections: tuple[Projection, ...] = ()
    genes: Mapping[str, Any] = field(default_factory=lambda: EMPTY)  # code or unknown key -> value, as written

    @property
    def voxels(self) -> int:
        w, h, d = self.dims
        return w * h * d

    @property
    def neurons(self) -> int:
        return self.voxels * self.neurons_per_voxel


@dataclass(frozen=True, slots=True)
class Region:
    """A named group of cortical areas; regions form a tree. Ids of areas are those that the blueprint writes."""

    id: str
    title: str
    parent: str | None = None  # id of another region
    areas: tuple[str, ...] = ()
    description: str = ""
    position_2d: tuple[int, int] = (0, 0)
    position_3d: Triple = (0, 0, 0)
    inputs: tuple[str, ...] = ()  # as written; which areas they really are follows from the mappings
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Genome:
    """A genome as it was read. `document` is the whole file; `problems` is what the reader had to say about it."""

    id: str
    title: str
    version: str
    form: str  # "flat" or "hierarchical"
    areas: tuple[CorticalArea, ...]  # in the order of the file
    morphologies: Mapping[str, Morphology]
    physiology: Mapping[str, Any]
    document: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()
    regions: tuple[Region, ...] = ()  # in the order of the file; empty where the file has none
    description: str = ""
