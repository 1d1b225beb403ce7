"""NOR flash in memory that can lose power in the middle of any operation, reorder what is pending, and rot."""

from __future__ import annotations

import random
from dataclasses import dataclass

BLOCK = 4096
PAGE = 256


class PowerCut(Exception):
    """The power failed; what the flash holds now is what the next boot finds."""


@dataclass(frozen=True)
class Tear:
    """What the operation leaves behind that the cut falls into.

    kind: "before" nothing happened, "after" all of it, "prefix" the first `size` bytes, "suffix" all but those,
    "bits" a random half of the bits; of an erase also "zeros" (cells are cleared before they are set) and "hole" (only the
    8 bytes from `size` on are erased, such as the marks of a record)."""

    kind: str
    size: int = 0
    seed: int = 0


class FakeFlash:
    """A region as the firmware wants it. content: what a cut left behind, else erased.

    cut_at: number of the operation (erase or program, from 0) that the power cut falls into.
    cached: programs of one block stay pending until another block is written or one is erased; at a cut any of them may be
    lost or torn. Wrong use (over the end of a page, not aligned) is an AssertionError."""

    block = BLOCK
    page = PAGE

    def __init__(self, size: int, content: bytes | None = None, *, cut_at: int = -1, tear: Tear | None = None,
                 cached: bool = False) -> None:
        assert size % BLOCK == 0
        self.size = size
        self.content = bytearray(content if content is not None else b"\xff" * size)
        self.cut_at = cut_at
        self.tear = tear or Tear("before")
        self.cached = cached
        self.operations = 0
        self.dead = False
        self._durable = bytearray(self.content)
        self._pending: list[tuple[int, bytes]] = []

    def read(self, offset: int, size: int) -> bytes:
        assert 0 <= offset <= offset + size <= self.size
        self._require_power()
        return bytes(self.content[offset : offset + size])

    def address(self, offset: int) -> None:
        return None

    def check(self) -> None:
        """The region is always ours."""

    def erase(self, offset: int) -> None:
        assert offset % BLOCK == 0
        assert 0 <= offset < self.size
        self._require_power()
        self._settle()
        self._operate(offset, b"\xff" * BLOCK, erase=True)
        self._settle()

    def program(self, offset: int, data: bytes | memoryview) -> None:
        data = bytes(data)
        assert data
        assert offset // PAGE == (offset + len(data) - 1) // PAGE, "a program crosses the end of a page"
        self._require_power()
        if self._pending and self._pending[0][0] // BLOCK != offset // BLOCK:
            self._settle()
        wanted = bytes(a & b for a, b in zip(self.content[offset : offset + len(data)], data, strict=True))
        self._operate(offset, wanted, erase=False)

    def _operate(self, offset: int, wanted: bytes, *, erase: bool) -> None:
        if self.operations == self.cut_at:
            self.dead = True
            if self.cached:
                self._lose_some(random.Random(self.tear.seed))
            else:
                self._durable = self.content
            torn(self._durable, offset, wanted, self.tear, erase)
            raise PowerCut
        self.operations += 1
        self.content[offset : offset + len(wanted)] = wanted
        self._pending.append((offset, wanted))

    def _settle(self) -> None:
        if self.cached and self._pending:
            self._durable[:] = self.content
        self._pending.clear()

    def _lose_some(self, chance: random.Random) -> None:
        """Pending programs reach the cells in any order or not at all: their bits are cleared for some, not for others."""
        for offset, data in chance.sample(self._pending, chance.randint(0, len(self._pending))):
            for i, byte in enumerate(data):
                self._durable[offset + i] &= byte

    def _require_power(self) -> None:
        if self.dead:
            raise PowerCut

    def after_power_cut(self) -> bytes:
        """What the cells hold."""
        return bytes(self._durable if self.dead else self.content)

    def rot(self, bit: int) -> None:
        """One bit changes by itself."""
        self.content[bit // 8] ^= 1 << bit % 8


def torn(cells: bytearray, offset: int, wanted: bytes, tear: Tear, erase: bool) -> None:
    """Does part of one operation to the cells. wanted: what all of it would have left."""
    size = len(wanted)
    before = bytes(cells[offset : offset + size])
    if tear.kind == "after":
        left = wanted
    elif tear.kind == "prefix":
        left = wanted[: tear.size] + before[tear.size :]
    elif tear.kind == "suffix":
        left = before[: tear.size] + wanted[tear.size :]
    elif tear.kind == "bits":
        mask = random.Random(tear.seed).randbytes(size)
        left = bytes((b & ~m) | (w & m) for b, w, m in zip(before, wanted, mask, strict=True))
    elif tear.kind == "hole" and erase:
        left = before[: tear.size] + wanted[tear.size : tear.size + 8] + before[tear.size + 8 :]
    elif tear.kind == "zeros" and erase:
        left = bytes(size)
    else:
        left = before
    cells[offset : offset + size] = left
