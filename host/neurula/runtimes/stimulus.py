"""Stimulus files: JSON lists of {"burst": n, "force_fire": {id: [[x, y, z], ...]}, "inject": {id: [[x, y, z, potential], ...]}}."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from neurula.errors import StimulusError
from neurula.genome.ids import canonical_id
from neurula.runtimes.burst import Stimulus
from neurula_npu import Image
from neurula_npu.schema import POTENTIAL_MAX, RECORDS

FILE_MAX = 64 << 20  # bytes: an hour of dense stimulus at 100 Hz is below it
WORD = {name: 4 * i for i, name in enumerate(RECORDS["AREA"])}


@dataclass(frozen=True, slots=True)
class AreaGeometry:
    """What it takes to find a neuron by its voxel and to scale a potential."""

    id: str
    name: str
    dims: tuple[int, int, int]
    per_voxel: int
    units: Fraction  # input units per 1.0 of potential

    def neurons_at(self, x: int, y: int, z: int) -> range:
        """Indexes of the neurons of one voxel."""
        _, h, d = self.dims
        first = ((x * h + y) * d + z) * self.per_voxel
        return range(first, first + self.per_voxel)

    def voxel_of(self, neuron: int) -> tuple[int, int, int]:
        _, h, d = self.dims
        voxel = neuron // self.per_voxel
        return voxel // (h * d), voxel // d % h, voxel % d


def geometry_of(image: Image) -> list[AreaGeometry]:
    """The geometry of all areas of an image, in its order."""
    out = []
    for index, (area_id, name) in enumerate(image.names()):
        at = image.area_at(index)

        def word(field: str, at: int = at) -> int:
            return int.from_bytes(image.data[at + WORD[field] : at + WORD[field] + 4], "little", signed=True)

        dims = (word("width"), word("height"), word("depth"))
        out.append(AreaGeometry(area_id, name, dims, word("per_voxel"), Fraction(word("scale_num"), word("scale_den"))))
    return out


def read_stimulus(path: Path) -> list[dict[str, Any]]:
    """The entries of a stimulus file, checked for shape. Raises StimulusError."""
    try:
        if path.stat().st_size > FILE_MAX:
            raise StimulusError("T101", f"The stimulus file is larger than {FILE_MAX >> 20} MiB.", where=str(path))
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StimulusError("T101", f"The stimulus file cannot be read: {error.strerror}.", where=str(path)) from None
    except (ValueError, RecursionError):
        raise StimulusError("T102", "The stimulus file is not JSON.", where=str(path)) from None
    if not isinstance(entries, list):
        raise StimulusError("T102", "A stimulus is a list of entries, one a burst.", where=str(path))
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict) or not is_count(entry.get("burst")) or entry["burst"] < 1:
            raise StimulusError("T103", "Each entry needs the number of its burst, from 1.", where=f"/{index}/burst")
        for kind, width in (("force_fire", 3), ("inject", 4)):
            check_voxels(entry.get(kind, {}), width, f"/{index}/{kind}")
    return entries


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31


def check_voxels(areas: object, width: int, where: str) -> None:
    """{id: [[x, y, z] or [x, y, z, potential], ...]}"""
    if not isinstance(areas, dict):
        raise StimulusError("T104", "Neurons are given as {area: [[x, y, z], ...]}.", where=where)
    for area, voxels in areas.items():
        good = isinstance(voxels, list) and all(
            isinstance(v, list) and len(v) == width and all(is_count(c) for c in v[:3])
            and all(isinstance(p, (int, float)) and not isinstance(p, bool) and math.isfinite(p) for p in v[3:])
            for v in voxels
        )
        if not good:
            form = "[x, y, z]" if width == 3 else "[x, y, z, potential]"
            raise StimulusError("T104", f"The neurons of an area are a list of {form}.", where=f"{where}/{area}")


def areas_named(entries: Sequence[Mapping[str, Any]]) -> set[str]:
    """All area ids that a stimulus uses, as written there."""
    return {area for entry in entries for kind in ("force_fire", "inject") for area in entry.get(kind, {})}


def resolve(entries: Sequence[Mapping[str, Any]], geometry: Sequence[AreaGeometry]) -> dict[int, Stimulus]:
    """Stimulus by burst number, in indexes and input units. Raises StimulusError for what the brain does not have."""
    index = index_of_ids(geometry)
    out: dict[int, Stimulus] = {}
    for number, entry in enumerate(entries):
        forced: list[tuple[int, int]] = []
        inject: list[tuple[int, int, int]] = []
        for kind in ("force_fire", "inject"):
            for area_id, voxels in entry.get(kind, {}).items():
                where = f"/{number}/{kind}/{area_id}"
                if area_id not in index:
                    raise StimulusError("T105", f"The brain has no area {area_id!r} (or it was left out as useless).", where=where)
                area = geometry[index[area_id]]
                for x, y, z, *potential in voxels:
                    if not all(c < n for c, n in zip((x, y, z), area.dims, strict=True)):
                        raise StimulusError("T106", f"Voxel {[x, y, z]} lies outside area {area_id!r} of {list(area.dims)}.", where=where)
                    for neuron in area.neurons_at(x, y, z):
                        if potential:
                            inject.append((index[area_id], neuron, units_of(potential[0], area.units)))
                        else:
                            forced.append((index[area_id], neuron))
        before = out.get(entry["burst"], Stimulus())
        out[entry["burst"]] = Stimulus(before.forced + tuple(forced), before.inject + tuple(inject))
    return out


def index_of_ids(geometry: Sequence[AreaGeometry]) -> dict[str, int]:
    """Area id -> index: as the genome writes it first, then in the 8-byte form that the engine gives it."""
    index = {area.id: i for i, area in enumerate(geometry)}
    for i, area in enumerate(geometry):
        index.setdefault(canonical_id(area.id), i)
    return index


def units_of(potential: float, units: Fraction) -> int:
    """Nearest whole number of input units, halves upwards."""
    exact = Fraction(repr(potential)) if isinstance(potential, float) else Fraction(potential)
    return max(-POTENTIAL_MAX, min(POTENTIAL_MAX, math.floor(exact * units + Fraction(1, 2))))
