"""The picture of a genome's wiring shows every area and every connection once, and nothing lies on top of anything."""

from __future__ import annotations

import random
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from neurula.drawing import Drawing, Layout, draw_svg, lay_out, wiring_of
from neurula.drawing.graph import BOXES_MAX, WIRES_MAX
from neurula.drawing.layout import BOX_HEIGHT, BOX_WIDTH
from neurula.genome import CorticalArea, MappingRule, Projection, read_genome
from neurula.genome.templates import TEMPLATES, design_from

SVG = "{http://www.w3.org/2000/svg}"


def area(name: str, *to: tuple[str, float], group: str = "CUSTOM", **fields: float) -> CorticalArea:
    """to: destination and weight."""
    rules: dict[str, list[MappingRule]] = {}
    for destination, weight in to:
        rules.setdefault(destination, []).append(MappingRule("projector", multiplier=weight))
    projections = tuple(Projection(destination, tuple(entries)) for destination, entries in rules.items())
    return CorticalArea(name, f"Area {name}", group, projections=projections, **fields)  # type: ignore[arg-type]


def random_drawing(seed: int) -> Drawing:
    chance = random.Random(seed)
    names = [f"C{number:05}" for number in range(chance.randint(2, 40))]
    groups = chance.choices(["IPU", "OPU", "CUSTOM", "MEMORY"], [2, 2, 6, 1], k=len(names))
    areas = [
        area(name, *((chance.choice(names), chance.choice([1, 1, -1])) for _ in range(chance.choice([0, 1, 1, 2, 4]))), group=group)
        for name, group in zip(names, groups, strict=True)
    ]
    return wiring_of("random", areas)


def assert_clear(drawing: Drawing, layout: Layout) -> None:
    """No box on another, no wire through a box that it does not touch, everything inside."""
    boxes = {n: (x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2, x + BOX_WIDTH / 2, y + BOX_HEIGHT / 2) for n, (x, y) in layout.places.items()}
    for (_, a), (_, b) in combinations(boxes.items(), 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    for left, top, right, bottom in boxes.values():
        assert left >= -0.01
        assert top >= -0.01
        assert right <= layout.width + 0.01
        assert bottom <= layout.height + 0.01
    for number, points in layout.routes.items():
        others = [box for n, box in boxes.items() if n not in (drawing.wires[number].source, drawing.wires[number].target)]
        for x, y in points[1:-1]:
            assert not any(left < x < right and top < y < bottom for left, top, right, bottom in others)


@pytest.mark.parametrize("seed", range(40))
def test_nothing_lies_on_top_of_anything(seed: int) -> None:
    print("seed", seed)
    drawing = random_drawing(seed)
    layout = lay_out(drawing)
    assert_clear(drawing, layout)
    touched = {end for wire in drawing.wires for end in (wire.source, wire.target)}
    assert set(layout.places) == touched
    assert set(layout.routes) == {n for n, wire in enumerate(drawing.wires) if wire.source != wire.target}


def test_every_area_and_every_wire_is_in_the_picture(shared: Path) -> None:
    for name in ("essential_genome_1f71", "LearningV1_1B_Original_Genome_8adf", "GestureRecognition_genome_12_1_adca"):
        genome = read_genome(shared / "genomes" / f"{name}.json")
        drawing = wiring_of(genome.title, genome.areas)
        assert_clear(drawing, lay_out(drawing))
        tree = ElementTree.fromstring(draw_svg(drawing))
        titles = [title.text or "" for group in tree.iter(f"{SVG}g") for title in group.findall(f"{SVG}title")]
        shown = {box.id for box in drawing.boxes if any(f"({box.id})" in title for title in titles)}
        hidden = {area.id for area in genome.areas} - shown
        assert hidden <= {"_death", "___death"}
        assert len([path for path in tree.iter(f"{SVG}path") if path.find(f"{SVG}title") is not None]) == len(drawing.wires)


def test_signals_run_from_left_to_right() -> None:
    areas = [
        area("out", group="OPU"),
        area("b", ("c", 1), ("a", 1)),
        area("c", ("out", 1)),
        area("a", ("b", 1)),
        area("in", ("a", 1), ("out", 1), group="IPU"),
    ]
    drawing = wiring_of("row", areas)
    x = {drawing.boxes[n].id: place[0] for n, place in lay_out(drawing).places.items()}
    assert x["in"] < x["a"] < x["b"] < x["c"] < x["out"]


def test_excitation_and_inhibition_are_told_apart() -> None:
    areas = [
        area("a", ("b", 1), ("b", -1), ("b", 2)),
        area("b", ("a", 1), postsynaptic_potential=-1),
        area("c", ("a", -1), postsynaptic_potential=-1),
    ]
    wires = {(w.source, w.target, w.inhibits) for w in wiring_of("signs", areas).wires}
    assert wires == {(0, 1, False), (0, 1, True), (1, 0, True), (2, 0, False)}


def test_areas_without_wires_stand_apart_and_unused_core_areas_nowhere() -> None:
    drawing = wiring_of("apart", [area("a", ("b", 1)), area("b"), area("lonely"), area("_death", group="CORE")])
    assert [drawing.boxes[n].id for n in drawing.alone] == ["lonely"]
    assert "connected to nothing" in draw_svg(drawing)
    assert "_death" not in draw_svg(drawing)
    assert lay_out(wiring_of("none", [area("lonely")])).routes == {}


def test_names_cannot_break_out_of_the_picture() -> None:
    evil = CorticalArea("a", "</text><script>alert(1)</script>\x00\x1b", projections=(Projection("a", (MappingRule('"<&>'),)),))
    text = draw_svg(wiring_of("<&\x07", [evil]))
    assert "<script" not in text
    ElementTree.fromstring(text)


def test_a_picture_has_bounds_and_says_what_it_leaves_out() -> None:
    names = [f"C{number:05}" for number in range(BOXES_MAX + 50)]
    areas = [area(name, *((other, 1) for other in names[: 1 + n % 40])) for n, name in enumerate(names)]
    drawing = wiring_of("large", areas)
    assert (len(drawing.boxes), drawing.left_out) == (BOXES_MAX, 50)
    assert len(drawing.wires) <= WIRES_MAX
    assert "50 more areas are not drawn" in draw_svg(drawing)


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_same_genome_is_always_the_same_picture(template: str) -> None:
    genome = design_from(template, "Same").genome()
    once, again = (draw_svg(wiring_of(genome.title, genome.areas)) for _ in range(2))
    assert once == again
    assert ">Same</text>" in once
