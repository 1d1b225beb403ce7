"""A folder in memory that loses power in the middle of any operation, and what the next start may find then."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product


class PowerCut(Exception):
    """The power failed."""


class CutFiles:
    """Files whose operation number `cut_at` (from 0) is cut, `part` of it done: 0 nothing, 1 half (of an append), 2 all.

    Names and contents have two lives: what a reader sees now, and what is certain. `after_cut` gives every folder that may
    be found: of each file that was not synced nothing, half or all, and any selection of the names that were not synced."""

    def __init__(self, certain: dict[str, bytes] | None = None, *, cut_at: int = -1, part: int = 0) -> None:
        self._files: dict[int, bytes] = {}  # by number, as a reader sees them
        self._certain_files: dict[int, bytes] = {}
        self._names: dict[str, int] = {}
        self._certain_names: dict[str, int] = {}
        self._pending: list[tuple[str, str]] = []  # (name, new name or "" for removed, or the name itself for created)
        for number, (name, data) in enumerate((certain or {}).items()):
            self._files[number] = self._certain_files[number] = data
            self._names[name] = self._certain_names[name] = number
        self._free = len(self._files)
        self.operations = 0
        self._cut_at, self._part = cut_at, part

    def names(self) -> list[str]:
        return sorted(self._names)

    def read(self, name: str) -> bytes:
        return self._files[self._names[name]]

    def create(self, name: str) -> None:
        if self._begins():
            if name in self._names:  # the same file, emptied
                self._files[self._names[name]] = b""
            else:
                self._files[self._free] = b""
                self._names[name] = self._free
                self._pending.append((name, name))
                self._free += 1
        self._ends()

    def append(self, name: str, data: bytes) -> None:
        if self._begins():
            half = self.operations == self._cut_at + 1 and self._part == 1
            self._files[self._names[name]] += data[: len(data) // 2] if half else data
        self._ends()

    def sync(self, name: str) -> None:
        if self._begins():
            self._certain_files[self._names[name]] = self._files[self._names[name]]
        self._ends()

    def rename(self, name: str, new: str) -> None:
        if self._begins():
            self._names[new] = self._names.pop(name)
            self._pending.append((name, new))
        self._ends()

    def remove(self, name: str) -> None:
        if self._begins():
            del self._names[name]
            self._pending.append((name, ""))
        self._ends()

    def sync_folder(self) -> None:
        if self._begins():
            self._certain_names = dict(self._names)
            self._pending.clear()
        self._ends()

    def after_cut(self) -> Iterator[dict[str, bytes]]:
        numbers = sorted({*self._names.values(), *self._certain_names.values()})
        open_ones = [n for n in numbers if self._files[n] != self._certain_files.get(n)]
        for happened in product((False, True), repeat=len(self._pending)):
            names = self._names_after(happened)
            for kept in product(range(3), repeat=len(open_ones)):
                files = {n: self._certain_files.get(n, b"") for n in numbers}
                for number, much in zip(open_ones, kept, strict=True):
                    data = self._files[number]
                    files[number] = (self._certain_files.get(number, b""), data[: len(data) // 2], data)[much]
                yield {name: files[number] for name, number in names.items()}

    def _names_after(self, happened: tuple[bool, ...]) -> dict[str, int]:
        """Names after those pending changes that reached the folder; a name that never came cannot go."""
        names = dict(self._certain_names)
        numbers = dict(self._certain_names)  # where each name of the folder's history led
        for (name, new), did in zip(self._pending, happened, strict=True):
            if name == new:
                numbers[name] = self._number_of(name)
            number = numbers.get(name)
            if new and new != name and number is not None:
                numbers[new] = number
            if not did or number is None:
                continue
            if name != new:
                names.pop(name, None)
            if new:
                names[new] = number
        return names

    def _number_of(self, created: str) -> int:
        """The file that was made under this name, whatever it is called now."""
        moved = {old: new for old, new in self._pending if new and new != old}
        return self._names.get(created, self._names.get(moved.get(created, created), self._free - 1))

    def _begins(self) -> bool:
        self.operations += 1
        return self.operations != self._cut_at + 1 or self._part > 0

    def _ends(self) -> None:
        if self.operations == self._cut_at + 1:
            raise PowerCut
