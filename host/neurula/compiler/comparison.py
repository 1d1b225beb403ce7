"""Two images compared by what they mean: areas by id, groups by source, delay and target.

Where arrays lie does not count, except inside the rows of synapses, which name their targets by place.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from neurula.compiler.sizes import group_bytes, records_of
from neurula_npu import Image
from neurula_npu.schema import RECORDS

# Words of the header that are sums over, or places of, what is compared in itself.
_HEADER_FIELDS = ("version", "features", "ram_bytes", "neurons", "synapses", "slots")
_AREA_PLACES = ("input_at", "bits_at", "reserved")
_STATE_PLACES = ("thresholds_at", "potentials_at", "stamps_at", "counts_at", "psps_at", "values_at")
Row = dict[str, "int | str"]


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """place: "header", "area ..." or "synapses ..."; None = the image has no such area, group or array."""

    place: str
    field: str
    left: int | str | None
    right: int | str | None


def compare_images(left: Image, right: Image) -> list[FieldDifference]:
    """All differences, in the order header, areas, synapses, learning, names."""
    found = []
    for describe in (header_rows, area_rows, group_rows, plastic_rows):
        first, second = describe(left), describe(right)
        for place in [*first, *(place for place in second if place not in first)]:
            if place not in first or place not in second:
                found.append(
                    FieldDifference(
                        place, "present", "yes" if place in first else None, "yes" if place in second else None
                    )
                )
                continue
            found += [
                FieldDifference(place, field, first[place].get(field), second[place].get(field))
                for field in [*first[place], *(field for field in second[place] if field not in first[place])]
                if first[place].get(field) != second[place].get(field)
            ]
    return found


def header_rows(image: Image) -> dict[str, Row]:
    names = RECORDS["HEADER"]
    return {"header": {name: word(image, 4 * names.index(name)) for name in _HEADER_FIELDS}}


def area_rows(image: Image) -> dict[str, Row]:
    """Per area its words; of arrays only whether they exist, of thresholds that differ by neuron a checksum."""
    columns = records_of(image, "AREA", "AREA")
    rows: dict[str, Row] = {}
    for index, (area_id, name) in enumerate(image.names()):
        words = {field: int(column[index]) for field, column in columns.items()}
        row: Row = {"position": index, "name": name}
        row |= {field: value for field, value in words.items() if field not in (*_AREA_PLACES, *_STATE_PLACES)}
        row |= {field.removesuffix("_at"): "kept" for field in _STATE_PLACES if words[field]}
        if words["thresholds_at"]:
            at = words["thresholds_at"]
            row["thresholds"] = f"checksum {crc32(image.data[at : at + 4 * words['neurons']]):08x}"
        rows[unused(rows, f"area {area_id}")] = row
    return rows


def group_rows(image: Image) -> dict[str, Row]:
    """Per group what its rows are: kind, size, and who connects to whom by which increment."""
    groups = records_of(image, "GROUP", "GRUP")
    sizes = group_bytes(image, groups)
    rows: dict[str, Row] = {}
    for index, place in enumerate(group_places(image)):
        delay_line = "kept" if groups["pending_at"][index] else "none"
        rows[unused(rows, place)] = {
            "rows_kind": int(groups["rows_kind"][index]),
            "bytes": sizes[index],
            "delay_line": delay_line,
        }
    for tag in ("ROWS", "RTAB", "DATA"):
        offset, size = image.sections[tag]
        rows[f"section {tag}"] = {
            "bytes": size,
            "contents": f"checksum {crc32(image.data[offset : offset + size]):08x}",
        }
    return rows


def group_places(image: Image) -> list[str]:
    """Every group as a person would name it."""
    ids = [area_id for area_id, _ in image.names()]
    groups = records_of(image, "GROUP", "GRUP")
    first, size = image.sections["AREA"][0], 4 * len(RECORDS["AREA"])
    places = []
    for source_at, target_at, delay in zip(groups["area_at"], groups["target_at"], groups["delay"], strict=True):
        target = f" to {ids[(int(target_at) - first) // size]}" if target_at else ""
        places.append(f"synapses from {ids[(int(source_at) - first) // size]}{target}, delay {int(delay)}")
    return places


def plastic_rows(image: Image) -> dict[str, Row]:
    """Per learning group its window, steps and largest weight."""
    columns = records_of(image, "PLASTIC", "PLAS")
    first, size = image.sections["GRUP"][0], 4 * len(RECORDS["GROUP"])
    rows: dict[str, Row] = {}
    places = group_places(image)
    for index, at in enumerate(columns["group_at"]):
        row: Row = {field: int(columns[field][index]) for field in ("window", "step_up", "step_down", "weight_max")}
        rows[unused(rows, "learning " + places[(int(at) - first) // size])] = row
    return rows


def unused(rows: dict[str, Row], place: str) -> str:
    """The place, numbered if an image has it twice."""
    return place if place not in rows else f"{place} (entry {len(rows)})"


def word(image: Image, at: int) -> int:
    return int.from_bytes(image.data[at : at + 4], "little")
