"""What was changed by hand in a grown brain: neurons that were taken out or set on their own, single synapses.

A genome describes areas and rules; these edits stand beside it in the section `neurula_edits` of the file:

    {"areas": {AREA: {"without": [[first, stop], ...], "thresholds": [[neuron, threshold], ...]}},
     "pairs": [[SOURCE AREA, TARGET AREA, {"cut": [[source, target], ...], "made": [[source, target, multiplier, rule], ...]}]]}

Neurons count inside their area, as in Connectome. `rule` is the place of a rule among those from the one area to the other:
the synapse takes its delay and plasticity; -1 is none. Edits apply after everything has grown, so that the chance of a rule
never depends on them: a neuron that is out has no synapses, a cut pair none of those that rules make.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurula.development.connectome import Bundle, Connectome, GrownArea
from neurula.errors import DevelopmentError
from neurula.genome.ids import canonical_id
from neurula.genome.limits import MAGNITUDE_MAX
from neurula.genome.model import MappingRule, Problem

SECTION = "neurula_edits"
NO_RULE = -1
PLAIN = MappingRule("individual")  # the rule of a synapse that follows none
Pair = tuple[int, int]
Made = tuple[int, int, float, int]  # source neuron, target neuron, multiplier, rule


@dataclass(frozen=True, slots=True)
class AreaEdits:
    """without: ranges of neurons that are out, ascending and apart; thresholds: (neuron, threshold), ascending."""

    without: tuple[Pair, ...] = ()
    thresholds: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class PairEdits:
    """cut: neuron pairs that no rule joins any more; made: synapses that were set one by one. Both ascending."""

    cut: tuple[Pair, ...] = ()
    made: tuple[Made, ...] = ()


@dataclass(frozen=True, slots=True)
class Edits:
    """By area id, and by the ids of source and target area."""

    areas: Mapping[str, AreaEdits] = field(default_factory=dict)
    pairs: Mapping[tuple[str, str], PairEdits] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.areas or self.pairs)


NO_EDITS = Edits()


def read_edits(document: Mapping[str, Any], areas: Sequence[GrownArea]) -> tuple[Edits, list[Problem]]:
    """The edits of a file. Raises DevelopmentError H301 if they are not of their form; what they name and the brain has
    not is left out and told (H302)."""
    written = document.get(SECTION)
    if written is None:
        return NO_EDITS, []
    try:
        return _Reader(areas).read(written)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        raise DevelopmentError(
            "H301", f"the section {SECTION} is not of its form", where=f"/{SECTION}", remedy="Remove the section."
        ) from None


def edits_to_json(edits: Edits) -> dict[str, Any]:
    """The section as it is written."""
    areas = {
        area: {"without": [list(r) for r in e.without], "thresholds": [list(t) for t in e.thresholds]}
        for area, e in edits.areas.items()
    }
    pairs = [
        [*pair, {"cut": [list(p) for p in e.cut], "made": [list(m) for m in e.made]}] for pair, e in edits.pairs.items()
    ]
    return {"areas": areas, "pairs": pairs}


def with_edits(connectome: Connectome, edits: Edits) -> Connectome:
    """The connectome with the edits applied. Synapses that were made come last: by areas, rule, multiplier, then neurons."""
    if not edits:
        return connectome
    index = {grown.area.id: i for i, grown in enumerate(connectome.areas)}
    alive = {index[area]: alive_of(connectome.areas[index[area]].neurons, e.without) for area, e in edits.areas.items()}
    own = {index[area]: e.thresholds for area, e in edits.areas.items()}
    areas = tuple(replace(g, thresholds=own.get(i, ())) for i, g in enumerate(connectome.areas))
    pairs = {(index[source], index[target]): e for (source, target), e in edits.pairs.items()}
    parts = [_kept(connectome, bundle, alive, pairs) for bundle in connectome.bundles]
    parts += [part for pair in sorted(pairs) for part in _made(connectome, pair, pairs[pair].made)]
    bundles: list[Bundle] = []
    start = 0
    for bundle, source, _target in parts:
        bundles.append(replace(bundle, start=start, stop=start + len(source)))
        start += len(source)
    empty = np.empty(0, np.int32)
    sources = np.concatenate([empty, *(source for _, source, _ in parts)])
    targets = np.concatenate([empty, *(target for _, _, target in parts)])
    sources.flags.writeable = targets.flags.writeable = False
    return Connectome(areas, tuple(bundles), sources, targets)


def alive_of(neurons: int, without: Sequence[Pair]) -> NDArray[np.bool_]:
    """bool[neurons]: False for those that are out."""
    alive = np.ones(neurons, np.bool_)
    for first, stop in without:
        alive[first:stop] = False
    return alive


Part = tuple[Bundle, NDArray[np.int32], NDArray[np.int32]]


def _kept(
    connectome: Connectome, bundle: Bundle, alive: Mapping[int, NDArray[np.bool_]], pairs: Mapping[Pair, PairEdits]
) -> Part:
    source = connectome.source[bundle.start : bundle.stop]
    target = connectome.target[bundle.start : bundle.stop]
    kept = np.ones(len(source), np.bool_)
    for area, neurons in ((bundle.source_area, source), (bundle.target_area, target)):
        if area in alive:
            kept &= alive[area][neurons]
    cut = pairs.get((bundle.source_area, bundle.target_area), PairEdits()).cut
    if cut:
        width = connectome.areas[bundle.target_area].neurons
        gone = np.array([s * width + t for s, t in cut], np.int64)
        kept &= ~np.isin(source.astype(np.int64) * width + target, gone)
    return (bundle, source, target) if kept.all() else (bundle, source[kept], target[kept])


def _made(connectome: Connectome, pair: Pair, made: Sequence[Made]) -> list[Part]:
    rules = [b.rule for b in connectome.bundles if (b.source_area, b.target_area) == pair]
    classes = sorted({(rule, multiplier) for _, _, multiplier, rule in made})
    parts = []
    for rule, multiplier in classes:
        pattern = replace(rules[rule] if rule != NO_RULE else PLAIN, multiplier=multiplier, attractivity=100.0)
        chosen = np.array([(s, t) for s, t, m, r in made if (r, m) == (rule, multiplier)], np.int32)
        parts.append((Bundle(*pair, pattern, 0, 0), chosen[:, 0].copy(), chosen[:, 1].copy()))
    return parts


class _Reader:
    def __init__(self, areas: Sequence[GrownArea]) -> None:
        self._areas = {canonical_id(grown.area.id): grown for grown in areas}
        self._rules: dict[tuple[str, str], int] = {}
        for grown in areas:
            for projection in grown.area.projections:
                pair = grown.area.id, canonical_id(projection.destination)
                self._rules[pair] = self._rules.get(pair, 0) + len(projection.rules)
        self._problems: list[Problem] = []

    def read(self, written: Any) -> tuple[Edits, list[Problem]]:
        areas: dict[str, AreaEdits] = {}
        for name, entry in written["areas"].items():
            grown = self._area(name, f"/{SECTION}/areas")
            if grown is not None:
                edits = self._area_edits(grown, entry)
                areas |= {grown.area.id: edits} if edits != AreaEdits() else {}
        pairs: dict[tuple[str, str], PairEdits] = {}
        for number, (source_id, target_id, entry) in enumerate(written["pairs"]):
            place = f"/{SECTION}/pairs/{number}"
            source, target = self._area(source_id, place), self._area(target_id, place)
            if source is not None and target is not None:
                found = self._pair_edits(source, target, entry, areas)
                pairs |= {(source.area.id, target.area.id): found} if found != PairEdits() else {}
        return Edits(areas, pairs), self._problems

    def _area(self, name: Any, place: str) -> GrownArea | None:
        grown = self._areas.get(canonical_id(name))
        if grown is None:
            self._drop(place, f"the edits name the area {name!r}, which the brain has not")
        return grown

    def _drop(self, place: str, message: str) -> None:
        self._problems.append(Problem("H302", "warning", place, message, "Remove the edit."))

    def _area_edits(self, grown: GrownArea, entry: Any) -> AreaEdits:
        size = grown.neurons
        place = f"/{SECTION}/areas/{grown.area.id}"
        runs: list[Pair] = []
        for first, stop in sorted((_whole(a), _whole(b)) for a, b in entry["without"]):
            if not 0 <= first < stop <= size or (runs and first < runs[-1][1]):
                self._drop(place, f"area {grown.area.id!r} has no such neurons: {first} to {stop}")
            elif runs and first == runs[-1][1]:
                runs[-1] = (runs[-1][0], stop)
            else:
                runs.append((first, stop))
        thresholds: dict[int, float] = {}
        for neuron, threshold in entry["thresholds"]:
            if _is_out(_whole(neuron), size, runs):
                self._drop(place, f"area {grown.area.id!r} has no neuron {neuron}")
            else:
                thresholds[neuron] = _number(threshold)
        return AreaEdits(tuple(runs), tuple(sorted(thresholds.items())))

    def _pair_edits(self, source: GrownArea, target: GrownArea, entry: Any, areas: Mapping[str, AreaEdits]) -> PairEdits:
        place = f"/{SECTION}/pairs"
        rules = self._rules.get((source.area.id, canonical_id(target.area.id)), 0)
        cut = {(_whole(s), _whole(t)) for s, t in entry["cut"]}
        made = {(_whole(s), _whole(t)): (_number(m), _whole(r)) for s, t, m, r in entry["made"]}
        sides = [(g.neurons, areas.get(g.area.id, AreaEdits()).without) for g in (source, target)]
        for pair in sorted({*cut, *made}):
            out = any(_is_out(neuron, *side) for neuron, side in zip(pair, sides, strict=True))
            if (out and pair in made) or not NO_RULE <= made.get(pair, (0.0, NO_RULE))[1] < rules:
                self._drop(place, f"the edits join {pair} by a rule or a neuron that the brain has not")
                del made[pair]
            if not all(0 <= neuron < size for neuron, (size, _) in zip(pair, sides, strict=True)):
                cut.discard(pair)
        return PairEdits(tuple(sorted(cut)), tuple((*pair, *made[pair]) for pair in sorted(made)))


def _is_out(neuron: int, size: int, runs: Sequence[Pair]) -> bool:
    return not 0 <= neuron < size or any(first <= neuron < stop for first, stop in runs)


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(value)
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value) or abs(value) > MAGNITUDE_MAX:
        raise ValueError(value)
    number: float = value
    return number
