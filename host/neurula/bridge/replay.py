"""A recording once more: the same brain with the same senses must fire the same spikes and want the same of its motors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from neurula.bridge.brains import BoundBrain, Outcome, SteppedBrain
from neurula.bridge.recording import Happening, Recording, plain
from neurula.errors import UsageError
from neurula.runtimes import Runtime


@dataclass(frozen=True, slots=True)
class Difference:
    """The first burst that was not the same. what: "spikes of AREA", "motor NAME", "state"."""

    burst: int
    what: str
    recorded: str
    now: str

    def __str__(self) -> str:
        return f"burst {self.burst}: {self.what}: recorded {self.recorded}, now {self.now}"


def replay(
    recording: Recording, brain: BoundBrain, runtime: str | Runtime, watch: Callable[[Happening, Outcome], None] | None = None
) -> Difference | None:
    """Runs all recorded bursts, up to the first difference; watch: told every burst. UsageError W204 for one that need not repeat."""
    if not recording.head.repeatable:
        raise UsageError("W204", "in this recording the brain kept its own time: which burst saw which value is not known")
    stepped = SteppedBrain(brain, runtime)
    try:
        for happening in recording.happenings():
            outcome = stepped.step(happening.outcome.sensed)
            if watch is not None:
                watch(happening, outcome)
            difference = difference_of(happening.outcome, outcome, [area.id for area in brain.geometry])
            if difference is not None:
                return difference
    finally:
        stepped.close()
    return None


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
