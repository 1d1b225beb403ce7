"""Names of cortical areas: the id as written, the eight bytes that FEAGI's engine makes of it, and the human name."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Iterable, Sequence

from neurula.genome.model import CorticalArea

ID_BYTES = 8
ID_TEXT_CHARS = 12  # base64 of eight bytes, padding included
_PAD = b"_"
_OLD_ID_CHARS = 6
_CORE_AREAS = (b"___power", b"___death", b"___fatig")
_CORE = {"_power": b"___power", "___pwr": b"___power", "_death": b"___death"}

# Unit code -> data variant in byte 4 of the id of an input or output (FEAGI genome format, configuration flag):
# 0 boolean, 1 percentage, 5 signed percentage, 7 and 8 the same in three and four dimensions, 9 pixels, 10 other.
_INPUT_UNITS = {
    **dict.fromkeys((b"inf", b"pro", b"shk", b"bat", b"svm", b"agp", b"cnt"), 1),
    **dict.fromkeys((b"img", b"svi"), 9),
    b"dgp": 0,
    b"acc": 7,
    b"gyq": 8,
    b"mis": 10,
}
_OUTPUT_UNITS = {b"mot": 5, b"pse": 5, b"cnt": 1, b"mis": 10, b"seg": 9, b"img": 9}
_VISION_TILES = {"BL": 0, "BM": 1, "BR": 2, "ML": 3, "_C": 4, "MR": 5, "TL": 6, "TM": 7, "TR": 8}
_GAZE_VARIANTS = (2, 1)  # where it looks, and how large the picture is


def canonical_id(written: str) -> str:
    """The base64 text of the eight bytes that FEAGI's engine gives an area on load.

    Such a text stays as it is. Text longer than eight bytes, which the engine does not load, comes back unchanged.
    The rule was derived from the ids that the engine's release 2.6.10 gives to real genomes.
    """
    if is_canonical(written):
        return written
    raw = _eight_bytes(written)
    return written if raw is None else base64.b64encode(raw).decode("ascii")


def is_canonical(text: str) -> bool:
    """True for the base64 text of eight bytes."""
    if len(text) != ID_TEXT_CHARS:
        return False
    try:
        return len(base64.b64decode(text, validate=True)) == ID_BYTES
    except (binascii.Error, ValueError):
        return False


def group_of_id(written: str) -> str:
    """CORE, IPU, OPU or CUSTOM, as the id alone tells it. Old ids of six characters tell it by their first."""
    raw = base64.b64decode(canonical_id(written)) if is_canonical(canonical_id(written)) else b""
    if raw in _CORE_AREAS:
        return "CORE"
    first = written[:1] if len(written) == _OLD_ID_CHARS else raw[:1].decode("ascii", "replace")
    return {"i": "IPU", "o": "OPU"}.get(first, "CUSTOM")


def _eight_bytes(written: str) -> bytes | None:
    raw = written.encode("utf-8", "replace")
    if not 0 < len(raw) <= ID_BYTES:
        return None
    if written in _CORE:
        return _CORE[written]
    if len(raw) == ID_BYTES:
        return raw
    if raw[:1] in (b"i", b"o"):
        return _unit_bytes(written, raw) or (b"c" + raw).ljust(ID_BYTES, _PAD)
    if raw[:1] not in (b"c", b"m", _PAD):
        raw = b"c" + raw[1:]
    return raw.ljust(ID_BYTES, _PAD)


def _unit_bytes(written: str, raw: bytes) -> bytes | None:
    """Inputs and outputs that the engine knows: kind, unit code, flag (16 bits, low byte first), tile, group 0."""
    prefix, rest = written[:4], written[4:]
    if prefix == "iv00" and rest in _VISION_TILES:
        return _unit(b"isvi", _INPUT_UNITS[b"svi"], _VISION_TILES[rest])
    if len(raw) != _OLD_ID_CHARS:
        return None
    if written.startswith("iic") and "0" <= written[3] <= "8":
        return _unit(b"isvi", _INPUT_UNITS[b"svi"], int(written[3]))
    if written == "omot00":
        return _unit(b"omot", _OUTPUT_UNITS[b"mot"])
    if written in ("ogaz00", "ogaz01"):
        tile = int(written[5])
        return _unit(b"ogaz", _GAZE_VARIANTS[tile], tile)
    units = _INPUT_UNITS if raw[:1] == b"i" else _OUTPUT_UNITS
    if raw[1:3] == b"__" and raw[3:] in units:
        return _unit(raw[:1] + raw[3:], units[raw[3:]])
    return None


def _unit(kind_and_code: bytes, variant: int, tile: int = 0) -> bytes:
    return kind_and_code + bytes((variant, 0, tile, 0))


class AreaNames:
    """Finds areas by id as written, canonical id, plain eight characters, or a name that only one area has."""

    def __init__(self, areas: Sequence[CorticalArea]) -> None:
        self._by_id = _unique((area.id, index) for index, area in enumerate(areas))
        self._by_canonical = _unique((canonical_id(area.id), index) for index, area in enumerate(areas))
        self._by_name = _unique((area.name, index) for index, area in enumerate(areas))

    def find(self, text: str) -> int | None:
        """Index of the area, or None if no area or more than one answers to the text."""
        for names, key in ((self._by_id, text), (self._by_canonical, canonical_id(text)), (self._by_name, text)):
            index = names.get(key)
            if index is not None:
                return index
        return None


def _unique(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Name -> index, without the names that occur more than once."""
    indices: dict[str, int] = {}
    repeated: set[str] = set()
    for name, index in pairs:
        if indices.setdefault(name, index) != index:
            repeated.add(name)
    return {name: index for name, index in indices.items() if name not in repeated}


