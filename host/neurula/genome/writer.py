"""Genome -> document -> text. What was read and not changed is written as it was; the rest as the format prescribes."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from neurula.errors import GenomeError
from neurula.genome.blueprint import is_flat
from neurula.genome.editor import GenomeEditor
from neurula.genome.genes import DESTINATIONS, DIMENSIONS, FLAGS, INCREMENTS, INTEGERS, NUMBERS, POSITION
from neurula.genome.ids import canonical_id
from neurula.genome.model import CorticalArea, Genome, Region
from neurula.genome.morphologies import core_morphologies
from neurula.genome.reader import parse_genome
from neurula.genome.regions import AREA_LISTS, SECTION
from neurula.genome.written_rules import as_json, plain_number, write_mapping, write_morphology

_DENSITY_GENES = ("_n_cnt", "memory", "subgrp")
_LINE_BY_LINE = ("blueprint", "neuron_morphologies", SECTION)


def document_of(genome: Genome) -> dict[str, Any]:
    """The document of a genome: its own, with what differs from it written anew; a whole one if it has none.

    Reading it gives the same areas, mappings, morphologies, regions and physiology. Unknown keys and whatever the reader
    left out stay. A new object: the genome's own document is never changed.
    """
    editor = GenomeEditor(genome.document)
    before = parse_genome(editor.document) if editor.area_ids() else None
    known = {} if before is None else {area.id: area for area in before.areas}
    _write_heads(editor.document, genome, before)
    for area_id in known.keys() - {area.id for area in genome.areas}:
        editor.drop_area(area_id)
    resolve = _resolver(genome)
    for area in genome.areas:
        _write_area(editor, area, known.get(area.id), resolve)
    editor.order(tuple(area.id for area in genome.areas))
    _write_sections(editor.document, genome, before)
    return editor.document


def genome_text(document: Mapping[str, Any]) -> str:
    """JSON with one gene, area, morphology or region a line. Raises GenomeError G106 for numbers that JSON has not."""
    parts = []
    for key, value in document.items():
        if key in _LINE_BY_LINE and isinstance(value, dict):
            areas = key == "blueprint" and not is_flat(value)
            parts.append(f" {_json(key)}: {_lines(value, 2, 2 if areas else 1)}")
        else:
            parts.append(f" {_json(key)}: {_json(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(value: Any, indent: int, levels: int) -> str:
    """An object with an entry a line, down to so many levels."""
    if not isinstance(value, dict) or not value or not levels:
        return _json(value)
    space = " " * indent
    lines = ",\n".join(f"{space}{_json(key)}: {_lines(part, indent + 1, levels - 1)}" for key, part in value.items())
    return "{\n" + lines + "\n" + space[1:] + "}"


def write_genome(path: str | os.PathLike[str], genome: Genome | Mapping[str, Any]) -> None:
    """Writes a genome, or a document, as a whole file or not at all. Raises GenomeError G113 if that is impossible."""
    document = document_of(genome) if isinstance(genome, Genome) else genome
    content = genome_text(document).encode("utf-8")
    place = Path(path)
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name[:100]}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, place)
    except (OSError, ValueError) as failure:
        reason = getattr(failure, "strerror", None) or failure
        raise GenomeError(
            "G113",
            f"the genome cannot be written: {reason}",
            where=str(path),
            remedy="Check the folder and its permissions.",
        ) from None
    finally:
        with suppress(OSError, ValueError):
            os.unlink(temporary)


def _json(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        raise GenomeError(
            "G106",
            "the genome holds a number that JSON does not have (infinite, or not a number)",
            remedy="Write a number between -1e9 and 1e9.",
        ) from None
    return text


def _resolver(genome: Genome) -> Any:
    by_canonical: dict[str, str] = {}
    ids = {area.id for area in genome.areas}
    for area in genome.areas:
        by_canonical.setdefault(canonical_id(area.id), area.id)
    return lambda written: written if written in ids else by_canonical.get(canonical_id(written))


def _write_heads(document: dict[str, Any], genome: Genome, before: Genome | None) -> None:
    fields = {"genome_id": "id", "genome_title": "title", "genome_description": "description", "version": "version"}
    heads = {key: getattr(genome, field) for key, field in fields.items()}
    changed = {k: v for k, v in heads.items() if before is None or v != getattr(before, fields[k])}
    if before is None:  # a new document begins with them
        changed |= {key: document.pop(key) for key in list(document) if key not in changed}
    document |= changed


def _write_area(editor: GenomeEditor, area: CorticalArea, before: CorticalArea | None, resolve: Any) -> None:
    values, known = area_genes(area), {} if before is None else area_genes(before)
    extra, extra_known = area.genes, {} if before is None else before.genes
    for code in extra_known.keys() - extra.keys() - values.keys() - set(_DENSITY_GENES):
        editor.drop(area.id, code)
    for code, value in values.items():
        if before is None or known[code] != value:
            editor.set(area.id, code, value)
    for code, value in extra.items():
        if code and code not in values and (code not in extra_known or extra_known[code] != value):
            editor.set(area.id, code, as_json(value))
    if before is None or area.is_memory != before.is_memory or area.neurons_per_voxel != before.neurons_per_voxel:
        _write_density(editor, area)
    if before is None or area.projections != before.projections:
        written = editor.mapping(area.id)
        projections = () if before is None else before.projections
        editor.set(area.id, DESTINATIONS, write_mapping(written, projections, area.projections, resolve))


def area_genes(area: CorticalArea) -> dict[str, Any]:
    """Gene code -> value, for every parameter that stands in a gene of its own."""
    genes: dict[str, Any] = {"__name": area.name, "_group": area.group}
    genes |= dict(zip(DIMENSIONS, area.dims, strict=True)) | dict(zip(POSITION, area.position, strict=True))
    genes |= {gene.code: plain_number(getattr(area, gene.field)) for gene in (*NUMBERS, *INTEGERS)}
    genes |= {gene.code: getattr(area, gene.field) for gene in FLAGS}
    return genes | {code: plain_number(step) for code, step in zip(INCREMENTS, area.threshold_increment, strict=True)}


def _write_density(editor: GenomeEditor, area: CorticalArea) -> None:
    """An area that remembers without neurons of its own is known by its sub group (areas.py)."""
    if area.neurons_per_voxel == 0:
        editor.set(area.id, "subgrp", "MEMORY")
    elif "MEMORY" in str(editor.value(area.id, "subgrp")) and not area.is_memory:
        editor.set(area.id, "subgrp", "")
    editor.set(area.id, "memory", area.is_memory and area.neurons_per_voxel > 0)
    editor.set(area.id, "_n_cnt", max(area.neurons_per_voxel, 1))


def _write_sections(document: dict[str, Any], genome: Genome, before: Genome | None) -> None:
    _write_morphologies(document, genome, before)
    _write_regions(document, genome, before)
    known = {} if before is None else before.physiology
    removed = known.keys() - genome.physiology.keys()
    changed = {k: as_json(v) for k, v in genome.physiology.items() if k not in known or known[k] != v}
    if removed or changed:
        section = _section(document, "physiology")
        for key in removed:
            section.pop(key, None)
            document.pop(key, None)
        section |= changed


def _write_morphologies(document: dict[str, Any], genome: Genome, before: Genome | None) -> None:
    known = core_morphologies() if before is None else before.morphologies
    written = document.get("neuron_morphologies")
    removed = [key for key in known if key not in genome.morphologies and isinstance(written, dict) and key in written]
    changed = {k: m for k, m in genome.morphologies.items() if known.get(k) != m}
    if removed or changed:
        section = _section(document, "neuron_morphologies")
        for key in removed:
            section.pop(key, None)
        section |= {key: write_morphology(morphology) for key, morphology in changed.items()}


def _write_regions(document: dict[str, Any], genome: Genome, before: Genome | None) -> None:
    known = {} if before is None else {region.id: region for region in before.regions}
    after = {region.id: region for region in genome.regions}
    if known == after:
        return
    section = _section(document, SECTION)
    for key in known.keys() - after.keys():
        section.pop(key, None)
    for key, region in after.items():
        if known.get(key) != region:
            written = section.get(key)
            unknown = {k: v for k, v in written.items() if k not in AREA_LISTS} if isinstance(written, dict) else {}
            section[key] = unknown | _region_object(region, genome)


def _region_object(region: Region, genome: Genome) -> dict[str, Any]:
    return {
        "title": region.title,
        "description": region.description,
        "parent_region_id": region.parent,
        "coordinate_2d": list(region.position_2d),
        "coordinate_3d": list(region.position_3d),
        "areas": list(region.areas),
        "regions": [other.id for other in genome.regions if other.parent == region.id],
        "inputs": list(region.inputs),
        "outputs": list(region.outputs),
    }


def _section(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The section as an object of its own, which may be changed."""
    written = document.get(name)
    section: dict[str, Any] = dict(written) if isinstance(written, dict) else {}
    document[name] = section
    return section
