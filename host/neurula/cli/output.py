"""What a verb prints: one JSON object for scripts, or text and tables that no foreign name can garble."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console

    from neurula.genome import Problem

SCHEMA = 1  # of every JSON object; a change of meaning is a new number
PIPE_WIDTH = 140  # columns where standard output is no terminal
WARNINGS_SHOWN = 5


def print_json(answer: Mapping[str, Any]) -> None:
    """One line: the answer with the schema's number in front and "ok", true unless it says otherwise."""
    import json

    print(json.dumps({"schema": SCHEMA, "ok": True, **answer}, allow_nan=False))


def printable(text: str) -> str:
    """The text without control characters, which could steer a terminal: files come from strangers."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def write_error(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def console() -> Console:
    """Standard output for tables: no markup, no emoji, wide enough in a pipe."""
    from rich.console import Console

    plain = Console(markup=False, emoji=False, highlight=False)
    return plain if plain.is_terminal else Console(markup=False, emoji=False, highlight=False, width=PIPE_WIDTH)


def is_unicode(stream: TextIO | None = None) -> bool:
    """True where a stream, by default standard output, can show block characters."""
    return ((stream or sys.stdout).encoding or "").lower().startswith("utf")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """A table; a column whose name begins with > is aligned to the right."""
    from rich import box
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left", overflow="fold")
    for row in rows:
        table.add_row(*(printable(cell) for cell in row))
    console().print(table)


def say(text: str) -> None:
    """A line of text for a person."""
    print(printable(text))


def counted(number: int, noun: str) -> str:
    """ "1 area", "13,845 neurons"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def problems_json(problems: Iterable[Problem]) -> list[dict[str, str | int]]:
    """With the line of the file where it is known."""
    return [
        {"code": p.code, "severity": p.severity, "path": p.path, "message": p.message, "remedy": p.remedy}
        | ({"line": p.line} if p.line else {})
        for p in problems
    ]


def warn_of(problems: Sequence[Problem]) -> None:
    """The first few problems on standard error, and where to read the others."""
    lines = [
        f"{p.severity} {p.code}: {p.message}" + (f" (at {p.path})" if p.path else "") for p in problems[:WARNINGS_SHOWN]
    ]
    if len(problems) > WARNINGS_SHOWN:
        lines.append(f"... and {len(problems) - WARNINGS_SHOWN} more: --json lists them all")
    if lines:
        write_error("\n".join(printable(line) for line in lines))
