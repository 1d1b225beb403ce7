"""Pictures: what the terminal and the files show is what the body says is there."""

from __future__ import annotations

import importlib.util
from pathlib import Path as File
from typing import Any

import pytest

from examples.bodies.animation import COLOURS, draw, save_gif, save_png
from examples.bodies.canvas import STYLES, Canvas
from examples.bodies.run import main
from examples.bodies.shapes import Disc, Path, Picture
from tests.bodies.living import ALL, make
from tests.conftest import missing


@pytest.fixture
def pillow() -> Any:
    if importlib.util.find_spec("PIL") is None:
        missing("pictures need Pillow (pip install '.[bodies]')")
    import PIL.Image

    return PIL.Image


def dots(picture: Picture, columns: int) -> set[tuple[int, int]]:
    """The dots that are set, x to the right and y downwards."""
    found = set()
    lines = Canvas(picture, columns).lines()[:-1]
    bits = {0x01: (0, 0), 0x02: (0, 1), 0x04: (0, 2), 0x40: (0, 3), 0x08: (1, 0), 0x10: (1, 1), 0x20: (1, 2), 0x80: (1, 3)}
    for row, line in enumerate(lines):
        for column, character in enumerate(line):
            found |= {(2 * column + x, 4 * row + y) for bit, (x, y) in bits.items() if (ord(character) - 0x2800) & bit}
    return found


def test_a_line_is_drawn_dot_by_dot_from_corner_to_corner() -> None:
    assert dots(Picture((0, 0), (9, 9), (Path(((0, 0), (9, 9))),)), 5) == {(i, 9 - i) for i in range(10)}


def test_a_wide_line_takes_several_dots_and_a_filled_disc_all_within() -> None:
    assert dots(Picture((0, 0), (9, 9), (Path(((0, 4), (9, 4)), width=3),)), 5) == {(x, y) for x in range(10) for y in (4, 5, 6)}
    disc = dots(Picture((0, 0), (19, 19), (Disc((10, 9), 5, filled=True),)), 10)
    assert {(x, y) for x in range(20) for y in range(20) if (x - 10) ** 2 + (y - 10) ** 2 <= 16} <= disc
    assert all((x - 10) ** 2 + (y - 10) ** 2 <= 36 for x, y in disc)


def test_what_lies_outside_of_the_frame_is_left_out() -> None:
    assert dots(Picture((0, 0), (9, 9), (Path(((-5, 4), (30, 4))), Disc((40, 40), 3, filled=True))), 5) == {(x, 5) for x in range(10)}


@pytest.mark.parametrize("name", ALL)
def test_every_body_can_be_drawn_in_the_terminal_and_in_a_file(name: str, tmp_path: File, pillow: Any) -> None:
    body = make(name)
    body.reset(1)
    picture = body.picture()
    canvas = Canvas(picture, 60)
    assert {len(line) for line in canvas.lines()[:-1]} == {60}
    assert canvas.text().plain == "\n".join(canvas.lines())
    assert sum(line.count(chr(0x2800)) < 60 for line in canvas.lines()[:-1]) >= 1
    assert {shape.colour for shape in picture.shapes} <= set(STYLES) & set(COLOURS)
    save_png(picture, tmp_path / "body.png", 320)
    with pillow.open(tmp_path / "body.png") as image:
        assert image.width == 320
        assert len(image.getcolors(1 << 20)) > 3


def test_colours_stand_where_they_were_drawn(pillow: Any) -> None:
    picture = Picture((0, 0), (10, 5), (Disc((2, 2.5), 1, "sense", True), Disc((8, 2.5), 1, "line", True)), "caption")
    image = draw(picture, 200)
    assert image.size[0] == 200
    assert "#{:02x}{:02x}{:02x}".format(*image.getpixel((40, 50))) == COLOURS["sense"]
    assert "#{:02x}{:02x}{:02x}".format(*image.getpixel((160, 50))) == COLOURS["line"]
    assert image.getpixel((100, 50)) == (255, 255, 255)


def test_an_animation_has_a_frame_a_picture_and_stays_small(tmp_path: File, pillow: Any) -> None:
    frames = [Picture((0, 0), (10, 5), (Disc((x, 2.5), 1, "robot"),), f"{x}") for x in range(10)]
    save_gif(frames, tmp_path / "body.gif", 0.1)
    with pillow.open(tmp_path / "body.gif") as image:
        assert (image.n_frames, image.info["duration"], image.info["loop"]) == (10, 100, 0)
    assert (tmp_path / "body.gif").stat().st_size < 40_000


def test_the_runner_writes_pictures_and_says_the_score(tmp_path: File, capsys: Any, pillow: Any) -> None:
    png, gif = tmp_path / "last.png", tmp_path / "life.gif"
    assert main(["line_follower", "--seed", "2", "--seconds", "3", "--png", str(png), "--gif", str(gif)]) == 0
    said = capsys.readouterr().out
    assert "rounds" in said
    assert said.splitlines()[-1].split() == ["score", "1.000"]
    with pillow.open(png) as image, pillow.open(gif) as animation:
        assert image.width == 640
        assert animation.n_frames == 15
