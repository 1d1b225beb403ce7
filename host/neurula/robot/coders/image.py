"""Pictures and dense blocks of numbers: as many voxels as there are values. Arrays are NumPy's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurula.robot.coders.voxels import Size, Voxel, inside

WHITE = 255.0
DARK = 1  # pixels up to here fire nothing, as in FEAGI
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of bytes, height x width x colours, its first row on top. Pixel (row, column) is voxel (column, height - 1 - row, colour).

    full: the potential of a white pixel; FEAGI's is 255. A brain that shows a picture by the share of neurons that fire has 1.
    """

    width: int
    height: int
    colours: int = 1
    full: float = WHITE

    @property
    def size(self) -> Size:
        return self.width, self.height, self.colours

    def encode(self, value: ArrayLike) -> list[Voxel]:
        pixels = self.shaped(value)
        rows, columns, colours = np.nonzero(pixels > DARK)
        potentials = pixels[rows, columns, colours] * (self.full / WHITE)
        ys = self.height - 1 - rows
        return list(zip(columns.tolist(), ys.tolist(), colours.tolist(), potentials.tolist(), strict=True))

    def decode(self, voxels: Iterable[Voxel], held: Any = None) -> Any:
        fired = list(inside(voxels, self.size))
        if not fired:
            return held
        pixels = np.zeros((self.height, self.width, self.colours), np.uint8)
        for x, y, z, p in fired:
            pixels[self.height - 1 - y, x, z] = round(min(p / self.full, 1.0) * WHITE)
        return pixels

    def shaped(self, value: ArrayLike) -> Picture:
        """The picture with its three axes. ValueError if its size is another."""
        pixels = np.asarray(value)
        if pixels.ndim == 2:
            pixels = pixels[:, :, None]
        wanted = (self.height, self.width, self.colours)
        if pixels.shape != wanted:
            raise ValueError(f"a picture of {wanted} (height, width, colours) belongs here, not one of {pixels.shape}")
        clipped: Picture = np.clip(pixels, 0, WHITE).astype(np.uint8)
        return clipped


@dataclass(frozen=True, slots=True)
class ChangedPixels:
    """A picture by what has changed since the one before (FEAGI's incremental frames). previous: that one, or None at first.

    A pixel is sent when it moved by more than `threshold`; one that went dark is sent as the darkest that can be told from silence.
    """

    image: Image
    threshold: int = 0

    @property
    def size(self) -> Size:
        return self.image.size

    def encode(self, value: ArrayLike, previous: ArrayLike | None = None) -> list[Voxel]:
        if previous is None:
            return self.image.encode(value)
        new, old = self.image.shaped(value), self.image.shaped(previous)
        moved = np.abs(new.astype(np.int16) - old) > self.threshold
        return self.image.encode(np.where(moved, np.maximum(new, DARK + 1), 0))

    def decode(self, voxels: Iterable[Voxel], held: Any = None) -> Any:
        found = self.image.decode(voxels)
        if found is None or held is None:
            return held if found is None else found
        return np.where(found > 0, found, self.image.shaped(held)).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Block:
    """Numbers from -1 to 1 (FEAGI's misc data), width x height x depth, each the potential of its voxel.

    What is 0 fires nothing. A negative potential inhibits; as only what fires can be read, a brain shows positive ones.
    """

    width: int
    height: int
    depth: int

    @property
    def size(self) -> Size:
        return self.width, self.height, self.depth

    def encode(self, value: ArrayLike) -> list[Voxel]:
        numbers = np.asarray(value, dtype=np.float64).reshape(self.size)
        numbers = np.clip(np.nan_to_num(numbers), -1.0, 1.0)
        places = np.nonzero(numbers)
        return list(zip(*(axis.tolist() for axis in places), numbers[places].tolist(), strict=True))

    def decode(self, voxels: Iterable[Voxel], held: Any = None) -> Any:
        w, h, d = self.size
        fired = [v for v in voxels if 0 <= v[0] < w and 0 <= v[1] < h and 0 <= v[2] < d and v[3] == v[3] and v[3]]
        if not fired:
            return held
        numbers = np.zeros(self.size)
        for x, y, z, p in fired:
            numbers[x, y, z] = min(1.0, max(-1.0, p))
        return numbers


@dataclass(frozen=True, slots=True)
class Classes:
    """A picture of classes (FEAGI's segmentation): height x width whole numbers, -1 = none. The voxel's z is the class."""

    width: int
    height: int
    classes: int

    @property
    def size(self) -> Size:
        return self.width, self.height, self.classes

    def encode(self, value: ArrayLike) -> list[Voxel]:
        classes = np.asarray(value).reshape(self.height, self.width)
        rows, columns = np.nonzero((classes >= 0) & (classes < self.classes))
        ys, found = self.height - 1 - rows, classes[rows, columns]
        return [(x, y, z, 1.0) for x, y, z in zip(columns.tolist(), ys.tolist(), found.tolist(), strict=True)]

    def decode(self, voxels: Iterable[Voxel], held: Any = None) -> Any:
        shares = np.zeros((self.height, self.width, self.classes))
        for x, y, z, p in inside(voxels, self.size):
            shares[self.height - 1 - y, x, z] = p
        if not shares.any():
            return held
        return np.where(shares.any(axis=2), shares.argmax(axis=2), -1)
