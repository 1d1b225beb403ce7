"""What a picture is made of, in the units of what is drawn (metres, y upwards). The terminal and the animation draw the same."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True)
class Path:
    """A line through points. closed: back to the first, and filled; width: 0 is as thin as the medium can."""

    points: tuple[Point, ...]
    colour: str = "ink"
    width: float = 0.0
    closed: bool = False


@dataclass(frozen=True)
class Disc:
    """A circle. filled: with its colour."""

    centre: Point
    radius: float
    colour: str = "ink"
    filled: bool = False


Shape = Path | Disc


@dataclass(frozen=True)
class Picture:
    """Shapes in drawing order within a frame. low, high: the corners of what is shown; caption: one line."""

    low: Point
    high: Point
    shapes: tuple[Shape, ...]
    caption: str = ""
