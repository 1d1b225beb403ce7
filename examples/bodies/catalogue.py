"""The bodies by name."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path

from examples.bodies.body import Body

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """One body. kind: its class in body.py of its folder; seconds: of a life; picture_s: between two pictures of an animation."""

    name: str
    kind: str
    seconds: float
    picture_s: float = 0.2

    @property
    def folder(self) -> Path:
        return HERE / self.name

    @property
    def genome(self) -> Path:
        """Of ours; the pioneer has none, it is for a genome of the community."""
        return self.folder / "genome.json"

    @property
    def robot(self) -> Path:
        """Which voxels its devices are."""
        return self.folder / "robot.toml"

    def make(self) -> Body:
        body: Body = getattr(importlib.import_module(f"examples.bodies.{self.name}.body"), self.kind)()
        return body

    def design(self) -> dict[str, object]:
        """The genome as its design.py says it."""
        module = importlib.import_module(f"examples.bodies.{self.name}.design")
        document: dict[str, object] = getattr(module, f"{self.name}_genome")()
        return document


CATALOGUE = {
    entry.name: entry
    for entry in (
        Entry("wall_avoider", "WallAvoider", 300.0, 0.4),
        Entry("line_follower", "LineFollower", 120.0, 0.2),
        Entry("cart_pole", "CartPole", 10.0, 0.06),
        Entry("swimmer", "Swimmer", 40.0, 0.2),
        Entry("gazer", "Gazer", 60.0, 0.2),
        Entry("pioneer", "Pioneer", 60.0, 0.4),
    )
}
DESIGNED = tuple(name for name in CATALOGUE if name != "pioneer")
