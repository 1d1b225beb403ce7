"""Spikes as a picture of characters: areas down, bursts across, brightness relative to each area's own peak."""

from __future__ import annotations

from collections.abc import Sequence

LEVELS = " ▁▂▃▄▅▆▇█"
ASCII_LEVELS = " .:-=+*%#"
ROWS_MAX = 12
LABEL_WIDTH = 18
FIGURES_WIDTH = 26  # what stands to the right of the picture
COLUMNS_MIN = 10


class Raster:
    """Collects how many neurons of each area fired, in at most `width` columns of equal numbers of bursts."""

    def __init__(self, names: Sequence[str], neurons: Sequence[int], bursts: int, width: int) -> None:
        """width: characters of a line; bursts: how many will come at most."""
        self._names = names
        self._neurons = neurons
        self._bursts = bursts
        room = max(COLUMNS_MIN, width - LABEL_WIDTH - FIGURES_WIDTH)
        self._width = room + LABEL_WIDTH + FIGURES_WIDTH
        self._per_column = max(1, -(-bursts // room))
        self._columns = -(-bursts // self._per_column)
        self._peaks = [[0] * self._columns for _ in names]
        self.spikes = [0] * len(names)

    def add(self, burst: int, area: int, fired: int) -> None:
        """burst: from 1; fired: neurons of the area that fired in it."""
        column = min((burst - 1) // self._per_column, self._columns - 1)
        self.spikes[area] += fired
        self._peaks[area][column] = max(self._peaks[area][column], fired)

    def lines(self, unicode: bool = True) -> list[str]:
        """The picture, most active areas first; [] if nothing fired."""
        active = sorted((i for i, spikes in enumerate(self.spikes) if spikes), key=lambda i: -self.spikes[i])
        if not active:
            return []
        levels, edge = (LEVELS, "│") if unicode else (ASCII_LEVELS, "|")
        grain = f", {self._per_column} bursts a column" if self._per_column > 1 else ""
        out = [f"{'':{LABEL_WIDTH}}  bursts 1 to {self._bursts:,}{grain}"[: self._width]]
        for index in active[:ROWS_MAX]:
            peak = max(self._peaks[index])
            picture = "".join(levels[-(-8 * count // peak)] for count in self._peaks[index])
            label = fit(self._names[index], LABEL_WIDTH)
            share = 100 * peak / self._neurons[index]
            percent = f"{share:.1f}" if share >= 0.1 else "<0.1"
            out.append(f"{label} {edge}{picture}{edge} {self.spikes[index]:>9,} peak {percent:>5} %")
        if len(active) > ROWS_MAX:
            out.append(f"{'':{LABEL_WIDTH}}  and {len(active) - ROWS_MAX} more areas that fired")
        return out


def fit(text: str, width: int) -> str:
    """The text in exactly `width` characters."""
    text = "".join(c if c.isprintable() else "?" for c in text)
    return f"{text:{width}}" if len(text) <= width else text[: width - 2] + ".."
