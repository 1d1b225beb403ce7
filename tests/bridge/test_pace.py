"""The benchmark of the bridge's pace runs, and what it prints is what happened."""

from __future__ import annotations

import json

import pytest

import bridge_pace


@pytest.mark.parametrize("way", bridge_pace.WAYS)
def test_every_way_of_the_benchmark_runs(way: str) -> None:
    row = bridge_pace.measure(way, 100.0, 0.3)
    assert (row.way, row.bursts) == (way, 30)
    assert 0 < row.p50_us <= row.p99_us <= row.p999_us <= row.worst_us
    assert 0 <= row.cpu_percent <= 200


def test_drift_is_what_the_grid_loses_from_beginning_to_end() -> None:
    exact = [0.01 * n for n in range(1000)]
    assert bridge_pace.drift_us(exact, 100.0) == pytest.approx(0.0, abs=1e-3)
    assert bridge_pace.drift_us([1.000001 * instant for instant in exact], 100.0) == pytest.approx(9.0, abs=0.5)
    late = [instant + 0.004 * (n % 3 == 0) for n, instant in enumerate(exact)]
    assert bridge_pace.drift_us(late, 100.0) == pytest.approx(0.0, abs=1e-3)


def test_it_prints_one_object_for_scripts(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["bridge_pace", "--seconds", "0.1", "--rates", "200", "--ways", "here", "--json"])
    bridge_pace.main()
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == 1
    assert [row["bursts"] for row in answer["rows"]] == [20]
