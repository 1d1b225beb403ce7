"""The main program on the emulated Pico: it boots alone, keeps its rate and its memory, and hands over to a person."""

from __future__ import annotations

import pytest

from neurula.runtimes.firmware_files import firmware_source
from neurula.sim.mpy import compile_mpy
from neurula_npu import Brain
from tests.firmware.boards import FACTS, Bench, board_flash, image_of, reflex_image
from tests.firmware.test_selftest import wrong_viper

pytestmark = pytest.mark.needs_firmware

BURSTS = 20_000
FLAT = f"""
import gc, machine
from neurula_mcu.main import Boot, read_facts
boot = Boot(machine, read_facts())
boot.prepare()
loop = boot.loop
loop.set_rate(50)
while not loop.healthy:
    loop.run(1)
loop.set_rate(1000)
gc.collect()
gc.disable()
first = loop.last_burst()
before = gc.mem_alloc()
loop.run({BURSTS})
taken = gc.mem_alloc() - before
boot.hardware.unwatch()
boot.neutral()
print(loop.last_burst() - first, loop.last_burst(), taken, "%08x" % loop.brain.state_hash())
"""


def test_it_boots_alone_and_its_bursts_come_at_the_set_rate_of_emulated_time() -> None:
    with Bench(board_flash(reflex_image())) as bench:
        assert bench.hello()[:2] == ("0", "confirmed")
        first, begun = bench.stats()["burst"], bench.board.seconds()
        bench.board.sleep(2.0)
        after = bench.stats()
        seconds = bench.board.seconds() - begun
        assert abs(after["burst"] - first - FACTS["rate_hz"] * seconds) <= 1.5
        assert after["overruns"] == 1  # hello looks at the heap; nothing else is late
        assert 100 < after["mean_us"] <= after["worst_us"] < 10_000
        bench.words("rate 250")
        first, begun = bench.stats()["burst"], bench.board.seconds()
        bench.board.sleep(0.5)
        assert abs(bench.stats()["burst"] - first - 250 * (bench.board.seconds() - begun)) <= 2
        assert bench.board.bus_warnings == []


def test_bursts_take_no_memory_and_are_those_of_every_other_runtime() -> None:
    image = image_of("logic_timer")
    with Bench(board_flash(image), main=False) as bench:
        ran, last, taken, state = bench.board.run(FLAT, timeout_s=200).split()
    here = Brain(image)
    for _ in range(int(last)):
        here.step()
    assert (int(ran), taken, state) == (BURSTS, "0", f"{here.state_hash():08x}")


def test_bursts_with_pins_take_no_memory_either() -> None:
    program = FLAT.replace(f"run({BURSTS})", "run(2000)")
    with Bench(board_flash(reflex_image()), main=False) as bench:
        bench.board.set_adc(26, 40_000)
        bench.board.set_pin(14, 0)
        ran, _, taken, _ = bench.board.run(program, timeout_s=200).split()
    assert (int(ran), taken) == (2000, "0")


def test_a_late_burst_is_counted() -> None:
    slow = "from neurula_mcu.loop import Loop\nimport time\nburst = Loop.burst\ndef late(self):\n burst(self)\n"
    slow += " if self.last_burst() % 20 == 0: time.sleep_ms(15)\nLoop.burst = late\n"
    with Bench(board_flash(reflex_image(), main=slow)) as bench:
        bench.board.sleep(1.5)
        stats = bench.stats()
        assert abs(stats["overruns"] - stats["burst"] / 20) <= 1.5


def test_ctrl_c_leads_to_the_repl_with_neutral_outputs_and_no_watchdog() -> None:
    with Bench(board_flash(reflex_image())) as bench:
        bench.board.sleep(0.6)
        assert max(bench.duties(2, 3, 4, 5)) > 10_000
        assert bench.board.run("print('here')") == "here\n"  # sends Ctrl-C twice, as mpremote does
        assert bench.duties(2, 3, 4, 5) == [0, 0, 0, 0]
        bench.board.sleep(3.0)
        assert bench.board.resets == 0
        bench.board.reset()
        bench.board.sleep(0.5)
        assert bench.hello()[1] == "confirmed"


