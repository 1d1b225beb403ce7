"""Where the bytes of an image go: RAM and file, by area and kind. Works on any verified image, freshly built or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from neurula_npu import Image
from neurula_npu.schema import RECORDS, ROWS_EACH, ROWS_SAME, ROWS_U32, SEGMENT_FLAG_RELATIVE

# The arrays of an area in RAM: field of its record -> (name, bytes a neuron; of driving values as many per ring slot).
STATE_FIELDS = {
    "potentials_at": ("potentials", 4),
    "stamps_at": ("refractory stamps", 2),
    "counts_at": ("fire counts", 2),
    "psps_at": ("worn PSPs", 4),
    "values_at": ("driving values", 4),
}
INPUTS, SPIKE_BITS, DELAY_LINES, WEIGHTS = "inputs", "spike bits", "delay lines", "learning weights"
SYNAPSES, THRESHOLDS = "synapses", "thresholds"


@dataclass(frozen=True, slots=True)
class AreaSizes:
    """One area's bytes by kind. ram: in the RAM block; image: in the file. Synapses count where they start."""

    id: str
    name: str
    neurons: int
    ram: Mapping[str, int]
    image: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ImageSizes:
    """All bytes of an image. rest_*: what belongs to no area (headers, names, padding, scratch)."""

    areas: tuple[AreaSizes, ...]
    neurons: int
    synapses: int
    ram_bytes: int
    image_bytes: int
    rest_ram_bytes: int
    rest_image_bytes: int

    @property
    def synapse_bytes(self) -> int:
        """Bytes that the synapses take, learning weights in RAM included."""
        return sum(area.image.get(SYNAPSES, 0) + area.ram.get(WEIGHTS, 0) for area in self.areas)


