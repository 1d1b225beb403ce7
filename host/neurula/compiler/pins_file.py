"""pins.toml: which pin belongs to which voxels of a brain, as a person writes it. Read and checked for form here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from neurula.errors import InvalidInput

FILE_BYTES_MAX = 64 << 10
ENTRIES_MAX = 64
ALL = "*"
READING_MAX = 65535
Voxels = tuple[int | str, int | str, int | str]
Check = tuple[str, Callable[[Any], bool]]


@dataclass(frozen=True, slots=True)
class PinEntry:
    """One pin. kind: input-digital, adc-voxel, ..., stop; values: its other keys, defaults filled in; place: for errors."""

    kind: str
    pin: int
    area: str
    voxels: Voxels
    values: Mapping[str, Any]
    place: str


@dataclass(frozen=True, slots=True)
class PinsFile:
    """A whole file. board: a name, or "" where the file names none; failsafe_ms: 0 = as the board says."""

    board: str
    failsafe_ms: int
    needs_host: bool
    entries: tuple[PinEntry, ...] = field(default=())

    def areas(self) -> set[str]:
        """The ids of all areas that it names, as written."""
        return {entry.area for entry in self.entries if entry.area}


def _whole(low: int, high: int) -> Check:
    return f"a whole number from {low} to {high}", lambda v: is_whole(v) and low <= v <= high


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(low: float, high: float) -> Check:
    return f"a number from {low:g} to {high:g}", lambda v: is_number(v) and low <= v <= high


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _choice(*names: str) -> Check:
    return f"one of {', '.join(names)}", lambda v: v in names


def _pair(check: Check) -> Check:
    want, accept = check
    return f"two of [{want}]", lambda v: isinstance(v, list) and len(v) == 2 and all(accept(x) for x in v)


def _is_voxels(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(c == ALL or (is_whole(c) and 0 <= c < 1 << 24) for c in value)


REQUIRED = object()
_TEXT: Check = ("a line of text", lambda v: isinstance(v, str) and 0 < len(v) <= 400)
_FLAG: Check = ("true or false", lambda v: isinstance(v, bool))
_VOXELS: Check = ('voxels [x, y, z], each a whole number or "*"', _is_voxels)
_READING = _whole(0, READING_MAX)
_PIN = {"pin": (_whole(0, 255), REQUIRED)}
_AREA = {"kind": (_TEXT, REQUIRED), "area": (_TEXT, REQUIRED), "voxels": (_VOXELS, [ALL, ALL, ALL])}
_SWITCH = {"active": (_choice("high", "low"), "high"), "pull": (_choice("none", "up", "down"), "none")}
_POTENTIAL = {"potential": (_number(-1e6, 1e6), 1.0)}
_READINGS = {
    "from": (_READING, 0), "to": (_READING, READING_MAX), "outside": (_choice("nearest", "nothing"), "nearest"), **_POTENTIAL,
}
_SHARE = _number(0, 1)
_WINDOW = {"window": (_whole(1, 255), 16)}
_PULSE = _whole(100, 20_000)
KEYS: dict[str, dict[str, tuple[Check, Any]]] = {
    "input-digital": {**_PIN, **_AREA, **_SWITCH, **_POTENTIAL},
    "input-adc-voxel": {**_PIN, **_AREA, **_READINGS},
    "input-adc-level": {**_PIN, **_AREA, **_READINGS},
    "output-digital": {
        **_PIN, **_AREA, "active": (_choice("high", "low"), "high"),
        "hold_ms": (_whole(0, 60_000), 50), "neutral": (_choice("off", "on"), "off"),
    },
    "output-pwm": {
        **_PIN, **_AREA, **_WINDOW, "full": (_number(0.0001, 1), 1.0), "duty": (_pair(_SHARE), [0.0, 1.0]), "neutral": (_SHARE, 0.0),
        "frequency_hz": (_whole(8, 1_000_000), 1000), "active": (_choice("high", "low"), "high"),
    },
    "output-servo": {
        **_PIN, **_AREA, **_WINDOW, "pulse_us": (_pair(_PULSE), [1000, 2000]), "frequency_hz": (_whole(40, 400), 50),
        "neutral_us": (("0, or " + _PULSE[0], lambda v: _PULSE[1](v) or (is_whole(v) and v == 0)), 0),
        "when_silent": (_choice("neutral", "hold"), "neutral"),
    },
    "stop": {**_PIN, **_SWITCH},
}
_TOP = {
    "board": (_TEXT, ""), "failsafe_ms": (_whole(50, 10_000), 0), "needs_host": (_FLAG, False),
    "input": (("a list of tables", lambda v: _are_tables(v)), []),
    "output": (("a list of tables", lambda v: _are_tables(v)), []),
    "stop": (("a table", lambda v: isinstance(v, dict)), None),
}


def _are_tables(value: object) -> bool:
    return isinstance(value, list) and len(value) <= ENTRIES_MAX and all(isinstance(entry, dict) for entry in value)


def read_pins(path: str) -> PinsFile:
    """The file at a path. InvalidInput P101 to P105."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InvalidInput("P101", f"the file of pins cannot be read: {reason}", where=path) from None
    if len(content) > FILE_BYTES_MAX:
        raise InvalidInput("P101", f"the file of pins is larger than {FILE_BYTES_MAX >> 10} KB", where=path)
    return pins_from_toml(content, path)


def pins_from_toml(content: bytes, place: str) -> PinsFile:
    """What a file's content says; place names it in errors. InvalidInput P102 to P105."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as problem:
        raise InvalidInput("P102", f"the file of pins is not TOML: {str(problem)[:200]}", where=place) from None
    top = _checked(document, _TOP, place)
    entries = [
        _entry(f"{way}-{table.get('kind')}" if isinstance(table.get("kind"), str) else way, table, f"{place}, {way} {number}")
        for way in ("input", "output") for number, table in enumerate(top[way], 1)
    ]
    if top["stop"] is not None:
        entries.append(_entry("stop", top["stop"], f"{place}, stop"))
    return PinsFile(top["board"], top["failsafe_ms"], top["needs_host"], tuple(entries))


def _entry(kind: str, table: Mapping[str, Any], place: str) -> PinEntry:
    if kind not in KEYS:
        way, _, _ = kind.partition("-")
        names = ", ".join(name.removeprefix(way + "-") for name in KEYS if name.startswith(way + "-"))
        code = "P105" if "kind" in table else "P104"
        raise InvalidInput(code, f"'kind' must be one of {names}", where=place)
    values = _checked(table, KEYS[kind], place)
    pin, area = values.pop("pin"), values.pop("area", "")
    x, y, z = values.pop("voxels", (0, 0, 0))
    values.pop("kind", None)
    return PinEntry(kind, pin, area, (x, y, z), MappingProxyType(values), place)


def _checked(table: Mapping[str, Any], keys: Mapping[str, tuple[Check, Any]], place: str) -> dict[str, Any]:
    """All keys with their values or defaults."""
    for key in table:
        if key not in keys:
            raise InvalidInput("P103", f"there is no key {key[:60]!r} here; there are {', '.join(keys)}", where=place)
    out = {}
    for key, ((want, accept), default) in keys.items():
        if key not in table:
            if default is REQUIRED:
                raise InvalidInput("P104", f"the key {key!r} is missing", where=place)
            out[key] = default
            continue
        if not accept(table[key]):
            raise InvalidInput("P105", f"{key!r} must be {want}, not {str(table[key])[:60]!r}", where=place)
        out[key] = table[key]
    return out
