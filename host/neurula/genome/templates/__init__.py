"""Genomes to begin with, of our own design. To add one: a file with a function of a title, and a line in TEMPLATES."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from neurula.errors import UsageError
from neurula.genome.design import Design


@dataclass(frozen=True, slots=True)
class Template:
    """name: what a person types; summary: one sentence."""

    name: str
    summary: str


TEMPLATES = {
    template.name: template
    for template in (
        Template("barebones", "One input, one output, and the connection between them."),
        Template("blink", "A lamp that blinks by itself: power, a divider, and an output."),
        Template("reflex", "Two distance sensors and two wheels: it drives, and turns away from walls."),
        Template("vision", "A camera of 16 x 16 pixels: contours, and a map of where they are."),
        Template("essential", "Camera, distance sensors and two wheels: it turns to the light and backs off from walls."),
        Template("learning", "A bell and food: after some meals with the bell, the bell alone is enough."),
    )
}
DEFAULT = "reflex"


def design_from(template: str, title: str) -> Design:
    """A new design. Raises UsageError U201 for a template that there is not."""
    if template not in TEMPLATES:
        raise UsageError("U201", f"there is no template {template!r}", remedy=f"Use one of {', '.join(TEMPLATES)}.")
    design: Design = import_module(f"neurula.genome.templates.{template}").design(title)
    return design
