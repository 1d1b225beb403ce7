"""Genes of one area -> CorticalArea."""

from __future__ import annotations

from typing import Any

from neurula.errors import GenomeError
from neurula.genome.blueprint import AreaGenes
from neurula.genome.genes import DESTINATIONS, DIMENSIONS, FLAGS, INCREMENTS, INTEGERS, NUMBERS, POSITION
from neurula.genome.ids import group_of_id
from neurula.genome.limits import MAGNITUDE_MAX, NEURONS_MAX
from neurula.genome.model import CorticalArea, Fix, Triple
from neurula.genome.problems import ProblemLog, quote
from neurula.genome.rules import MappingReader
from neurula.genome.values import ValueReader, as_number

_GROUPS = ("IPU", "OPU", "CORE", "CUSTOM", "MEMORY")


def read_area(area: AreaGenes, mappings: MappingReader, problems: ProblemLog) -> CorticalArea:
    """Raises GenomeError G109 (dimensions that are none) or G111 (more neurons than can be).

    An area that only its sub group calls MEMORY gets no neurons at birth, as in FEAGI's first loader: they come with
    what it remembers. The declared totals of real genomes leave them out.
    """
    reader = ValueReader(problems, area.place)
    values = area.values
    fields: dict[str, Any] = {}
    for gene in NUMBERS:
        fields[gene.field] = reader.number(gene.code, values.get(gene.code), gene.default, gene.low, gene.high)
    for gene in INTEGERS:
        fields[gene.field] = reader.integer(gene.code, values.get(gene.code), int(gene.default), int(gene.low))
    for gene in FLAGS:
        fields[gene.field] = reader.flag(gene.code, values.get(gene.code), bool(gene.default))
    increments = [reader.number(code, values.get(code), 0.0) for code in INCREMENTS]
    position = [reader.integer(code, values.get(code), 0, -MAGNITUDE_MAX) for code in POSITION]
    group = _read_group(area, reader)
    dims, density = _read_size(area, problems)
    said_to_be_memory = "MEMORY" in reader.text("subgrp", values.get("subgrp"), "")
    flagged_memory = reader.flag("memory", values.get("memory"), group == "MEMORY")
    return CorticalArea(
        id=area.id,
        name=reader.text("__name", values.get("__name"), area.id),
        group=group,
        dims=dims,
        neurons_per_voxel=density if flagged_memory or not said_to_be_memory else 0,
        position=(position[0], position[1], position[2]),
        threshold_increment=(increments[0], increments[1], increments[2]),
        is_memory=flagged_memory or said_to_be_memory,
        projections=mappings.read(values.get(DESTINATIONS), area.place(DESTINATIONS)),
        genes={code: value for code, value in values.items() if code != DESTINATIONS},
        **fields,
    )


def _read_size(area: AreaGenes, problems: ProblemLog) -> tuple[Triple, int]:
    width, height, depth = (_read_count(area, code, problems) for code in DIMENSIONS)
    density = _read_count(area, "_n_cnt", problems)
    neurons = width * height * depth * density
    if neurons > NEURONS_MAX:
        failure = GenomeError(
            "G111",
            f"area {quote(area.id)} of {width} x {height} x {depth} voxels has more than {NEURONS_MAX} neurons",
            where=area.place(DIMENSIONS[0]),
            remedy="Give the area smaller dimensions.",
        )
        problems.fail(failure)
        return (1, 1, 1), density
    return (width, height, depth), density


def _read_count(area: AreaGenes, code: str, problems: ProblemLog) -> int:
    """Voxels along an axis or neurons in a voxel: at least 1; 0 is taken as 1, as FEAGI's loader does."""
    written = area.values.get(code)
    if written is None:
        return 1
    place = area.place(code)
    try:
        number = as_number(written)
    except GenomeError as failure:
        problems.fail(failure, place, Fix("set", 1))
        return 1
    if number is None or number < 0:
        message = f"{quote(written)} is no size of area {quote(area.id)}"
        remedy = "Write a whole number of at least 1."
        problems.fail(GenomeError("G109", message, where=place, remedy=remedy), fix=Fix("set", 1))
        return 1
    size = max(int(number), 1)
    if number != int(number):
        problems.warn("G205", place, f"{quote(written)} is not a whole number; {size} is used", Fix("set", size))
    elif number == 0:
        problems.warn("G207", place, f"{code} of area {quote(area.id)} is 0; 1 is used", Fix("set", 1))
    return size


def _read_group(area: AreaGenes, reader: ValueReader) -> str:
    """What the gene says, if it is one of the five groups; without the gene what the id says; else CUSTOM."""
    if area.values.get("_group") is None:
        return group_of_id(area.id)
    written = reader.text("_group", area.values["_group"], "").strip()
    return written if written in _GROUPS else "CUSTOM"
