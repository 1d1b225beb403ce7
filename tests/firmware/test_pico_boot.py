"""What the firmware does on an emulated Pico before its first burst: tests itself, leaves room, hands over, and refuses with a code."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from neurula.runtimes.firmware_files import firmware_source
from neurula.sim.mpy import compile_mpy
from neurula_npu import Brain
from tests.firmware.board_process import BoardProcess, power_on
from tests.firmware.boards import Bench, board_flash, image_of, reflex_image, unclaimed_flash
from tests.firmware.robot import INPUTS, LAMP, MARKER, NEUTRAL, duties
from tests.firmware.test_selftest import wrong_viper

pytestmark = pytest.mark.needs_firmware

THUMB = "/neurula_mcu/kernels_thumb.mpy"
BREAK_CONTROL = """
import machine
from neurula_mcu.hardware import Hardware
print(machine.mem32[0x40058000] >> 30, Hardware(machine).reason)
"""


def powered(flash: bytes) -> Bench:
    """A board that begins to boot; it answers its host when it has."""
    return Bench(power_on(flash, INPUTS))


def kernels_as(text: str, name: str = "kernels") -> tuple[str, bytes]:
    return f"/neurula_mcu/{name}.mpy", compile_mpy(text, "armv6m")


def runs_rightly(bench: Bench) -> bool:
    """Whether the brain's state is that of the reference; nothing may have been sensed."""
    bench.board.sleep(0.1)
    reference = Brain(image_of("logic_timer"))
    for _ in range(bench.stopped()):
        reference.step()
    return reference.burst > 5 and bench.state() == reference.state()


def test_ctrl_c_at_any_moment_of_the_boot_leads_to_the_repl_without_a_watchdog(fresh_robot: BoardProcess) -> None:
    moments = 0
    with fresh_robot.copy() as booting:
        while booting.pin(MARKER) is None:
            with Bench(booting.copy()) as bench:
                enabled, reason = bench.board.run(BREAK_CONTROL).split()
                assert (enabled, reason) in (("0", "power"), ("0", "reset"))
                assert [duty or 0 for duty in duties(bench)] == list(NEUTRAL)
                assert not bench.board.pin(LAMP)
            moments += 1
            booting.sleep(0.05)
    assert moments >= 12


def test_wrong_machine_code_is_found_and_right_kernels_take_its_place() -> None:
    broken = (firmware_source() / "kernels_thumb.py").read_text(encoding="utf-8").replace("add(", "sub(", 1)
    assert compile_mpy(broken, "armv6m") != compile_mpy(firmware_source() / "kernels_thumb.py", "armv6m")
    with powered(board_flash(image_of("logic_timer"), more=(kernels_as(broken, "kernels_thumb"),))) as bench:
        assert bench.hello() == ("0", "confirmed", "power")
        assert runs_rightly(bench)


def test_wrong_kernels_without_others_are_refused_and_no_brain_is_run_with_them() -> None:
    with powered(board_flash(reflex_image(), more=(kernels_as(wrong_viper("kernels.py").decode()),), without=(THUMB,))) as bench:
        assert bench.hello() == ("-", "safe", "power F143")
        assert bench.logs()[-1] == "F143"
        assert duties(bench) == (None,) * 4


def test_kernels_that_never_end_are_refused_at_the_next_start() -> None:
    right = (firmware_source() / "kernels.py").read_text(encoding="utf-8")
    endless = right.replace("    burst = ptr32(ram + 0)[0]\n", "    burst = 0\n    while burst == 0:\n        burst = 0\n", 1)
    assert endless != right
    with powered(board_flash(reflex_image(), more=(kernels_as(endless),), without=(THUMB,))) as bench:
        bench.until(lambda: bench.board.resets == 1, 2.5, 0.05)
        assert bench.hello() == ("-", "safe", "hangs F143")
        assert bench.board.resets == 1


@pytest.mark.parametrize(("flash", "why"), [(board_flash, "empty"), (unclaimed_flash, "F110")])
def test_a_board_without_a_brain_or_a_place_for_one_is_in_safe_mode_and_says_so(flash: Callable[[], bytes], why: str) -> None:
    with powered(flash()) as bench:
        assert bench.hello() == ("-", "safe", f"power {why}")
