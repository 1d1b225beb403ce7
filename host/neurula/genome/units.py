"""Sensors and motors that a brain can have: the id of their area and the voxels that one of them needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurula.genome.model import Triple


@dataclass(frozen=True, slots=True)
class Unit:
    """size: voxels of one device. Signed values take two columns, positive and negative; z is the value, in steps."""

    id: str  # six characters; FEAGI's engine makes the eight bytes of the unit of it
    size: Triple
    meaning: str


INPUTS: Mapping[str, Unit] = {
    "infrared": Unit("i__inf", (1, 1, 10), "how much infrared light, 10 steps"),
    "proximity": Unit("i__pro", (1, 1, 10), "how near something is, 10 steps"),
    "shock": Unit("i__shk", (1, 1, 10), "how hard a shock is, 10 steps"),
    "battery": Unit("i__bat", (1, 1, 10), "how full the battery is, 10 steps"),
    "servo_position": Unit("i__svm", (1, 1, 10), "where a servo stands, 10 steps"),
    "analog": Unit("i__agp", (1, 1, 10), "an analog pin, 10 steps"),
    "digital": Unit("i__dgp", (1, 1, 1), "a digital pin, on or off"),
    "counter": Unit("i__cnt", (1, 1, 10), "a count, 10 steps"),
    "acceleration": Unit("i__acc", (6, 1, 10), "three signed axes, 10 steps each"),
    "orientation": Unit("i__gyq", (8, 1, 10), "a quaternion, four signed values, 10 steps each"),
    "camera": Unit("i__img", (16, 16, 1), "a picture, one voxel a pixel"),
    "vision_centre": Unit("iv00_C", (32, 32, 1), "the middle tile of a segmented picture"),
    "any_input": Unit("i__mis", (1, 1, 1), "whatever you put into it"),
}
OUTPUTS: Mapping[str, Unit] = {
    "motor": Unit("o__mot", (2, 1, 10), "a motor: x forward and backward, z power in 10 steps"),
    "servo": Unit("o__pse", (2, 1, 10), "a servo: x to either side, z how far in 10 steps"),
    "counter": Unit("o__cnt", (1, 1, 10), "a number, 10 steps"),
    "picture": Unit("o__img", (16, 16, 1), "a picture, one voxel a pixel"),
    "segments": Unit("o__seg", (16, 16, 8), "a picture whose pixels are named by z"),
    "any_output": Unit("o__mis", (1, 1, 1), "whatever you read from it"),
}
