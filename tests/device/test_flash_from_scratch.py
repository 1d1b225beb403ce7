"""One command puts firmware and brain on a new Pico over its USB port; after a power cut the brain runs alone, as the reference does."""

from __future__ import annotations

import hashlib

import pytest

from neurula.boards import load_board
from neurula.device.install import Reserved
from neurula.device.link import BoardLink
from neurula.device.upload import revive
from neurula.runtimes import open_runtime
from neurula.sim.flash import change_files, read_files
from tests.cli.conftest import Outcome
from tests.device.cable import WatchedPico
from tests.device.prepared_pico import with_brains
from tests.device.scenes import network, what_runs
from tests.firmware.boards import reflex_image

pytestmark = pytest.mark.needs_firmware
MOTORS = (2, 3, 4, 5)
NEAR = 50_000  # a wall, as the left sensor reads it


def test_one_command_sets_a_new_board_up(from_scratch: tuple[bytes, Outcome]) -> None:
    flash, told = from_scratch
    answer = told.json
    assert answer["device"]["kind"] == "network"
    assert (answer["board"], answer["micropython"]) == ("rpi_pico", "1.25.0")
    assert answer["image"]["sha256"] == hashlib.sha256(reflex_image()).hexdigest()
    assert (answer["image"]["slot"], answer["hello"]["state"], answer["confirmed"]) == ("0", "confirmed", True)
    assert answer["watched"]["bursts"] > 80
    files = read_files(flash)
    sent = answer["firmware"]["sent"]
    assert {path: len(files[path]) for path in sent} == sent
    assert {"/main.py", "/neurula_mcu/main.mpy", "/neurula_mcu/kernels_thumb.mpy"} <= set(sent)


def test_a_new_board_has_the_room_for_brains_that_its_file_promises(from_scratch: tuple[bytes, Outcome]) -> None:
    board = load_board("rpi_pico")
    _, first, second, blocks, single = map(int, read_files(from_scratch[0])["/slots/where"].split())
    reserved = Reserved(blocks, bool(single), second == first + blocks)
    assert (reserved.single, reserved.whole) == (False, True)
    assert reserved.room(single=False) >= board.image_limit_bytes
    assert reserved.room(single=True) >= board.single_image_limit_bytes


def test_after_a_power_cut_the_brain_runs_alone_and_as_the_reference_does(from_scratch: tuple[bytes, Outcome]) -> None:
    with WatchedPico(flash=from_scratch[0]) as pico:
        for bumper in (14, 15, 22):
            pico.set_pin(bumper, 1)  # not pressed
        pico.sleep(1.5)
        burst, state = what_runs(pico, "0", "confirmed")
    assert burst > 30
    with open_runtime("reference", reflex_image()) as reference:
        *_, last = reference.run(burst, {})
    assert state == last.state_hash


def test_the_pins_of_the_file_that_was_named_are_the_brains(from_scratch: tuple[bytes, Outcome]) -> None:
    with WatchedPico(flash=from_scratch[0]) as pico:
        for bumper in (14, 15, 22):
            pico.set_pin(bumper, 1)
        pico.sleep(1.6)
        straight = [pico.pwm(pin) for pin in MOTORS]
        pico.set_adc(26, NEAR)
        pico.sleep(0.4)
        turning = [pico.pwm(pin) for pin in MOTORS]
    assert straight != turning
    assert [round(pulses[0], -1) for pulses in straight if pulses is not None] == [1000] * 4  # Hz, as the file says


def test_a_brain_of_20_000_neurons_and_250_000_synapses_runs_out_of_a_single_slot(from_scratch: tuple[bytes, Outcome]) -> None:
    image = network(20_000, 250_000)
    board = load_board("rpi_pico")
    assert board.image_limit_bytes < len(image) <= board.single_image_limit_bytes
    words = read_files(from_scratch[0])["/slots/where"].split()
    flash = with_brains(change_files(from_scratch[0], {"/slots/where": b" ".join([*words[:4], b"1"])}), image)
    with WatchedPico(flash=flash, wall_limit_s=600) as pico:
        pico.sleep(2.0)
        burst, state = what_runs(pico, "0", "confirmed")
        free_bytes = revive(BoardLink(pico)).free_bytes
    print("free bytes beside it:", free_bytes)
    assert free_bytes > 60_000
    assert burst > 1
    with open_runtime("npu", image) as here:
        *_, last = here.run(burst, {})
    assert state == last.state_hash
