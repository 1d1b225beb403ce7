"""What the target form has no place for, kept in the document under a key of its own until the way back."""

from __future__ import annotations

from typing import Any

from neurula.genome.problems import ProblemLog, quote

KEY = "neurula"


class Aside:
    """Tables by name. Takes the key out of the document; `put_back` writes what is left into it."""

    def __init__(self, document: dict[str, Any], log: ProblemLog) -> None:
        written = document.get(KEY)
        self._foreign = KEY in document and not isinstance(written, dict)
        self._tables: dict[str, Any] = dict(written) if isinstance(written, dict) else {}
        self._document = document
        self._log = log

    def table(self, name: str) -> dict[str, Any]:
        """A copy of one table; empty if there is none."""
        table = self._tables.get(name)
        return dict(table) if isinstance(table, dict) else {}

    def replace(self, name: str, table: dict[str, Any]) -> None:
        """Writes a table anew; an empty one is removed."""
        self._tables.pop(name, None)
        if table:
            self._tables[name] = table

    def keep(self, name: str, key: str, value: Any, place: str) -> None:
        """Adds an entry and says so. place: JSON pointer of where it stood."""
        self.replace(name, self.table(name) | {key: value})
        self._log.warn("G301", place, f"{quote(key)} has no place in this form; it is kept under /{KEY}/{name}")

    def put_back(self) -> None:
        if self._foreign:
            return
        self._document.pop(KEY, None)
        if self._tables:
            self._document[KEY] = self._tables
