"""The catalogue: every kind of sensor and motor, where it lives in a brain and how it is written there.

Adding a kind is adding a line to SENSORS or MOTORS. A layout is chosen by the id of the area: FEAGI's present ids say a unit in
four letters (`iinf`) and a coding in flags, the classic ones are six characters (`i__inf`); they write the same thing differently.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from functools import lru_cache

from neurula.genome.ids import canonical_id, is_canonical
from neurula.robot.coders import TILES, Size

ABSOLUTE, INCREMENTAL = "absolute", "incremental"
UNIT_CHARS, TILE_AT = 4, 6  # an id of eight bytes: unit code, variant, handling, tile, group
SIGNED_VARIANT = 5  # variants: 0 boolean, 1 to 4 percentages, 5 to 8 signed ones, 9 pixels, 10 a block
INCREMENTAL_FLAG, FRACTIONAL_FLAG = 1, 2  # of the handling


@dataclass(frozen=True, slots=True)
class Layout:
    """How one area of a kind is written. ids: classic ids, or unit codes of four letters.

    size: of one channel, where a new area is made. flat: the coding where the area has a depth of 1.
    """

    ids: tuple[str, ...]
    family: str
    size: Size
    coding: str = ""
    components: int = 1
    rows: int = 1
    flat: str = "rate"
    tile: int | None = None
    frame: str = ABSOLUTE

    def matches(self, area_id: str) -> bool:
        """True for the id of an area of this layout, as a genome writes it."""
        if area_id in self.ids:
            return True
        name = canonical_id(area_id)
        if not is_canonical(name):
            return False
        raw = base64.b64decode(name)
        code = raw[:UNIT_CHARS].decode("latin-1")
        return code in self.ids and (self.tile is None or raw[TILE_AT] == self.tile)

    def as_flagged(self, area_id: str) -> Layout:
        """The layout as the flags in a present id say it; a classic id has none."""
        if area_id in self.ids or self.family not in ("number", "signed"):
            return self
        _, variant, handling, *_ = base64.b64decode(canonical_id(area_id))[UNIT_CHARS - 1 :]
        if variant > SIGNED_VARIANT + 3:
            return self
        positioning = "fractional" if handling & FRACTIONAL_FLAG else "linear"
        return replace(
            self,
            family="signed" if variant >= SIGNED_VARIANT else "number",
            components=(variant - 1) % 4 + 1 if variant else self.components,
            coding=positioning if variant else "boolean",
            frame=INCREMENTAL if handling & INCREMENTAL_FLAG else ABSOLUTE,
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One area that a kind uses; most kinds have one, without a name. layouts: the first is that of areas with ids of one's own."""

    name: str
    layouts: tuple[Layout, ...]

    def layout_of(self, area_id: str) -> Layout:
        """The layout of an area: a classic id first, then the unit code of a present one with its flags."""
        for layout in self.layouts:
            if area_id in layout.ids:
                return layout
        for layout in self.layouts:
            if layout.matches(area_id):
                return layout.as_flagged(area_id)
        return self.layouts[0]

    def owns(self, area_id: str) -> bool:
        """True if the area's id is one of this part, written in any way."""
        return any(layout.matches(area_id) for layout in self.layouts)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of device. way: "sensor" or "motor"; range: values that mean nothing and everything (signed: the two extremes)."""

    name: str
    way: str
    about: str
    parts: tuple[Part, ...]
    range: tuple[float, float] = (0.0, 1.0)
    unit: str = ""
    frames: tuple[str, ...] = (ABSOLUTE,)


BOTH = (ABSOLUTE, INCREMENTAL)


def one(*layouts: Layout) -> tuple[Part, ...]:
    return (Part("", layouts),)


def number(code: str, size: Size, coding: str = "linear", components: int = 1, **rest: object) -> Layout:
    return Layout((code,), "number", size, coding, components, **rest)  # type: ignore[arg-type]


def signed(code: str, size: Size, coding: str = "linear", components: int = 1, **rest: object) -> Layout:
    return Layout((code,), "signed", size, coding, components, **rest)  # type: ignore[arg-type]


def other(family: str, *ids: str, size: Size) -> Layout:
    return Layout(ids, family, size)


def triple(code: str) -> Layout:
    """FEAGI's classic sensor of three axes: the middle of 21 voxels is zero."""
    return number(code, (3, 1, 21), "scale", 3)


def switch(*ids: str) -> tuple[Part, ...]:
    return one(other("switch", *ids, size=(1, 1, 1)))