def records_of(image: Image, name: str, tag: str) -> dict[str, NDArray[np.int32]]:
    """All records of one section as columns: field -> int32[records]."""
    offset, size = image.sections[tag]
    names = RECORDS[name]
    words = np.frombuffer(image.data, "<i4", size // 4, offset).reshape(-1, len(names))
    return {field: words[:, i] for i, field in enumerate(names)}


def measure(image: Image) -> ImageSizes:
    """Adds up a verified image."""
    columns = records_of(image, "AREA", "AREA")
    areas = [area_ram(columns, index, image.slots) for index in range(image.areas)]
    files: list[dict[str, int]] = [
        {THRESHOLDS: 4 * int(n)} if at else {}
        for n, at in zip(columns["neurons"], columns["thresholds_at"], strict=True)
    ]
    groups = records_of(image, "GROUP", "GRUP")
    first = image.sections["AREA"][0]
    size = 4 * len(RECORDS["AREA"])
    for index, (row_bytes, weights) in enumerate(
        zip(group_bytes(image, groups), group_weights(image, groups), strict=True)
    ):
        area = (int(groups["area_at"][index]) - first) // size
        add(files[area], SYNAPSES, row_bytes)
        add(areas[area], WEIGHTS, weights)
        if groups["pending_at"][index]:
            target = (int(groups["target_at"][index]) - first) // size
            add(areas[area], DELAY_LINES, 4 * int(groups["delay"][index]) * int(columns["neurons"][target]) + 4)
    listed = tuple(
        AreaSizes(area_id, name, int(n), MappingProxyType(ram), MappingProxyType(file))
        for (area_id, name), n, ram, file in zip(image.names(), columns["neurons"], areas, files, strict=True)
    )
    ram = sum(sum(area.ram.values()) for area in listed)
    file = sum(sum(area.image.values()) for area in listed)
    total = len(image.data)
    return ImageSizes(
        listed, image.neurons, image.synapses, image.ram_bytes, total, image.ram_bytes - ram, total - file
    )


def area_ram(columns: Mapping[str, NDArray[np.int32]], index: int, slots: int) -> dict[str, int]:
    """What one area keeps in RAM, without what its synapses keep there."""
    neurons = int(columns["neurons"][index])
    ram = {INPUTS: 4 * neurons}
    for field, (kind, size) in STATE_FIELDS.items():
        if columns[field][index]:
            ram[kind] = size * neurons * (slots if field == "values_at" else 1)
    ram[SPIKE_BITS] = 2 * ((neurons + 15) // 16) * slots
    return ram


def group_bytes(image: Image, groups: Mapping[str, NDArray[np.int32]]) -> list[int]:
    """Bytes of each group in the file: its row table, its entries of the row directory and the rows themselves."""
    offset, size = image.sections["RDIR"]
    directory = np.frombuffer(image.data, "<u4", size // 4, offset)
    rows_at, rows_size = image.sections["ROWS"]
    begins, sizes = [], []
    for index in range(image.groups):
        numbers, table_bytes = row_numbers(image, groups, index)
        entries = directory[numbers[numbers < len(directory)]]
        used = entries[entries > 0]
        begins.append(row_begin(image, int(used.min())) if len(used) else rows_at + rows_size)
        sizes.append(table_bytes + 4 * len(entries))
    # Rows of a group lie together, so a group reaches to where the next one begins.
    edges = np.unique([*begins, rows_at + rows_size])
    for index, begin in enumerate(begins):
        later = edges[edges > begin]
        sizes[index] += int(later[0]) - begin if len(later) else 0
    return sizes


def row_begin(image: Image, first_segment: int) -> int:
    """Where a row begins: a relative one has two words before its first segment."""
    return first_segment - 8 if word_at(image, first_segment) & SEGMENT_FLAG_RELATIVE else first_segment


def row_numbers(image: Image, groups: Mapping[str, NDArray[np.int32]], index: int) -> tuple[NDArray[np.int64], int]:
    """The numbers of a group's rows, and the bytes of the table that holds them."""
    kind, rows = int(groups["rows_kind"][index]), int(groups["rows_at"][index])
    neurons = word_at(image, int(groups["area_at"][index]) + 4)
    if kind == ROWS_SAME:
        return np.array([rows]), 0
    if kind == ROWS_EACH:
        return np.arange(rows, rows + neurons), 0
    width = 4 if kind == ROWS_U32 else 2
    table = np.frombuffer(image.data, f"<u{width}", neurons, rows)
    return np.unique(table[table > 0]).astype(np.int64), (width * neurons + 3) // 4 * 4


def group_weights(image: Image, groups: Mapping[str, NDArray[np.int32]]) -> list[int]:
    """Bytes of each group's learning weights; they lie in RAM in the order of the groups."""
    learning = [int(at) for at in records_of(image, "PLASTIC", "PLAS")["group_at"]]
    first, size = image.sections["GRUP"][0], 4 * len(RECORDS["GROUP"])
    starts: dict[int, int] = {}
    for at in learning:
        index = (at - first) // size
        begin = first_weight(image, int(groups["rows_at"][index]))
        if begin is not None:
            starts[index] = begin
    edges = sorted({*starts.values(), image.weights_end})
    bytes_of = {index: next((e for e in edges if e > begin), begin) - begin for index, begin in starts.items()}
    return [bytes_of.get(index, 0) for index in range(image.groups)]


def first_weight(image: Image, row: int) -> int | None:
    """RAM offset of the weights of the first row that has any, from row number `row` on."""
    offset, size = image.sections["RDIR"]
    directory = np.frombuffer(image.data, "<u4", size // 4, offset)[row:]
    used = np.flatnonzero(directory)
    if not len(used):
        return None
    segment = int(directory[used[0]])
    return word_at(image, segment + 12)


def word_at(image: Image, at: int) -> int:
    """The unsigned word at a byte offset of the image."""
    return int.from_bytes(image.data[at : at + 4], "little")


def add(counts: dict[str, int], kind: str, size: int) -> None:
    """Adds to one kind; nothing appears for a size of 0."""
    if size:
        counts[kind] = counts.get(kind, 0) + size
