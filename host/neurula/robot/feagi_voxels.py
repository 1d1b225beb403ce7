"""FEAGI's lists of voxels by area: the structure XYZP version 1, and the bytes of its Python original. Both from strangers."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurula.errors import InvalidInput
from neurula.robot.coders import Voxel
from neurula.robot.feagi_container import VOXELS_TYPE

XYZP_VERSION = 1
ID_BYTES, CLASSIC_ID_BYTES = 8, 6
VOXEL_BYTES = 16
_HEAD = struct.Struct("<BBH")
_AREA = struct.Struct("<8sII")
_CLASSIC = struct.Struct("<6sH")


@dataclass(frozen=True, slots=True, eq=False)
class AreaVoxels:
    """The voxels of one area as they came: views into the message, nothing copied. p may be anything that a float can be."""

    x: NDArray[np.uint32]
    y: NDArray[np.uint32]
    z: NDArray[np.uint32]
    p: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.x)

    def voxels(self, from_x: int = 0, width: int = 1 << 32) -> list[Voxel]:
        """Those of some columns with a finite potential, x counted from the first of these: what coders take."""
        chosen = (self.x >= from_x) & (self.x < from_x + width) & np.isfinite(self.p)
        columns = ((self.x[chosen] - np.uint32(from_x)).tolist(), self.y[chosen].tolist(), self.z[chosen].tolist(), self.p[chosen].tolist())
        return list(zip(*columns, strict=True))


def area_voxels(voxels: Iterable[Voxel]) -> AreaVoxels:
    """Voxels as arrays. OverflowError for coordinates that are none."""
    rows = list(voxels)
    x, y, z = (np.array([row[axis] for row in rows], dtype=np.uint32) for axis in range(3))
    return AreaVoxels(x, y, z, np.array([row[3] for row in rows], dtype=np.float32))


def write_xyzp(areas: Mapping[bytes, AreaVoxels]) -> bytes:
    """The structure of some areas, by their ids of eight bytes."""
    at = _HEAD.size + _AREA.size * len(areas)
    heads, bodies = [], []
    for area, voxels in areas.items():
        if len(area) != ID_BYTES:
            raise ValueError(f"an area's id has {ID_BYTES} bytes, not {len(area)}")
        heads.append(_AREA.pack(area, at, VOXEL_BYTES * len(voxels)))
        bodies += [array.astype(kind).tobytes() for array, kind in _arrays(voxels)]
        at += VOXEL_BYTES * len(voxels)
    return _HEAD.pack(VOXELS_TYPE, XYZP_VERSION, len(areas)) + b"".join(heads) + b"".join(bodies)


def _arrays(voxels: AreaVoxels) -> Sequence[tuple[NDArray[np.uint32] | NDArray[np.float32], str]]:
    return ((voxels.x, "<u4"), (voxels.y, "<u4"), (voxels.z, "<u4"), (voxels.p, "<f4"))


def read_xyzp(structure: bytes) -> dict[bytes, AreaVoxels]:
    """The areas of a structure. InvalidInput A103; what it makes is never larger than what it was given."""
    if len(structure) < _HEAD.size:
        raise InvalidInput("A103", f"{len(structure)} bytes are no list of voxels")
    kind, version, count = _HEAD.unpack_from(structure)
    if (kind, version) != (VOXELS_TYPE, XYZP_VERSION):
        raise InvalidInput("A103", f"a structure of type {kind}, version {version} is no list of voxels", where="byte 0")
    first = _HEAD.size + _AREA.size * count
    if len(structure) < first:
        raise InvalidInput("A103", f"the heads of {count} areas end after {len(structure)} bytes", where=f"byte {len(structure)}")
    areas: dict[bytes, AreaVoxels] = {}
    total = 0
    for index in range(count):
        place = _HEAD.size + _AREA.size * index
        area, at, length = _AREA.unpack_from(structure, place)
        total += length
        inside = at >= first and at + length <= len(structure) and total <= len(structure) - first
        if length % VOXEL_BYTES or not inside:
            raise InvalidInput("A103", f"the {length:,} bytes from {at:,} on are no voxels of this structure", where=f"byte {place}")
        if area in areas:
            raise InvalidInput("A103", f"the area {area!r} comes twice", where=f"byte {place}")
        n = length // VOXEL_BYTES
        x, y, z = (np.frombuffer(structure, "<u4", n, at + 4 * n * axis) for axis in range(3))
        areas[area] = AreaVoxels(x, y, z, np.frombuffer(structure, "<f4", n, at + 12 * n))
    return areas


def write_classic(areas: Mapping[str, AreaVoxels]) -> bytes:
    """The bytes of FEAGI's Python original: for each area its id (six characters), u16 count, and x, y, z, value of each voxel."""
    parts = []
    for area, voxels in areas.items():
        name = area.encode("ascii")
        if len(name) > CLASSIC_ID_BYTES or len(voxels) > 0xFFFF:
            raise ValueError(f"area {area!r}: ids have {CLASSIC_ID_BYTES} characters at most, areas 65,535 voxels")
        rows = np.empty(len(voxels), _CLASSIC_VOXEL)
        rows["x"], rows["y"], rows["z"], rows["p"] = voxels.x, voxels.y, voxels.z, voxels.p
        parts.append(_CLASSIC.pack(name, len(voxels)) + rows.tobytes())
    return b"".join(parts)


_CLASSIC_VOXEL = np.dtype([("x", "<u4"), ("y", "<u4"), ("z", "<u4"), ("p", "<f4")])


def read_classic(data: bytes) -> dict[str, AreaVoxels]:
    """The areas of such bytes. InvalidInput A103."""
    areas: dict[str, AreaVoxels] = {}
    at = 0
    while at < len(data):
        if len(data) - at < _CLASSIC.size:
            raise InvalidInput("A103", "an area's head is cut off", where=f"byte {at}")
        raw, count = _CLASSIC.unpack_from(data, at)
        name = raw.rstrip(b"\0").decode("ascii", "replace")
        end = at + _CLASSIC.size + count * VOXEL_BYTES
        if end > len(data) or not name.isprintable() or not name.isascii() or not name or name in areas:
            raise InvalidInput("A103", f"no area of {count} voxels is here", where=f"byte {at}")
        rows = np.frombuffer(data, _CLASSIC_VOXEL, count, at + _CLASSIC.size)
        areas[name] = AreaVoxels(rows["x"], rows["y"], rows["z"], rows["p"])
        at = end
    return areas
