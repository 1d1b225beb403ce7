"""A small eye: where in the picture are contours, and which way do they run?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blueprint import Area, Rule, death, genome, patterns, power, vectors

RETINA, CONTRAST, VERTICAL, HORIZONTAL = "i__img", "CEdge_", "CVertc", "CHoriz"
CONTRAST_MAP, VERTICAL_MAP, HORIZONTAL_MAP, REPORT = "CMapEd", "CMapVe", "CMapHo", "o__img"
SIDE, MAP_SIDE = 16, 4
AROUND = [(x, y, 0) for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) != (0, 0)]
LAYER_CONTRAST, LAYER_VERTICAL, LAYER_HORIZONTAL = range(3)  # z of the report

MORPHOLOGIES = {
    "surround": vectors(*AROUND),
    "column": vectors((0, -1, 0), (0, 0, 0), (0, 1, 0)),
    "columns_beside": vectors(*((x, y, 0) for x in (-1, 1) for y in (-1, 0, 1))),
    "row": vectors((-1, 0, 0), (0, 0, 0), (1, 0, 0)),
    "rows_beside": vectors(*((x, y, 0) for x in (-1, 0, 1) for y in (-1, 1))),
    **{f"to_layer_{z}": patterns((("*", "*", 0), ("?", "?", z))) for z in range(3)},
}


def feature(id: str, name: str, threshold: float, x: int, to: str) -> Area:
    return Area(id, name, size=(SIDE, SIDE, 1), position=(x, 0, 20), threshold=threshold, to={to: [Rule("projector", 1)]})


def feature_map(id: str, name: str, x: int, layer: int) -> Area:
    """One neuron for each 4 x 4 block of its feature; two pixels that agree are enough, a single one is not."""
    return Area(
        id, name, size=(MAP_SIDE, MAP_SIDE, 1), position=(x, 0, 40), threshold=2, to={REPORT: [Rule(f"to_layer_{layer}", 1)]},
    )


AREAS = (
    death(),
    power({}),
    Area(
        RETINA, "Retina", "IPU", size=(SIDE, SIDE, 1), position=(0, 0, 0),
        to={
            CONTRAST: [Rule("block_to_block", 8), Rule("surround", -1)],
            VERTICAL: [Rule("column", 2), Rule("columns_beside", -1)],
            HORIZONTAL: [Rule("row", 2), Rule("rows_beside", -1)],
        },
    ),
    feature(CONTRAST, "Contrast", 2, -20, CONTRAST_MAP),
    feature(VERTICAL, "Vertical contours", 3, 0, VERTICAL_MAP),
    feature(HORIZONTAL, "Horizontal contours", 3, 20, HORIZONTAL_MAP),
    feature_map(CONTRAST_MAP, "Map of contrast", -20, LAYER_CONTRAST),
    feature_map(VERTICAL_MAP, "Map of verticals", 0, LAYER_VERTICAL),
    feature_map(HORIZONTAL_MAP, "Map of horizontals", 20, LAYER_HORIZONTAL),
    Area(REPORT, "Report", "OPU", size=(MAP_SIDE, MAP_SIDE, 3), position=(0, 0, 60)),
)


def vision_map_genome() -> dict[str, Any]:
    return genome(
        "neurula-example-vision-map", "Vision map", "A 16 x 16 retina, contrast and two orientations, mapped to 4 x 4.",
        AREAS, MORPHOLOGIES, burst_seconds=0.05,
    )


Pixels = list[tuple[int, int]]


def block(columns: Iterable[int], rows: Iterable[int]) -> Pixels:
    rows = list(rows)
    return [(x, y) for x in columns for y in rows]


PICTURES: dict[int, Pixels] = {  # burst -> lit pixels, x to the right, y upwards
    1: block([5], range(2, 14)),  # a vertical line
    6: block(range(2, 14), [10]),  # a horizontal line
    11: block(range(4, 12), range(4, 12)),  # a filled square
    16: [(i, i) for i in range(2, 14)],  # a diagonal
    21: [(1, 1), (6, 9), (11, 3), (13, 13)],  # single pixels: noise
    26: block(range(SIDE), range(SIDE)),  # everything lit
}
BURSTS = 32


def vision_map_stimulus() -> list[dict[str, Any]]:
    """Each picture is shown for one burst."""
    return [{"burst": burst, "inject": {RETINA: [[x, y, 0, 1.0] for x, y in lit]}} for burst, lit in PICTURES.items()]
