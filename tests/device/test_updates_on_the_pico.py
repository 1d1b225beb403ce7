"""Second thoughts on a real firmware: updates that the power interrupts, brains that hang, the way back, safe mode, a single slot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neurula.boards import board_folder
from neurula.device import upload
from neurula.device.link import BoardLink
from neurula.runtimes import open_runtime
from neurula.sim.flash import BLOCK_BYTES
from neurula_mcu.slots import Slots
from tests.device.cable import FailingPico, PowerCut, WatchedPico, on_a_cable
from tests.device.conftest import REFLEX, VISION, Neurula
from tests.device.prepared_pico import SlotFlash, installed_flash, with_brains
from tests.device.scenes import image_of, network, what_runs
from tests.firmware.boards import reflex_image

pytestmark = pytest.mark.needs_firmware
BLOCKS = 4  # of a slot
ATTEMPTS = 3
WATCHDOG_S = 2.0

HANG = """
from neurula_mcu.loop import Loop
right = Loop.burst
def burst(self):
    right(self)
    if self.slots.running.size == {size} and self.last_burst() == {burst}:
        import machine
        while True:
            machine.idle()
Loop.burst = burst
"""
"""What boot.py does so that a brain of that size does not come to an end of one of its bursts."""


def board_with(*images: bytes, pending: bool = False, **more: bytes) -> bytes:
    return with_brains(installed_flash(BLOCKS, **more), *images, pending=pending)


def hanging_at(image: bytes, burst: int) -> bytes:
    return HANG.format(size=len(image), burst=burst).encode()


def state_after(image: bytes, bursts: int) -> int:
    """CRC-32 of what the reference has in RAM."""
    with open_runtime("reference", image) as reference:
        *_, last = reference.run(bursts, {})
    return last.state_hash


def require_running(pico: WatchedPico, image: bytes, slot: str, state: str = "confirmed") -> None:
    """The board runs this brain by itself, as the reference does."""
    burst, found = what_runs(pico, slot, state)
    assert found == state_after(image, burst)


def require_alone(flash: bytes, image: bytes, slot: str) -> None:
    """It does so after a power-on."""
    with WatchedPico(flash=flash, wall_limit_s=600) as pico:
        require_running(pico, image, slot)


def asking(neurula: Neurula, url: str) -> Callable[..., dict[str, Any]]:
    def ask(*words: str, exit_code: int = 0) -> dict[str, Any]:
        told = neurula(*words, "--port", url, "--json")
        assert told.exit_code == exit_code, told.out
        return told.json

    return ask


def test_an_update_that_a_power_cut_interrupts_leaves_the_old_brain_and_goes_on_where_it_stopped(
    neurula: Neurula, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, image = board_with(image_of(REFLEX)), image_of(VISION)
    assert len(image) > BLOCK_BYTES + 1000
    second_block = SlotFlash(before).place((BLOCKS + 1) * BLOCK_BYTES)
    monkeypatch.setattr(upload, "RECONNECT_S", 0.5)

    def second_block_arrives(pico: FailingPico) -> bool:
        return pico.flash_bytes()[second_block : second_block + 16] == image[BLOCK_BYTES : BLOCK_BYTES + 16]

    with pytest.raises(PowerCut), FailingPico(before, second_block_arrives) as pico, on_a_cable(pico) as url:
        told = neurula("flash", VISION, "--port", url, "--json")
    assert (told.exit_code, told.json["error"]["code"]) in ((7, "K106"), (3, "K103")), told.out
    left = pico.flash_bytes()
    require_alone(left, image_of(REFLEX), "0")

    with WatchedPico(flash=left, wall_limit_s=600) as pico:
        with on_a_cable(pico) as url:
            done = asking(neurula, url)("flash", VISION, "--watch", "0.3")
        assert (done["firmware"]["sent"], done["image"]["slot"], done["confirmed"]) == ({}, "1", True)
        assert done["image"]["resumed_at"] == BLOCK_BYTES
        after = pico.flash_bytes()
    require_alone(after, image, "1")


def test_a_board_on_a_cable_tells_of_itself_and_goes_back_when_told(neurula: Neurula) -> None:
    with WatchedPico(flash=board_with(image_of(REFLEX), image_of(VISION)), wall_limit_s=600) as pico:
        with on_a_cable(pico) as url:
            ask = asking(neurula, url)
            info = ask("device", "info")
            assert [slot["state"] for slot in info["slots"]] == ["confirmed", "confirmed"]
            assert (info["hello"]["slot"], info["slot_bytes"]) == ("1", BLOCKS * BLOCK_BYTES)
            assert ask("device", "rollback")["hello"]["slot"] == "0"
            assert [slot["state"] for slot in ask("device", "info")["slots"]] == ["confirmed", "rejected"]
            assert ask("device", "reset")["hello"]["slot"] == "0"
            assert any("F149" in str(line) for line in ask("device", "logs")["lines"])
            listed = ask("device", "list")["devices"]
            assert [(seen["hello"]["board"], seen["hello"]["slot"]) for seen in listed] == [("rpi_pico", "0")]
            assert ask("device", "rollback", exit_code=6)["error"]["code"] == "F108"
        require_running(pico, image_of(REFLEX), "0")


def test_a_brain_on_trial_that_hangs_is_given_up_after_three_starts_and_the_old_one_returns() -> None:
    old, new = image_of(REFLEX), image_of(VISION)
    with WatchedPico(flash=board_with(old, new, pending=True, boot=hanging_at(new, 5)), wall_limit_s=600) as pico:
        begun = pico.seconds()
        while pico.resets < ATTEMPTS:
            assert pico.seconds() - begun < (ATTEMPTS + 1) * (WATCHDOG_S + 1.5)
            pico.sleep(0.1)
        require_running(pico, old, "0")
        assert pico.resets == ATTEMPTS
        link = BoardLink(pico)
        assert any("F148" in str(line) for line in link.logs())
        assert [slot.state for slot in link.slots()[0]] == ["confirmed", "rejected"]


def test_a_brain_that_hangs_while_it_is_watched_is_taken_back_by_the_command(neurula: Neurula) -> None:
    old, new = image_of(REFLEX), image_of(VISION)
    with WatchedPico(flash=board_with(old, boot=hanging_at(new, 30)), wall_limit_s=600) as pico:
        with on_a_cable(pico) as url:
            told = asking(neurula, url)("flash", VISION, "--watch", "2", exit_code=6)
        assert told["error"]["code"] == "K119"
        assert "the confirmed brain of slot 0 runs" in told["error"]["where"]
        require_running(pico, old, "0")


def test_a_board_whose_only_brain_was_given_up_is_safe_and_takes_a_new_one(neurula: Neurula) -> None:
    flash = board_with(reflex_image(), pending=True)
    region = SlotFlash(flash)
    for _ in range(ATTEMPTS):
        assert Slots(region, region.slot_bytes).choose()
    with WatchedPico(flash=bytes(region.flash), wall_limit_s=600) as pico:
        with on_a_cable(pico) as url:
            info = asking(neurula, url)("device", "info")
        assert (info["hello"]["state"], info["hello"]["slot"], info["slots"][0]["state"]) == ("safe", "-", "rejected")
        assert "rejected" in info["hello"]["boot_reason"]
        assert [pico.pwm(pin) for pin in (2, 3, 4, 5)] == [None] * 4
        link = BoardLink(pico)
        uploaded = upload.upload(link, image_of(VISION), lambda stage, fraction: None)
        assert upload.start(link, uploaded).state == "pending"
        link.order("confirm")
        require_running(pico, image_of(VISION), uploaded.slot)


def drives(pico: WatchedPico) -> bool:
    """Whether the reflex robot's motors turn."""
    return any((pico.pwm(pin) or (0, 0))[1] for pin in (2, 3, 4, 5))


