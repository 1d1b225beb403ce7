"""The live view: says what is, in any width, and no name can garble it."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from examples.bodies.catalogue import DESIGNED
from neurula.bridge import LinkQuality, Meters, Outcome
from neurula.bridge.meters import AreaMeter
from neurula.cli.bridge_view import BridgeView, bar_of, strip, thumbnail, watching
from tests.bridge.lab import ROUGH, Lab, local_bridge


def lines_of(view: BridgeView, width: int) -> list[str]:
    screen = Console(width=width, file=io.StringIO(), force_terminal=False, color_system=None, legacy_windows=False)
    screen.print(view.render(width))
    text: str = screen.file.getvalue()  # type: ignore[attr-defined]
    return text.splitlines()


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab("line_follower", 3, ROUGH).run(6.0)


def test_it_shows_areas_rates_sensors_motors_the_link_and_the_pace(lab: Lab) -> None:
    lab.bridge.finish()
    text = "\n".join(lines_of(BridgeView("line follower on npu", lab.brain.robot, lab.bridge.meters), 110))
    for word in ("line follower on npu", "50 Hz", "Floor sensors", "Power", "50.0", "far_left", "left_wheel", "connected", "round trip",
                 "missed", "overruns", "burst 300", "0:06.0", "the last"):  # fmt: skip
        assert word in text, word
    assert "█" in text


@pytest.mark.parametrize("name", DESIGNED)
@pytest.mark.parametrize("width", [60, 81, 110, 160])
def test_no_line_is_wider_than_the_terminal_and_none_is_wrapped(name: str, width: int) -> None:
    bridge, _, _ = local_bridge(name, 1)
    bridge.run(40)
    view = BridgeView(name, bridge._brain.brain.robot, bridge.meters)  # type: ignore[attr-defined]
    lines = lines_of(view, width)
    assert {len(line) for line in lines} == {width}
    heights = {len(lines_of(view, wide)) for wide in (width, width + 1)}
    assert len(heights) == 1


def test_before_the_first_burst_there_is_a_picture_too(lab: Lab) -> None:
    meters = Meters(lab.brain.geometry, 50.0)
    assert "silent" in "\n".join(lines_of(BridgeView("x", lab.brain.robot, meters), 100))


def test_names_from_strangers_cannot_steer_the_terminal(lab: Lab) -> None:
    evil = "\x1b[2J\x07[bold red]x[/]\n"
    meters = Meters([replace(area, name=evil, id=evil) for area in lab.brain.geometry], 50.0)
    meters.quality = LinkQuality(evil, "lost", 0.1, 0.5, 3, 4)
    meters.note(1.0, evil)
    lines = lines_of(BridgeView(evil, lab.brain.robot, meters), 100)
    assert all(line.isprintable() for line in lines)
    assert {len(line) for line in lines} == {100}
    assert "(bold red]x(/]" in lines[0]
    assert any("[bold red]x" in line for line in lines)


def test_rates_are_of_the_last_second_and_totals_of_all(lab: Lab) -> None:
    meters = Meters(lab.brain.geometry, 50.0)
    size = lab.brain.geometry[1].dims[0] * lab.brain.geometry[1].dims[2]
    for burst in range(1, 201):
        meters.add(Outcome(burst, {}, ((1, tuple(range(size))),) if burst <= 125 else (), None, {}), burst / 50)
        if burst == 100:
            assert meters.area_meters()[1].rate_hz == pytest.approx(50.0)
        if burst == 150:
            assert meters.area_meters()[1].rate_hz == pytest.approx(25.0)
    area = meters.area_meters()[1]
    assert (area.rate_hz, area.spikes, meters.spikes, meters.bursts) == (0.0, 125 * size, 125 * size, 200)
    assert area.strip == (5 * size,) * 25 + (0,) * 15


def test_the_strip_is_as_high_as_the_busiest_column_and_bars_begin_where_nothing_is() -> None:
    area = AreaMeter("a", "a", 10, 100, 1.0, (0, 5, 10))
    assert strip(area, 5, 1).plain == "   ▄█"
    assert bar_of(0.5, (0.0, 1.0), 8).plain == "████····"
    assert bar_of(0.5, (1.0, 0.0), 8).plain == "████····"
    assert bar_of(1.0, (-1.0, 1.0), 9).plain == "····┃████"
    assert bar_of(-0.5, (-1.0, 1.0), 9).plain == "··██┃····"
    assert bar_of(0.0, (-1.0, 1.0), 9).plain == "····┃····"
    assert bar_of(None, (-1.0, 1.0), 9).plain == "·" * 9


def test_pictures_are_shown_two_rows_in_a_line() -> None:
    text = thumbnail([[0, 255], [255, 0], [9, 9]])
    assert text is not None
    assert text.plain == "▀▀\n▀▀"
    assert thumbnail(0.5) is None
    assert thumbnail((0.5, 0.2)) is None
    assert thumbnail([[0] * 41]) is None


def test_it_draws_while_the_block_runs_and_leaves_the_last_picture(lab: Lab) -> None:
    screen = Console(width=100, height=40, file=io.StringIO(), force_terminal=True, color_system=None, legacy_windows=False)
    with watching("watched", lab.brain.robot, lab.bridge.meters, screen):
        lab.run(0.2)
    assert "watched" in screen.file.getvalue()  # type: ignore[attr-defined]
