"""Names of areas go into the image whatever they are made of."""

from __future__ import annotations

import pytest

from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.genome.model import CorticalArea, Genome, MappingRule, Projection
from neurula_npu import Image


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Zürich 中", "Zürich 中"),
        ("", ""),
        ("half \ud800 a pair", "half ? a pair"),
        ("x" * 70_000, "x" * 16383),
        ("\U0001f9e0" * 20_000, "\U0001f9e0" * 16383),
    ],
)
def test_a_name_is_read_back_as_far_as_it_can_be_written(written: str, read: str) -> None:
    area = CorticalArea("area", written, projections=(Projection("area", (MappingRule("projector"),)),))
    connectome = develop(Genome("test", "test", "2.0", "flat", (area,), {}, {}, {})).connectome
    assert ("area", read) in Image(write_image(lower(connectome)), 1 << 20).names()
