"""Segmented vision: a sharp centre where the gaze is, and eight tiles around it that see the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurula.robot.coders.image import Image, Picture
from neurula.robot.coders.voxels import Voxel, clamp

TILES = ("LL", "LM", "LR", "ML", "C", "MR", "UL", "UM", "UR")  # lower, middle, upper row; left, middle, right: FEAGI's order
CENTRE = TILES.index("C")
SIDE_MIN = 3  # pixels: one for each row and column of tiles
RED, GREEN, BLUE = 0.299, 0.587, 0.114  # ITU-R BT.601
Box = tuple[int, int, int, int]  # left, top, right, bottom; right and bottom excluded


@dataclass(frozen=True, slots=True)
class Gaze:
    """Where the centre looks: x to the right and y upwards from 0 to 1, and the part of the picture's longer way that it covers."""

    x: float = 0.5
    y: float = 0.5
    size: float = 0.5


@dataclass(frozen=True, slots=True)
class Vision:
    """Nine tiles in the order of TILES. The centre's aspect decides the aspect of what it covers."""

    tiles: tuple[Image, ...]

    def boxes(self, width: int, height: int, gaze: Gaze) -> list[Box]:
        """What each tile sees of a picture: together all of it, nothing twice. ValueError below 3 x 3 pixels."""
        if width < SIDE_MIN or height < SIDE_MIN:
            raise ValueError(f"nine tiles need a picture of {SIDE_MIN} x {SIDE_MIN} pixels at least, not {width} x {height}")
        centre = self.tiles[CENTRE]
        longer = max(centre.width, centre.height)
        size = clamp(gaze.size, 0, 1)
        left, right = span(width, clamp(gaze.x, 0, 1), size * centre.width / longer)
        top, bottom = span(height, 1 - clamp(gaze.y, 0, 1), size * centre.height / longer)
        columns = ((0, left), (left, right), (right, width))
        rows = ((bottom, height), (top, bottom), (0, top))
        return [(x0, y0, x1, y1) for y0, y1 in rows for x0, x1 in columns]

    def split(self, picture: ArrayLike, gaze: Gaze) -> list[Picture]:
        """The nine small pictures of one large."""
        pixels = np.asarray(picture)
        if pixels.ndim == 2:
            pixels = pixels[:, :, None]
        if pixels.ndim != 3:
            raise ValueError("a picture has height, width and colours")
        boxes = self.boxes(pixels.shape[1], pixels.shape[0], gaze)
        return [
            coloured(resized(pixels[y0:y1, x0:x1], tile.width, tile.height), tile.colours)
            for tile, (x0, y0, x1, y1) in zip(self.tiles, boxes, strict=True)
        ]

    def encode(self, picture: ArrayLike, gaze: Gaze) -> list[list[Voxel]]:
        """The voxels of each tile."""
        return [tile.encode(part) for tile, part in zip(self.tiles, self.split(picture, gaze), strict=True)]

    def decode(self, voxels: Sequence[Sequence[Voxel]], held: Mapping[str, Picture] | None = None) -> dict[str, Picture | None]:
        """The nine small pictures by the names of TILES."""
        before = held or {}
        return {
            name: tile.decode(fired, before.get(name))
            for name, tile, fired in zip(TILES, self.tiles, voxels, strict=True)
        }


def span(length: int, place: float, share: float) -> tuple[int, int]:
    """First and one past the last pixel of a part that covers a share of a side; a pixel stays free at both ends."""
    covered = min(max(round(length * share), 1), length - 2)
    first = 1 + round((length - 2 - covered) * place)
    return first, first + covered


def resized(picture: NDArray[np.generic], width: int, height: int) -> NDArray[np.float64]:
    """A picture of another size: each pixel is the mean of those that it covers."""
    pixels = picture.astype(np.float64)
    for axis, length in ((0, height), (1, width)):
        have = pixels.shape[axis]
        first = np.arange(length) * have // length
        past = np.append(first[1:], have)
        covered = np.maximum(past - first, 1)
        shape = [1, 1, 1]
        shape[axis] = length
        pixels = np.add.reduceat(pixels, first, axis=axis) / covered.reshape(shape)
    return pixels


def coloured(picture: NDArray[np.float64], colours: int) -> Picture:
    """The picture with so many colours: grey from three, three times grey from one, else the first ones, black where there are none."""
    have = picture.shape[2]
    if colours == 1 and have >= 3:
        picture = (picture[:, :, :3] @ np.array([RED, GREEN, BLUE]))[:, :, None]
    elif have == 1:
        picture = np.repeat(picture, colours, axis=2)
    elif have < colours:
        picture = np.pad(picture, ((0, 0), (0, 0), (0, colours - have)))
    return np.clip(np.rint(picture[:, :, :colours]), 0, 255).astype(np.uint8)
