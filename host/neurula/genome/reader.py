"""File or document -> Genome. What is unusable raises GenomeError; what was bent or left out is a problem."""

from __future__ import annotations

import os
from typing import Any

from neurula.errors import GenomeError
from neurula.genome.areas import read_area
from neurula.genome.blueprint import AreaGenes, is_flat, read_blueprint
from neurula.genome.document import decode_document, read_bytes, require_object, require_shallow
from neurula.genome.ids import canonical_id
from neurula.genome.limits import NEURONS_MAX, PROBLEMS_MAX
from neurula.genome.model import CorticalArea, Fix, Genome
from neurula.genome.morphologies import read_morphologies
from neurula.genome.problems import ProblemLog, quote
from neurula.genome.regions import read_regions
from neurula.genome.rules import MappingReader, Resolver

DEFAULT_VERSION = "2.0"
# Older files write these beside the blueprint instead of inside physiology.
PHYSIOLOGY_KEYS = (
    *("burst_delay", "simulation_timestep", "max_age", "evolution_burst_count", "ipu_idle_threshold"),
    *("plasticity_queue_depth", "lifespan_mgmt_interval", "quantization_precision"),
)


def read_genome(path: str | os.PathLike[str]) -> Genome:
    """Reads a genome file of any form (flat 2.x and 3.0, hierarchical, older). Raises GenomeError G101 to G111."""
    try:
        return _build(decode_document(read_bytes(path), str(path)))
    except GenomeError as failure:
        failure.where = failure.where or str(path)
        raise


def parse_genome(document: dict[str, Any]) -> Genome:
    """The same for a JSON document that was already parsed. Raises GenomeError G105 to G111."""
    require_shallow(document)
    return _build(require_object(document))


def survey_genome(document: dict[str, Any], most_problems: int = PROBLEMS_MAX) -> Genome:
    """The same, but what would end the reading (G106, G108, G109, G111) is among the problems: to be told, not to be grown.

    Raises GenomeError G105, G107, G110.
    """
    require_shallow(document)
    return _build(require_object(document), ProblemLog(surveying=True, most=most_problems))


def _build(document: dict[str, Any], problems: ProblemLog | None = None) -> Genome:
    blueprint = document.get("blueprint")
    if not isinstance(blueprint, dict):
        raise GenomeError(
            "G107",
            f"a genome needs a blueprint that is an object; this one is {quote(blueprint)}",
            where="/blueprint",
            remedy="Give a genome file as FEAGI saves it; its blueprint describes the cortical areas.",
        )
    problems = problems or ProblemLog()
    version = _read_version(document, problems)
    section = "neuron_morphologies"
    morphologies = read_morphologies(document.get(section), problems, section)
    raw_areas = read_blueprint(blueprint, problems)
    resolve = resolver_of(raw_areas)
    mappings = MappingReader(resolve, morphologies, problems)
    areas = _read_areas(raw_areas, mappings, problems)
    return Genome(
        id=_read_text(document, "genome_id", "unknown"),
        title=_read_text(document, "genome_title", "Untitled"),
        version=version,
        form="flat" if is_flat(blueprint) else "hierarchical",
        areas=areas,
        morphologies=morphologies,
        physiology=_read_physiology(document, problems),
        document=document,
        regions=read_regions(document, resolve, problems),
        description=_read_text(document, "genome_description", ""),
        problems=problems.listed(),
    )


def _read_areas(raw_areas: list[AreaGenes], mappings: MappingReader, problems: ProblemLog) -> tuple[CorticalArea, ...]:
    areas: list[CorticalArea] = []
    neurons = 0
    for raw in raw_areas:
        areas.append(read_area(raw, mappings, problems))
        neurons += areas[-1].neurons
        if neurons > NEURONS_MAX:
            failure = GenomeError(
                "G111",
                f"the areas up to {quote(raw.id)} have more than {NEURONS_MAX} neurons together",
                where=raw.place("___bbx"),
                remedy="Give the areas smaller dimensions.",
            )
            problems.fail(failure)
            neurons = 0  # of a survey: told once for so many
    return tuple(areas)


def resolver_of(raw_areas: list[AreaGenes]) -> Resolver:
    """Destination as written -> id of the area as written: equal text, else the same id in the engine's eyes."""
    ids = {raw.id for raw in raw_areas}
    by_canonical: dict[str, str] = {}
    for raw in raw_areas:
        by_canonical.setdefault(canonical_id(raw.id), raw.id)
    return lambda written: written if written in ids else by_canonical.get(canonical_id(written))


def _read_version(document: dict[str, Any], problems: ProblemLog) -> str:
    written = document.get("version")
    version = str(written) if isinstance(written, (str, float)) else ""
    if not (version.startswith("2.") or version == "3.0"):
        message = f"version {quote(written)} is not known; the genome is read all the same"
        problems.warn("G201", "/version", message, Fix("set", DEFAULT_VERSION))
    return version


def _read_text(document: dict[str, Any], key: str, default: str) -> str:
    written = document.get(key)
    return written if isinstance(written, str) and written else default


def _read_physiology(document: dict[str, Any], problems: ProblemLog) -> dict[str, Any]:
    """The section as written, completed by what older files write at the top level."""
    section = document.get("physiology")
    if section is not None and not isinstance(section, dict):
        message = f"physiology is {quote(section)}, not an object; it is ignored"
        problems.warn("G216", "/physiology", message, Fix("remove"))
    physiology = dict(section) if isinstance(section, dict) else {}
    for key in PHYSIOLOGY_KEYS:
        if key in document:
            physiology.setdefault(key, document[key])
    if "burst_delay" in physiology:
        physiology.setdefault("simulation_timestep", physiology["burst_delay"])
    return physiology
