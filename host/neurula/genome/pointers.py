"""JSON pointers (RFC 6901): the value that one names, and a document changed at one without touching the original."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_RULE_PAD = 1  # what stands in a rule's array between what is written and a later field: its defaults


def steps_of(pointer: str) -> tuple[str, ...]:
    """The keys and indices, as text."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def value_at(document: Any, pointer: str) -> Any:
    """What stands there; None where nothing does."""
    for step in steps_of(pointer):
        document = _child(document, step)
    return document


def _child(node: Any, step: str) -> Any:
    if isinstance(node, Mapping):
        return node.get(step)
    if isinstance(node, list) and step.isdigit() and int(step) < len(node):
        return node[int(step)]
    return None


class Patch:
    """A copy of a document, made as far as it is changed; `document` is the result.

    Changes raise LookupError where the place cannot be: a key of a list, an entry that there is not.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document: dict[str, Any] = dict(document)
        self._own = {id(self.document)}
        self._kept: list[Any] = [self.document]  # ids stay unique as long as their objects live

    def set(self, pointer: str, value: Any) -> None:
        """Writes a value; objects on the way that are missing are made, a list grows up to the index."""
        *way, last = steps_of(pointer)
        container = self._container(way)
        if isinstance(container, list):
            index = _index(last)
            container.extend([_RULE_PAD] * (index + 1 - len(container)))
            container[index] = value
        else:
            container[last] = value

    def remove(self, pointer: str) -> None:
        """Removes an entry of an object or an element of a list."""
        *way, last = steps_of(pointer)
        container = self._container(way)
        if isinstance(container, list):
            del container[_index(last)]
        else:
            del container[last]

    def comment(self, pointer: str) -> str:
        """Makes a comment of an entry: its key begins with / from then on. Returns the new key."""
        *way, last = steps_of(pointer)
        container = self._container(way)
        if not isinstance(container, dict) or last not in container:
            raise LookupError(pointer)
        key = "/" + last
        while key in container:
            key = "/" + key
        entries = [(key if name == last else name, value) for name, value in container.items()]
        container.clear()
        container.update(entries)
        return key

    def _container(self, way: list[str]) -> Any:
        """The object or list at the end of the way, every container on it a copy of its own."""
        node: Any = self.document
        for step in way:
            child = _child(node, step)
            if id(child) not in self._own:
                child = list(child) if isinstance(child, list) else dict(child) if isinstance(child, Mapping) else {}
                self._own.add(id(child))
                self._kept.append(child)
                node[_index(step) if isinstance(node, list) else step] = child
            node = child
        return node


def _index(step: str) -> int:
    if not step.isdigit():
        raise LookupError(step)
    return int(step)
