"""What goes into a burst and what comes out of it, the same for every runtime."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stimulus:
    """One burst's stimulus, by area index and neuron index inside the area.

    forced: neurons that fire whatever their state; inject: (area, neuron, input units) added to their input.
    """

    forced: tuple[tuple[int, int], ...] = ()
    inject: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class BurstResult:
    """One burst: its number from 1, who fired (area, neurons ascending; areas ascending), the CRC-32 of the state."""

    number: int
    fired: tuple[tuple[int, tuple[int, ...]], ...]
    state_hash: int


class Runtime(Protocol):
    """A brain that runs somewhere. Context manager; `close` may be called twice."""

    name: str

    def run(self, bursts: int, stimuli: Mapping[int, Stimulus]) -> Iterator[BurstResult]:
        """Runs the next `bursts` bursts; stimuli are keyed by burst number. Raises LinkLost when it stops answering."""
        ...

    def state(self) -> bytes:
        """The whole RAM block after the last burst."""
        ...

    def close(self) -> None: ...
