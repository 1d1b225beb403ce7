"""Which id every area has after a conversion, and which it had before."""

from __future__ import annotations

from collections.abc import Sequence

from neurula.errors import GenomeError
from neurula.genome.blueprint import AreaGenes
from neurula.genome.conversion.aside import Aside
from neurula.genome.ids import canonical_id, fresh_id, is_canonical, is_loadable, legacy_id
from neurula.genome.problems import ProblemLog, quote

_TABLE = "ids"
# The oldest genomes write the tiles of a segmented picture in this way; FEAGI's first engine renames them on loading.
_OLD_TILES = {"i__v0C": "iv00_C"} | {f"i_v0{row}{column}": f"iv00{row}{column}" for row in "BMT" for column in "LMR"}


def ids_of_eight_bytes(areas: Sequence[AreaGenes], aside: Aside, log: ProblemLog) -> dict[str, str]:
    """Id before -> after. Raises GenomeError G112 if two areas would get the same one."""
    ids: dict[str, str] = {}
    owner: dict[str, str] = {}
    taken = {canonical_id(_OLD_TILES.get(area.id, area.id)) for area in areas}
    for area in areas:
        new = canonical_id(_OLD_TILES.get(area.id, area.id))
        if not is_loadable(area.id):
            new = fresh_id(area.id, taken)
            taken.add(new)
            message = f"the id {quote(area.id)} has more than eight bytes; the area becomes {quote(new)}"
            log.warn("G302", area.place("___bbx"), message)
        if owner.setdefault(new, area.id) != area.id:
            raise GenomeError(
                "G112",
                f"areas {quote(owner[new])} and {quote(area.id)} are both {quote(new)} in eight bytes",
                where=area.place("___bbx"),
                remedy="Rename one of the two areas, and the mappings to it.",
            )
        ids[area.id] = new
    before = aside.table(_TABLE)
    kept = {new: before[old] for old, new in ids.items() if old == new and old in before}
    aside.replace(_TABLE, kept | {new: old for old, new in ids.items() if new != old and legacy_id(new) != old})
    return ids


def ids_of_six_characters(areas: Sequence[AreaGenes], aside: Aside, log: ProblemLog) -> dict[str, str]:
    """Id before -> after: the one that the area had once, else the usual one for its eight bytes, else its own."""
    before = aside.table(_TABLE)
    ids: dict[str, str] = {}
    taken = {area.id for area in areas}
    for area in areas:
        kept = before.get(area.id)
        new = kept if isinstance(kept, str) and kept else legacy_id(area.id)
        if new != area.id and new in taken:
            new = area.id
        taken.add(new)
        if is_canonical(new):
            log.warn("G303", area.place("___bbx"), f"area {quote(area.id)} has no id of six characters; it stays as it is")
        ids[area.id] = new
    aside.replace(_TABLE, {})
    return ids
