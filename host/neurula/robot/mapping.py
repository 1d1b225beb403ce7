"""robot.toml: the sensors and motors of a body, by name. Read and checked for form here; against a brain in binding.py."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from neurula.errors import InvalidInput
from neurula.robot.coders import Size
from neurula.robot.families import CODINGS
from neurula.robot.kinds import BOTH, kinds

FILE_BYTES_MAX = 128 << 10
LINE_CHARS_MAX = 400  # a key of many dots costs a TOML reader the square of their number
DEVICES_MAX = 1024
CHANNEL_MAX = 65535
RATE_MAX_HZ = 1000
NUMBER_MAX = 1e9
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
TABLE = re.compile(r"\[([\w.\"' -]{1,200})\]")
SECTIONS = {"sensors": "sensor", "motors": "motor"}


@dataclass(frozen=True, slots=True)
class Device:
    """One sensor or motor as it is written; None: as its kind says. place: file and line, for messages.

    areas: ids of the areas by part of the kind; channel: which of several devices in one area; range: what means nothing and
    everything; size: of one channel along x, y, z. The lower fields are for motors: bursts of the read-out, the share of spikes
    that means everything, what a silent motor does, and its value then (None: that of silence). number: the body's own for it.
    """

    name: str
    kind: str
    way: str
    place: str
    areas: Mapping[str, str]
    channel: int = 0
    coding: str | None = None
    frame: str | None = None
    range: tuple[float, float] | None = None
    size: Size | None = None
    potential: float = 1.0
    rate_hz: float | None = None
    window: int | None = None
    full: float = 1.0
    when_silent: str = "neutral"
    neutral: float | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class RobotMapping:
    """A whole robot.toml. rate_hz: bursts in a second, None where the file leaves it to the brain; place: its path."""

    name: str
    place: str
    rate_hz: float | None
    devices: tuple[Device, ...] = field(default=())

    def device(self, name: str) -> Device:
        """KeyError for a name that there is not."""
        return next(device for device in self.devices if device.name == name)


Check = tuple[str, Callable[[Any], bool]]


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and abs(value) <= NUMBER_MAX


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def whole(low: int, high: int) -> Check:
    return f"a whole number from {low} to {high}", lambda v: is_whole(v) and low <= v <= high


def positive(high: float) -> Check:
    return f"a number above 0, up to {high:g}", lambda v: is_number(v) and 0 < v <= high


def choice(*names: str) -> Check:
    return f"one of {', '.join(names)}", lambda v: v in names


def is_areas(value: object) -> bool:
    texts = value.values() if isinstance(value, dict) and value else [value]
    return all(isinstance(text, str) and 0 < len(text) <= 200 for text in texts)


def is_range(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(is_number, value)) and value[0] != value[1]


def is_size(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(is_whole(v) and 1 <= v <= 4096 for v in value)


TEXT: Check = ("a line of text", lambda v: isinstance(v, str) and 0 < len(v) <= 200)
NUMBER: Check = ("a number", is_number)
EVERY = {
    "kind": TEXT,
    "area": ("the id of an area, or a table of ids by part", is_areas),
    "channel": whole(0, CHANNEL_MAX),
    "coding": choice(*CODINGS),
    "frame": choice(*BOTH),
    "range": ("two different numbers [nothing, everything]", is_range),
    "size": ("three whole numbers [x, y, z] from 1", is_size),
    "number": whole(0, (1 << 32) - 1),
}
KEYS: dict[str, dict[str, Check]] = {
    "robot": {"name": TEXT, "rate_hz": positive(RATE_MAX_HZ), "sensors": ("tables", lambda v: isinstance(v, dict)),
              "motors": ("tables", lambda v: isinstance(v, dict))},
    "sensor": {**EVERY, "potential": ("a number other than 0", lambda v: is_number(v) and v != 0), "rate_hz": positive(RATE_MAX_HZ)},
    "motor": {**EVERY, "window": whole(1, 1000), "full": positive(1), "when_silent": choice("neutral", "hold"), "neutral": NUMBER},
}  # fmt: skip


def read_mapping(path: str | Path) -> RobotMapping:
    """The file at a path. InvalidInput M101 to M107."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InvalidInput("M101", f"the robot's file cannot be read: {reason}", where=str(path)) from None
    if len(content) > FILE_BYTES_MAX:
        raise InvalidInput("M101", f"the robot's file is larger than {FILE_BYTES_MAX >> 10} KB", where=str(path))
    return parse_mapping(content, str(path))


