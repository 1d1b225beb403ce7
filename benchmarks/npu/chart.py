"""Small line charts beside each other, as the text of an SVG file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 250, 190  # of a panel's axes
LEFT, TOP, GAP, BOTTOM = 56, 52, 62, 56
LINE, GRID, TEXT = "#3b79b8", "#d9dee4", "#1f2933"
STEPS = 4  # grid lines of the y axis


@dataclass(frozen=True)
class Panel:
    """A line. title: what the x axis counts; points: (x, y), ascending x, none negative."""

    title: str
    points: Sequence[tuple[float, float]]


def draw(title: str, panels: Sequence[Panel]) -> str:
    """title: what the common y axis counts. It begins at 0 and is the same in all panels."""
    top = nice(max(y for panel in panels for _, y in panel.points))
    width = LEFT + len(panels) * (WIDTH + GAP)
    height = TOP + HEIGHT + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<style>text {{ font: 12px system-ui, 'DejaVu Sans', sans-serif; fill: {TEXT}; }}</style>",
        f'<rect width="100%" height="100%" fill="#fff"/><text x="{LEFT}" y="26" font-weight="600">{escape(title)}</text>',
    ]
    for number, panel in enumerate(panels):
        parts.append(f'<g transform="translate({LEFT + number * (WIDTH + GAP)} {TOP})">')
        parts += [*axes(panel, top), *line(panel, top), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def axes(panel: Panel, top: float) -> Iterator[str]:
    for step in range(STEPS + 1):
        y = HEIGHT - HEIGHT * step / STEPS
        yield f'<line x1="0" x2="{WIDTH}" y1="{y:g}" y2="{y:g}" stroke="{GRID}"/>'
        yield f'<text x="-8" y="{y + 4:g}" text-anchor="end">{top * step / STEPS:,g}</text>'
    end = right_of(panel)
    for share in (0, 0.5, 1):
        anchor = "middle" if share < 1 else "end"
        yield f'<text x="{WIDTH * share:g}" y="{HEIGHT + 18}" text-anchor="{anchor}">{end * share:,.0f}</text>'
    yield f'<text x="{WIDTH / 2:g}" y="{HEIGHT + 40}" text-anchor="middle" font-weight="600">{escape(panel.title)}</text>'


def line(panel: Panel, top: float) -> Iterator[str]:
    end = right_of(panel)
    places = [(WIDTH * x / end, HEIGHT - HEIGHT * y / top) for x, y in panel.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline points="{path}" fill="none" stroke="{LINE}" stroke-width="2"/>'
    for (x, y), (at, value) in zip(places, panel.points, strict=True):
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{LINE}"><title>{at:,.0f}: {value:,.1f}</title></circle>'


def right_of(panel: Panel) -> float:
    return max(x for x, _ in panel.points)


def nice(value: float) -> float:
    """The next of 1, 2, 3, 4, 5, 6, 8 times a power of ten."""
    step = 10.0 ** (len(str(int(value))) - 1)
    return next(factor * step for factor in (1, 2, 3, 4, 5, 6, 8, 10) if factor * step >= value)
