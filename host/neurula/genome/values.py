"""Single values of a genome, read with tolerance: numbers as text, flags as numbers, floats where integers belong."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NoReturn, TypeVar

from neurula.errors import GenomeError
from neurula.genome.limits import INTEGER_DIGITS_MAX, MAGNITUDE_MAX, NUMBER_TEXT_MAX
from neurula.genome.model import Fix
from neurula.genome.problems import ProblemLog, quote

Number = int | float
_T = TypeVar("_T")
_NUMBER = re.compile(r"\s*([+-]?\d+)\s*|\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_FLAGS = {"true": True, "false": False, "1": True, "0": False}
_HUGE = 10**INTEGER_DIGITS_MAX


def as_number(value: object) -> Number | None:
    """The number that was written (int as int, float as float) or None. Raises GenomeError G106 if not finite."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value) if len(value) <= NUMBER_TEXT_MAX else None
        if match is None:
            return None
        value = int(match[1]) if match[1] else float(value)
    if not isinstance(value, (int, float)):
        return None
    if not (math.isfinite(value) if isinstance(value, float) else -_HUGE < value < _HUGE):
        refuse_number(quote(value))
    return value


def finite_number(value: object) -> Number | None:
    """The number that was written, or None, also where it is not finite."""
    try:
        return as_number(value)
    except GenomeError:
        return None


def refuse_number(what: str) -> NoReturn:
    """Raises GenomeError G106."""
    raise GenomeError("G106", f"{what} is no value for a gene", remedy="Write a number between -1e9 and 1e9.")


def as_whole(value: object) -> int | None:
    """The whole number that was written (2, 2.0 and "2" alike) within MAGNITUDE_MAX, or None."""
    if type(value) is int and -MAGNITUDE_MAX <= value <= MAGNITUDE_MAX:
        return value  # nearly always
    number = as_number(value)
    if number is None or number != int(number) or abs(number) > MAGNITUDE_MAX:
        return None
    return int(number)


def as_flag(value: object) -> bool | None:
    """true or false, also written as 1, 0 or text; else None."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    return _FLAGS.get(value.strip().lower()) if isinstance(value, str) and len(value) < NUMBER_TEXT_MAX else None


class ValueReader:
    """Reads values by name and logs what it had to bend. `place` turns a name into a JSON pointer."""

    def __init__(self, problems: ProblemLog, place: Callable[[str], str]) -> None:
        self._problems = problems
        self._place = place

    def number(
        self, name: str, value: object, default: Number, low: Number = -MAGNITUDE_MAX, high: Number = MAGNITUDE_MAX
    ) -> Number:
        """A number in low..high; the default for null or what is not a number."""
        if value is None:
            return default
        try:
            number = as_number(value)
        except GenomeError as failure:
            self._problems.fail(failure, self._place(name), Fix("set", default))
            return default
        if number is None:
            return self._wrong_type(name, value, "a number", default)
        if low <= number <= high:
            return number
        nearest = min(max(number, low), high)
        message = f"{quote(value)} is outside {low}..{high}; {nearest} is used"
        self._problems.warn("G206", self._place(name), message, Fix("set", nearest))
        return nearest

    def integer(self, name: str, value: object, default: int, low: int = 0, high: int = MAGNITUDE_MAX) -> int:
        """A whole number in low..high; fractions are cut off, the default stands for what is not a number."""
        number = self.number(name, value, default, low, high)
        if number != int(number):
            message = f"{quote(value)} is not a whole number; {int(number)} is used"
            self._problems.warn("G205", self._place(name), message, Fix("set", int(number)))
        return int(number)

    def flag(self, name: str, value: object, default: bool) -> bool:
        """true or false; the default for null or what is neither."""
        if value is None:
            return default
        flag = as_flag(value)
        return self._wrong_type(name, value, "true or false", default) if flag is None else flag

    def text(self, name: str, value: object, default: str) -> str:
        """Text; numbers become text, the default stands for null, lists and objects."""
        if value is None:
            return default
        if isinstance(value, (int, float)):
            return quote(value)
        return value if isinstance(value, str) else self._wrong_type(name, value, "text", default)

    def _wrong_type(self, name: str, value: object, expected: str, default: _T) -> _T:
        message = f"expected {expected}, found {quote(value)}; {default!r} is used"
        self._problems.refuse("G204", self._place(name), message, Fix("set", default))
        return default
