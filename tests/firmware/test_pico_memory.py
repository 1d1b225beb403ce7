"""Memory on an emulated Pico: bursts take none, and a large brain finds most of it in one piece."""

from __future__ import annotations

import os
from functools import lru_cache

import pytest

from neurula.boards import load_board
from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.genome.model import CorticalArea, Genome, MappingRule, Projection
from neurula.sim.flash import change_files
from neurula.sim.rp2040 import Rp2040
from neurula_npu import Brain
from tests.firmware.boards import Bench, installed_flash, reflex_image
from tests.firmware.fakes import HostBrain
from tests.firmware.robot import MIDDLE, NEAR, expected, see

pytestmark = pytest.mark.needs_firmware

PINNED = int(os.environ.get("NEURULA_PICO_BURSTS", 300))
ALONE = 6 * PINNED
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
loop.run({PINNED - 10})
loop.pins = None
loop.run({ALONE})
taken = gc.mem_alloc() - before
gc.enable()
boot.hardware.unwatch()
boot.neutral()
print(loop.last_burst() - first, taken, begun.decode(), hexlify(loop.brain.ram).decode())
"""
LARGE = """
import gc, machine
from neurula_mcu.main import Boot, read_facts
boot = Boot(machine, read_facts())
boot.prepare()
loop = boot.loop
loop.run(20)
loop.slots.begin(1000, bytes(32))
gc.collect()
print(loop.last_burst(), "%08x" % loop.brain.state_hash(), len(loop.brain.ram), gc.mem_free(), end=" ")
loop.brain = None
try:
    boot.load(open("/too_large.nrl", "rb").read())
except ValueError as error:
    print(error.code)
boot.hardware.unwatch()
boot.neutral()
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


def test_thousands_of_bursts_take_no_memory_with_and_without_pins_and_compute_rightly(robot: Bench) -> None:
    see(robot, NEAR, MIDDLE)
    ran, taken, begun, ended = robot.board.run(FLAT, timeout_s=10 + PINNED / 100).split()
    assert (int(ran), taken) == (PINNED + ALONE, "0")
    state, *_ = expected(bytes.fromhex(begun), PINNED, NEAR, MIDDLE)
    brain = HostBrain(reflex_image())
    brain.ram[:] = state
    for _ in range(ALONE):
        brain.run(0)
    assert bytes.fromhex(ended) == bytes(brain.ram)


@lru_cache
def large_image(ram_bytes: int) -> bytes:
    """An image whose brain takes so many bytes of RAM, or a few less."""
    rule = MappingRule("projector", multiplier=1.0)
    power = CorticalArea("___pwr", "power", excitability=1.0, firing_threshold=0.1, projections=(Projection("wide", (rule,)),))
    neurons = ram_bytes // 10
    while True:
        wide = CorticalArea(
            "wide", "wide", dims=(neurons, 1, 1), firing_threshold=1.5, leak_coefficient=0.25, charge_accumulation=True, excitability=1.0,
            refractory_period=1,
        )
        image = write_image(lower(develop(Genome("large", "large", "3.0", "flat", (power, wide), {}, {}, {})).connectome))
        if Brain(image).image.ram_bytes <= ram_bytes:
            return image
        neurons -= 20


def test_a_brain_as_large_as_the_board_file_allows_runs_and_leaves_room_for_the_next_upload() -> None:
    allowed = load_board("rpi_pico").ram_for_brain_bytes
    image = large_image(allowed)
    flash = change_files(installed_flash((image,), False), {"/too_large.nrl": large_image(allowed + 24_000)})
    with Rp2040(flash=flash, wall_limit_s=600) as board:
        bursts, state, taken, free, refused = board.run(LARGE, timeout_s=60).split()
    here = Brain(image)
    for _ in range(int(bursts)):
        here.step()
    assert (int(bursts), state) == (20, f"{here.state_hash():08x}")
    assert allowed - 1000 < int(taken) <= allowed
    assert int(free) > 8_000
    assert refused == "I107"


def test_most_of_the_heap_is_one_block_when_the_brain_is_loaded() -> None:
    with Rp2040(flash=installed_flash((reflex_image(),), False), wall_limit_s=600) as board:
        free, block = map(int, board.run(LARGEST, timeout_s=60).split())
    print("free bytes and largest block for a brain beside the firmware:", free, block)
    assert block >= load_board("rpi_pico").ram_for_brain_bytes
    assert block > 0.85 * free
