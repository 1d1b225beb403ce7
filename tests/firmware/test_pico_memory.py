"""Memory on an emulated Pico: bursts take none, and a large brain finds most of it in one piece."""

from __future__ import annotations

import os

import pytest

from neurula.sim.rp2040 import Rp2040
from tests.firmware.boards import Bench, installed_flash, reflex_image
from tests.firmware.robot import MIDDLE, NEAR, expected, see

pytestmark = pytest.mark.needs_firmware

BURSTS = int(os.environ.get("NEURULA_PICO_BURSTS", 2_000))
FLAT = f"""
import gc, machine
from binascii import hexlify
from neurula_mcu.main import Boot, read_facts
boot = Boot(machine, read_facts())
boot.prepare()
loop = boot.loop
loop.settle()
loop.period_us = 0
begun = hexlify(loop.brain.ram)
first = loop.last_burst()
loop.run(10)
gc.collect()
gc.disable()
before = taken = 0
before = gc.mem_alloc()
loop.run({BURSTS - 10})
taken = gc.mem_alloc() - before
gc.enable()
boot.hardware.unwatch()
boot.neutral()
print(loop.last_burst() - first, taken, begun.decode(), hexlify(loop.brain.ram).decode())
"""
LARGEST = """
import gc, machine
from neurula_mcu import main
load = main.Boot.load
def measured(self, image):
    gc.collect()
    free = gc.mem_free()
    low, high = 0, free + 1
    while high - low > 1024:
        size = (low + high) // 2
        try:
            bytearray(size)
            low = size
        except MemoryError:
            high = size
    gc.collect()
    print(free, low)
    return load(self, image)
main.Boot.load = measured
boot = main.Boot(machine, main.read_facts())
boot.prepare()
boot.hardware.unwatch()
boot.neutral()
"""


def test_thousands_of_bursts_with_pins_and_failsafe_take_no_memory_and_compute_rightly(robot: Bench) -> None:
    see(robot, NEAR, MIDDLE)
    ran, taken, begun, ended = robot.board.run(FLAT, timeout_s=10 + BURSTS / 100).split()
    assert (int(ran), taken) == (BURSTS, "0")
    assert bytes.fromhex(ended) == expected(bytes.fromhex(begun), BURSTS, NEAR, MIDDLE)[0]


def test_most_of_the_heap_is_one_block_when_the_brain_is_loaded() -> None:
    with Rp2040(flash=installed_flash((reflex_image(),), False), wall_limit_s=600) as board:
        free, block = map(int, board.run(LARGEST, timeout_s=60).split())
    print("free bytes and largest block for a brain beside the firmware:", free, block)
    assert block > 145_000
    assert block > 0.9 * free
