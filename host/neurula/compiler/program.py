"""What will run: integers only. Every width, scale, offset and table of the image is decided in these values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Scale:
    """The fixed point of one area, and what it costs.

    count_bits: low bits of an input word that count hits. input_scale: input units per 1.0 of potential (rational).
    gain: potential units per input unit. input_cap: where injected input saturates, input units.
    """

    count_bits: int
    input_scale: Fraction
    gain: int
    input_cap: int
    exact: bool  # every contribution is a whole number of input units
    worst_error: float  # largest rounding of a contribution, in units of potential
    headroom: float  # how many times the largest possible input of a burst fits into the input word
    range: float  # largest potential before saturation, in units of potential

    @property
    def potential_scale(self) -> Fraction:
        """Potential units per 1.0 of potential."""
        return self.input_scale * self.gain


@dataclass(frozen=True, slots=True)
class AreaProgram:
    """One area of the image. fields: the words of its AREA record by name (image offsets are left 0 for the writer)."""

    id: str
    name: str
    fields: Mapping[str, int]
    scale: Scale
    thresholds: NDArray[np.int32] | None  # one word per neuron where they differ
    notes: tuple[str, ...]  # what was saturated or limited, in words

    @property
    def neurons(self) -> int:
        return self.fields["neurons"]


@dataclass(frozen=True, slots=True)
class GroupProgram:
    """The rows that leave one area with one delay. rows: the row number (SAME, EACH) or the table of numbers."""

    area: int
    delay: int
    rows_kind: int
    rows: int | NDArray[np.uint16] | NDArray[np.uint32]
    target: int = -1  # target area of a plastic group
    pending_at: int = 0
    phase_at: int = 0


@dataclass(frozen=True, slots=True)
class PlasticProgram:
    """A learning group. Weights are counted in units of weight_unit (1.0 = the multiplier of a rule)."""

    group: int
    window: int
    step_up: int
    step_down: int
    weight_max: int


@dataclass(frozen=True, slots=True)
class RamMap:
    """Where things lie in the RAM block, byte offsets."""

    input_end: int
    bits_at: int
    slot_bytes: int
    slots: int
    seen_at: int
    weights_at: int
    weights_end: int
    total: int


@dataclass(frozen=True, slots=True)
class Init:
    """A stretch of RAM that does not start as zero: filled with a value, or copied from `weights`."""

    ram_at: int
    words: int
    value: int = 0
    copy: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """The compiled brain."""

    areas: tuple[AreaProgram, ...]
    groups: tuple[GroupProgram, ...]
    plastics: tuple[PlasticProgram, ...]
    directory: NDArray[np.int64]  # byte offset of each row inside `rows`; -1 = empty row; entry 0 is the empty row
    rows: NDArray[np.uint32]  # the segments, in words
    weights: NDArray[np.int32]  # start weights of learning synapses
    inits: tuple[Init, ...]
    ram: RamMap
    features: int
    synapses: int
    pruned: tuple[tuple[str, int], ...]  # (area id, neurons) left out because they cannot matter

    @property
    def neurons(self) -> int:
        return sum(area.neurons for area in self.areas)
