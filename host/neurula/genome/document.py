"""Bytes of a file -> JSON document, within the limits. Everything that is wrong here ends as a GenomeError."""

from __future__ import annotations

import gc
import json
import math
import os
import re
from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from typing import Any, NoReturn

from neurula.errors import GenomeError
from neurula.genome.limits import FILE_BYTES_MAX, INTEGER_DIGITS_MAX, LINES_TEXT_MAX, NESTING_MAX, REPEATED_MAX
from neurula.genome.problems import pointer
from neurula.genome.values import refuse_number

_STRING = re.compile(rb'"[^"]*"?')
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_DEPTH_STEPS = [1 if byte in b"[{" else -1 for byte in range(256)]
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The bytes of the file, at most one more than FILE_BYTES_MAX, which is refused later. Raises GenomeError G101."""
    try:
        with open(path, "rb") as file:
            return file.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) and failure.strerror else str(failure)
        raise GenomeError(
            "G101", f"the file cannot be read: {reason}", where=str(path), remedy="Check the path and the permissions."
        ) from None


def decode_document(data: bytes, where: str = "") -> dict[str, Any]:
    """JSON text (UTF-8, byte order mark allowed) -> top-level object. Raises GenomeError G102 to G107."""
    if len(data) > FILE_BYTES_MAX:
        raise GenomeError(
            "G102",
            f"the text is larger than {FILE_BYTES_MAX} bytes",
            where=where,
            remedy="A genome describes areas and rules, not neurons: say the same by fewer patterns.",
        )
    text = decode_text(data, where)
    if _nesting_exceeds(data):
        _refuse_nesting(where)
    try:
        document = _parse(text)
    except json.JSONDecodeError as failure:
        place = f"{where}:{failure.lineno}:{failure.colno}"
        raise GenomeError(
            "G104", f"this is not JSON: {failure.msg}", where=place, remedy="Correct the text at this line and column."
        ) from None
    except RecursionError:
        _refuse_nesting(where)
    if _SURROGATE.search(data):
        _require_unicode(document, where)
    return require_object(document, where)


def _parse(text: str, make: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """A document has no cycles, so the collector, which would visit every list again and again, rests meanwhile."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_constant, object_pairs_hook=make)
    finally:
        if collecting:
            gc.enable()


def repeated_keys(text: str) -> list[tuple[str, str]]:
    """(JSON pointer, key) of every key that an object of the text has twice, at most REPEATED_MAX; the last one counts."""
    repeated: list[tuple[dict[str, Any], str]] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs) and len(repeated) < REPEATED_MAX:
            counts = Counter(key for key, _ in pairs)
            repeated.extend((made, key) for key, count in counts.items() if count > 1)
        return made

    if len(text) > LINES_TEXT_MAX:
        return []
    document = _parse(text, note)
    if not repeated:
        return []
    places = _places_of(document, {id(made) for made, _ in repeated})
    return [(places[id(made)] + pointer(key), key) for made, key in repeated if id(made) in places]


def _places_of(document: Any, wanted: set[int]) -> dict[int, str]:
    """Identity of a container -> its JSON pointer."""
    places: dict[int, str] = {}
    pending = [(document, "")]
    while pending:
        node, place = pending.pop()
        if id(node) in wanted:
            places[id(node)] = place
        children = node.items() if isinstance(node, dict) else enumerate(node)
        pending.extend((child, place + pointer(step)) for step, child in children if isinstance(child, (dict, list)))
    return places


def require_object(document: object, where: str = "") -> dict[str, Any]:
    """The document itself if it is an object with text keys. Raises GenomeError G107."""
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        raise GenomeError(
            "G107",
            "the top level of a genome is an object with a blueprint",
            where=where,
            remedy="Give a genome file as FEAGI saves it.",
        )
    return document


def require_shallow(document: object) -> None:
    """Raises GenomeError G105 if containers are nested deeper than NESTING_MAX, G107 if a key is not text."""
    level: list[Any] = [document]
    for _ in range(NESTING_MAX):
        level = [child for parent in level for child in _children(parent) if isinstance(child, (dict, list))]
        if not level:
            return
    _refuse_nesting("")


def _children(container: Any) -> Any:
    if isinstance(container, dict):
        require_object(container)
        return container.values()
    return container if isinstance(container, list) else ()


def decode_text(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        kind = "UTF-16" if data.startswith(_UTF16_MARKS) else "not UTF-8"
        raise GenomeError(
            "G103",
            f"the text is {kind} (byte {failure.start})",
            where=where,
            remedy="Save the file as UTF-8.",
        ) from None


def _nesting_exceeds(data: bytes) -> bool:
    """True if brackets nest deeper than NESTING_MAX. Linear time; whether they match is left to the parser."""
    outside = _STRING.sub(b"", data.replace(b"\\\\", b"").replace(b'\\"', b""))
    brackets = outside.translate(None, _NOT_BRACKETS)
    return max(accumulate(map(_DEPTH_STEPS.__getitem__, brackets)), default=0) > NESTING_MAX


def _integer(literal: str) -> int:
    if len(literal) > INTEGER_DIGITS_MAX:
        refuse_number(f"a number of {len(literal)} digits")
    return int(literal)


def _float(literal: str) -> float:
    value = float(literal)
    if math.isinf(value):
        refuse_number(f"{literal[:30]}, which is beyond what a float can hold,")
    return value


def _constant(literal: str) -> NoReturn:
    refuse_number(literal)


def _refuse_nesting(where: str) -> NoReturn:
    raise GenomeError(
        "G105",
        f"lists and objects are nested more than {NESTING_MAX} deep",
        where=where,
        remedy="No part of a genome needs this; look for a list that was wrapped again and again.",
    )


def _require_unicode(document: object, where: str) -> None:
    """Half of a surrogate pair can be escaped in JSON but never printed."""
    try:
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise GenomeError(
            "G103",
            "the text contains half of a surrogate pair (\\ud800 to \\udfff alone)",
            where=where,
            remedy="Remove the escape sequence.",
        ) from None
