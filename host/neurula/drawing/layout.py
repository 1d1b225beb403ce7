"""Where boxes stand and wires run: columns from inputs on the left to outputs on the right, few crossings, no overlaps.

The usual layered way: wires that close a circle are turned round, every box gets the column after its last predecessor,
long wires get a waypoint in every column that they pass, columns are ordered by the mean place of their neighbours, and
heights are relaxed in the same way. Every step is bounded by the sizes in graph.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from neurula.drawing.graph import Drawing

BOX_WIDTH, BOX_HEIGHT = 150, 40
BOX_GAP, WAY_GAP = 22, 9  # between boxes, and beside a waypoint
COLUMN_GAP_MIN, COLUMN_GAP_MAX = 76, 150
COLUMN_GAP_PER_WIRE = 3
SWEEPS_MIN, SWEEPS_MAX = 4, 14
SWEPT_NODES = 30_000  # of all sweeps together: pictures so large are not read in detail
COLUMNS_MAX = 14  # longer chains are folded into these
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """places: box -> centre, for boxes that have wires. routes: wire -> the points that it runs through, from the edge of
    its source to the edge of its target. width, height: of all that, from (0, 0)."""

    places: dict[int, Point]
    routes: dict[int, tuple[Point, ...]]
    width: float
    height: float


def lay_out(drawing: Drawing) -> Layout:
    """Deterministic: the same drawing always has the same layout."""
    connected = sorted({end for wire in drawing.wires for end in (wire.source, wire.target)})
    if not connected:
        return Layout({}, {}, 0, 0)
    links = sorted({(w.source, w.target) for w in drawing.wires if w.source != w.target})
    columns = _columns(drawing, connected, links)
    chains = _Chains(columns)
    for source, target in links:
        chains.add(source, target)
    _order(chains)
    heights = _heights(chains)
    x = _column_places(chains)
    top = min(heights[n] - _size(chains, n) / 2 for n in chains.column_of)
    place = {n: (x[chains.column_of[n]], heights[n] - top) for n in chains.column_of}
    routes = {
        number: _route(place, chains, wire.source, wire.target)
        for number, wire in enumerate(drawing.wires)
        if wire.source != wire.target
    }
    height = max(place[n][1] + _size(chains, n) / 2 for n in place)
    return Layout({n: place[n] for n in connected}, routes, max(x) + BOX_WIDTH / 2, height)


def _columns(drawing: Drawing, connected: Sequence[int], links: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Box -> column, counted from 0. Inputs and power stand in the first, outputs in the last."""
    following: dict[int, list[int]] = {n: [] for n in connected}
    for source, target in links:
        following[source].append(target)
    kinds = {n: drawing.boxes[n].kind for n in connected}
    first = [n for n in connected if kinds[n] in ("input", "power")]
    order = _finished_last(first or connected, connected, following)
    rank = dict.fromkeys(connected, 0)
    position = {n: i for i, n in enumerate(order)}
    for n in order:
        for target in following[n]:
            if position[target] > position[n] and kinds[target] not in ("input", "power"):
                rank[target] = min(max(rank[target], rank[n] + 1), COLUMNS_MAX - 1)
    last = max((rank[n] for n in connected if kinds[n] != "output"), default=0) + 1
    rank.update({n: last for n in connected if kinds[n] == "output"})
    used = sorted(set(rank.values()))
    return {n: used.index(rank[n]) for n in connected}


def _finished_last(starts: Sequence[int], nodes: Sequence[int], following: dict[int, list[int]]) -> list[int]:
    """Reverse order of finishing of a depth-first walk: all wires but those that close a circle lead forward in it."""
    seen: set[int] = set()
    finished: list[int] = []
    for start in [*starts, *nodes]:
        if start in seen:
            continue
        seen.add(start)
        walk = [(start, iter(following[start]))]
        while walk:
            node, rest = walk[-1]
            onward = next((n for n in rest if n not in seen), None)
            if onward is None:
                finished.append(node)
                walk.pop()
            else:
                seen.add(onward)
                walk.append((onward, iter(following[onward])))
    return finished[::-1]


