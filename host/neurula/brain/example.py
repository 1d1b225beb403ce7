"""The small brain that the examples of the documentation speak about."""

from __future__ import annotations

from neurula.genome import Design


def example_design() -> Design:
    """Two eyes, four thinking neurons, two wheels. Neurons 0 to 2 are the core areas', 3 and 4 the eyes', 5 to 8 the
    thinking ones, 9 and 10 the wheels'."""
    design = Design("Example")
    eyes = design.area("Eyes", (2, 1, 1), id="i__pro", group="IPU")
    thinking = design.area("Thinking", (2, 2, 1), id="CThink", threshold=2)
    wheels = design.area("Wheels", (2, 1, 1), id="o__mot", group="OPU")
    eyes.to(thinking, "projector", weight=2)
    thinking.to(thinking, "lateral_+x", weight=-1)
    thinking.to(wheels, "projector")
    return design
