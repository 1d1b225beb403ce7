"""Conditioning: food makes the mouth water; the bell does too, once it has rung with the food often enough."""

from __future__ import annotations

from neurula.genome.design import Design, Learning

WINDOW = 2  # bursts within which bell and answer count as one
STEP = 0.25  # how much of the way one meal is
FORGETTING = 0.125  # how much of a step one bell without food takes away


def design(title: str) -> Design:
    brain = Design(title, description="A bell, food, and a mouth that learns what the bell means.", burst_seconds=0.1)
    bell = brain.input("digital", name="Bell")
    food = brain.input("any_input", name="Food")
    mouth = brain.output("any_output", name="Mouth")
    food.to(mouth, "block_to_block", 2)
    bell.to(mouth, "block_to_block", 0, learning=Learning(window=WINDOW, step=STEP, down=FORGETTING))
    return brain
