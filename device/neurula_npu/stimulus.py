"""What a burst is given from outside: buffers in, one array of words out, checked when it is said and not in the burst."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any

UNITS_MAX = 0x3FFFFFFF  # of one injection, either way


class Stimulus:
    """Neurons that fire whatever their state, and input that is added; may be used for many bursts.

    sizes: neurons of each area. Neurons and units are a buffer of 32-bit integers (array, NumPy array, memoryview; copied in one go)
    or any iterable of integers.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self._sizes = sizes
        self._injected = array("i")  # (area, neuron, units)
        self._forced = array("i")  # (area, neuron)
        self._words = array("i", bytes(4))
        self._joined = False

    def clear(self) -> None:
        """Nothing is forced or injected."""
        self._injected, self._forced, self._joined = array("i"), array("i"), False

    def force(self, area: int, neurons: Any) -> None:
        """Makes neurons of an area fire. Raises IndexError if one of them is not there; nothing is taken then."""
        found = self._neurons(area, neurons)
        pairs = array("i", (area, 0)) * len(found)
        pairs[1::2] = found
        self._forced += pairs
        self._joined = False

    def inject(self, area: int, neurons: Any, units: Any) -> None:
        """Adds to the input of neurons: units for all of them or for each, input units of the area. Raises IndexError, ValueError."""
        found = self._neurons(area, neurons)
        added = array("i", (clipped(units),)) * len(found) if isinstance(units, int) else bounded(integers(units))
        if len(added) != len(found):
            raise ValueError(f"{len(found)} neurons and {len(added)} units")
        triples = array("i", (area, 0, 0)) * len(found)
        triples[1::3] = found
        triples[2::3] = added
        self._injected += triples
        self._joined = False

    def add(self, forced: Iterable[tuple[int, int]], inject: Iterable[tuple[int, int, int]]) -> None:
        """The same neuron by neuron: (area, neuron), (area, neuron, units). Raises IndexError."""
        sizes = self._sizes
        pairs: list[int] = []
        triples: list[int] = []
        areas = len(sizes)
        for area, neuron in forced:
            if not (0 <= area < areas and 0 <= neuron < sizes[area]):
                raise IndexError(f"no neuron {neuron} in area {area}")
            pairs += (area, neuron)
        for area, neuron, units in inject:
            if not (0 <= area < areas and 0 <= neuron < sizes[area]):
                raise IndexError(f"no neuron {neuron} in area {area}")
            triples += (area, neuron, clipped(units))
        self._forced.fromlist(pairs)
        self._injected.fromlist(triples)
        self._joined = False

    @property
    def injections(self) -> int:
        return len(self._injected) // 3

    @property
    def forced(self) -> int:
        return len(self._forced) // 2

    @property
    def words(self) -> array[int]:
        """As the kernels read it: injections, then what is forced. Never empty; the same array until it is too short."""
        if not self._joined:
            joined = self._injected + self._forced
            if len(joined) > len(self._words):
                self._words = array("i", bytes(8 * len(joined)))
            if joined:
                self._words[: len(joined)] = joined
            self._joined = True
        return self._words

    def _neurons(self, area: int, neurons: Any) -> array[int]:
        if not 0 <= area < len(self._sizes):
            raise IndexError(f"no area {area}")
        try:
            found = integers(neurons)
        except OverflowError:
            raise IndexError(f"no such neuron in area {area}") from None
        if found and not (min(found) >= 0 and max(found) < self._sizes[area]):
            wrong = next(n for n in found if not 0 <= n < self._sizes[area])
            raise IndexError(f"no neuron {wrong} in area {area}")
        return found


def integers(values: Any) -> array[int]:
    """A buffer of 32-bit integers, or an iterable, as signed words."""
    if isinstance(values, array) and values.typecode == "i":
        return values
    try:
        view = memoryview(values)
    except TypeError:
        return array("i", values)
    if view.itemsize == 4 and view.format in ("i", "I", "l", "L", "<i", "<I"):
        found = array("i")
        found.frombytes(view.tobytes())
        return found
    return array("i", view.tolist())


def clipped(units: int) -> int:
    return max(-UNITS_MAX, min(UNITS_MAX, units))


def bounded(units: array[int]) -> array[int]:
    if units and (max(units) > UNITS_MAX or min(units) < -UNITS_MAX):
        return array("i", map(clipped, units))
    return units
