"""Rules that grew nothing leave no trace in the image."""

from __future__ import annotations

import pytest

from neurula.compiler import Program, lower, write_image
from neurula.development import develop
from neurula.genome.model import CorticalArea, Genome, MappingRule, Projection
from neurula_npu import Brain
from neurula_npu.schema import FEATURE_PLASTIC


def program_of(*rules: MappingRule) -> Program:
    """Two areas of six neurons; all rules lead from the first to the second, and one back."""
    first = CorticalArea("first", "first", dims=(3, 2, 1), projections=(Projection("second", rules),))
    second = CorticalArea("second", "second", dims=(3, 2, 1), projections=(Projection("first", (MappingRule("projector"),)),))
    return lower(develop(Genome("test", "test", "2.0", "flat", (first, second), {}, {}, {})).connectome)


@pytest.mark.parametrize(
    "empty", [MappingRule("projector", plastic=True, attractivity=0), MappingRule("nowhere", plastic=True, plasticity_window=40)]
)
def test_a_plastic_rule_without_synapses_makes_no_learning_brain(empty: MappingRule) -> None:
    image = write_image(program_of(empty))
    assert image == write_image(program_of())
    Brain(image).run(3)


def test_a_plastic_rule_without_synapses_governs_the_others_of_its_pair() -> None:
    program = program_of(MappingRule("projector"), MappingRule("nowhere", plastic=True, plasticity_window=4))
    assert program.features & FEATURE_PLASTIC
    Brain(write_image(program)).run(3)
