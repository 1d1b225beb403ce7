"""The loop and its link on a paper chip: rates, overruns, one command a burst, garbage, and what is contained and what is not."""

from __future__ import annotations

import random
from typing import Any

import pytest

from neurula_mcu.failsafe import Failsafe
from neurula_mcu.log import ENTRIES, Log
from neurula_mcu.loop import Loop
from neurula_mcu.main import choose
from neurula_mcu.pins import Pins
from neurula_mcu.slot_record import SlotError
from neurula_mcu.slots import FAILURES, POWER_FAILURES, Slots
from neurula_npu import ReferenceBrain
from neurula_npu.schema import FINGERPRINT
from tests.fault.brains import OLD, SLOT_BYTES, board_with
from tests.firmware.boards import reflex_image
from tests.firmware.fakes import Clock, FakeHardware, FakeMachine, HostBrain, Wire

SENSORS, MOTORS = 1, 4


class Rig:
    """A loop with the reflex on it. burst_us: what a burst takes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, brain: Any = "reflex", rate_hz: int = 100) -> None:
        self.clock = Clock(monkeypatch)
        self.hardware = FakeHardware(self.clock)
        self.machine = FakeMachine()
        self.wire = Wire()
        self.brain = HostBrain(reflex_image()) if brain == "reflex" else brain
        pins = Pins(self.brain, self.machine) if self.brain is not None else None
        for bumper in (14, 15, 22):
            if bumper in self.machine.made:
                self.machine.made[bumper].level = 1
        self.failsafe = Failsafe(pins, 200)
        self.log = Log()
        self.loop = Loop(self.hardware, self.log, self.failsafe, self.wire.link, self.brain, pins, rate_hz)
        self.burst_us = 1000
        if self.brain is not None:
            run = self.brain.run

            def timed(injections: int, forced: int = 0) -> None:
                run(injections, forced)
                self.clock.us += self.burst_us

            self.brain.run = timed

    def ask(self, line: str | bytes) -> str:
        """The last line of the answer, after as many rounds as it needs."""
        self.wire.send(line)
        lines: list[str] = []
        for _ in range(60):
            self.loop.run(1)
            lines += self.wire.heard()
            if lines and lines[-1].split()[0] in ("ok", "error"):
                return lines[-1]
        raise AssertionError(f"no answer to {line!r}")


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    return Rig(monkeypatch)


@pytest.mark.parametrize("rate_hz", [1, 30, 100, 700])
def test_bursts_come_at_the_rate(monkeypatch: pytest.MonkeyPatch, rate_hz: int) -> None:
    rig = Rig(monkeypatch, rate_hz=rate_hz)
    begun = rig.clock.us
    rig.loop.run(200)
    assert rig.brain.burst() == 200
    assert abs(rig.clock.us - begun - 200 * (1_000_000 // rate_hz)) <= 1000
    assert rig.loop.overruns == 0
    assert 1000 <= rig.loop.mean_us() <= rig.loop.worst_us <= 1010


def test_a_burst_that_takes_too_long_is_counted_and_does_not_make_the_next_ones_hurry(rig: Rig) -> None:
    rig.loop.run(10)
    rig.burst_us = 35_000
    rig.loop.run(1)
    assert rig.loop.overruns == 1
    assert 35_000 <= rig.loop.worst_us <= 35_010
    rig.burst_us = 1000
    begun = rig.clock.us
    rig.loop.run(10)
    assert rig.loop.overruns == 1
    assert 99_000 <= rig.clock.us - begun <= 101_000


def test_the_mean_follows_and_its_sum_stays_small(rig: Rig) -> None:
    rig.loop.set_rate(1000)
    for burst_us, bursts in ((200, 3000), (900, 9000)):
        rig.burst_us = burst_us
        rig.loop.run(bursts)
        assert abs(rig.loop.mean_us() - burst_us) <= 5
    rig.burst_us = 3_000_000
    rig.loop.run(1500)
    assert rig.loop.sum_us < 1 << 30
    assert rig.loop.worst_us == 1_000_000


def test_the_spikes_are_those_of_the_reference_with_the_same_sensors(rig: Rig) -> None:
    reference = ReferenceBrain(reflex_image())
    units = rig.loop.pins.inputs[0].units
    for burst in range(200):
        reading = (burst * 997) % 65536
        rig.machine.made[26].reading = reading
        rig.loop.run(1)
        nearness = min(9, (reading - 8000) * 10 // 48000) if 8000 <= reading <= 56000 else None
        reference.step((), [] if nearness is None else [(SENSORS, nearness, units)])
        assert rig.brain.state_hash() == reference.state_hash(), burst


def test_the_watchdog_is_fed_in_every_round_and_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch, rate_hz=1)
    rig.loop.run(3)
    assert rig.hardware.fed > 1000


def test_what_a_burst_raises_comes_out_of_the_loop(rig: Rig) -> None:
    for part, name in ((rig.brain, "run"), (rig.loop.pins, "sense"), (rig.loop.pins, "decode")):
        def fails(*_: Any, name: str = name) -> None:
            raise ZeroDivisionError(name)

        kept = getattr(part, name)
        setattr(part, name, fails)
        with pytest.raises(ZeroDivisionError, match=name):
            rig.loop.run(1)
        setattr(part, name, kept)
    rig.failsafe.broken = True
    with pytest.raises(RuntimeError):
        rig.loop.run(1)


def test_while_the_brain_runs_one_command_is_carried_out_in_a_burst(rig: Rig) -> None:
    rig.wire.send("stats\nstats\nstats")
    answers = []
    for _ in range(5):
        rig.loop.run(1)
        answers.append(len(rig.wire.heard()))
    assert answers == [1, 1, 1, 0, 0]


def test_without_a_running_brain_the_link_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch, None)
    rig.wire.send("stats\nstats\nstats")
    rig.loop.run(1)
    assert len(rig.wire.heard()) == 3


def test_a_line_is_read_even_when_every_burst_is_late(rig: Rig) -> None:
    rig.burst_us = 50_000
    assert rig.ask("hello").startswith("ok neurula 1")


def test_hello_and_stats_say_what_the_protocol_says(rig: Rig) -> None:
    rig.loop.board = "rpi_pico"
    rig.loop.run(5)
    words = rig.ask("hello").split()
    assert words[:5] == ["ok", "neurula", "1", "rpi_pico", f"{FINGERPRINT:08x}"]
    assert words[6:] == ["-", "confirmed", str(rig.brain.burst()), "power"]
    burst, overruns, worst, mean, _, _ = map(int, rig.ask("stats").split()[1:])
    assert (burst, overruns) == (rig.brain.burst(), 0)
    assert 1000 <= mean <= worst <= 1010


def test_safe_mode_says_so_and_refuses_what_needs_a_brain(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(monkeypatch, None)
    rig.loop.refusal = "F143"
    assert rig.ask("hello").split()[6:] == ["-", "safe", "0", "power", "F143"]
    for line in ("run", "step 1", "force 0 0", "state"):
        assert rig.ask(line).split()[:2] == ["error", "F135"]
    for line in ("slots", "put 100 " + "00" * 32, "confirm", "rollback", "retry"):
        assert rig.ask(line).split()[:2] == ["error", "F147"]
    assert rig.ask("chunk 0 0 AAAA").split()[:2] == ["error", "F139"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("dance", "F131"), ("__init__", "F131"), ("carry_out", "F131"), (b"\xff\xfehello\n", "F131"), ("hel\tlo", "F131"),
        ("x" * 321, "F132"), ("x" * 100_000, "F132"),
        ("rate", "F133"), ("rate fast", "F133"), ("rate 0", "F133"), ("rate 5000", "F133"), ("rate 1 2", "F133"),
        ("rate 9", "F137"), ("step 1", "F134"), ("put 10 zz", "F133"), ("put 10 aabb", "F133"), ("put x " + "00" * 32, "F147"),
    ],
)
def test_a_wrong_line_is_answered_with_its_code(rig: Rig, line: str | bytes, code: str) -> None:
    rig.wire.send(line)
    heard: list[str] = []
    for _ in range(3000):
        rig.loop.run(1)
        heard += rig.wire.heard()
        if heard:
            break
    assert heard[0].split()[:2] == ["error", code]
    assert rig.ask("hello").startswith("ok")


def test_a_command_that_breaks_is_an_answer_and_the_brain_goes_on(rig: Rig) -> None:
    def breaks() -> None:
        raise ZeroDivisionError("oops")

    assert rig.ask("hello")
    rig.wire.link.commands.do_pins = breaks
    before = rig.brain.burst()
    assert rig.ask("pins").split()[:2] == ["error", "F136"]
    rig.loop.run(10)
    assert rig.brain.burst() >= before + 11
    assert any("F136" in line for line in rig.log.lines())


def test_garbage_never_ends_the_loop_and_the_next_line_is_understood() -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        rig = Rig(patch, rate_hz=1000)
        verbs = ["hello", "stats", "slots", "put", "chunk", "commit", "confirm", "rollback", "logs", "estop", "release", "rate",
                 "run", "stop", "step", "rewind", "force", "inject", "state", "pins", "retry", "then", "say"]
        before = rig.brain.burst()
        for _ in range(1500):
            if chance.random() < 0.5:
                rig.wire.send(bytes(chance.randrange(256) for _ in range(chance.choice([1, 3, 60]))))
            else:
                arguments = [chance.choice(["0", "-1", "1", "99", "1e9", "", "zz", "A" * 50, "\0", "0 0 0", "2147483648", "1" * 40])
                             for _ in range(chance.randrange(4))]
                rig.wire.send(" ".join([chance.choice(verbs), *arguments]))
            if len(rig.wire.out) > 300:
                rig.loop.run(20)
        rig.wire.send(b"\n")
        rig.loop.run(6000)
        assert not rig.wire.out
        rig.wire.heard()
        assert rig.ask("run") == "ok"
        assert rig.ask("release") == "ok"
        assert rig.ask("hello").startswith("ok neurula")
        rig.loop.run(10)
        assert rig.brain.burst() > before + 10
        assert rig.hardware.resets == []


def test_a_stopped_brain_steps_with_the_hosts_stimulus_and_says_what_serve_says(rig: Rig) -> None:
    reference = ReferenceBrain(reflex_image())
    rig.machine.made[26].reading = 50_000  # a wall: stepping does not look
    assert rig.ask("stop") == "ok"
    for _ in range(rig.brain.burst()):
        reference.step()
    before = rig.brain.burst()
    rig.brain.ram[:] = reference.state()
    for _ in range(40):
        assert rig.ask(f"inject {SENSORS} 8 2097152") == "ok"
        assert rig.ask(f"force {MOTORS} 1") == "ok"
        rig.wire.send("step 2")
        rig.loop.run(3)
        first, second, last = rig.wire.heard()
        reference.step([(MOTORS, 1)], [(SENSORS, 8, 2097152)])
        middle = reference.state_hash()
        reference.step()
        before += 2
        assert first.split()[:3] == ["burst", str(before - 1), f"{middle:08x}"]
        assert second.split()[:3] == ["burst", str(before), f"{reference.state_hash():08x}"]
        assert last == "ok"
    assert rig.ask("force 9 0") == "ok"
    assert rig.ask("step 1").split()[:2] == ["error", "F133"]
    assert rig.ask("run") == "ok"


def test_a_stopped_brain_goes_back_to_its_start(rig: Rig) -> None:
    assert rig.ask("rewind").split()[:2] == ["error", "F134"]
    assert rig.ask("stop") == "ok"
    assert rig.brain.burst() > 0
    assert rig.ask("rewind") == "ok"
    assert rig.brain.ram == ReferenceBrain(reflex_image()).state()


def test_stop_latches_by_command_and_is_kept_over_a_reset(rig: Rig) -> None:
    rig.loop.run(3)
    assert rig.failsafe.armed()
    assert rig.ask("estop") == "ok"
    assert rig.ask("pins").split()[1] == "stopped"
    rig.loop.run(3)
    assert not rig.failsafe.armed()
    assert rig.hardware.latched == [True]
    assert rig.ask("release") == "ok"
    rig.loop.run(3)
    assert rig.failsafe.armed()
    assert rig.hardware.latched == [True, False]
    assert [line.split()[2] for line in rig.log.lines()] == ["F145", "F146"]


class HealthySlots:
    """Slots that count how often this boot was said to have gone well; flash that takes no mark raises."""

    running = None

    def __init__(self, failure: Exception | None = None) -> None:
        self.healthy_boots = 0
        self.failure = failure

    def healthy(self) -> None:
        if self.failure is not None:
            raise self.failure
        self.healthy_boots += 1


def test_start_resets_after_its_answer_has_gone_and_the_boot_was_no_failure(rig: Rig) -> None:
    rig.loop.slots = HealthySlots()
    assert rig.ask("start") == "ok"
    assert rig.hardware.resets == [""]
    assert rig.loop.slots.healthy_boots == 1


def test_a_boot_whose_bursts_went_on_for_three_seconds_was_no_failure(rig: Rig) -> None:
    rig.loop.slots = HealthySlots()
    rig.loop.run(290)
    assert rig.loop.slots.healthy_boots == 0
    rig.loop.run(100)
    assert rig.loop.slots.healthy_boots == 1


def test_flash_that_takes_no_mark_is_logged_and_the_brain_goes_on(rig: Rig) -> None:
    rig.loop.slots = HealthySlots(SlotError("F106", "the flash did not take it"))
    rig.loop.run(400)
    assert [line.split()[2:4] for line in rig.log.lines()] == [["F106", "1"]]
    assert rig.brain.burst() == 400


@pytest.mark.parametrize(("reason", "runs"), [("power", True), ("watchdog", False), ("F141", False), ("reset", False)])
def test_power_that_failed_early_again_and_again_is_no_reason_to_give_a_brain_up(reason: str, runs: bool) -> None:
    flash = board_with(OLD)
    for _ in range(FAILURES + 2):
        Slots(flash, SLOT_BYTES).choose(patience=POWER_FAILURES)
    assert (choose(Slots(flash, SLOT_BYTES), None, reason) is not None) is runs


def test_the_log_keeps_the_last_entries_and_counts_repetitions(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, 5_000_000)
    log = Log()
    assert list(log.lines()) == []
    for _ in range(70_000):
        log.add("F144", 1)
    assert [line.split()[2:] for line in log.lines()] == [["F144", "65535", "1"], ["F144", "4465", "1"]]
    for number in range(100):
        clock.us += 1000
        log.add(f"F{100 + number}", number)
    lines = list(log.lines())
    assert len(lines) == ENTRIES
    assert lines[-1] == "log 5100 F199 1 99"
    assert lines[0].split()[2] == f"F{200 - ENTRIES}"
