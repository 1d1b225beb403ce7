"""What every body is to the loop that drives it, whoever the brain is and however it is reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from examples.bodies.shapes import Picture


class Body(Protocol):
    """A body that is stepped from outside: no clock of its own, no threads, the same seed gives the same life.

    The loop is: sense, one burst of the brain, act, step. A device keeps the value of its last `act`, 0 before the first.
    """

    def reset(self, seed: int) -> None:
        """To the start of a life; the seed decides what is around."""
        ...

    def sense(self) -> dict[str, Any]:
        """Device -> value: 0 to 1 for a percentage, -1 to 1 for a signed one, rows of grey values (0 to 255) for an image."""
        ...

    def act(self, values: Mapping[str, float]) -> None:
        """Device -> value, -1 to 1. Devices that are not named keep what they have."""
        ...

    def step(self, dt_s: float) -> None:
        """Lets time pass. dt_s: a whole number of the body's own steps is exact; a rest is kept for the next call."""
        ...

    @property
    def over(self) -> bool:
        """Whether nothing counts any more (the pole has fallen)."""
        ...

    def score(self) -> float:
        """How well it went so far, 0 to 1; the body's README says what is counted."""
        ...

    def figures(self) -> dict[str, float]:
        """What a person wants to know besides the score, with units in the names."""
        ...

    def picture(self) -> Picture:
        """What there is to be seen now."""
        ...


class Stepping:
    """Turns stretches of time of any length into whole steps of one length; what is left over waits."""

    def __init__(self, step_s: float) -> None:
        self.step_us = round(step_s * 1e6)
        self._left_us = 0

    def steps_of(self, dt_s: float) -> int:
        """How many steps are due after another dt_s seconds."""
        steps, self._left_us = divmod(self._left_us + round(dt_s * 1e6), self.step_us)
        return steps

    def clear(self) -> None:
        """Forgets what was left over."""
        self._left_us = 0


def held(names: tuple[str, ...], before: Mapping[str, float], values: Mapping[str, float]) -> dict[str, float]:
    """The named devices with their new values, limited to -1 to 1; those without a new one keep theirs."""
    return {name: max(-1.0, min(1.0, float(values.get(name, before[name])))) for name in names}
