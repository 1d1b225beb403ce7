"""A small eye: pixels that differ from what is around them are contours; a map says in which blocks these are."""

from __future__ import annotations

from neurula.genome.design import Design

SIDE, MAP_SIDE = 16, 4
AROUND = tuple((x, y, 0) for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) != (0, 0))


def design(title: str) -> Design:
    brain = Design(title, description="Contours in a picture of 16 x 16 pixels, and a map of 4 x 4.", burst_seconds=0.05)
    retina = brain.input("camera", size=(SIDE, SIDE, 1), name="Retina")
    contours = brain.area("Contours", (SIDE, SIDE, 1), threshold=2)
    places = brain.area("Map", (MAP_SIDE, MAP_SIDE, 1), threshold=2)  # one pixel alone is noise
    report = brain.output("picture", size=(MAP_SIDE, MAP_SIDE, 1), name="Report")
    retina.to(contours, "block_to_block", 8).to(contours, brain.vectors("surround", *AROUND), -1)
    contours.to(places, "projector")
    places.to(report, "block_to_block")
    return brain
