"""A recording once more: the same brain with the same senses must fire the same spikes and want the same of its motors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from neurula.bridge.brains import BoundBrain, Outcome, SteppedBrain
from neurula.bridge.meters import Meters
from neurula.bridge.recording import Recording, plain
from neurula.errors import UsageError, VerificationFailed
from neurula.link.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class Difference:
    """The first burst that was not the same. what: "spikes of AREA", "motor NAME", "state"."""

    burst: int
    what: str
    recorded: str
    now: str

    def __str__(self) -> str:
        return f"burst {self.burst}: {self.what}: recorded {self.recorded}, now {self.now}"


@dataclass(frozen=True, slots=True)
class Replayed:
    """How a replay went. whole: whether the recording was closed properly."""

    path: str
    runtime: str
    bursts: int
    spikes: int
    whole: bool
    difference: Difference | None

    def require_same(self) -> None:
        """VerificationFailed W205."""
        if self.difference is not None:
            raise VerificationFailed("W205", str(self.difference), where=self.path)


class Replay:
    """One replay of one recording. UsageError W204 for a recording that need not repeat."""

    def __init__(self, recording: Recording, brain: BoundBrain, runtime: str, path: str = "") -> None:
        if not recording.head.repeatable:
            raise UsageError("W204", "in this recording the brain kept its own time: which burst saw which value is not known", where=path)
        self.brain, self.path, self.runtime = brain, path, runtime
        self.meters = Meters(brain.geometry, brain.rate_hz)
        self._recording = recording

    @property
    def title(self) -> str:
        return f"{self.brain.robot.mapping.name}, replayed on {self.runtime}"

    @property
    def events(self) -> list[tuple[int, str]]:
        """What happened to the link, as far as the replay has come: (microseconds, text)."""
        return self._recording.events

    def run(self, as_it_was: bool = False, clock: Clock | None = None) -> Replayed:
        """All bursts up to the first difference; as_it_was: as slowly as they were recorded."""
        clock = clock or SystemClock()
        begun_s = clock.now()
        areas = [area.id for area in self.brain.geometry]
        stepped = SteppedBrain(self.brain, self.runtime)
        difference = None
        same_brain = self.brain.image == self._recording.image  # another one has another state, and may still do the same
        try:
            for happening in self._recording.happenings():
                seconds = happening.at_us / 1e6
                if as_it_was:
                    clock.sleep(max(0.0, begun_s + seconds - clock.now()))
                outcome = stepped.step(happening.outcome.sensed)
                self.meters.add(outcome, seconds)
                difference = difference_of(happening.outcome, outcome if same_brain else replace(outcome, state_hash=None), areas)
                if difference is not None:
                    break
        finally:
            stepped.close()
        return Replayed(self.path, self.runtime, self.meters.bursts, self.meters.spikes, self._recording.whole, difference)


def difference_of(recorded: Outcome, now: Outcome, areas: list[str]) -> Difference | None:
    """None where two bursts are the same."""
    if recorded.burst != now.burst:
        return Difference(now.burst, "number", str(recorded.burst), str(now.burst))
    if recorded.fired != now.fired:
        before, after = dict(recorded.fired), dict(now.fired)
        area = min(index for index in before.keys() | after.keys() if before.get(index) != after.get(index))
        name = areas[area] if area < len(areas) else str(area)
        return Difference(now.burst, f"spikes of {name}", shown(before.get(area, ())), shown(after.get(area, ())))
    motors = motor_difference(recorded.motors, plain(now.motors))
    if motors is not None:
        return Difference(now.burst, *motors)
    if None not in (recorded.state_hash, now.state_hash) and recorded.state_hash != now.state_hash:
        return Difference(now.burst, "state", f"{recorded.state_hash:08x}", f"{now.state_hash:08x}")
    return None


def motor_difference(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """(what, recorded, now) of the first motor that wants something else."""
    for name in (*recorded, *(name for name in now if name not in recorded)):
        if recorded.get(name) != now.get(name):
            return f"motor {name}", str(recorded.get(name))[:60], str(now.get(name))[:60]
    return None


def shown(neurons: tuple[int, ...]) -> str:
    return f"{len(neurons)} neurons ({', '.join(map(str, neurons[:8]))}{', ...' if len(neurons) > 8 else ''})" if neurons else "none"