def parse_mapping(content: bytes, place: str = "robot.toml") -> RobotMapping:
    """What a file's content says; place names it in messages. InvalidInput M102 to M107."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        text = content.decode("utf-8")
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > LINE_CHARS_MAX:
                raise ValueError(f"line {number} has more than {LINE_CHARS_MAX} characters")
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise InvalidInput("M102", f"the robot's file is not TOML: {str(problem)[:200]}", where=place) from None
    lines = Lines(text, place)
    check_keys(document, "robot", (), lines)
    devices = [
        read_device(name, table, (section, name), way, lines)
        for section, way in SECTIONS.items()
        for name, table in document.get(section, {}).items()
    ]
    if len(devices) > DEVICES_MAX:
        raise InvalidInput("M105", f"a robot has {DEVICES_MAX} devices at most; this one has {len(devices):,}", where=place)
    seen: dict[str, str] = {}
    for device in devices:
        if device.name in seen:
            raise InvalidInput("M107", f"the name {device.name!r} is taken ({seen[device.name]})", where=device.place)
        seen[device.name] = device.place
    rate = document.get("rate_hz")
    return RobotMapping(document.get("name", "robot"), place, None if rate is None else float(rate), tuple(devices))


def read_device(name: str, table: Any, path: tuple[str, ...], way: str, lines: Lines) -> Device:
    """One table of a device."""
    place = lines.place(path)
    if not NAME.fullmatch(name):
        raise InvalidInput("M107", f"{name[:70]!r} is no name: letters, digits and _ make one, and it begins with no digit", where=place)
    if not isinstance(table, dict):
        raise InvalidInput("M105", f"{name!r} must be a table: [{path[0]}.{name}]", where=place)
    if "kind" not in table:
        raise InvalidInput("M104", f"{name!r} has no kind", where=place, remedy='Write kind = "..."; `neurula robot kinds` lists them.')
    check_keys(table, way, path, lines)
    known = kinds().get(table["kind"])
    if known is None or known.way != way:
        raise unknown_kind(table["kind"], way, lines.place((*path, "kind")))
    values = {key: table[key] for key in table.keys() - {"kind", "area", "range", "size"}}
    for key in ("potential", "rate_hz", "full", "neutral"):
        if key in values:
            values[key] = float(values[key])
    if "range" in table:
        low, high = table["range"]
        values["range"] = (float(low), float(high))
    if "size" in table:
        x, y, z = table["size"]
        values["size"] = (x, y, z)
    if values.get("frame", known.frames[0]) not in known.frames:
        raise InvalidInput("M105", f"a {known.name} is always {known.frames[0]}", where=lines.place((*path, "frame")))
    return Device(name, known.name, way, place, areas_of(table.get("area"), [part.name for part in known.parts], path, lines), **values)


def areas_of(written: Any, parts: list[str], path: tuple[str, ...], lines: Lines) -> dict[str, str]:
    """Area ids by part. InvalidInput M105 where the kind has other parts."""
    if written is None:
        return {}
    if isinstance(written, str) and len(parts) > 1:
        table = ", ".join(f'{part} = "..."' for part in parts)
        raise InvalidInput("M105", f"this kind has several areas: area = {{ {table} }}", where=lines.place((*path, "area")))
    areas = {parts[0]: written} if isinstance(written, str) else dict(written)
    for part in areas:
        if part not in parts:
            raise InvalidInput("M105", f"this kind has no part {part[:40]!r}, only {', '.join(parts)}", where=lines.place((*path, "area")))
    return areas


def unknown_kind(name: str, way: str, place: str) -> InvalidInput:
    """The error, with the kinds that were probably meant."""
    names = [kind.name for kind in kinds().values() if kind.way == way]
    like = get_close_matches(name, names, n=3) or names
    turned = " (that is a kind of the other table)" if name in kinds() else ""
    return InvalidInput("M106", f"there is no kind of {way} called {name[:60]!r}{turned}; perhaps {', '.join(like)}", where=place)


def check_keys(table: Mapping[str, Any], what: str, path: tuple[str, ...], lines: Lines) -> None:
    """Every key is one that a table of this sort has, and its value is of the right form. InvalidInput M103, M105."""
    keys = KEYS[what]
    for key, value in table.items():
        place = lines.place((*path, key))
        if key not in keys:
            like = get_close_matches(key, keys, n=1)
            hint = f"did you mean {like[0]!r}?" if like else f"there are {', '.join(keys)}"
            raise InvalidInput("M103", f"there is no key {key[:60]!r} here; {hint}", where=place)
        want, accept = keys[key]
        if not accept(value):
            raise InvalidInput("M105", f"{key!r} must be {want}, not {str(value)[:60]!r}", where=place)


class Lines:
    """On which lines of a TOML text keys and tables stand, as far as they are written on lines of their own."""

    def __init__(self, text: str, place: str) -> None:
        self._place = place
        self._numbers: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        for number, line in enumerate(text.splitlines(), 1):
            head, equals, _ = line.partition("=")
            head = head.strip()
            if match := TABLE.match(head):
                table = names_of(match[1])
                self._numbers.setdefault(table, number)
            elif equals and head:
                path = (*table, *names_of(head))
                for length in range(len(table) + 1, len(path) + 1):
                    self._numbers.setdefault(path[:length], number)

    def place(self, path: tuple[str, ...]) -> str:
        """File and line of a key, or of the table that it stands in."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._numbers:
                return f"{self._place}, line {self._numbers[path[:length]]}"
        return self._place


def names_of(dotted: str) -> tuple[str, ...]:
    """The names of a dotted key, without quotes."""
    return tuple(name.strip().strip("\"'") for name in dotted.split(".", 4))
