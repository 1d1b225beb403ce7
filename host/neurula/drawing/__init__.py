"""Drawing: a genome's wiring as a picture that a browser shows (SVG), without any other program."""

from neurula.drawing.graph import Box, Drawing, Wire, wiring_of
from neurula.drawing.layout import Layout, lay_out
from neurula.drawing.svg import draw_svg

__all__ = ["Box", "Drawing", "Layout", "Wire", "draw_svg", "lay_out", "wiring_of"]
