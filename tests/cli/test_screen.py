"""What a person sees: the raster, the progress bar, and text that no foreign name can garble."""

from __future__ import annotations

import io
import threading

from rich.console import Console

from neurula.cli.output import counted, printable
from neurula.cli.progress import Progress
from neurula.cli.raster import ROWS_MAX, Raster


def test_the_raster_never_exceeds_the_width() -> None:
    for width in (20, 60, 80, 140):
        for bursts in (1, 2, 30, 79, 80, 1000, 999_999):
            raster = Raster(["a name that is longer than the label"], [50], bursts, width)
            for burst in range(1, bursts + 1, max(1, bursts // 7)):
                raster.add(burst, 0, 50)
            assert max(len(line) for line in raster.lines()) <= max(width, 54), (width, bursts)


def test_a_single_spike_of_a_large_area_is_visible() -> None:
    raster = Raster(["large"], [100_000], 10, 80)
    raster.add(3, 0, 1)
    raster.add(7, 0, 900)
    picture = raster.lines()[1].split("│")[1]
    assert picture == "  ▁   █   "
    assert raster.lines(unicode=False)[1].split("|")[1] == "  .   #   "


def test_the_most_active_areas_come_first_and_the_rest_is_counted() -> None:
    raster = Raster([f"area {i}" for i in range(20)], [10] * 20, 5, 80)
    for i in range(20):
        raster.add(1, i, 1 + i % 10)
        raster.add(2, i, i // 10)
    lines = raster.lines()
    assert [line.split()[1] for line in lines[1:4]] == ["19", "9", "18"]  # by spikes: 11, 10, 10
    assert len(lines) == 2 + ROWS_MAX
    assert lines[-1].strip() == "and 8 more areas that fired"


def test_a_silent_run_has_no_raster() -> None:
    assert Raster(["a"], [1], 5, 80).lines() == []


def test_a_name_cannot_steer_the_terminal() -> None:
    raster = Raster(["\x1b[2J\r"], [1], 1, 80)
    raster.add(1, 0, 1)
    assert "\x1b" not in "".join(raster.lines())
    assert printable("a\x1b[31m\r\tb\u202e\nc") == "a?[31m??b?\nc"


def test_counts_agree_with_their_noun() -> None:
    assert (counted(1, "area"), counted(0, "area"), counted(12345, "neuron")) == ("1 area", "0 areas", "12,345 neurons")


def test_long_work_shows_its_stage() -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=80)
    shown = threading.Event()

    class Watched(Progress):
        def _show(self) -> None:
            super()._show()
            shown.set()

    with Watched(delay_s=0.0, screen=screen) as progress:
        progress("synaptogenesis", 0.25)
        assert shown.wait(30)
        progress("synaptogenesis", 0.5)
    assert isinstance(screen.file, io.StringIO)
    assert "synaptogenesis" in screen.file.getvalue()
    assert "50%" in screen.file.getvalue()


def test_short_work_shows_nothing() -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=80)
    with Progress(delay_s=3600.0, screen=screen) as progress:
        progress("running", 0.5)
    assert isinstance(screen.file, io.StringIO)
    assert screen.file.getvalue() == ""
