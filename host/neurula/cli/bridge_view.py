"""A bridge as it runs, drawn in the terminal: spikes by area, sensors, motors, the link, the pace."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from neurula.cli.raster import fit

if TYPE_CHECKING:
    from neurula.bridge.meters import AreaMeter, Meters
    from neurula.robot import BoundRobot
    from neurula.robot.binding import BoundDevice

PICTURES_A_SECOND = 10
SWITCH_S = 0.0005  # how soon the bursts get this computer's one Python thread back from the drawing
LEVELS = " ▁▂▃▄▅▆▇█"
EIGHTHS = " ▏▎▍▌▋▊▉█"
AREA_WIDTH, DEVICE_WIDTH, VALUE_WIDTH = 18, 14, 9
AREAS_MAX, DEVICES_MAX = 12, 10
HEAT = ("grey50", "blue", "cyan", "green", "yellow")  # by how much of an area fires in a burst
PICTURE_COLUMNS = 40


class BridgeView:
    """Draws what the meters say. robot: for the names and ranges of devices."""

    def __init__(self, title: str, robot: BoundRobot, meters: Meters) -> None:
        self._title, self._robot, self._meters = title, robot, meters

    def render(self, width: int = 100) -> RenderableType:
        """A picture of now, `width` columns wide."""
        meters = self._meters
        inner = width - 4
        half = max(30, (inner - 3) // 2)
        devices = Table.grid(padding=(0, 3, 0, 0))
        devices.add_column(width=half)
        devices.add_column(width=half)
        devices.add_row(self._devices(self._robot.sensors, meters.sensed, half), self._devices(self._robot.motors, meters.motors, half))
        minutes, seconds = divmod(meters.seconds, 60)
        now = f"{int(minutes)}:{seconds:04.1f}  burst {meters.burst:,}"
        parts = [self._areas(inner), Text(), devices, Text(), *self._foot()]
        return Panel(Group(*parts), title=f"[bold white]{safe(self._title)}[/] · {meters.rate_hz:g} Hz", title_align="left", subtitle=now,
                     subtitle_align="right", width=width, border_style="grey37")  # fmt: skip

    # ---- areas -----------------------------------------------------------------------------------------------------------------

    def _areas(self, width: int) -> RenderableType:
        """Those that fire first, where there are too many."""
        areas = self._meters.area_meters()
        if len(areas) > AREAS_MAX:
            areas = sorted(areas, key=lambda area: -area.spikes)[:AREAS_MAX]
        room = max(10, width - AREA_WIDTH - 2 * 9 - 2)
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(width=AREA_WIDTH)
        grid.add_column(width=8, justify="right")
        grid.add_column(width=8, justify="right")
        grid.add_column(width=room)
        span = f"the last {room * self._meters.column_s:.0f} s"
        grid.add_row(*(Text(word, "grey50") for word in ("area", "neurons", "Hz each", f"{span:>{room}}")))
        for area in areas:
            picture = strip(area, room, self._meters.per_column)
            grid.add_row(Text(fit(area.name or area.id, AREA_WIDTH)), f"{area.neurons:,}", rate_text(area.rate_hz), picture)
        return grid

    # ---- devices ---------------------------------------------------------------------------------------------------------------

    def _devices(self, devices: tuple[BoundDevice, ...], values: Mapping[str, Any], width: int) -> RenderableType:
        rows: list[RenderableType] = []
        for device in devices[:DEVICES_MAX]:
            value = values.get(device.name)
            picture = thumbnail(value)
            if picture is not None:
                rows += [Text(fit(device.name, DEVICE_WIDTH), "bold"), picture]
                continue
            for i, part in enumerate(numbers_of(value)):
                label = device.name if i == 0 else ""
                bar = bar_of(part, device.range, width - DEVICE_WIDTH - VALUE_WIDTH - 2)
                rows.append(Text.assemble(fit(label, DEVICE_WIDTH), " ", (value_text(part), "bold"), " ", bar))
        if len(devices) > DEVICES_MAX:
            rows.append(Text(f"and {len(devices) - DEVICES_MAX} more", "grey50"))
        return Group(*rows)

    # ---- link and pace ---------------------------------------------------------------------------------------------------------

    def _foot(self) -> list[RenderableType]:
        meters = self._meters
        lines: list[RenderableType] = []
        for q in meters.links:
            fine = q.state == "connected"
            lines.append(Text.assemble(
                (f"{q.state} ", "green" if fine else "bold red"), safe(q.name),
                ("   round trip ", "grey50"), f"{1e3 * q.round_trip_s:.1f} ms",
                ("   missed ", "grey50"), (f"{100 * q.missed:.1f} %", "yellow" if q.missed > 0.05 else ""), ("   damaged ", "grey50"),
                f"{q.rejected}", ("   asked again ", "grey50"), f"{q.repeated}",
            ))  # fmt: skip
        board = meters.stats
        if board is not None:
            lines.append(Text.assemble(
                ("board ", "grey50"), f"{board.mean_us} µs", (" a burst, at worst ", "grey50"), f"{board.worst_us} µs",
                ("   overruns ", "grey50"), f"{board.overruns}", ("   failsafe stops ", "grey50"),
                (f"{board.trips}", "yellow" if board.trips else ""),
            ))  # fmt: skip
        lines.append(Text.assemble(
            ("spikes ", "grey50"), f"{meters.spikes:,}", ("   late by ", "grey50"), f"{1e3 * meters.late_s:.2f} ms",
            ("   overruns ", "grey50"), (f"{meters.overruns}", "yellow" if meters.overruns else ""),
        ))  # fmt: skip
        lines += [Text(f"{seconds:8.1f} s  {safe(text)}", "yellow") for seconds, text in list(meters.notes)]
        return lines


def safe(text: str) -> str:
    """Without what could steer a terminal: names come from strangers."""
    return "".join(c if c.isprintable() else "?" for c in text).replace("[", "(")


def rate_text(rate_hz: float) -> str:
    return "-" if rate_hz == 0 else f"{rate_hz:.1f}" if rate_hz >= 0.05 else "<0.1"


def strip(area: AreaMeter, room: int, bursts: int) -> Text:
    """Spikes by column of so many bursts: as high as in the area's busiest one, coloured by how much of the area fires in a burst."""
    columns = area.strip[-room:]
    peak = max(columns, default=0)
    text = Text(" " * (room - len(columns)))
    for count in columns:
        share = count / max(1, area.neurons * bursts)
        text.append(LEVELS[-(-8 * count // peak)] if peak else " ", HEAT[min(len(HEAT) - 1, int(len(HEAT) * share))])
    return text


def numbers_of(value: Any) -> list[Any]:
    """One line each: the value, or its parts."""
    if isinstance(value, Mapping):
        return [part for inner in value.values() for part in numbers_of(inner)]
    if isinstance(value, (list, tuple)):
        return [part for inner in value for part in numbers_of(inner)][:8]
    return [value]


def value_text(value: Any) -> str:
    if value is None:
        return f"{'silent':>{VALUE_WIDTH}}"
    if isinstance(value, bool):
        return f"{'on' if value else 'off':>{VALUE_WIDTH}}"
    return f"{value:>{VALUE_WIDTH}.3g}" if isinstance(value, (int, float)) else f"{safe(str(value))[:VALUE_WIDTH]:>{VALUE_WIDTH}}"


def bar_of(value: Any, span: tuple[float, float], width: int) -> Text:
    """The value between the ends of its range; from the middle where the range has a sign."""
    width = max(4, width)
    if not isinstance(value, (int, float)):
        return Text("·" * width, "grey30")
    low, high = span
    share = max(0.0, min(1.0, (float(value) - low) / (high - low)))
    if low == -high:
        half = (width - 1) // 2
        reach = round(abs(2 * share - 1) * half)
        left, right = (reach, 0) if share < 0.5 else (0, reach)
        return Text.assemble(
            ("·" * (half - left), "grey30"), ("█" * left, "magenta"), ("┃", "grey70"),
            ("█" * right, "cyan"), ("·" * (half - right), "grey30"),
        )  # fmt: skip
    eighths = round(8 * share * width)
    whole, rest = divmod(eighths, 8)
    partial = EIGHTHS[rest] if rest else ""
    return Text.assemble(("█" * whole + partial, "cyan"), ("·" * (width - whole - len(partial)), "grey30"))


def thumbnail(value: Any) -> Text | None:
    """A small grey picture in half blocks; None for what is none, or too large."""
    rows = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(rows, (list, tuple)) or not rows or not isinstance(rows[0], (list, tuple)):
        return None
    if len(rows[0]) > PICTURE_COLUMNS or len(rows) > PICTURE_COLUMNS or not all(isinstance(p, (int, float)) for row in rows for p in row):
        return None
    text = Text()
    for y in range(0, len(rows), 2):
        lower = rows[y + 1] if y + 1 < len(rows) else [0] * len(rows[y])
        for top, bottom in zip(rows[y], lower, strict=False):
            text.append("▀", f"{grey(top)} on {grey(bottom)}")
        text.append("\n" if y + 2 < len(rows) else "")
    return text


def grey(level: float) -> str:
    part = f"{max(0, min(255, int(level))):02x}"
    return f"#{part}{part}{part}"


@contextmanager
def watching(title: str, robot: BoundRobot, meters: Meters, screen: Console | None = None) -> Iterator[None]:
    """Draws in a thread of its own as long as the block runs; the last picture stays."""
    console = screen or Console(markup=True, emoji=False, highlight=False)
    view = BridgeView(title, robot, meters)

    def picture() -> RenderableType:
        return view.render(min(160, max(60, console.width)))

    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        with Live(console=console, get_renderable=picture, refresh_per_second=PICTURES_A_SECOND, vertical_overflow="crop"):
            yield
    finally:
        sys.setswitchinterval(before)
