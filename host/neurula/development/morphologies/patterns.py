"""Patterns: pairs of a source and a target pattern, one element an axis; a rule is the union of its pairs.

An element of the source pattern accepts an index: a whole number only itself, "*", "?" and "!" any.
An element of the target pattern makes indices: a whole number itself, "*" all, "?" the index of the source voxel,
"!" all but that. What lies outside the target area is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurula.development.morphologies.growth import (
    NOTHING,
    Growth,
    Indices,
    Product,
    Relation,
    same,
    to_every,
    to_index,
)
from neurula.genome.model import Triple

Element = int | str


def grow_patterns(parameters: Mapping[str, Any], source: Triple, target: Triple) -> Growth:
    """parameters: {"patterns": [[source pattern, target pattern], ...]}; one bare pair is accepted too."""
    entries = _entries(parameters.get("patterns"))
    usable = {(tuple(p[0]), tuple(p[1])): None for p in entries if _is_pair(p)}
    unusable = sum(not _is_pair(p) for p in entries)
    remarks = (f"{unusable} of its {len(entries)} pattern pairs are not two patterns of three and join nothing",) if unusable else ()
    known: dict[tuple[Element, Element, int], Relation] = {}
    products = []
    for accepting, making in usable:
        relations = []
        for axis in range(3):
            key = (accepting[axis], making[axis], axis)
            if key not in known:
                known[key] = _axis(accepting[axis], making[axis], source[axis], target[axis])
            relations.append(known[key])
        if all(r.pairs for r in relations):
            products.append(Product((relations[0], relations[1], relations[2])))
    return Growth(tuple(products), remarks=remarks)


def _axis(accepts: Element, makes: Element, source: int, target: int) -> Relation:
    first, stop = (accepts, accepts + 1) if isinstance(accepts, int) else (0, source)
    if first < 0 or stop > source:
        return NOTHING
    if isinstance(makes, int):
        return to_index(makes, first, stop, target)
    if makes == "*":
        return to_every(first, stop, target)
    if makes == "?":
        kept = same(source, target)
        first, stop = max(first, kept.first), min(stop, kept.stop)
        return Relation(first, stop, 1, kept.targets, max(0, stop - first), complete=True)
    return _every_other(first, stop, target)


def _every_other(first: int, stop: int, target: int) -> Relation:
    """Every i of first:stop -> all indices of the target axis but i."""

    def rows(i: Indices) -> Indices:
        made = np.arange(target, dtype=np.int32)
        return np.where(made == i[:, None], np.int32(-1), made)

    return Relation(first, stop, target, rows, (stop - first) * target)


def _entries(written: object) -> list[Any] | tuple[Any, ...]:
    if not isinstance(written, (list, tuple)):
        return ()
    return [written] if _is_pair(written) else written


def _is_pair(value: object) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and all(_is_pattern(p) for p in value)


def _is_pattern(value: object) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 3 and all(_is_element(e) for e in value)


def _is_element(value: object) -> bool:
    return type(value) is int or value in ("*", "?", "!")