def tiles() -> tuple[Part, ...]:
    """The nine areas of segmented vision: present ids, and two older ways to write them."""
    classic = ("BL", "BM", "BR", "ML", "_C", "MR", "TL", "TM", "TR")
    return tuple(
        Part(name, (
            Layout(("isvi",), "image", (128, 128, 3) if name == "C" else (32, 32, 1), tile=i),
            other("image", f"iv00{classic[i]}", f"iic{i}00", size=(64, 64, 1) if name == "C" else (8, 8, 1)),
        ))
        for i, name in enumerate(TILES)
    )  # fmt: skip


def filters() -> tuple[Part, ...]:
    sizes = (("brightness", 1), ("contrast", 1), ("pixel_change", 2), ("picture_change", 2))
    return tuple(Part(name, (number("oifs", (n, 1, 10), components=n, tile=i),)) for i, (name, n) in enumerate(sizes))


METRES, DEGREES = (0.12, 3.5), (-180.0, 180.0)
SIGNED = (-1.0, 1.0)
SENSORS = (
    Kind("infrared", "sensor", "sees something, or how much of it", one(
        number("iinf", (1, 1, 10), flat="boolean"), number("i__inf", (1, 1, 1), "boolean", flat="boolean")), frames=BOTH),
    Kind("infrared_inverse", "sensor", "sees nothing where infrared sees something", one(
        number("i_iinf", (1, 1, 1), "boolean", flat="boolean"), number("ii_inf", (1, 1, 1), "boolean", flat="boolean")), (1.0, 0.0)),
    Kind("proximity", "sensor", "distance", one(
        number("ipro", (1, 1, 10)), number("i__pro", (1, 1, 10), "rising")), METRES, "m", BOTH),
    Kind("shock", "sensor", "being hit", one(
        number("ishk", (1, 1, 10), flat="boolean"), number("ishock", (1, 1, 1), "boolean", flat="boolean")), frames=BOTH),
    Kind("battery", "sensor", "charge", one(number("ibat", (1, 1, 10)), number("i__bat", (1, 1, 10), "rising")), (0.0, 100.0), "%", BOTH),
    Kind("count", "sensor", "a quantity", one(number("icnt", (1, 1, 10))), (0.0, 100.0)),
    Kind("servo_angle", "sensor", "where a servo stands", one(
        number("isvm", (1, 1, 10)), number("i_spos", (1, 1, 21), "scale")), (0.0, 180.0), "degrees", BOTH),
    Kind("motor_speed", "sensor", "how fast a motor turns", one(
        number("i_smot", (1, 1, 21), "scale"), number("i__mot", (1, 1, 10), "scale")), SIGNED),
    Kind("analog_in", "sensor", "voltage of a pin", one(number("iagp", (1, 1, 10)), number("iagpio", (1, 1, 10), "rising")), frames=BOTH),
    Kind("digital_in", "sensor", "level of a pin", switch("idgp", "idgpio")),
    Kind("accelerometer", "sensor", "acceleration along x, y, z", one(
        signed("iacc", (6, 1, 10), components=3), triple("i__acc")), SIGNED, "g", BOTH),
    Kind("gyroscope", "sensor", "turning about x, y, z", one(triple("i__gyr")), (-20.0, 20.0), "rad/s"),
    Kind("quaternion", "sensor", "orientation w, x, y, z", one(signed("igyq", (8, 1, 10), components=4)), SIGNED, "", BOTH),
    Kind("euler", "sensor", "orientation as roll, pitch, yaw", one(triple("ieuler")), DEGREES, "degrees"),
    Kind("compass", "sensor", "magnetic field along x, y, z", one(triple("i_comp")), SIGNED),
    Kind("pressure", "sensor", "force along x, y, z", one(triple("i_pres")), SIGNED),
    Kind("lidar", "sensor", "distance in many directions", one(Layout(("ilidar",), "profile", (60, 20, 1), "rising")), METRES, "m"),
    Kind("hearing", "sensor", "loudness of many tones", one(Layout(("i_hear",), "profile", (60, 20, 1), "rising"))),
    Kind("camera", "sensor", "a picture", one(
        other("image", "iimg", size=(64, 64, 3)), other("image", "iv00CC", size=(32, 32, 3))), (0.0, 255.0), "", BOTH),
    Kind("vision", "sensor", "a picture as nine tiles, sharp where the gaze is", tiles(), (0.0, 255.0)),
    Kind("identity", "sensor", "which one is seen", one(other("choice", "i___id", size=(1, 10, 1)))),
    Kind("text_in", "sensor", "a token a burst", one(other("token", "iten", size=(1, 1, 16)))),
    Kind("block_in", "sensor", "whatever fits a block of numbers", one(
        other("block", "imis", size=(8, 8, 1)), other("block", "i_misc", size=(1, 1, 1))), SIGNED),
    Kind("bci", "sensor", "a channel of a brain-computer interface", one(number("i__bci", (1, 1, 1), "rate"))),
)
MOTORS = (
    Kind("motor", "motor", "speed, backwards below zero", one(
        signed("omot", (2, 1, 10)), signed("o__mot", (2, 1, 10), "rising")), SIGNED, "", BOTH),
    Kind("servo", "motor", "angle", one(
        signed("opse", (2, 1, 10)), signed("o__ser", (2, 1, 10), "rising", frame=INCREMENTAL)), (-90.0, 90.0), "degrees", BOTH),
    Kind("servo_position", "motor", "angle by position", one(number("o_spos", (1, 1, 10), "scale")), (0.0, 180.0), "degrees"),
    Kind("digital_out", "motor", "level of a pin", switch("odgpio", "oogpio", "oigpio")),
    Kind("analog_out", "motor", "duty or voltage of a pin", one(number("oagpio", (1, 1, 10), "rising"))),
    Kind("led", "motor", "brightness of two lamps", one(number("o__led", (2, 1, 1), "rate", 2))),
    Kind("speed", "motor", "speed of the whole body", one(number("o__spd", (1, 1, 10), "rising"))),
    Kind("navigation", "motor", "direction along x, y, z", one(triple("o__nav")), SIGNED),
    Kind("motion_control", "motor", "four by three movements", one(number("o_mctl", (4, 3, 10), "rising", 12, rows=3))),
    Kind("gaze", "motor", "where the eye looks: x and y, and how much it covers", (
        Part("place", (number("ogaz", (2, 1, 10), components=2, tile=0),)),
        Part("size", (number("ogaz", (1, 1, 10), tile=1),)))),
    Kind("eccentricity", "motor", "where the eye looks, x and y", one(number("ov_ecc", (2, 1, 10), "rising", 2))),
    Kind("modulation", "motor", "how much the eye covers, width and height", one(number("ov_mod", (2, 1, 10), "rising", 2))),
    Kind("image_filter", "motor", "how pictures are prepared", filters()),
    Kind("image_threshold", "motor", "lower and upper threshold of changes", one(number("ovtune", (2, 1, 10), "rising", 2))),
    Kind("image_enhancement", "motor", "brightness, contrast, shadows", one(number("ov_enh", (3, 1, 10), "rising", 3))),
    Kind("image_regions", "motor", "which of nine regions matter", one(other("switch", "ov_reg", size=(3, 3, 1)))),
    Kind("image_out", "motor", "a picture", one(
        other("image", "oimg", size=(128, 128, 3)), other("image", "ov_out", size=(128, 128, 1))), (0.0, 255.0)),
    Kind("segmentation", "motor", "a class for each pixel", one(other("classes", "oseg", size=(32, 32, 8)))),
    Kind("location", "motor", "a point of a plane", one(other("place", "o__loc", size=(32, 32, 1)))),
    Kind("pointer", "motor", "a point of a screen", one(other("place", "opoint", size=(64, 64, 1)))),
    Kind("identity_out", "motor", "which one was recognised", one(other("choice", "o___id", "o__sid", size=(1, 10, 1)))),
    Kind("text_out", "motor", "a token a burst", one(other("token", "oten", size=(1, 1, 16)))),
    Kind("count_out", "motor", "a quantity", one(number("ocnt", (1, 1, 10))), (0.0, 100.0)),
    Kind("battery_out", "motor", "charge that the brain wishes", one(number("o__bat", (1, 1, 10), "rising")), (0.0, 100.0), "%"),
    Kind("block_out", "motor", "whatever fits a block of numbers", one(
        other("block", "omis", size=(8, 8, 1)), other("block", "o_misc", size=(1, 1, 1))), SIGNED),
    Kind("initialise", "motor", "back to the first position", switch("o_init")),
    Kind("stop", "motor", "stop", switch("o_stop")),
    Kind("blink", "motor", "blink", switch("o_blnk")),
    Kind("overflow_h", "motor", "the gaze has left the picture sideways", switch("ovflph")),
    Kind("overflow_v", "motor", "the gaze has left the picture upwards or downwards", switch("ovflpv")),
)  # fmt: skip


@lru_cache(maxsize=1)
def kinds() -> dict[str, Kind]:
    """All kinds by name, sensors first."""
    return {kind.name: kind for kind in (*SENSORS, *MOTORS)}
