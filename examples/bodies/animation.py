"""Pictures as PNG and GIF files, with Pillow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as File
from typing import Any

from examples.bodies.shapes import Path, Picture, Point

COLOURS = {"ink": "#222222", "wall": "#555555", "robot": "#0b7285", "sense": "#e8590c", "trail": "#91a7ff", "line": "#343a40"}
PAPER = "#ffffff"
FINER = 2  # drawn so many times larger, then made smaller: smooth edges
CAPTION_PIXELS = 18
GREYS = 32  # colours of a GIF


def draw(picture: Picture, width: int) -> Any:
    """The picture as an image of Pillow's, so many pixels wide. SystemExit without Pillow."""
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise SystemExit("Pictures need Pillow: pip install 'neurula[bodies]'") from None
    (left, low), (right, high) = picture.low, picture.high
    scale = FINER * width / (right - left)
    height = round((high - low) * scale / FINER)
    image = Image.new("RGB", (FINER * width, FINER * (height + CAPTION_PIXELS)), PAPER)
    pen = ImageDraw.Draw(image)

    def place(point: Point) -> Point:
        return (point[0] - left) * scale, (high - point[1]) * scale

    for shape in picture.shapes:
        colour = COLOURS[shape.colour]
        if isinstance(shape, Path):
            points = [place(point) for point in shape.points]
            if shape.closed and not shape.width:
                pen.polygon(points, fill=colour)
                continue
            if shape.closed:
                points.append(points[0])
            pen.line(points, fill=colour, width=max(FINER, round(shape.width * scale)), joint="curve")
        else:
            (x, y), r = place(shape.centre), shape.radius * scale
            pen.ellipse((x - r, y - r, x + r, y + r), outline=colour, fill=colour if shape.filled else None, width=FINER)
    image = image.resize((width, height + CAPTION_PIXELS), Image.Resampling.LANCZOS)
    ImageDraw.Draw(image).text((6, height + 2), picture.caption, fill=COLOURS["ink"])
    return image


def save_png(picture: Picture, path: File, width: int = 640) -> None:
    """One picture."""
    draw(picture, width).save(path, "PNG")


def save_gif(pictures: Sequence[Picture], path: File, frame_s: float, width: int = 400) -> None:
    """One picture after the other, for frame_s seconds each, for ever."""
    frames = [draw(picture, width).quantize(GREYS) for picture in pictures]
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:], duration=round(frame_s * 1000), loop=0, optimize=True)
