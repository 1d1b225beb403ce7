"""What tests of whole boards ask again and again."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import Any

import numpy as np

from neurula.cli.brains import Recipe, compile_grown, grow_file
from neurula.cli.progress import Progress
from neurula.compiler import lower, write_image
from neurula.development.connectome import Bundle, Connectome, GrownArea
from neurula.device.link import BoardLink
from neurula.device.upload import revive
from neurula.genome.model import CorticalArea, MappingRule

GROUPS = 50


@lru_cache
def image_of(genome: str) -> bytes:
    """What `neurula flash GENOME` puts on a board."""
    with Progress() as progress:
        return compile_grown(grow_file(genome, Recipe(), progress), Recipe(), (), progress).data


def what_runs(board: Any, slot: str, state: str) -> tuple[int, int]:
    """Number of the last burst and CRC-32 of the state of the brain that runs on a board, which is held from then on."""
    link = BoardLink(board)
    hello = revive(link)
    assert (hello.slot, hello.state) == (slot, state)
    link.order("stop")
    ((burst, state_hash, _),) = link.step(1)
    return burst, state_hash


@lru_cache
def network(neurons: int, synapses: int) -> bytes:
    """A ring of groups, each of which fires the next; power fires the first. Targets are drawn at random within the next group."""
    rng = np.random.default_rng(7)
    power = GrownArea(CorticalArea("___power", "power", "CORE", excitability=1.0, psp_uniform=True), 0)
    cells = GrownArea(CorticalArea("Ccells", "cells", dims=(neurons, 1, 1), psp_uniform=True, excitability=1.0), 1)
    group = neurons // GROUPS
    source = np.sort(rng.integers(0, neurons, synapses)).astype(np.int32)
    target = ((source // group + 1) % GROUPS * group + rng.integers(0, group, synapses)).astype(np.int32)
    first = np.arange(group, dtype=np.int32)
    bundles = Bundle(0, 1, MappingRule("kick"), 0, group), Bundle(1, 1, MappingRule("ring"), group, group + synapses)
    sources = np.concatenate([np.zeros(group, np.int32), source])
    return write_image(lower(Connectome((power, cells), bundles, sources, np.concatenate([first, target]))))


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)
