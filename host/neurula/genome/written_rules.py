"""Mapping rules and morphologies, from values back to what a file writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from neurula.genome.model import MappingRule, Morphology, Projection
from neurula.genome.rules import ARRAY_FIELDS, ARRAY_FIELDS_MIN
from neurula.genome.values import as_flag

_ARRAY_LENGTHS = (ARRAY_FIELDS_MIN, 7, len(ARRAY_FIELDS))
_PLASTIC_DEFAULTS = {"plasticity_constant": 1, "ltp_multiplier": 1, "ltd_multiplier": 1}
_DEFAULT = MappingRule("")


def write_rule(rule: MappingRule) -> dict[str, Any]:
    """The object form. What only plastic, delayed or thinned-out rules need is left out elsewhere."""
    written: dict[str, Any] = {
        "morphology_id": rule.morphology,
        "morphology_scalar": list(rule.scalar),
        "postSynapticCurrent_multiplier": plain_number(rule.multiplier),
        "plasticity_flag": rule.plastic,
    }
    learning = {
        "plasticity_constant": rule.plasticity_constant,
        "ltp_multiplier": rule.ltp_multiplier,
        "ltd_multiplier": rule.ltd_multiplier,
    }
    if rule.plastic or any(value != 1 for value in learning.values()):
        written |= {name: plain_number(value) for name, value in learning.items()}
    if rule.plasticity_window:
        written["plasticity_window"] = rule.plasticity_window
    if rule.delay_bursts != _DEFAULT.delay_bursts:
        written["synaptic_delay_bursts"] = rule.delay_bursts
    if rule.attractivity != _DEFAULT.attractivity:
        written["synapse_attractivity"] = plain_number(rule.attractivity)
    return written


def plain_number(value: float) -> int | float:
    """5.0 as 5: the same number, shorter."""
    return int(value) if value == int(value) else value


def rule_as_object(entry: Any) -> Any:
    """The array form as an object of the same meaning; anything else as it is."""
    if not (isinstance(entry, list) and ARRAY_FIELDS_MIN <= len(entry) <= len(ARRAY_FIELDS)):
        return entry
    fields = dict(zip(ARRAY_FIELDS, entry, strict=False))
    return {**fields, **_PLASTIC_DEFAULTS, **fields} if as_flag(fields["plasticity_flag"]) else fields


def morphology_of_rule(entry: Any) -> str:
    """The name in an object or an array; "" where there is none."""
    name = entry.get("morphology_id") if isinstance(entry, dict) else entry[0] if isinstance(entry, list) and entry else ""
    return name if isinstance(name, str) else ""


def rename_rule(entry: Any, name: str) -> Any:
    """The same object or array with another morphology."""
    return {**entry, "morphology_id": name} if isinstance(entry, dict) else [name, *entry[1:]]


def rule_as_array(entry: Any) -> Any:
    """An object whose fields are exactly those of an array form as that array; anything else as it is."""
    if isinstance(entry, dict):
        for length in _ARRAY_LENGTHS:
            if entry.keys() == set(ARRAY_FIELDS[:length]):
                return [entry[name] for name in ARRAY_FIELDS[:length]]
    return entry


def map_rules(entries: Any, change: Callable[[Any], Any]) -> Any:
    """The rules of one destination, each changed; also where a single rule was not put into a list."""
    if isinstance(entries, dict):
        return change(entries)
    if isinstance(entries, list) and entries and isinstance(entries[0], str):
        return [change(entries)]
    return [change(entry) for entry in entries] if isinstance(entries, list) else entries


def write_mapping(
    written: Mapping[str, Any],
    before: Sequence[Projection],
    after: Sequence[Projection],
    resolve: Callable[[str], str | None],
) -> dict[str, Any]:
    """The destinations of an area: unchanged ones as they were written, others as objects, removed ones gone.

    written: destination as written -> rules; resolve: destination as written -> area id or None. What cannot be read
    (dangling destinations, comments) stays, behind the rest.
    """
    area_of = {key: None if key.startswith("/") else resolve(key) for key in written}
    known = {projection.destination: projection for projection in before}
    result: dict[str, Any] = {}
    for projection in after:
        names = [key for key in written if area_of[key] == projection.destination]
        if names and known.get(projection.destination) == projection:
            result |= {name: written[name] for name in names}
        else:
            result[names[0] if names else projection.destination] = [write_rule(rule) for rule in projection.rules]
    changed = {*known, *(projection.destination for projection in after)}
    return result | {key: entries for key, entries in written.items() if area_of[key] not in changed}


def write_morphology(morphology: Morphology) -> dict[str, Any]:
    return {"type": morphology.kind, "parameters": as_json(morphology.parameters), "class": morphology.origin}


def as_json(value: Any) -> Any:
    """Frozen tuples and mappings as the lists and objects of JSON."""
    if isinstance(value, Mapping):
        return {key: as_json(part) for key, part in value.items()}
    return [as_json(part) for part in value] if isinstance(value, (list, tuple)) else value
