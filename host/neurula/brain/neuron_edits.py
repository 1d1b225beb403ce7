"""Changes to single neurons: state and wish -> edits. Neurons live on the places that the size of their area gives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from neurula.brain.living import LivingBrain, Place
from neurula.development import GrownArea
from neurula.development.edits import AreaEdits, Edits, PairEdits, alive_of
from neurula.errors import InvalidNeuron, InvalidProperty, OutOfBounds
from neurula.genome.limits import MAGNITUDE_MAX
from neurula.genome.problems import quote

Runs = tuple[tuple[int, int], ...]


class NewNeuron(NamedTuple):
    """A neuron to be born. None: as its area has it. Only the threshold may differ from the area's."""

    x: int
    y: int
    z: int
    threshold: float | None = None
    leak: float | None = None
    resting: float | None = None
    neuron_type: int | None = None
    refractory: int | None = None
    excitability: float | None = None
    consecutive_limit: int | None = None
    snooze: int | None = None
    mp_accumulation: bool | None = None


def born(brain: LivingBrain, area_id: str, wishes: Sequence[NewNeuron]) -> tuple[Edits, list[int]]:
    """The edits and, in order, the ids of the new neurons. Raises AreaNotFound, OutOfBounds, InvalidProperty."""
    index = brain.area_index(area_id)
    grown = brain.connectome.areas[index]
    alive = brain.alive(index)
    own = dict(brain.edits_of(index).thresholds)
    neurons = []
    for wish in wishes:
        require_area_values(grown, wish._asdict())
        first = first_of_voxel(grown, (wish.x, wish.y, wish.z))
        free = next((n for n in range(first, first + grown.area.neurons_per_voxel) if not alive[n]), None)
        if free is None:
            message = f"voxel {list(wish[:3])} of area {quote(area_id)} has no free place"
            raise OutOfBounds("H108", message, remedy="Raise neurons_per_voxel of the area, or use another voxel.")
        alive[free] = True
        neurons.append(free)
        if wish.threshold is not None:
            own[free] = checked_number("threshold", wish.threshold)
    runs = runs_of([i for i, lives in enumerate(alive.tolist()) if not lives])
    edits = with_area(brain.edits, grown.area.id, AreaEdits(runs, tuple(sorted(own.items()))))
    return edits, [grown.first_neuron + neuron for neuron in neurons]


def died(brain: LivingBrain, places: Iterable[Place]) -> Edits:
    """Takes neurons out, with everything that was set for them alone. Raises InvalidNeuron for those of core areas."""
    gone: dict[int, set[int]] = {}
    for place in places:
        if place.area < 3:
            raise InvalidNeuron("H105", "a core area keeps its neuron", remedy="Remove the synapses instead.")
        gone.setdefault(place.area, set()).add(place.neuron)
    edits = brain.edits
    for index, neurons in gone.items():
        grown = brain.connectome.areas[index]
        before = brain.edits_of(index)
        out = neurons | {n for first, stop in before.without for n in range(first, stop)}
        own = tuple((n, threshold) for n, threshold in before.thresholds if n not in neurons)
        edits = with_area(edits, grown.area.id, AreaEdits(runs_of(sorted(out)), own))
        edits = replace(edits, pairs={p: e for p, e in _without(edits.pairs, grown.area.id, neurons) if e != PairEdits()})
    return edits


def all_born(brain: LivingBrain, area_id: str) -> Edits:
    """Every place of the area is taken again. Raises AreaNotFound."""
    index = brain.area_index(area_id)
    return with_area(brain.edits, brain.connectome.areas[index].area.id, replace(brain.edits_of(index), without=()))


def with_threshold(brain: LivingBrain, place: Place, threshold: float) -> Edits:
    """Raises InvalidProperty."""
    own = {**dict(brain.edits_of(place.area).thresholds), place.neuron: checked_number("threshold", threshold)}
    edits = replace(brain.edits_of(place.area), thresholds=tuple(sorted(own.items())))
    return with_area(brain.edits, brain.connectome.areas[place.area].area.id, edits)


def require_area_values(grown: GrownArea, values: Mapping[str, Any]) -> None:
    """Refuses a parameter that differs from the area's: all runtimes keep one for all neurons of an area. H103."""
    area = grown.area
    shared = {
        "leak": area.leak_coefficient, "resting": 0, "neuron_type": 0, "refractory": area.refractory_period,
        "excitability": area.excitability, "consecutive_limit": area.consecutive_fire_limit, "snooze": area.snooze_period,
        "mp_accumulation": area.charge_accumulation,
    }
    for name, own in shared.items():
        wish = values.get(name)
        if wish is not None and wish != own:
            raise InvalidProperty(
                "H103", f"{name} of a single neuron cannot be {quote(wish)}: all of area {quote(area.id)} have {own}",
                remedy="Change it for the area with update_cortical_area_properties, or give the neuron an area of its own.",
            )


def first_of_voxel(grown: GrownArea, voxel: Sequence[int]) -> int:
    """Index of the voxel's first neuron inside its area. Raises OutOfBounds."""
    if not all(type(at) is int and 0 <= at < size for at, size in zip(voxel, grown.area.dims, strict=True)):
        message = f"voxel {list(voxel)} lies outside area {quote(grown.area.id)} of {list(grown.area.dims)}"
        raise OutOfBounds("H108", message, remedy="Count voxels from 0.")
    x, y, z = voxel
    _, height, depth = grown.area.dims
    return ((x * height + y) * depth + z) * grown.area.neurons_per_voxel


def checked_number(name: str, value: Any) -> float:
    """Raises InvalidProperty."""
    if type(value) not in (int, float) or not math.isfinite(value) or abs(value) > MAGNITUDE_MAX:
        raise InvalidProperty("H103", f"{name} cannot be {quote(value)}", remedy="Write a number between -1e9 and 1e9.")
    number: float = value
    return number


def runs_of(neurons: Iterable[int]) -> Runs:
    """Ascending neurons as ranges [first, stop)."""
    runs: list[tuple[int, int]] = []
    for neuron in neurons:
        if runs and runs[-1][1] == neuron:
            runs[-1] = (runs[-1][0], neuron + 1)
        else:
            runs.append((neuron, neuron + 1))
    return tuple(runs)


def nobody(grown: GrownArea) -> AreaEdits:
    """An area whose neurons are all still to be born."""
    return AreaEdits(((0, grown.neurons),))


def with_area(edits: Edits, area_id: str, area: AreaEdits) -> Edits:
    """The edits with these for one area; none at all where they say nothing."""
    others = {other: e for other, e in edits.areas.items() if other != area_id}
    return replace(edits, areas={**others, **({area_id: area} if area != AreaEdits() else {})})


def _without(
    pairs: Mapping[tuple[str, str], PairEdits], area_id: str, neurons: set[int]
) -> Iterable[tuple[tuple[str, str], PairEdits]]:
    for (source, target), edits in pairs.items():
        made = tuple(
            m for m in edits.made if not (source == area_id and m[0] in neurons) and not (target == area_id and m[1] in neurons)
        )
        yield (source, target), replace(edits, made=made)


def alive_neurons(brain: LivingBrain, index: int) -> list[int]:
    """The ids of the living neurons of an area, ascending."""
    grown = brain.connectome.areas[index]
    without = brain.edits_of(index).without
    ids = range(grown.first_neuron, grown.first_neuron + grown.neurons)
    if not without:
        return list(ids)
    alive = alive_of(grown.neurons, without)
    return [grown.first_neuron + int(n) for n in alive.nonzero()[0]]
