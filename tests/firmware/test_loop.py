"""The loop on a paper chip: rates, overruns, and what is contained and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from neurula_mcu.log import ENTRIES, Log
from neurula_mcu.main import choose
from neurula_mcu.slot_record import SlotError
from neurula_mcu.slots import FAILURES, POWER_FAILURES, Slots
from neurula_npu import ReferenceBrain
from tests.fault.brains import OLD, SLOT_BYTES, board_with
from tests.firmware.boards import reflex_image
from tests.firmware.fakes import Clock
from tests.firmware.rig import Rig

SENSORS = 1


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
    slot_bytes = 8192

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
