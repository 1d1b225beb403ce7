"""The real firmware on an emulated Pico: flashed through a port, cut off, taken back, and found running after every power cut."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from neurula.cli.brains import Recipe, compile_grown, grow_file
from neurula.cli.progress import Progress
from neurula.device.flashing import Wishes, flash_brain, require_confirmed
from neurula.device.link import CHUNK_BYTES, BoardLink
from neurula.device.repl import Repl
from neurula.device.stored_pico import StoredPico, open_stored
from neurula.device.upload import revive, start, upload, watch
from neurula.errors import VerificationFailed
from neurula.sim.serve_port import served
from neurula_npu import Brain
from tests.cli.conftest import Outcome
from tests.device.conftest import REFLEX, SLOT_BLOCKS, VISION, Neurula
from tests.device.watched_pico import WatchedPico

pytestmark = pytest.mark.needs_firmware
RAM_BYTES_AT = 20  # in an image's header


def image_of(genome: str) -> bytes:
    with Progress() as progress:
        return compile_grown(grow_file(genome, Recipe(), progress), Recipe(), (), progress).data


def quiet(stage: str, fraction: float) -> None:
    assert stage
    assert 0 <= fraction <= 1


def power_on(file: Path) -> tuple[StoredPico, BoardLink]:
    """The board, booted, and a link to it."""
    pico = open_stored(f"sim:rpi_pico:{file}")
    link = BoardLink(pico)
    revive(link)
    return pico, link


def who_runs(file: Path) -> tuple[str, str]:
    """Slot and state of what runs after a power-on; the power is cut at once."""
    pico, link = power_on(file)
    hello = link.hello()
    pico.cut_power()
    return hello.slot, hello.state


def state_after(image: bytes, bursts: int) -> bytes:
    """What the reference has in RAM after so many bursts without any stimulus."""
    brain = Brain(image)
    for _ in range(bursts):
        brain.step()
    return bytes(brain.state())


def test_a_new_board_is_flashed_through_a_serial_port(first_flash: tuple[bytes, Outcome]) -> None:
    _, told = first_flash
    assert told.exit_code == 0, told.err + told.out
    answer = json.loads(told.out)
    assert answer["device"]["kind"] == "network"
    assert (answer["board"], answer["micropython"]) == ("rpi_pico", "1.25.0")
    assert "/neurula_mcu/main.mpy" in answer["firmware"]["sent"]
    assert answer["image"]["sha256"] == hashlib.sha256(image_of(REFLEX)).hexdigest()
    assert (answer["image"]["slot"], answer["hello"]["state"], answer["confirmed"]) == ("0", "confirmed", True)
    assert answer["watched"]["bursts"] > 0


def test_after_a_power_cut_the_brain_runs_alone_and_like_the_reference(pico_file: Path) -> None:
    pico, link = power_on(pico_file)
    pico.sleep(0.3)
    hello = link.hello()
    assert (hello.board, hello.slot, hello.state) == ("rpi_pico", "0", "confirmed")
    assert hello.burst > 20
    link.order("stop")
    burst = link.stats().burst
    assert bytes.fromhex(link.order("state")) == state_after(image_of(REFLEX), burst)


def test_a_board_on_a_cable_lives_through_updates_and_second_thoughts(
    first_flash: tuple[bytes, Outcome], small_board: str, neurula: Neurula
) -> None:
    with WatchedPico(flash=first_flash[0]) as pico, served(pico) as url:

        def ask(*words: str) -> dict[str, object]:
            told = neurula(*words, "--port", url, "--json")
            assert told.exit_code == 0, told.out
            return told.json

        done = ask("flash", VISION, "--board", small_board, "--watch", "0", "--no-confirm")
        assert (done["firmware"]["sent"], done["image"]["slot"], done["confirmed"]) == ({}, "1", False)
        assert ask("device", "confirm")["hello"]["state"] == "confirmed"
        info = ask("device", "info")
        assert [slot["state"] for slot in info["slots"]] == ["confirmed", "confirmed"]
        assert (info["hello"]["slot"], info["slot_bytes"]) == ("1", SLOT_BLOCKS * 4096)
        assert ask("device", "rollback")["hello"]["slot"] == "0"
        assert ask("device", "reset")["hello"]["slot"] == "0"
        assert [slot["state"] for slot in ask("device", "info")["slots"]] == ["confirmed", "rejected"]
        assert any("F149" in line for line in ask("device", "logs")["lines"])
        listed = ask("device", "list")["devices"]
        assert [(seen["hello"]["board"], seen["hello"]["slot"]) for seen in listed] == [("rpi_pico", "0")]


def test_an_update_that_a_power_cut_interrupts_goes_on_where_it_stopped(pico_file: Path) -> None:
    image = image_of(VISION)
    assert len(image) > 4096 + 2 * CHUNK_BYTES
    pico, link = power_on(pico_file)
    offset = link.put(len(image), hashlib.sha256(image).hexdigest())
    while offset < 4096 + CHUNK_BYTES:
        offset = link.chunk(offset, image[offset : offset + CHUNK_BYTES])
    pico.cut_power()
    pico, link = power_on(pico_file)
    assert link.hello().slot == "0"
    uploaded = upload(link, image, quiet)
    assert (uploaded.slot, uploaded.resumed_at) == ("1", 4096)
    watch(link, start(link, uploaded), 0.0, quiet)
    link.order("confirm")
    assert require_confirmed(link, uploaded).state == "confirmed"
    link.order("stop")
    burst = link.stats().burst
    assert bytes.fromhex(link.order("state")) == state_after(image, burst)
    pico.cut_power()
    assert who_runs(pico_file) == ("1", "confirmed")


def test_a_brain_that_nobody_confirms_is_given_up_after_three_starts(pico_file: Path) -> None:
    pico, link = power_on(pico_file)
    upload(link, image_of(VISION), quiet)
    pico.cut_power()
    assert [who_runs(pico_file) for _ in range(4)] == [("1", "pending")] * 3 + [("0", "confirmed")]


def test_a_brain_that_the_board_cannot_load_is_taken_back(pico_file: Path, small_board: str) -> None:
    image = bytearray(image_of(VISION))
    image[RAM_BYTES_AT : RAM_BYTES_AT + 4] = (1 << 20).to_bytes(4, "little")
    pico = open_stored(f"sim:rpi_pico:{pico_file}")
    with pytest.raises(VerificationFailed) as caught:
        flash_brain(pico, bytes(image), Wishes(small_board, 100, 1.0, True, lambda board: None), quiet)
    assert caught.value.code == "K118"
    assert "the confirmed brain of slot 0 runs" in caught.value.message
    pico.cut_power()
    assert who_runs(pico_file) == ("0", "confirmed")


def test_another_board_than_the_one_that_was_named_is_refused_and_runs_on(pico_file: Path, neurula: Neurula) -> None:
    told = neurula("flash", REFLEX, "--port", f"sim:rpi_pico:{pico_file}", "--board", "rpi_pico2", "--json")
    assert (told.exit_code, told.json["error"]["code"]) == (2, "K113")
    assert who_runs(pico_file) == ("0", "confirmed")


def test_a_brain_whose_starts_were_all_cut_off_runs_again_when_asked(pico_file: Path, neurula: Neurula) -> None:
    for _ in range(3):
        who_runs(pico_file)  # the power fails before the firmware can say that all is well
    runs = who_runs(pico_file)
    told = neurula("device", "retry", "--port", f"sim:rpi_pico:{pico_file}", "--json")
    assert told.exit_code == 0
    assert (told.json["hello"]["slot"], told.json["hello"]["state"]) == ("0", "confirmed")
    assert runs in (("-", "safe"), ("0", "confirmed"))


def test_flash_that_somebody_deleted_is_set_aside_anew(pico_file: Path, small_board: str) -> None:
    pico = open_stored(f"sim:rpi_pico:{pico_file}")
    repl = Repl(pico)
    repl.enter()
    repl.run("import os\nfolder = '/slots/0'\nos.remove(folder + '/' + next(os.ilistdir(folder))[0])")
    done = flash_brain(pico, image_of(REFLEX), Wishes(small_board, 100, 0.0, True, lambda board: None), quiet)
    assert (done.uploaded.slot, done.hello.state) == ("0", "confirmed")
    pico.cut_power()
