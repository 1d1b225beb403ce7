"""What it means that two brains are equal, and small brains to compare."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from neurula.brain import ConnectomeManager
from neurula.brain.example import example_design
from neurula.compiler import lower, write_image
from neurula.development import Connectome, GrownArea, develop
from neurula.genome import CorticalArea, parse_genome
from neurula.genome.writer import area_genes

GENOME = example_design().genome()
WRITTEN_ELSEWHERE = {"_n_cnt", "memory", "subgrp"}


def example_brain() -> ConnectomeManager:
    brain = ConnectomeManager()
    brain.load_from_genome(GENOME)
    return brain


def grown_afresh(brain: ConnectomeManager) -> Connectome:
    """What grows of the file that the brain saves, without the brain's help."""
    return develop(parse_genome(json.loads(brain.save_to_json()))).connectome


def bare(area: CorticalArea) -> CorticalArea:
    """Genes that the area's fields hold may or may not stand in its genes, too."""
    genes = {c: v for c, v in area.genes.items() if c not in area_genes(area) and c not in WRITTEN_ELSEWHERE}
    return replace(area, genes=genes)


def assert_same_connectome(one: Connectome, other: Connectome) -> None:
    def shown(areas: tuple[GrownArea, ...]) -> list[object]:
        return [(bare(g.area), g.first_neuron, g.thresholds) for g in areas]

    assert shown(one.areas) == shown(other.areas)
    assert one.bundles == other.bundles
    assert np.array_equal(one.source, other.source)
    assert np.array_equal(one.target, other.target)
    assert one.source.dtype == other.source.dtype == one.target.dtype == other.target.dtype == np.int32


def assert_as_grown_afresh(brain: ConnectomeManager) -> None:
    """Equal arrays, equal image, and the saved file loads into an equal brain."""
    fresh = grown_afresh(brain)
    assert_same_connectome(brain.brain.connectome, fresh)
    assert write_image(lower(brain.brain.connectome)) == write_image(lower(fresh))
    again = ConnectomeManager()
    progress = again.load_from_genome(parse_genome(json.loads(brain.save_to_json())))
    assert "H302" not in [problem.code for problem in progress.problems]  # no edit was left out
    assert again.brain.edits == brain.brain.edits
    assert again.get_neuron_count() == brain.get_neuron_count()
    assert again.get_brain_regions() == brain.get_brain_regions()