def test_a_confirmed_brain_that_failed_too_often_runs_again_and_stops_and_goes_on_when_a_person_says_so(neurula: Neurula) -> None:
    region = SlotFlash(board_with(reflex_image()))
    for _ in range(20):
        Slots(region, region.slot_bytes).choose(patience=100)
    with WatchedPico(flash=bytes(region.flash), wall_limit_s=600) as pico, on_a_cable(pico) as url:
        ask = asking(neurula, url)
        hello = ask("device", "info")["hello"]
        assert (hello["state"], "failed" in hello["boot_reason"]) == ("safe", True)
        hello = ask("device", "retry")["hello"]
        assert (hello["state"], hello["slot"], hello["stopped"]) == ("confirmed", "0", False)
        assert drives(pico)
        assert ask("device", "stop")["hello"]["stopped"]
        assert not drives(pico)
        assert ask("device", "reset")["hello"]["stopped"]
        assert not drives(pico)
        assert not ask("device", "release")["hello"]["stopped"]
        assert drives(pico)


def small_board(folder: Path) -> str:
    """A Pico's file with as much flash for brains as was set aside here."""
    text = (board_folder() / "rpi_pico.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("flash_for_brain_bytes")]
    path = folder / "small_pico.toml"
    path.write_text("\n".join([f"flash_for_brain_bytes = {2 * BLOCKS * BLOCK_BYTES}", *lines]), encoding="utf-8")
    return str(path)


def test_a_brain_larger_than_a_slot_takes_all_flash_when_a_person_says_so_and_gives_it_back(neurula: Neurula, tmp_path: Path) -> None:
    image = network(200, 3500)
    assert (BLOCKS - 1) * BLOCK_BYTES < len(image) <= (2 * BLOCKS - 2) * BLOCK_BYTES
    large = tmp_path / "large.nrl"
    large.write_bytes(image)
    with WatchedPico(flash=board_with(image_of(REFLEX)), wall_limit_s=600) as pico:
        with on_a_cable(pico) as url:
            ask = asking(neurula, url)
            refused = ask("flash", str(large), "--board", small_board(tmp_path), exit_code=5)["error"]
            assert refused["code"] == "K115"
            assert "--single-slot" in refused["remedy"]
            done = ask("flash", str(large), "--single-slot", "--watch", "0.3")
            assert (done["image"]["slot"], done["confirmed"]) == ("0", True)
            held = pico.flash_bytes()
            done = ask("flash", REFLEX, "--two-slots", "--watch", "0.3")
            assert done["confirmed"]
        require_running(pico, image_of(REFLEX), done["image"]["slot"])
    require_alone(held, image, "0")
