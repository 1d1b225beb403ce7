"""What a camera looks at: a bright blob that wanders over a dim, noisy wall; or what a real camera or a film shows."""

from __future__ import annotations

import math
import random
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from examples.bodies.shapes import Point

Pixels = NDArray[np.uint8]
WIDTH, HEIGHT = 48, 36  # pixels of the whole scene
FRAME_S = 0.04
BLOB_PIXELS, BRIGHTEST = 1.8, 250  # radius of the blob; its grey value
WALL_MAX, BLACK = 70, 64  # noise of the wall; grey values below this are black, as cameras are set
PATCHES, PATCH_PIXELS, PATCH_GREY = 6, 4, 70  # dim patches on the wall that are not meant
SPARKLE = 0.002  # share of pixels that glare for one frame: noise of the camera


class Scene(Protocol):
    """Frames of HEIGHT x WIDTH grey values, the first row on top."""

    def frame(self, number: int) -> Pixels: ...

    def target(self, number: int) -> Point:
        """Column and row of what should be looked at."""
        ...


class WanderingBlob:
    """The scene of a seed: the same frames each time, in whatever order they are asked for."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self._seed = seed
        self._waves = [(chance.uniform(0.15, 0.5), chance.uniform(0, math.tau)) for _ in range(4)]  # radians a second, phase
        self._wall = np.zeros((HEIGHT, WIDTH))
        for _ in range(PATCHES):
            x, y = chance.randrange(WIDTH - PATCH_PIXELS), chance.randrange(HEIGHT - PATCH_PIXELS)
            self._wall[y : y + PATCH_PIXELS, x : x + PATCH_PIXELS] = PATCH_GREY
        self._last = (-1, np.zeros((HEIGHT, WIDTH), np.uint8))
        self._rows, self._columns = np.mgrid[0:HEIGHT, 0:WIDTH]

    def target(self, number: int) -> Point:
        t = number * FRAME_S
        across, along, up, down = (math.sin(rate * t + phase) for rate, phase in self._waves)
        margin = BLOB_PIXELS + 2
        x = WIDTH / 2 + (WIDTH / 2 - margin) * (across + along) / 2
        return x, HEIGHT / 2 + (HEIGHT / 2 - margin) * (up + down) / 2

    def frame(self, number: int) -> Pixels:
        if self._last[0] == number:
            return self._last[1]
        noise = np.random.default_rng((self._seed, number))
        picture = self._wall + noise.integers(0, WALL_MAX, (HEIGHT, WIDTH))
        picture[picture < BLACK] = 0
        x, y = self.target(number)
        near = (self._columns - x) ** 2 + (self._rows - y) ** 2 <= BLOB_PIXELS**2
        sparkle = noise.random((HEIGHT, WIDTH)) < SPARKLE
        picture[near | sparkle] = BRIGHTEST
        self._last = (number, picture.astype(np.uint8))
        return self._last[1]


class CameraScene:
    """A real camera, a film or a numbered series of pictures, through OpenCV, as often as frames are asked for.

    source: number of the camera or path of the file. The target is the brightest place. SystemExit if there is nothing to see.
    """

    def __init__(self, source: int | str) -> None:
        try:
            import cv2
        except ImportError:
            raise SystemExit("A camera needs OpenCV: pip install opencv-python-headless") from None
        self._cv2: Any = cv2
        self._capture: Any = cv2.VideoCapture(source)
        if not self._capture.isOpened():
            raise SystemExit(f"There is no camera or film {source!r}.")
        self._last = (-1, np.zeros((HEIGHT, WIDTH), np.uint8))

    def frame(self, number: int) -> Pixels:
        """The next frame when the number has gone up; a film that is over stands still."""
        while self._last[0] < number:
            good, picture = self._capture.read()
            if not good:
                self._last = (number, self._last[1])
                break
            grey = self._cv2.cvtColor(picture, self._cv2.COLOR_BGR2GRAY)
            self._last = (self._last[0] + 1, self._cv2.resize(grey, (WIDTH, HEIGHT), interpolation=self._cv2.INTER_AREA))
        return self._last[1]

    def target(self, number: int) -> Point:
        blurred = self._cv2.GaussianBlur(self.frame(number), (5, 5), 0)
        _, _, _, (x, y) = self._cv2.minMaxLoc(blurred)
        return float(x), float(y)
