"""Text, one token a burst, as binary digits along z."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from neurula.robot.coders.voxels import Size, Voxel, clamp, inside


@dataclass(frozen=True, slots=True)
class Token:
    """A whole number from 0 to 2^depth - 2, or None for silence. token + 1 is written with place 0 as its highest digit."""

    depth: int

    @property
    def size(self) -> Size:
        return 1, 1, self.depth

    def encode(self, value: Any) -> list[Voxel]:
        if value is None:
            return []
        code = int(clamp(int(value), 0, (1 << self.depth) - 2)) + 1
        return [(0, 0, z, 1.0) for z in range(self.depth) if code >> (self.depth - 1 - z) & 1]

    def decode(self, voxels: Iterable[Voxel], held: Any = None) -> Any:
        places = {z for _, _, z, _ in inside(voxels, self.size)}
        code = sum(1 << (self.depth - 1 - z) for z in places)
        return code - 1 if code else None


def tokens_of(text: str) -> list[int]:
    """The tokens of a text: its UTF-8 bytes."""
    return list(text.encode("utf-8"))


def text_of(tokens: Iterable[int]) -> str:
    """The text of tokens that are UTF-8 bytes; what is none shows as a replacement character."""
    return bytes(token if 0 <= token < 256 else 0xFF for token in tokens).decode("utf-8", "replace")