@pytest.mark.parametrize("moment_ms", [2, 60, 130, 250, 400])
def test_ctrl_c_at_any_moment_of_the_boot_does_too(moment_ms: int) -> None:
    with Bench(board_flash(reflex_image())) as bench:
        bench.board.sleep(moment_ms / 1000)
        assert bench.board.run("import machine\nprint(machine.mem32[0x40058000] >> 30)") == "0\n"
        for pin in (2, 3, 4, 5):
            assert (bench.board.pwm(pin) or (0.0, 0))[1] == 0


THUMB = "/neurula_mcu/kernels_thumb.mpy"


def kernels_as(text: str, name: str = "kernels") -> tuple[tuple[str, bytes], ...]:
    return ((f"/neurula_mcu/{name}.mpy", compile_mpy(text, "armv6m")),)


def test_wrong_kernels_are_found_at_boot_and_no_brain_is_run_with_them() -> None:
    with Bench(board_flash(reflex_image(), more=kernels_as(wrong_viper("kernels.py").decode()), without=(THUMB,))) as bench:
        assert bench.hello() == ("-", "safe", "power F143")
        assert any("F143" in line for line in bench.ask("logs"))
        assert bench.board.pwm(2) is None


def test_wrong_machine_code_is_replaced_by_right_kernels() -> None:
    broken = (firmware_source() / "kernels_thumb.py").read_text(encoding="utf-8").replace("add(", "sub(", 1)
    assert compile_mpy(broken, "armv6m") != compile_mpy(firmware_source() / "kernels_thumb.py", "armv6m")
    with Bench(board_flash(reflex_image(), more=kernels_as(broken, "kernels_thumb"))) as bench:
        assert bench.hello()[:2] == ("0", "confirmed")
        reference = Brain(reflex_image())
        for _ in range(bench.stopped()):
            reference.step()
        assert bytes.fromhex(bench.words("state")[0]) == reference.state()


def test_kernels_that_never_end_are_refused_at_the_next_start() -> None:
    right = (firmware_source() / "kernels.py").read_text(encoding="utf-8")
    endless = right.replace("    burst = ptr32(ram + 0)[0]\n", "    burst = 0\n    while burst == 0:\n        burst = 0\n", 1)
    assert endless != right
    with Bench(board_flash(reflex_image(), more=kernels_as(endless), without=(THUMB,))) as bench:
        bench.board.sleep(9.0)  # the watchdog's longest time
        assert bench.hello() == ("-", "safe", "hangs F143")
        assert bench.board.resets == 1


def test_hello_tells_why_the_board_started() -> None:
    with Bench(board_flash(reflex_image())) as bench:
        bench.board.sleep(0.5)
        assert bench.hello()[2] == "power"
        bench.restart("reset")
        assert bench.hello()[2] == "reset"
        assert [line.split()[2] for line in bench.ask("logs")[:-1]] == ["F149"]


def test_a_board_without_slots_is_in_safe_mode_and_says_so() -> None:
    with Bench(board_flash()) as bench:
        bench.board.sleep(0.7)
        assert bench.hello() == ("-", "safe", "power empty")
    with Bench(board_flash(more=(("/x", b""),)), main=False) as bench:
        bench.board.run("from neurula_mcu.claim_rp2 import release\nrelease()\nimport os\nos.rename('/main.txt', '/main.py')")
        bench.board.reset()
        bench.board.sleep(0.7)
        assert bench.hello() == ("-", "safe", "power F110")


LARGEST = """
import gc, machine
from neurula_mcu import main
load = main.Boot.load
def measured(self, image):
    gc.collect()
    size = 4096
    try:
        while True:
            bytearray(size)
            size += 1024
    except MemoryError:
        gc.collect()
    print(gc.mem_free(), size - 1024)
    return load(self, image)
main.Boot.load = measured
boot = main.Boot(machine, main.read_facts())
boot.prepare()
boot.hardware.unwatch()
boot.neutral()
"""


def test_most_of_the_heap_is_one_block_when_the_brain_is_loaded() -> None:
    with Bench(board_flash(reflex_image()), main=False) as bench:
        free, block = map(int, bench.board.run(LARGEST, timeout_s=60).split())
    print("free bytes and largest block for a brain beside the firmware:", free, block)
    assert block > 150_000
    assert block > 0.9 * free
