"""Areas and rules as JSON values and back, every field checked against its declared type.

Tuples become lists; genes stay as they are. Used by the connectome file.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from neurula.genome.model import CorticalArea, MappingRule, Projection

Reader = Callable[[Any], Any]


class WrongForm(ValueError):
    """A value is not of the declared form."""


def area_to_json(area: CorticalArea) -> dict[str, Any]:
    """All fields of the area by name."""
    fields = _fields_of(area)
    fields["projections"] = [
        {"destination": p.destination, "rules": [rule_to_json(r) for r in p.rules]} for p in area.projections
    ]
    fields["genes"] = dict(area.genes)
    return fields


def rule_to_json(rule: MappingRule) -> dict[str, Any]:
    """All fields of the rule by name."""
    return _fields_of(rule)


def area_from_json(value: Any) -> CorticalArea:
    """Raises WrongForm."""
    area: CorticalArea = _record(CorticalArea, value)
    if min(area.dims) < 1 or area.neurons_per_voxel < 0:
        raise WrongForm(f"area {area.id!r} has no room")
    return area


def rule_from_json(value: Any) -> MappingRule:
    """Raises WrongForm."""
    rule: MappingRule = _record(MappingRule, value)
    return rule


def read_integer(value: Any) -> int:
    """Raises WrongForm."""
    if type(value) is not int:
        raise WrongForm(f"{value!r} is not a whole number")
    return value


def read_boolean(value: Any) -> bool:
    """Raises WrongForm."""
    if type(value) is not bool:
        raise WrongForm(f"{value!r} is neither true nor false")
    return value


def read_list(value: Any) -> list[Any]:
    """Raises WrongForm."""
    if not isinstance(value, list):
        raise WrongForm("a list is missing")
    return value


def _fields_of(value: Any) -> dict[str, Any]:
    return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}


def _record(kind: type, value: Any) -> Any:
    readers = _READERS[kind]
    if not isinstance(value, dict) or set(value) != set(readers):
        raise WrongForm(f"a {kind.__name__} needs exactly the fields {', '.join(sorted(readers))}")
    return kind(**{name: read(value[name]) for name, read in readers.items()})


def read_number(value: Any) -> float:
    """Raises WrongForm."""
    if type(value) not in (int, float) or not math.isfinite(value):
        raise WrongForm(f"{value!r} is not a finite number")
    number: float = value
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongForm(f"{value!r} is not a text")
    return value


def _three(value: Any, read: Reader) -> tuple[Any, Any, Any]:
    if not isinstance(value, list) or len(value) != 3:
        raise WrongForm(f"{value!r} is not a list of three")
    return read(value[0]), read(value[1]), read(value[2])


def _scalar(value: Any) -> Any:
    return value if isinstance(value, str) else read_number(value)


def _genes(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise WrongForm("genes are not an object")
    return MappingProxyType(value)


def _many(value: Any, read: Reader) -> tuple[Any, ...]:
    return tuple(read(v) for v in read_list(value))


_BY_TYPE: Mapping[str, Reader] = {
    "str": _text,
    "int": read_integer,
    "float": read_number,
    "bool": read_boolean,
    "Triple": partial(_three, read=read_integer),
    "tuple[float, float, float]": partial(_three, read=read_number),
    "tuple[Any, Any, Any]": partial(_three, read=_scalar),
    "tuple[MappingRule, ...]": partial(_many, read=rule_from_json),
    "tuple[Projection, ...]": partial(_many, read=partial(_record, Projection)),
    "Mapping[str, Any]": _genes,
}
_READERS: Mapping[type, Mapping[str, Reader]] = {
    kind: {f.name: _BY_TYPE[str(f.type)] for f in dataclasses.fields(kind)}
    for kind in (MappingRule, Projection, CorticalArea)
}
