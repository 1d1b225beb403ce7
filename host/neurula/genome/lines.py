"""Where in the text of a file a JSON pointer stands. Parts that no pointer leads into are skipped at the parser's speed."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

from neurula.genome.limits import LINES_TEXT_MAX
from neurula.genome.pointers import steps_of

Steps = tuple[str, ...]
_SPACE = re.compile(r"[ \t\n\r]*")
_LINE_END = re.compile(r"\n")
_DECODER = json.JSONDecoder()


def lines_of(text: str, pointers: Iterable[str]) -> dict[str, int]:
    """Pointer -> line, from 1; a place that there is not has the line of the nearest one around it.

    text: valid JSON. Empty for text above LINES_TEXT_MAX, in which nobody looks for a line.
    """
    wanted = list(pointers)
    if len(text) > LINES_TEXT_MAX or not wanted:
        return {}
    tree: dict[str, Any] = {}
    for pointer in wanted:
        node = tree
        for step in steps_of(pointer):
            node = node.setdefault(step, {})
    ends = [match.start() for match in _LINE_END.finditer(text)]
    offsets: dict[Steps, int] = {}
    _find(text, _skip_space(text, 0), tree, (), offsets)
    lines = {}
    for pointer in wanted:
        steps = steps_of(pointer)
        while steps not in offsets:
            steps = steps[:-1]
        lines[pointer] = bisect_left(ends, offsets[steps]) + 1
    return lines


def _find(text: str, at: int, wanted: dict[str, Any], steps: Steps, offsets: dict[Steps, int]) -> int:
    """Notes where the value at `at` and the wanted ones inside it begin; returns where it ends."""
    offsets[steps] = at
    if not wanted or text[at] not in "[{":
        return _end_of(text, at)
    closing, index = ("}" if text[at] == "{" else "]"), 0
    at = _skip_space(text, at + 1)
    while text[at] != closing:
        begin, name = at, str(index)
        if closing == "}":
            name, at = _DECODER.raw_decode(text, at)
            at = _skip_space(text, _skip_space(text, at) + 1)
        index += 1
        inside = wanted.get(name)
        if inside is None:
            at = _end_of(text, at)
        else:
            here = (*steps, name)
            at = _find(text, at, inside, here, offsets)
            offsets[here] = begin
        at = _skip_space(text, at)
        if text[at] == ",":
            at = _skip_space(text, at + 1)
    return at + 1


def _end_of(text: str, at: int) -> int:
    return int(_DECODER.raw_decode(text, at)[1])


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
