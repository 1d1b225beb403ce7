"""A small eye: where in the picture are contours, and which way do they run?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from neurula.genome import Area, Design

RETINA, CONTRAST, VERTICAL, HORIZONTAL = "i__img", "CEdge_", "CVertc", "CHoriz"
CONTRAST_MAP, VERTICAL_MAP, HORIZONTAL_MAP, REPORT = "CMapEd", "CMapVe", "CMapHo", "o__img"
SIDE, MAP_SIDE = 16, 4
AROUND = [(x, y, 0) for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) != (0, 0)]
LAYER_CONTRAST, LAYER_VERTICAL, LAYER_HORIZONTAL = range(3)  # z of the report


def vision_map_genome() -> dict[str, Any]:
    design = Design(
        "Vision map",
        id="neurula-example-vision-map",
        description="A 16 x 16 retina, contrast and two orientations, mapped to 4 x 4.",
        burst_seconds=0.05,
    )
    surround = design.vectors("surround", *AROUND)
    column = design.vectors("column", (0, -1, 0), (0, 0, 0), (0, 1, 0))
    columns_beside = design.vectors("columns_beside", *((x, y, 0) for x in (-1, 1) for y in (-1, 0, 1)))
    row = design.vectors("row", (-1, 0, 0), (0, 0, 0), (1, 0, 0))
    rows_beside = design.vectors("rows_beside", *((x, y, 0) for x in (-1, 0, 1) for y in (-1, 1)))

    def feature(id: str, name: str, threshold: float, x: int) -> Area:
        return design.area(name, (SIDE, SIDE, 1), id=id, position=(x, 0, 20), threshold=threshold)

    def feature_map(id: str, name: str, x: int) -> Area:
        """One neuron for each 4 x 4 block of its feature; two pixels that agree are enough, a single one is not."""
        return design.area(name, (MAP_SIDE, MAP_SIDE, 1), id=id, position=(x, 0, 40), threshold=2)

    design.death()
    design.power()
    retina = design.input("camera", size=(SIDE, SIDE, 1), name="Retina", position=(0, 0, 0))
    contrast = feature(CONTRAST, "Contrast", 2, -20)
    vertical = feature(VERTICAL, "Vertical contours", 3, 0)
    horizontal = feature(HORIZONTAL, "Horizontal contours", 3, 20)
    contrast_map = feature_map(CONTRAST_MAP, "Map of contrast", -20)
    vertical_map = feature_map(VERTICAL_MAP, "Map of verticals", 0)
    horizontal_map = feature_map(HORIZONTAL_MAP, "Map of horizontals", 20)
    report = design.output("picture", size=(MAP_SIDE, MAP_SIDE, 3), name="Report", position=(0, 0, 60))

    retina.to(contrast, "block_to_block", 8).to(contrast, surround, -1)
    retina.to(vertical, column, 2).to(vertical, columns_beside, -1)
    retina.to(horizontal, row, 2).to(horizontal, rows_beside, -1)
    for feature_area, blocks, layer in (
        (contrast, contrast_map, LAYER_CONTRAST),
        (vertical, vertical_map, LAYER_VERTICAL),
        (horizontal, horizontal_map, LAYER_HORIZONTAL),
    ):
        feature_area.to(blocks, "projector")
        blocks.to(report, design.patterns(f"to_layer_{layer}", (("*", "*", 0), ("?", "?", layer))))
    return design.document()


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
