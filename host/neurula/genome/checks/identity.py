"""Ids and names: what FEAGI can load, what it takes for something else, what a person can tell apart."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from neurula.genome.checks.context import Check, Context
from neurula.genome.checks.morphologies import SECTION
from neurula.genome.ids import canonical_id, group_of_id, is_canonical, is_loadable
from neurula.genome.model import CorticalArea, Fix, Problem
from neurula.genome.morphologies import core_morphologies
from neurula.genome.problems import error, pointer, quote, warning
from neurula.genome.signatures import signatures_of
from neurula.genome.written_rules import write_morphology

KNOWN_CORE = (b"___power", b"___death", b"___fatig", b"___pain_", b"___pleas", b"___fear_", b"___hope_")
INPUT_CODES = ["inf", "pro", "shk", "bat", "svm", "agp", "dgp", "mis", "ten", "cnt", "img", "svi", "acc", "gyq"]
OUTPUT_CODES = ["mot", "pse", "gaz", "mis", "ten", "cnt", "seg", "img", "ifs"]
TILE_MAX = 8
OLD_ID_CHARS, NEW_ID_CHARS = 6, 12
# FEAGI adds these to every genome that lacks them; other built-in names it does not know, and drops the area's mappings.
EXPECTED = ("block_to_block", "projector")
ADDED_BY_FEAGI = {*EXPECTED, "episodic_memory", "memory_replay", "associative_memory", "all_to_0-0-0", "0-0-0_to_all"} | {
    f"lateral_{sign}{axis}" for sign in "+-" for axis in "xyz"
}


def check_genome_id(context: Context) -> Iterator[Problem]:
    """FEAGI refuses an empty id."""
    written = context.genome.document.get("genome_id", "absent")
    if not isinstance(written, str) or not written.strip():
        fix = Fix("set", f"genome-{signatures_of(context.genome.document)['genome']}")
        yield error("G231", "/genome_id", f"the genome's id is {quote(written)}", fix)


def check_area_ids(context: Context) -> Iterator[Problem]:
    """Six characters or eight bytes, of a kind that FEAGI has."""
    for area in context.genome.areas:
        place = context.place(area, "___bbx")
        raw = _bytes_of(area)
        if raw is None:
            yield warning("G234", place, f"the id {quote(area.id)} of area {quote(area.name)} has more than eight bytes")
            continue
        code = raw[1:4].decode("ascii", "replace")
        if raw[:1] == b"_" and raw not in KNOWN_CORE:
            yield warning("G235", place, f"{quote(area.id)} begins like a core area, and there is no such core area")
        elif raw[:4] == b"isvi" and raw[6] > TILE_MAX:
            yield error("G236", place, f"{quote(area.id)} is tile {raw[6]} of a segmented picture, which has tiles 0 to {TILE_MAX}")
        elif is_canonical(area.id) and raw[:1] in (b"i", b"o"):
            if code not in (INPUT_CODES if raw[:1] == b"i" else OUTPUT_CODES):
                yield warning("G246", place, f"{quote(area.id)} is a device of kind {quote(code)}, which FEAGI does not know")
        elif raw[:1] == b"c" and group_of_id(area.id) in ("IPU", "OPU"):
            yield warning("G246", place, f"{quote(area.id)} is no device that FEAGI knows: it makes a custom area of it")


def check_names(context: Context) -> Iterator[Problem]:
    """People and stimulus files call areas by name."""
    first: dict[str, CorticalArea] = {}
    for area in context.genome.areas:
        place = context.place(area, "__name")
        if not area.name.strip():
            yield warning("G239", place, f"area {quote(area.id)} has an empty name", Fix("set", area.id))
            continue
        earlier = first.setdefault(area.name, area)
        if earlier is not area:
            message = f"areas {quote(earlier.id)} and {quote(area.id)} are both called {quote(area.name)}"
            yield warning("G252", place, message, Fix("set", f"{area.name} ({area.id})"))


def check_groups(context: Context) -> Iterator[Problem]:
    """An input whose group says output, or the other way round."""
    for area in context.genome.areas:
        told = group_of_id(area.id)
        if {told, area.group} == {"IPU", "OPU"}:
            message = f"the id {quote(area.id)} says {told}, the group says {area.group}"
            yield warning("G253", context.place(area, "_group"), message)


def check_written_morphologies(context: Context) -> Iterator[Problem]:
    """What Neurula has built in, FEAGI may not have."""
    section = context.genome.document.get(SECTION)
    written = section if isinstance(section, dict) else {}
    core = core_morphologies()
    for name in EXPECTED:
        if name not in written:
            message = f"{quote(name)} is not among the morphologies" if written else f"there are no morphologies, not even {quote(name)}"
            yield warning("G241", pointer(SECTION), message, Fix("set", write_morphology(core[name]), pointer(SECTION, name)))
    used = {r.morphology for area in context.genome.areas for p in area.projections for r in p.rules}
    for name in sorted(used - written.keys() - ADDED_BY_FEAGI):
        if name in core:
            message = f"{quote(name)} is built into Neurula; FEAGI needs its definition, or drops mappings"
            yield warning("G240", pointer(SECTION), message, Fix("set", write_morphology(core[name]), pointer(SECTION, name)))


def _bytes_of(area: CorticalArea) -> bytes | None:
    return base64.b64decode(canonical_id(area.id)) if is_loadable(area.id) else None


IDENTITY_CHECKS: tuple[Check, ...] = (
    check_genome_id,
    check_area_ids,
    check_names,
    check_groups,
    check_written_morphologies,
)
