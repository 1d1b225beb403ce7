"""Pictures in the terminal: braille characters of two by four dots each."""

from __future__ import annotations

import itertools
import math

from rich.text import Text

from examples.bodies.shapes import Disc, Path, Picture, Point

STYLES = {"ink": "white", "wall": "bright_black", "robot": "cyan", "sense": "yellow", "trail": "blue", "line": "magenta"}
BLANK = 0x2800
BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a cell's dots, by row and column
CORNERS = 24  # of a circle


class Canvas:
    """Dots over the frame of a picture, the last colour in each cell. columns: characters across; the height follows from the frame."""

    def __init__(self, picture: Picture, columns: int) -> None:
        (left, low), (right, high) = picture.low, picture.high
        self._scale = (2 * columns - 1) / (right - left)  # dots per unit
        self._left, self._high = left, high
        self.columns, self.rows = columns, max(1, math.ceil(((high - low) * self._scale + 1) / 4))
        self._dots = [[0] * columns for _ in range(self.rows)]
        self._styles = [[""] * columns for _ in range(self.rows)]
        for shape in picture.shapes:
            if isinstance(shape, Path):
                self._path(shape)
            else:
                self._disc(shape)
        self._caption = picture.caption

    def _dot(self, x: int, y: int, style: str) -> None:
        column, row = x >> 1, y >> 2
        if 0 <= column < self.columns and 0 <= row < self.rows:
            self._dots[row][column] |= BITS[y & 3][x & 1]
            self._styles[row][column] = style

    def _place(self, point: Point) -> Point:
        return (point[0] - self._left) * self._scale, (self._high - point[1]) * self._scale

    def _line(self, start: Point, end: Point, width: float, style: str) -> None:
        """A line in dots, several beside each other where it is wide."""
        (x0, y0), (x1, y1) = start, end
        steps = max(1, math.ceil(max(abs(x1 - x0), abs(y1 - y0))))
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        across, up = -(y1 - y0) / length, (x1 - x0) / length
        lanes = max(1, round(width))
        for lane in range(lanes):
            aside = lane - (lanes - 1) / 2
            for i in range(steps + 1):
                t = i / steps
                self._dot(round(x0 + t * (x1 - x0) + aside * across), round(y0 + t * (y1 - y0) + aside * up), style)

    def _path(self, path: Path) -> None:
        points = [self._place(point) for point in path.points]
        if path.closed:
            points.append(points[0])
        for start, end in itertools.pairwise(points):
            self._line(start, end, path.width * self._scale, STYLES[path.colour])

    def _disc(self, disc: Disc) -> None:
        (x, y), radius = self._place(disc.centre), disc.radius * self._scale
        style = STYLES[disc.colour]
        ring = [(x + radius * math.cos(math.tau * i / CORNERS), y + radius * math.sin(math.tau * i / CORNERS)) for i in range(CORNERS + 1)]
        for start, end in itertools.pairwise(ring):
            self._line(start, end, 0, style)
        if disc.filled:
            for row in range(math.ceil(y - radius), math.floor(y + radius) + 1):
                half = math.sqrt(max(0.0, radius * radius - (row - y) ** 2))
                for column in range(math.ceil(x - half), math.floor(x + half) + 1):
                    self._dot(column, row, style)

    def lines(self) -> list[str]:
        """The picture without colours, and its caption."""
        return ["".join(chr(BLANK + dots) for dots in row) for row in self._dots] + [self._caption]

    def text(self) -> Text:
        """The picture with colours, for rich."""
        out = Text(no_wrap=True)
        for dots, styles in zip(self._dots, self._styles, strict=True):
            for dot, style in zip(dots, styles, strict=True):
                out.append(chr(BLANK + dot), style or None)
            out.append("\n")
        return out.append(self._caption)
