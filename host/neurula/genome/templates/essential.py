"""What a small robot needs: it turns to the brighter half of the picture and backs off from what is near."""

from __future__ import annotations

from neurula.genome.design import Design

SIDE = 16
BRIGHT = 16  # lit pixels in one half of the picture that are worth turning to
NEAR, NEARNESSES = 7, 10
LEFT_FORWARD, LEFT_BACKWARD, RIGHT_FORWARD, RIGHT_BACKWARD = range(4)  # x of the motors


def design(title: str) -> Design:
    brain = Design(title, description="Camera, distance sensors, two wheels.", burst_seconds=0.05)
    retina = brain.input("camera", size=(SIDE, SIDE, 1), name="Camera")
    eyes = brain.input("proximity", 2, name="Distance")
    light = brain.area("Light", (2, 1, 1), threshold=BRIGHT)  # x: left and right half of the picture
    danger = brain.area("Danger")
    wheels = brain.output("motor", 2, (2, 1, 1), name="Wheels")
    near = brain.patterns("near", *((("*", "*", z), (0, 0, 0)) for z in range(NEAR, NEARNESSES)))
    turn = brain.patterns("to_other_wheel", ((0, 0, 0), (RIGHT_FORWARD, 0, 0)), ((1, 0, 0), (LEFT_FORWARD, 0, 0)))
    forward = brain.patterns("both_forward", *(((0, 0, 0), (x, 0, 0)) for x in (LEFT_FORWARD, RIGHT_FORWARD)))
    backward = brain.patterns("both_backward", *(((0, 0, 0), (x, 0, 0)) for x in (LEFT_BACKWARD, RIGHT_BACKWARD)))
    retina.to(light, "projector")
    eyes.to(danger, near)
    light.to(wheels, turn)
    danger.to(wheels, forward, -2).to(wheels, backward)
    return brain
