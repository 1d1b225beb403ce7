"""The mapping of an area: destination -> rules, in any of the forms that files write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from neurula.errors import GenomeError
from neurula.genome.expressions import read_factor
from neurula.genome.limits import MAGNITUDE_MAX
from neurula.genome.model import Fix, MappingRule, Projection
from neurula.genome.problems import ProblemLog, pointer, quote
from neurula.genome.values import ValueReader, as_number

# The order of the array form; 4, 7 or 8 of them are written. The object form has two more fields.
ARRAY_FIELDS = (
    *("morphology_id", "morphology_scalar", "postSynapticCurrent_multiplier", "plasticity_flag"),
    *("plasticity_constant", "ltp_multiplier", "ltd_multiplier", "plasticity_window"),
)
ARRAY_FIELDS_MIN = 4
Resolver = Callable[[str], str | None]


class MappingReader:
    """Reads the destination maps of one genome. `resolve` gives the id of an area as the genome writes it, or None."""

    def __init__(self, resolve: Resolver, morphologies: Collection[str], problems: ProblemLog) -> None:
        self._resolve = resolve
        self._morphologies = morphologies
        self._problems = problems

    def read(self, destinations: Any, place: str) -> tuple[Projection, ...]:
        """Projections in the order of the file; unreadable rules are left out and logged. place: JSON pointer."""
        if destinations is None:
            return ()
        if not isinstance(destinations, dict):
            message = f"the mapping is {quote(destinations)}, not an object; it is left out"
            self._problems.warn("G209", place, message, Fix("set", {}))
            return ()
        rules: dict[str, list[MappingRule]] = {}
        for written, entries in destinations.items():
            if written.startswith("/"):  # a comment
                continue
            here = place + pointer(written)
            area_id = self._resolve(written)
            if area_id is None:
                message = f"there is no area {quote(written)}; the mapping to it is left out"
                self._problems.refuse("G210", here, message, Fix("remove"))
            else:
                rules.setdefault(area_id, []).extend(self._read_rules(entries, here))
        return tuple(Projection(area_id, tuple(read)) for area_id, read in rules.items() if read)

    def _read_rules(self, entries: Any, place: str) -> Iterator[MappingRule]:
        in_list = not (isinstance(entries, list) and entries and isinstance(entries[0], str))
        if not in_list or (isinstance(entries, dict) and "morphology_id" in entries):
            entries, in_list = [entries], False  # one rule that was not put into a list
        if not isinstance(entries, list):
            message = f"the rules are {quote(entries)}, not a list; they are left out"
            self._problems.warn("G209", place, message, Fix("remove"))
            return
        for index, entry in enumerate(entries):
            rule = self._read_rule(entry, place + pointer(index) if in_list else place)
            if rule is not None:
                yield rule

    def _read_rule(self, entry: Any, place: str) -> MappingRule | None:
        fields = _fields_of(entry)
        morphology = fields.get("morphology_id")
        multiplier = fields.get("postSynapticCurrent_multiplier")
        unreadable = multiplier is not None and not self._is_number(multiplier, place)
        if not isinstance(morphology, str) or unreadable:
            message = f"the rule {quote(entry)} cannot be read; it is left out"
            self._problems.refuse("G212", place, message, Fix("remove"))
            return None
        if morphology not in self._morphologies:
            message = f"morphology {quote(morphology)} is not defined; the rule is left out"
            self._problems.refuse("G211", place, message, Fix("remove"))
            return None
        self._check_scalar(fields.get("morphology_scalar"), place + _step(entry, "morphology_scalar"))
        return self._build(
            morphology, fields, ValueReader(self._problems, lambda name: place + _step(entry, name)), place
        )

    def _check_scalar(self, written: Any, place: str) -> None:
        """Three factors that can be read, or nothing at all; for what cannot be, 1 stands."""
        if written is not None and _scalar(written) is None:
            message = f"the scalar is {quote(written)}, not three factors; [1, 1, 1] is used"
            self._problems.warn("G262", place, message, Fix("set", [1, 1, 1]))
        for axis, factor in enumerate(_scalar(written) or ()):
            if read_factor(factor) is None:
                self._problems.warn("G262", place + pointer(axis), f"the factor {quote(factor)} cannot be read; 1 is used", Fix("set", 1))

    def _is_number(self, written: Any, place: str) -> bool:
        """A multiplier that is no finite number makes the rule unreadable; it may be the end of the reading (G106)."""
        try:
            return as_number(written) is not None
        except GenomeError as failure:
            self._problems.fail(failure, place)
            return False

    def _build(self, morphology: str, fields: dict[str, Any], reader: ValueReader, place: str) -> MappingRule:
        def number(name: str, default: float, low: float = -MAGNITUDE_MAX, high: float = MAGNITUDE_MAX) -> float:
            return reader.number(name, fields.get(name), default, low, high)

        delay = reader.integer("synaptic_delay_bursts", fields.get("synaptic_delay_bursts"), 1, -MAGNITUDE_MAX)
        if delay < 1:
            message = f"a delay of {delay} bursts is impossible; 1 is used"
            self._problems.warn("G218", place, message, Fix("set", 1, place + pointer("synaptic_delay_bursts")))
        return MappingRule(
            morphology=morphology,
            scalar=_scalar(fields.get("morphology_scalar")) or (1, 1, 1),
            multiplier=number("postSynapticCurrent_multiplier", 1),
            plastic=reader.flag("plasticity_flag", fields.get("plasticity_flag"), False),
            plasticity_constant=number("plasticity_constant", 1),
            ltp_multiplier=number("ltp_multiplier", 1),
            ltd_multiplier=number("ltd_multiplier", 1),
            plasticity_window=reader.integer("plasticity_window", fields.get("plasticity_window"), 0),
            delay_bursts=max(delay, 1),
            attractivity=number("synapse_attractivity", 100, 0, 100),
        )


def _fields_of(entry: Any) -> dict[str, Any]:
    """Field name -> value, of an array of at least 4 elements or an object; empty if it is neither."""
    if isinstance(entry, dict):
        return entry
    if isinstance(entry, list) and ARRAY_FIELDS_MIN <= len(entry) <= len(ARRAY_FIELDS):
        return dict(zip(ARRAY_FIELDS, entry, strict=False))
    return {}


def _step(entry: Any, name: str) -> str:
    return pointer(name if isinstance(entry, dict) else ARRAY_FIELDS.index(name))


def _scalar(written: Any) -> tuple[Any, Any, Any] | None:
    """Three factors, numbers or expressions; they scale vectors. None for anything else."""
    if isinstance(written, list) and len(written) == 3 and all(isinstance(n, (int, float, str)) for n in written):
        return (written[0], written[1], written[2])
    return None
