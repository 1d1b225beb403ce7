"""The closed loop: sense, one burst, act, step. The same for every body, and for every brain that speaks like neurula.robot.Robot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from examples.bodies.body import Body


class Brain(Protocol):
    """What drives a body. neurula.robot.Robot is one; so is whatever reaches a brain elsewhere."""

    def sense(self, **values: Any) -> None:
        """What sensors say from now on, by name."""
        ...

    def step(self) -> dict[str, Any]:
        """One burst; what the motors shall do, by name."""
        ...


class NoBrain:
    """Nobody is there: what a body scores without a brain is what every brain has to beat."""

    def sense(self, **values: Any) -> None:
        """Nothing listens."""

    def step(self) -> dict[str, Any]:
        return {}


def live(body: Body, brain: Brain, burst_s: float, seconds: float) -> Iterator[int]:
    """Runs a body until `seconds` have passed for it, or its life is over; the number of each burst, from 1, after it."""
    for burst in range(1, round(seconds / burst_s) + 1):
        if body.over:
            return
        brain.sense(**body.sense())
        body.act(brain.step())
        body.step(burst_s)
        yield burst


def score(body: Body, brain: Brain, burst_s: float, seconds: float) -> float:
    """Runs a body to its end; its score."""
    for _ in live(body, brain, burst_s, seconds):
        pass
    return body.score()
