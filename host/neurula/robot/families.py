"""From a kind's family, a coding and the size of one channel to the coder that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from neurula.robot.coders import (
    Block,
    Boolean,
    Choice,
    Classes,
    Coder,
    Column,
    Fractional,
    Image,
    Linear,
    Percentage,
    Place,
    Rate,
    Scale,
    Signed,
    Size,
    Token,
)

CODINGS = ("linear", "rising", "fractional", "scale", "rate", "boolean")  # of numbers; the other families have one each
DEPTH_MAX = {"fractional": 32, "token": 32}  # beyond it digits mean nothing


@dataclass(frozen=True, slots=True)
class Family:
    """What values look like. value: for people; codings: what `coding` may be; whole: one channel is the area's whole size."""

    value: str
    codings: tuple[str, ...] = ()
    whole: bool = False


FAMILIES = {
    "number": Family("number or numbers", CODINGS),
    "signed": Family("number or numbers", ("linear", "rising", "fractional", "rate")),
    "profile": Family("list of numbers", ("linear", "rising"), whole=True),
    "switch": Family("true or false"),
    "image": Family("picture, height x width x colours", whole=True),
    "block": Family("block of numbers from -1 to 1", whole=True),
    "classes": Family("picture of whole numbers", whole=True),
    "token": Family("whole number, or nothing"),
    "choice": Family("whole number", whole=True),
    "place": Family("pair of numbers from 0 to 1", whole=True),
}


def column_of(coding: str, depth: int) -> Column:
    """The column of a coding that has one."""
    if coding == "fractional":
        return Fractional(depth)
    if coding == "scale":
        return Scale(depth)
    return Linear(depth, rising=coding == "rising")


def width_of(family: str, components: int, rows: int) -> int:
    """Voxels along x of the numbers of one channel."""
    across = components // rows
    return 2 * across if family == "signed" else across


def coder_of(family: str, coding: str, components: int, rows: int, size: Size, full: float) -> Coder:
    """The coder of a channel of that size. full: potential of a white pixel. ValueError where the size cannot hold it."""
    w, h, d = size
    if family in ("number", "signed"):
        return number_coder(family, coding, components, rows, size)
    if family == "profile":
        deep = d > 1
        return Percentage(column_of(coding, d if deep else h), components=w, flat=not deep)
    makers: dict[str, Callable[[], Coder]] = {
        "switch": lambda: Boolean(w, h, d),
        "image": lambda: Image(w, h, d, full),
        "block": lambda: Block(w, h, d),
        "classes": lambda: Classes(w, h, d),
        "token": lambda: Token(d),
        "choice": lambda: Choice(w, h, d),
        "place": lambda: Place(w, h, d),
    }
    if family == "place" and min(w, h) < 2:
        raise ValueError("a plane needs two voxels at least along x and y")
    if family == "token" and not 2 <= d <= DEPTH_MAX["token"]:
        raise ValueError(f"a token needs from 2 to {DEPTH_MAX['token']} voxels along z")
    return makers[family]()


def number_coder(family: str, coding: str, components: int, rows: int, size: Size) -> Coder:
    """Numbers next to each other. ValueError where the area is too high or too deep for the coding, or too flat."""
    _, height, depth = size
    if height < rows:
        raise ValueError(f"numbers of this kind fill {rows} voxels along y; the area has {height}")
    if coding == "rate" or coding == "boolean":
        if coding == "rate" and depth != 1:
            raise ValueError(f'"rate" needs a depth of 1; the area has {depth}')
        return Rate(components, family == "signed") if coding == "rate" else Boolean(components // rows, rows, depth)
    if coding == "scale" and depth < 2:
        raise ValueError('"scale" needs a depth of 2 at least')
    if coding == "fractional" and depth > DEPTH_MAX["fractional"]:
        raise ValueError(f'"fractional" takes a depth of {DEPTH_MAX["fractional"]} at most; the area has {depth}')
    column = column_of(coding, depth)
    return Signed(column, components) if family == "signed" else Percentage(column, components, rows)
