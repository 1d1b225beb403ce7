"""A body that speaks FEAGI's containers, on a brain of ours: its voxels become injections, spikes become voxels."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction

from neurula.genome.ids import canonical_id, is_canonical
from neurula.robot.body import Injection, first_neuron
from neurula.robot.coders import Voxel
from neurula.robot.feagi_container import AGENT_BYTES, VOXELS_TYPE, Container, read_container, write_container
from neurula.robot.feagi_voxels import ID_BYTES, area_voxels, read_xyzp, write_xyzp
from neurula.robot.shape import AreaShape, BrainShape
from neurula_npu.schema import POTENTIAL_MAX

FIRED = 1.0  # the potential that a spike is shown with


class FeagiBody:
    """Between a brain and bytes. units: input units per 1.0 of potential, by area; agent: who the messages come from, eight bytes."""

    def __init__(self, shape: BrainShape, units: Sequence[Fraction], agent: bytes = bytes(AGENT_BYTES)) -> None:
        self.shape = shape
        self.units = units
        self.agent = agent
        self.ignored = 0  # voxels of messages that the brain does not have
        self._counter = 0
        self._ids = [id_bytes(area) for area in shape.areas]
        self._areas = {name: index for index, name in enumerate(self._ids) if name is not None}

    def injections(self, data: bytes) -> list[Injection]:
        """What a message injects; a voxel that comes twice counts as it came last. InvalidInput A101 to A103."""
        wanted: dict[tuple[int, int, int, int], float] = {}
        for structure in read_container(data).of_type(VOXELS_TYPE):
            for name, found in read_xyzp(structure).items():
                index = self._areas.get(name)
                if index is None:
                    self.ignored += len(found)
                    continue
                w, h, d = self.shape.areas[index].dims
                voxels = found.voxels()
                inside = [(index, x, y, z, p) for x, y, z, p in voxels if x < w and y < h and z < d]
                self.ignored += len(found) - len(inside)
                wanted.update({(i, x, y, z): p for i, x, y, z, p in inside})
        return [injection for (index, x, y, z), p in wanted.items() for injection in self._inject(index, x, y, z, p)]

    def _inject(self, index: int, x: int, y: int, z: int, p: float) -> Iterable[Injection]:
        area = self.shape.areas[index]
        units = max(-POTENTIAL_MAX, min(POTENTIAL_MAX, round(p * float(self.units[index]))))
        first = first_neuron(area, x, y, z)
        return ((index, neuron, units) for neuron in range(first, first + area.per_voxel))

    def message(self, fired: Iterable[tuple[int, Sequence[int]]], areas: Collection[int] | None = None) -> bytes:
        """The voxels that fired, of all areas or of some."""
        found = {}
        for index, neurons in fired:
            name = self._ids[index]
            if name is not None and (areas is None or index in areas):
                found[name] = area_voxels(voxels_of(self.shape.areas[index], neurons))
        self._counter = (self._counter + 1) & 0xFFFF
        return write_container(Container((write_xyzp(found),), self.agent, self._counter))


def voxels_of(area: AreaShape, neurons: Iterable[int]) -> list[Voxel]:
    """The voxels of neurons, each once, in ascending order."""
    _, h, d = area.dims
    return [(v // (h * d), v // d % h, v % d, FIRED) for v in sorted({neuron // area.per_voxel for neuron in neurons})]


def id_bytes(area: AreaShape) -> bytes | None:
    """The eight bytes of an area's id; None for an id that has none."""
    name = canonical_id(area.id)
    raw = base64.b64decode(name) if is_canonical(name) else b""
    return raw if len(raw) == ID_BYTES else None
