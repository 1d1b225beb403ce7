"""The least that does something: what the input shows, the output does one burst later."""

from __future__ import annotations

from neurula.genome.design import Design


def design(title: str) -> Design:
    brain = Design(title, description="One input, one output, and the connection between them.")
    button = brain.input("digital", name="Button", position=(-10, 0, 0))
    lamp = brain.output("any_output", name="Lamp", position=(10, 0, 0))
    button.to(lamp, "block_to_block")
    return brain
