"""The workload of the NPU benchmarks: random networks that keep themselves firing.

N cells, each with F synapses to random cells, weights of both signs in eight bits. A ring of pacemakers makes a fixed
fraction of the cells fire in every burst, each cell once a turn of the ring, whatever the weights do: the threshold lies
above what they can add up to. All charge accumulates and leaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurula.compiler import lower
from neurula.compiler.program import Program
from neurula.development.connectome import Bundle, Connectome, GrownArea
from neurula.genome.model import CorticalArea, MappingRule

SIZES = {"S": (1_000, 100), "M": (10_000, 200), "L": (100_000, 100), "XL": (1_000_000, 100)}
TURNS = {"dense": 50, "sparse": 500}  # bursts between two spikes of a cell: 2 % and 0.2 % fire
WEIGHT_MAX = 127
DRIVE = 1_000_000  # what a pacemaker adds to its cells
LEAK = 0.25
PACERS, CELLS = 0, 1  # areas of the connectome
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Network:
    """Targets (int32 [cells, fan_out], ascending) and weights (int8 of the same shape); groups: which cells fire together."""

    cells: int
    fan_out: int
    turns: int
    targets: Ints
    weights: NDArray[np.int8]
    groups: Ints  # int32 [cells]: pacemaker of each cell
    drive: int = DRIVE

    @property
    def events_per_burst(self) -> float:
        """Synaptic events of a burst, the pacemakers' own among them."""
        fire = self.cells / self.turns
        return fire * self.fan_out + fire + 1


def make_network(size: str, mode: str, seed: int = 1) -> Network:
    cells, fan_out = SIZES[size]
    return make_random(cells, fan_out, TURNS[mode], seed)


def make_random(cells: int, fan_out: int, turns: int, seed: int) -> Network:
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, cells, (cells, fan_out), dtype=np.int32)
    targets.sort(axis=1)
    weights = rng.integers(-WEIGHT_MAX, WEIGHT_MAX + 1, (cells, fan_out), np.int8)
    groups = rng.permutation(np.arange(cells, dtype=np.int32) % turns)
    return Network(cells, fan_out, turns, targets, weights, groups)


def lowered(network: Network, kept: NDArray[Any] | None = None) -> Program:
    """The network as our compiler lowers it. kept: places of the synapses to keep, all if not given.

    The first pacemaker must be fired by hand, once.
    """
    n, turns = network.cells, network.turns
    always = {"excitability": 1.0, "psp_uniform": True}
    cell = CorticalArea(
        "Ccells", "cells", dims=(n, 1, 1), firing_threshold=DRIVE / 2, leak_coefficient=LEAK, charge_accumulation=True, **always
    )
    pacer = CorticalArea("Cpacer", "pacemakers", dims=(turns, 1, 1), firing_threshold=1.0, **always)
    areas = (GrownArea(pacer, 0), GrownArea(cell, turns))
    kept = np.arange(network.targets.size) if kept is None else kept
    flat = network.weights.ravel()[kept]
    order = np.argsort(flat, kind="stable")
    kept = kept[order]
    sources, targets = (kept // network.fan_out).astype(np.int32), network.targets.ravel()[kept]
    values, starts = np.unique(flat[order], return_index=True)
    stops = [*starts[1:], len(flat)]
    ring = np.arange(turns, dtype=np.int32)
    extra_sources = np.concatenate([ring, np.sort(network.groups)])
    extra_targets = np.concatenate([(ring + 1) % turns, np.argsort(network.groups, kind="stable").astype(np.int32)])
    bundles = [
        Bundle(CELLS, CELLS, MappingRule("any", multiplier=int(w)), int(a), int(b)) for w, a, b in zip(values, starts, stops, strict=True)
    ]
    at = len(flat)
    bundles += [Bundle(PACERS, PACERS, MappingRule("any", multiplier=1), at, at + turns)]
    bundles += [Bundle(PACERS, CELLS, MappingRule("any", multiplier=DRIVE), at + turns, at + turns + n)]
    connectome = Connectome(
        areas, tuple(bundles), np.concatenate([sources, extra_sources]).astype(np.int32),
        np.concatenate([targets, extra_targets]).astype(np.int32),
    )
    return lower(connectome, keep_all=True)
