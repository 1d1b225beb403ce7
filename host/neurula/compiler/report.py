"""What compiling a connectome cost in precision and saved in bytes, area by area."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from neurula.compiler.program import AreaProgram, Program
from neurula.compiler.sizes import STATE_FIELDS, SYNAPSES, WEIGHTS, AreaSizes, ImageSizes

STATE_NAMES = {
    "potentials_at": "potential",
    "stamps_at": "stamp",
    "counts_at": "count",
    "psps_at": "psp",
    "values_at": "value",
}


@dataclass(frozen=True, slots=True)
class AreaReport:
    """One area. Errors and ranges in units of potential; headroom: how often the largest input of a burst fits."""

    id: str
    name: str
    neurons: int
    scale: Fraction  # input units per 1.0 of potential
    count_bits: int  # low bits of an input word that count arrivals
    gain: int  # potential units per input unit
    exact: bool  # no contribution is rounded
    worst_error: float  # largest rounding of a contribution
    headroom: float
    range: float  # largest potential before it saturates
    state: tuple[str, ...]  # what is kept between bursts: potential, stamp, count, psp, value
    ram: Mapping[str, int]  # bytes by kind
    ram_bytes: int
    synapse_bytes: int  # of the synapses that start here, learning weights included
    notes: tuple[str, ...]  # what was saturated or limited


@dataclass(frozen=True, slots=True)
class Report:
    """All areas, and (id, neurons) of those that were left out because they cannot matter."""

    areas: tuple[AreaReport, ...]
    pruned: tuple[tuple[str, int], ...]

    @property
    def exact_areas(self) -> int:
        return sum(area.exact for area in self.areas)

    @property
    def least_exact(self) -> AreaReport | None:
        """The area with the largest rounding error; None where nothing is rounded."""
        rounded = [area for area in self.areas if area.worst_error]
        return max(rounded, key=lambda area: area.worst_error, default=None)

    @property
    def pruned_neurons(self) -> int:
        return sum(neurons for _, neurons in self.pruned)


def make_report(program: Program, sizes: ImageSizes) -> Report:
    """The report of a program; sizes: those of the image that was written from it."""
    areas = zip(program.areas, sizes.areas, strict=True)
    return Report(tuple(_area_report(area, size) for area, size in areas), program.pruned)


def _area_report(area: AreaProgram, sizes: AreaSizes) -> AreaReport:
    scale = area.scale
    return AreaReport(
        id=area.id,
        name=area.name,
        neurons=area.neurons,
        scale=scale.input_scale,
        count_bits=scale.count_bits,
        gain=scale.gain,
        exact=scale.exact,
        worst_error=scale.worst_error,
        headroom=scale.headroom,
        range=scale.range,
        state=tuple(STATE_NAMES[field] for field in STATE_FIELDS if area.fields[field]),
        ram=sizes.ram,
        ram_bytes=sum(sizes.ram.values()),
        synapse_bytes=sizes.image.get(SYNAPSES, 0) + sizes.ram.get(WEIGHTS, 0),
        notes=area.notes,
    )
