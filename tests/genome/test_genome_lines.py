"""The line of a JSON pointer is the line at which a person finds it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from neurula.genome.limits import LINES_TEXT_MAX
from neurula.genome.lines import lines_of
from neurula.genome.problems import pointer

scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6)
documents = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4))


def expected(node: Any, line: int, steps: tuple[Any, ...], found: dict[str, int]) -> int:
    """Lines of all places in the text that json.dumps(indent=1) writes: an entry a line; returns the line of the end."""
    found[pointer(*steps)] = line
    if not isinstance(node, (dict, list)) or not node:
        return line
    for step, child in node.items() if isinstance(node, dict) else enumerate(node):
        line = expected(child, line + 1, (*steps, step), found)
    return line + 1


@given(documents, st.sampled_from(["", "\n", " \r\n\t\n"]))
def test_every_place_of_a_document_has_its_line(document: Any, before: str) -> None:
    found: dict[str, int] = {}
    expected(document, 1 + before.count("\n"), (), found)
    text = before + json.dumps(document, indent=1)
    assert lines_of(text, found) == found
    for place, line in list(found.items())[:3]:
        assert lines_of(text, [place]) == {place: line}


def test_a_place_that_there_is_not_has_the_line_of_the_one_around_it() -> None:
    text = '{\n"a": {\n"b": [1,\n2]}}'
    assert lines_of(text, ["/a/x", "/a/b/7/c", "/y", "/a/b/1", ""]) == {"/a/x": 2, "/a/b/7/c": 3, "/y": 1, "/a/b/1": 4, "": 1}


def test_of_a_key_that_is_written_twice_the_last_one_counts() -> None:
    assert lines_of('{"a": 1,\n"b": 2,\n"a": 3}', ["/a"]) == {"/a": 3}


def test_nobody_looks_for_lines_in_a_text_that_nobody_reads() -> None:
    assert lines_of('{"a": "' + "x" * LINES_TEXT_MAX + '"}', ["/a"]) == {}
