"""How evenly `neurula bridge` keeps its bursts on this machine, and what it costs while the brain has nothing to do.

    python benchmarks/bridge_pace.py [--seconds 10] [--rates 100,1000] [--json]

A brain of 103 neurons (examples/bodies/line_follower) with a body that stands still: in this process, in this process with the
live view, and behind TCP. Periods are measured from the beginning of one burst to the next. What the figures are worth on a
machine that has other work to do, the line of its load says."""

from __future__ import annotations

import argparse
import io
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from neurula.bridge import (
    BodyEnd,
    BodyPort,
    BoundBrain,
    Bridge,
    LinkedBody,
    LocalBody,
    Meters,
    Outcome,
    SteppedBrain,
    bound_brain,
    channels_of_brain,
)
from neurula.cli.bridge_view import watching
from neurula.link.clock import SystemClock
from neurula.link.tcp_link import TcpLink, TcpListener
from neurula.robot import read_mapping
from neurula.robot.robot import load_brain

LINE = Path(__file__).parent.parent / "examples" / "bodies" / "line_follower"
WAYS = ("here", "live", "tcp")


@dataclass(frozen=True)
class Pace:
    """Of one run. Periods in microseconds; drift: by how much bursts of the last tenth lie later on the grid than those of the first."""

    way: str
    rate_hz: float
    bursts: int
    p50_us: float
    p99_us: float
    p999_us: float
    worst_us: float
    overruns: int
    drift_us: float
    cpu_percent: float


class Still:
    """A body to which nothing happens."""

    def sense(self) -> Mapping[str, Any]:
        return dict.fromkeys(("far_left", "left", "middle", "right", "far_right"), 0.0)

    def act(self, values: Mapping[str, Any]) -> None:
        """It does not move."""

    def step(self, dt_s: float) -> None:
        """Time means nothing to it."""


class Watched:
    """A brain that notes when its bursts begin."""

    paced = False

    def __init__(self, brain: SteppedBrain) -> None:
        self._brain = brain
        self.name = brain.name
        self.instants: list[float] = []

    def step(self, news: Mapping[str, Any]) -> Outcome:
        self.instants.append(time.monotonic())
        return self._brain.step(news)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._brain, name)

    def close(self) -> None:
        self._brain.close()


def read_brain() -> BoundBrain:
    mapping = read_mapping(LINE / "robot.toml")
    image, rate_hz = load_brain(LINE / "genome.json", mapping)
    return bound_brain(image, mapping, rate_hz)


@contextmanager
def body_of(way: str, brain: BoundBrain, rate_hz: float) -> Iterator[BodyPort]:
    """The body, in this process or behind TCP (then in a process of its own, so that its work is not counted)."""
    mapping = brain.robot.mapping
    if way != "tcp":
        yield LocalBody(Still(), mapping, SystemClock())
        return
    listener = TcpListener(0)
    child = os.fork()
    if not child:
        with BodyEnd(Still(), mapping, listener, sense_s=1 / rate_hz) as end:
            end.run(3600.0)
        os._exit(0)
    body = LinkedBody(channels_of_brain(brain.robot), mapping, TcpLink("127.0.0.1", listener.port), SystemClock(), period_s=1 / rate_hz)
    try:
        body.open()
        yield body
    finally:
        body.close()
        os.kill(child, 9)
        os.waitpid(child, 0)
        listener.close()


def measure(way: str, rate_hz: float, seconds: float) -> Pace:
    """One run."""
    import gc

    brain = read_brain()
    watched = Watched(SteppedBrain(brain))
    meters = Meters(brain.geometry, rate_hz)
    with body_of(way, brain, rate_hz) as body:
        bridge = Bridge(watched, body, SystemClock(), meters)
        screen = Console(file=io.StringIO(), force_terminal=True, width=110, height=40)
        with watching("still", brain.robot, meters, screen) if way == "live" else nullcontext():
            bridge.run(max(10, round(rate_hz / 10)))
            gc.collect()
            gc.freeze()
            watched.instants.clear()
            cpu_s, begun_s = time.process_time(), time.monotonic()
            bridge.run(round(rate_hz * seconds))
            cpu_s, took_s = time.process_time() - cpu_s, time.monotonic() - begun_s
            gc.unfreeze()
    instants = watched.instants
    periods = sorted(1e6 * (b - a) for a, b in pairwise(instants))
    return Pace(
        way, rate_hz, len(instants), at(periods, 0.5), at(periods, 0.99), at(periods, 0.999), periods[-1], bridge.schedule.overruns,
        drift_us(instants, rate_hz), 100 * cpu_s / took_s,
    )  # fmt: skip


def drift_us(instants: list[float], rate_hz: float) -> float:
    """Between the beginning and the end of a run, by the medians of a tenth each."""
    late = [(instant - instants[0]) * rate_hz % 1.0 for instant in instants]
    late = [share - 1.0 if share > 0.5 else share for share in late]
    tenth = max(1, len(late) // 10)
    return 1e6 / rate_hz * (median(late[-tenth:]) - median(late[:tenth]))


def at(values: list[float], share: float) -> float:
    """A quantile of sorted values."""
    return values[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    parser = argparse.ArgumentParser(description="How evenly the bridge keeps its bursts.")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rates", default="100,1000")
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rates = [float(rate) for rate in options.rates.split(",")]
    rows = [measure(way, rate, options.seconds) for rate in rates for way in options.ways.split(",")]
    load = os.getloadavg()[0]
    if options.json:
        print(json.dumps({"schema": 1, "cores": os.cpu_count(), "load": load, "rows": [asdict(row) for row in rows]}))
        return
    print(f"{os.cpu_count()} cores, load {load:.1f}")
    print(f"{'body':6}{'Hz':>6}{'bursts':>8}" + "".join(f"{word:>9}" for word in ("p50 µs", "p99 µs", "p99.9 µs", "worst µs", "skipped",
                                                                                     "drift µs", "CPU %")))  # fmt: skip
    for row in rows:
        print(f"{row.way:6}{row.rate_hz:6g}{row.bursts:8}{row.p50_us:9.0f}{row.p99_us:9.0f}{row.p999_us:9.0f}{row.worst_us:9.0f}"
              f"{row.overruns:9}{row.drift_us:9.0f}{row.cpu_percent:9.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
