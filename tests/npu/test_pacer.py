"""Bursts at a rate: on the grid of the first one, drift-free, what was missed is counted; the process asks to be woken on time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from neurula_npu.pacer import SLACK, Pacer, wake_precisely

ROOT = Path(__file__).parent.parent.parent


class Time:
    """Passes only while somebody sleeps or works; sleeps end a little late, as they do."""

    def __init__(self, late_ns: int = 0) -> None:
        self.now_ns, self.late_ns = 5_000_000_000, late_ns

    def sleep(self, seconds: float) -> None:
        self.now_ns += round(1e9 * seconds) + self.late_ns

    def pacer(self, rate_hz: float) -> Pacer:
        return Pacer(rate_hz, clock=lambda: self.now_ns, sleep=self.sleep)


@pytest.mark.parametrize("rate_hz", [1000.0, 30.0, 7.3])
def test_a_hundred_thousand_bursts_drift_by_nothing(rate_hz: float) -> None:
    time = Time(late_ns=60_000)
    pacer = time.pacer(rate_hz)
    pacer.wait()
    begun_ns = time.now_ns
    for number in range(1, 100_001):
        time.now_ns += 400_000  # the burst itself
        pacer.wait()
        assert 0 <= time.now_ns - (begun_ns + 1e9 * number / rate_hz) + 1 <= 60_002
    assert pacer.missed == 0


def test_what_was_missed_is_counted_and_the_others_stay_on_the_grid() -> None:
    time = Time()
    pacer = time.pacer(100)
    pacer.wait()
    time.now_ns += 35_700_000  # the bursts at 10 and 20 ms cannot begin any more; that at 30 begins late
    pacer.wait()
    assert (time.now_ns, pacer.missed) == (5_035_700_000, 2)
    pacer.wait()
    assert (time.now_ns, pacer.missed) == (5_040_000_000, 2)


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, float("nan")])
def test_a_rate_that_is_none_is_refused(rate_hz: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        Pacer(rate_hz)


def test_the_process_is_woken_when_it_asked_for() -> None:
    before = Path(SLACK).read_text()
    try:
        assert wake_precisely()
        assert Path(SLACK).read_text().strip() == "1"
    finally:
        Path(SLACK).write_text(before)


def test_a_paced_brain_runs_all_its_bursts_and_stays_small() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "pace.py"), "--seconds", "0.3", "--rates", "200", "--json"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert [row["brain"] for row in told["rows"]] == ["empty", "essential", "essential, driven"]
    assert all(row["bursts"] == 60 and row["rss_mb"] <= 25 for row in told["rows"])