class _Chains:
    """Boxes and waypoints by column. A waypoint's number is negative; a chain leads from the left box to the right one."""

    def __init__(self, columns: dict[int, int]) -> None:
        self.column_of = dict(columns)
        self.columns: list[list[int]] = [[] for _ in range(max(columns.values()) + 1)]
        for node, column in columns.items():
            self.columns[column].append(node)
        self.left: dict[int, list[int]] = {n: [] for n in columns}
        self.right: dict[int, list[int]] = {n: [] for n in columns}
        self._ways: dict[tuple[int, int], tuple[int, ...]] = {}
        self._last_way = 0

    def add(self, source: int, target: int) -> None:
        """A wire between boxes of different columns; in one column it needs no way."""
        ends = tuple(sorted((source, target), key=lambda n: self.column_of[n]))
        if self.column_of[source] == self.column_of[target] or ends in self._ways:
            return
        nodes = [ends[0]]
        for column in range(self.column_of[ends[0]] + 1, self.column_of[ends[1]]):
            self._last_way -= 1
            way = self._last_way
            self.column_of[way] = column
            self.columns[column].append(way)
            self.left[way], self.right[way] = [], []
            nodes.append(way)
        nodes.append(ends[1])
        self._ways[ends[0], ends[1]] = tuple(nodes[1:-1])
        for a, b in itertools.pairwise(nodes):
            self.right[a].append(b)
            self.left[b].append(a)

    def sweeps(self) -> int:
        """Even, so that both directions count alike."""
        return max(SWEEPS_MIN, min(SWEEPS_MAX, SWEPT_NODES // len(self.column_of))) // 2 * 2

    def ways(self, source: int, target: int) -> tuple[int, ...]:
        """Waypoints between two boxes, from source to target."""
        if (source, target) in self._ways:
            return self._ways[source, target]
        return self._ways.get((target, source), ())[::-1]


def _order(chains: _Chains) -> None:
    """Sorts every column by the mean place of the neighbours, to and fro; keeps the order with the fewest crossings."""
    best, fewest = [list(column) for column in chains.columns], _crossings(chains)
    place = {node: i / max(1, len(column) - 1) for column in chains.columns for i, node in enumerate(column)}
    for sweep in range(chains.sweeps()):
        forward = sweep % 2 == 0
        sides = chains.left if forward else chains.right
        for column in chains.columns if forward else chains.columns[::-1]:
            _sort_column(column, sides, place)
        crossings = _crossings(chains)
        if crossings < fewest:
            best, fewest = [list(column) for column in chains.columns], crossings
    for column, ordered in zip(chains.columns, best, strict=True):
        column[:] = ordered


def _sort_column(column: list[int], neighbours: dict[int, list[int]], place: dict[int, float]) -> None:
    """place: node -> height in its column, 0 to 1; it follows the new order."""
    wish = {n: _mean([place[m] for m in neighbours[n]], place[n]) for n in column}
    column.sort(key=lambda n: (wish[n], place[n]))
    place.update({node: i / max(1, len(column) - 1) for i, node in enumerate(column)})


def _crossings(chains: _Chains) -> int:
    """Pairs of wires between neighbouring columns that cross, counted with a Fenwick tree."""
    total = 0
    for left, right in zip(chains.columns, chains.columns[1:], strict=False):
        place = {n: i for i, n in enumerate(right)}
        tree = [0] * (len(right) + 1)
        seen = 0
        for node in left:
            targets = sorted(place[m] for m in chains.right[node])
            for target in targets:
                total += seen - _count_up_to(tree, target)
            for target in targets:
                seen += 1
                at = target + 1
                while at < len(tree):
                    tree[at] += 1
                    at += at & -at
    return total


def _count_up_to(tree: list[int], index: int) -> int:
    count, at = 0, index + 1
    while at:
        count += tree[at]
        at -= at & -at
    return count


def _heights(chains: _Chains) -> dict[int, float]:
    """Node -> height of its centre: as near to its neighbours as the order and the gaps allow."""
    y: dict[int, float] = {}
    for column in chains.columns:
        at = 0.0
        for above, node in zip([None, *column], column, strict=False):
            at += _distance(chains, above, node)
            y[node] = at
        for node in column:
            y[node] -= at / 2
    for sweep in range(chains.sweeps()):
        for column in chains.columns if sweep % 2 == 0 else chains.columns[::-1]:
            wish = {n: _mean([y[m] for m in (*chains.left[n], *chains.right[n])], y[n]) for n in column}
            _settle(chains, column, wish, y)
    return y


def _settle(chains: _Chains, column: list[int], wish: dict[int, float], y: dict[int, float]) -> None:
    """Puts the nodes at the mean of the highest and the lowest arrangement that keeps order and gaps."""
    down: list[float] = []
    for above, node in zip([None, *column], column, strict=False):
        down.append(wish[node] if not down else max(wish[node], down[-1] + _distance(chains, above, node)))
    up: list[float] = []
    for below, node in zip([None, *column[::-1]], column[::-1], strict=False):
        up.append(wish[node] if not up else min(wish[node], up[-1] - _distance(chains, below, node)))
    for node, low, high in zip(column, down, up[::-1], strict=True):
        y[node] = (low + high) / 2


def _distance(chains: _Chains, one: int | None, other: int) -> float:
    """Between the centres of two nodes that stand above each other."""
    if one is None:
        return 0
    gap = BOX_GAP if one >= 0 and other >= 0 else WAY_GAP
    return (_size(chains, one) + _size(chains, other)) / 2 + gap


def _size(chains: _Chains, node: int) -> float:
    return BOX_HEIGHT if node >= 0 else 2


def _column_places(chains: _Chains) -> list[float]:
    """The x of the centre of every column; the gap grows with the wires in it."""
    places = [BOX_WIDTH / 2]
    for column in chains.columns[:-1]:
        wires = sum(len(chains.right[n]) for n in column)
        gap = min(COLUMN_GAP_MAX, COLUMN_GAP_MIN + COLUMN_GAP_PER_WIRE * wires)
        places.append(places[-1] + BOX_WIDTH + gap)
    return places


def _route(place: dict[int, Point], chains: _Chains, source: int, target: int) -> tuple[Point, ...]:
    """From the right edge of the source to the left edge of the target; a wire that leads back, from left to right edge.

    Within a column it leaves and arrives at the right edge.
    """
    (sx, sy), (tx, ty) = place[source], place[target]
    half = BOX_WIDTH / 2
    if sx == tx:
        return ((sx + half, sy), (tx + half, ty))
    side = half if sx < tx else -half
    passing = (place[way] for way in chains.ways(source, target))
    straight = (point for x, y in passing for point in ((x - side, y), (x + side, y)))  # past the boxes of the column
    return ((sx + side, sy), *straight, (tx - side, ty))


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