def legacy_id(written: str) -> str:
    """The id of six characters that FEAGI's first engine writes for an area; the id itself where there is none.

    The inverse of canonical_id: whatever it returns has the same eight bytes.
    """
    if not is_canonical(written):
        return written
    raw = base64.b64decode(written)
    known = _LEGACY_IDS.get(raw)
    if known is not None:
        return known
    text = raw.rstrip(_PAD).decode("ascii", "replace")
    short = text.ljust(_OLD_ID_CHARS, "_")
    for candidate in (text[1:], "C" + short[1:], short):
        fits = len(candidate) == _OLD_ID_CHARS and candidate.isprintable()
        if fits and (candidate[0] in "io") == (candidate == text[1:]) and canonical_id(candidate) == written:
            return candidate
    return written


def is_loadable(written: str) -> bool:
    """False for an id that has no eight bytes: longer text, as the oldest genomes have it."""
    return is_canonical(canonical_id(written))


def fresh_id(written: str, taken: Collection[str]) -> str:
    """A canonical id of a custom area for text that has none: c and the first letters that are free."""
    letters = "".join(c for c in written if c.isascii() and c.isalnum()) or "area"
    for number in range(len(taken) + 1):
        ending = str(number) if number else ""
        raw = ("c" + letters[: ID_BYTES - 1 - len(ending)] + ending).encode("ascii").ljust(ID_BYTES, _PAD)
        candidate = base64.b64encode(raw).decode("ascii")
        if candidate not in taken:
            return candidate
    raise ValueError(written)  # one number more than ids that are taken is always free


def _legacy_ids() -> dict[bytes, str]:
    """Of several names for the same bytes the last one here counts."""
    names = ["omot00", "ogaz00", "ogaz01", *(f"iic{tile}00" for tile in range(9))]
    names += [f"i__{code.decode()}" for code in _INPUT_UNITS] + [f"o__{code.decode()}" for code in _OUTPUT_UNITS]
    names += ["___pwr", "_death", *(f"iv00{place}" for place in _VISION_TILES)]
    return {base64.b64decode(canonical_id(name)): name for name in names}


_LEGACY_IDS = _legacy_ids()
