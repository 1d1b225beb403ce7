"""A layout as SVG: text that scales, nothing from outside, readable on white."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from html import escape

from neurula.drawing.graph import Box, Drawing, Wire
from neurula.drawing.layout import BOX_HEIGHT, BOX_WIDTH, Layout, Point, lay_out

MARGIN = 28
TITLE_HEIGHT, LEGEND_HEIGHT = 46, 34
TRAY_GAP, TRAY_CELL = 16, (168, 24)
NAME_CHARS, TRAY_CHARS = 19, 25
COUNTS_SHOWN = 60  # with more wires than these their numbers hide each other; the tooltips have them
EXCITES, INHIBITS = "#2a7f62", "#c2413b"
FILLS = {
    "input": ("#dcebf9", "#3b79b8"),
    "power": ("#fdf0c4", "#b98a12"),
    "core": ("#f1f1f1", "#8a8a8a"),
    "custom": ("#ffffff", "#6b7280"),
    "memory": ("#ecdff7", "#7c4fae"),
    "output": ("#fde3d3", "#c8692b"),
}
STYLE = """
text { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2933; }
.title { font-size: 18px; font-weight: 600; } .note { font-size: 12px; fill: #52606d; }
.name { font-size: 12px; font-weight: 600; text-anchor: middle; } .size { font-size: 10.5px; fill: #52606d; text-anchor: middle; }
.count { font-size: 9.5px; fill: #323f4b; text-anchor: middle; } .halo { stroke: #fff; stroke-width: 3px; }
.wire { fill: none; stroke-linecap: round; } .wire:hover { stroke-width: 5px; }
"""


def draw_svg(drawing: Drawing) -> str:
    """The whole picture as the text of an SVG file."""
    layout = lay_out(drawing)
    columns = max(1, int((max(layout.width, 640) + TRAY_GAP) // (TRAY_CELL[0] + TRAY_GAP)))
    rows = math.ceil(len(drawing.alone) / columns)
    tray_height = rows * (TRAY_CELL[1] + 8) + 34 if rows else 0
    width = max(layout.width, 640) + 2 * MARGIN + 60  # room for loops beside the last column
    height = TITLE_HEIGHT + layout.height + tray_height + LEGEND_HEIGHT + 2 * MARGIN + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}">',
        f"<title>{_text(drawing.title)}</title><style>{STYLE}</style>",
        *_markers(),
        f'<rect width="100%" height="100%" fill="#fff"/><text class="title" x="{MARGIN}" y="{MARGIN + 8}">{_text(drawing.title)}</text>',
        f'<text class="note" x="{MARGIN}" y="{MARGIN + 28}">{_text(_summary(drawing))}</text>',
        f'<g transform="translate({MARGIN} {MARGIN + TITLE_HEIGHT})">',
        *_wires(drawing, layout),
        *_boxes(drawing, layout),
        *_tray(drawing, layout.height + 30, columns),
        "</g>",
        *_legend(height - MARGIN),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _summary(drawing: Drawing) -> str:
    neurons = sum(box.neurons for box in drawing.boxes)
    words = [f"{len(drawing.boxes):,} areas", f"{neurons:,} neurons"]
    if all(wire.synapses is not None for wire in drawing.wires) and drawing.wires:
        words.append(f"{sum(wire.synapses or 0 for wire in drawing.wires):,} synapses")
    if drawing.left_out:
        words.append(f"{drawing.left_out:,} more areas are not drawn")
    return " · ".join(words)


def _markers() -> Iterator[str]:
    """Arrowheads: a point for excitation, a bar for inhibition, as neuroscience draws them."""
    yield "<defs>"
    yield (
        f'<marker id="excites" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" '
        f'orient="auto"><path d="M0 0.6 L8 4 L0 7.4 z" fill="{EXCITES}"/></marker>'
    )
    yield (
        f'<marker id="inhibits" viewBox="0 0 4 10" refX="3" refY="5" markerWidth="4" markerHeight="10" markerUnits="userSpaceOnUse" '
        f'orient="auto"><rect width="3" height="10" fill="{INHIBITS}"/></marker>'
    )
    yield "</defs>"


def _boxes(drawing: Drawing, layout: Layout) -> Iterator[str]:
    for number, (x, y) in layout.places.items():
        box = drawing.boxes[number]
        fill, line = FILLS[box.kind]
        yield (
            f'<g><title>{_text(_about(box))}</title><rect x="{x - BOX_WIDTH / 2:.1f}" y="{y - BOX_HEIGHT / 2:.1f}" width="{BOX_WIDTH}" '
            f'height="{BOX_HEIGHT}" rx="7" fill="{fill}" stroke="{line}" stroke-width="1.4"/>'
            f'<text class="name" x="{x:.1f}" y="{y - 2:.1f}">{_text(_short(box.name))}</text>'
            f'<text class="size" x="{x:.1f}" y="{y + 13:.1f}">{_text(_size(box))}</text></g>'
        )


def _wires(drawing: Drawing, layout: Layout) -> Iterator[str]:
    """Thick ones first, so that thin ones stay visible; counts above all wires."""
    both = {(w.source, w.target) for w in drawing.wires if w.inhibits} & {(w.source, w.target) for w in drawing.wires if not w.inhibits}
    ports = _ports(drawing, layout, both)
    loops: dict[int, int] = {}
    counts = []
    for number, wire in enumerate(drawing.wires):
        if wire.source == wire.target:
            nth = loops[wire.source] = loops.get(wire.source, -1) + 1
            path, middle = _loop(layout.places[wire.source], nth)
        else:
            path, middle = _curve(ports[number], 0.45 if wire.inhibits and (wire.source, wire.target) in both else 0.28)
        yield _wire(drawing, wire, path)
        if wire.synapses:
            counts.append((middle, f"{wire.synapses:,}"))
    for (x, y), label in counts if len(counts) <= COUNTS_SHOWN else ():
        for look in ("count halo", "count"):
            yield f'<text class="{look}" x="{x:.1f}" y="{y + 3:.1f}">{label}</text>'


def _wire(drawing: Drawing, wire: Wire, path: str) -> str:
    colour, marker = (INHIBITS, "inhibits") if wire.inhibits else (EXCITES, "excites")
    thickness = 1.1 + 0.55 * math.log10(1 + (wire.synapses or 0))
    dashes = ' stroke-dasharray="7 4"' if wire.learns else ""
    faint = ' opacity="0.35"' if wire.synapses == 0 else ' opacity="0.85"'
    return (
        f'<path class="wire" d="{path}" stroke="{colour}" stroke-width="{thickness:.2f}"{dashes}{faint} marker-end="url(#{marker})">'
        f"<title>{_text(_about_wire(drawing, wire))}</title></path>"
    )


def _ports(drawing: Drawing, layout: Layout, both: set[tuple[int, int]]) -> dict[int, list[Point]]:
    """Routes whose ends are spread over the sides of their boxes, in the order in which they leave."""
    routes = {number: list(points) for number, points in layout.routes.items()}
    sides: dict[tuple[int, float], list[tuple[float, bool, int, int]]] = {}
    for number, points in routes.items():
        wire = drawing.wires[number]
        sides.setdefault((wire.source, points[0][0]), []).append((points[1][1], wire.inhibits, number, 0))
        sides.setdefault((wire.target, points[-1][0]), []).append((points[-2][1], wire.inhibits, number, -1))
    for (box, _), ends in sides.items():
        room = BOX_HEIGHT - 12
        for nth, (_, _, number, end) in enumerate(sorted(ends)):
            x, _ = routes[number][end]
            offset = room * ((nth + 0.5) / len(ends) - 0.5)
            routes[number][end] = (x, layout.places[box][1] + offset)
    for number, points in routes.items():
        wire = drawing.wires[number]
        if (wire.source, wire.target) in both:  # two signs run beside each other
            shift = 3 if wire.inhibits else -3
            routes[number] = [points[0], *((x, y + shift) for x, y in points[1:-1]), points[-1]]
    return routes


def _curve(points: list[Point], at: float) -> tuple[str, Point]:
    """Smooth steps from point to point, level at each; within a column a bow to the right.

    Also the place of its number: the part `at` of the last step before its end.
    """
    (sx, sy), (tx, ty) = points[0], points[-1]
    if len(points) == 2 and sx == tx:
        bow = 26 + 0.12 * abs(ty - sy)
        return f"M{sx:.1f} {sy:.1f} C{sx + bow:.1f} {sy:.1f} {tx + bow:.1f} {ty:.1f} {tx:.1f} {ty:.1f}", (sx + 0.75 * bow, (sy + ty) / 2)
    path = [f"M{sx:.1f} {sy:.1f}"]
    for (ax, ay), (bx, by) in itertools.pairwise(points):
        bend = (bx - ax) * 0.5
        path.append(f"C{ax + bend:.1f} {ay:.1f} {bx - bend:.1f} {by:.1f} {bx:.1f} {by:.1f}")
    (ax, ay), (bx, by) = points[-2], points[-1]
    return " ".join(path), (bx + at * (ax - bx), by + (3 - 2 * at) * at * at * (ay - by))


def _loop(place: Point, nth: int) -> tuple[str, Point]:
    """From the top of a box back to it; a second one is larger."""
    x, y = place[0] + BOX_WIDTH / 2 - 44, place[1] - BOX_HEIGHT / 2
    rise = 24 + 9 * nth
    return f"M{x:.1f} {y:.1f} C{x - 4:.1f} {y - rise:.1f} {x + 32:.1f} {y - rise:.1f} {x + 26:.1f} {y:.1f}", (x + 13, y - 0.74 * rise)


def _tray(drawing: Drawing, top: float, columns: int) -> Iterator[str]:
    """Areas that are connected to nothing, below everything else."""
    if not drawing.alone:
        return
    yield f'<text class="note" x="0" y="{top:.1f}">connected to nothing:</text>'
    width, height = TRAY_CELL
    for nth, number in enumerate(drawing.alone):
        box = drawing.boxes[number]
        x, y = (nth % columns) * (width + TRAY_GAP), top + 10 + (nth // columns) * (height + 8)
        fill, line = FILLS[box.kind]
        yield (
            f'<g><title>{_text(_about(box))}</title><rect x="{x:.1f}" y="{y:.1f}" width="{width}" height="{height}" rx="5" fill="{fill}" '
            f'stroke="{line}" stroke-dasharray="3 3"/><text class="size" x="{x + width / 2:.1f}" y="{y + 16:.1f}">'
            f"{_text(_short(box.name, TRAY_CHARS))}</text></g>"
        )


def _legend(bottom: float) -> Iterator[str]:
    x = MARGIN
    for kind, (fill, line) in FILLS.items():
        if kind == "core":
            continue
        yield f'<rect x="{x}" y="{bottom - 12:.1f}" width="16" height="12" rx="3" fill="{fill}" stroke="{line}"/>'
        yield f'<text class="note" x="{x + 22}" y="{bottom - 2:.1f}">{kind}</text>'
        x += 84
    for name, colour, marker, dashes in (
        ("excites", EXCITES, "excites", ""),
        ("inhibits", INHIBITS, "inhibits", ""),
        ("learns", EXCITES, "excites", ' stroke-dasharray="7 4"'),
    ):
        line = f'd="M{x} {bottom - 6:.1f} h34" stroke="{colour}" stroke-width="1.6"{dashes} marker-end="url(#{marker})"'
        yield f'<path class="wire" {line}/><text class="note" x="{x + 42}" y="{bottom - 2:.1f}">{name}</text>'
        x += 106


def _about(box: Box) -> str:
    return f"{box.name} ({box.id}): {_size(box)}"


def _about_wire(drawing: Drawing, wire: Wire) -> str:
    count = "" if wire.synapses is None else f", {wire.synapses:,} synapses"
    how = ", ".join(wire.rules[:6]) + (" ..." if len(wire.rules) > 6 else "")
    verb = "inhibits" if wire.inhibits else "excites"
    return f"{drawing.boxes[wire.source].name} {verb} {drawing.boxes[wire.target].name}{count} ({how}{'; learns' if wire.learns else ''})"


def _size(box: Box) -> str:
    dims = " × ".join(map(str, box.dims))
    return dims if box.neurons == math.prod(box.dims) and box.neurons < 10 else f"{dims} · {box.neurons:,}"


def _short(name: str, most: int = NAME_CHARS) -> str:
    """The beginning and the end of a long name: names often differ in their last words."""
    return name if len(name) <= most else f"{name[: most // 2 - 1].rstrip()}…{name[-(most // 2) :].lstrip()}"


def _text(text: str) -> str:
    """Escaped for SVG, without characters that XML does not have."""
    return escape("".join(c if c.isprintable() else "?" for c in text))
