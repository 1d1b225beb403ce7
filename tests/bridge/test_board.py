"""Bodies with their brains on the emulated Pico: real firmware, real frames over its USB console, the board's own time.

NEURULA_BOARD_SECONDS: for how long each lives there; short by default, for the emulation is slow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from examples.bodies.catalogue import DESIGNED
from neurula.bridge import BoardBrain, Bridge, LocalBody, Meters, Outcome, SteppedBrain
from neurula.bridge.emulated import EmulatedClock, EmulatedLink
from neurula.bridge.recording import plain
from neurula.device.board_runtime import BoardRuntime
from neurula.device.link import BoardLink
from neurula.link.clock import SimulatedClock
from neurula.runtimes import Runtime
from tests.bridge.lab import brain_of, mapping_of, world_of
from tests.device.prepared_pico import installed_flash
from tests.device.test_every_brain_on_the_pico import boot_with, until_tested
from tests.firmware.board_process import BoardProcess
from tests.firmware.boards import keeping

pytestmark = pytest.mark.needs_firmware
SECONDS = float(os.environ.get("NEURULA_BOARD_SECONDS", "0.5"))
LEAST = {"line_follower": 0.95, "cart_pole": 0.9 * SECONDS / 10, "wall_avoider": 0.3, "swimmer": 0.3, "gazer": 0.0}
SEED = 1


@dataclass(frozen=True)
class Pico:
    """A Pico on which the brain of a body runs."""

    name: str
    board: Any


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[bytes, BoardProcess]]:
    """A board that has just found that its kernels compute rightly, to be copied."""
    with keeping(tmp_path_factory):
        flash = installed_flash()
        with BoardProcess(flash) as board:
            until_tested(board)
            yield flash, board


@pytest.fixture(scope="module", params=[pytest.param(name, id=f"{name}-sim:rpi_pico") for name in DESIGNED])
def pico(request: pytest.FixtureRequest, tested: tuple[bytes, BoardProcess]) -> Iterator[Pico]:
    with boot_with(tested, brain_of(request.param).image) as board:
        yield Pico(request.param, board)


def test_a_body_lives_with_a_brain_that_keeps_its_own_time_on_the_pico(pico: Pico) -> None:
    clock, brain, world = EmulatedClock(pico.board), brain_of(pico.name), world_of(pico.name, SEED)
    port = BoardBrain(brain, EmulatedLink(pico.board, "sim"), clock)
    port.open()
    body = LocalBody(world, mapping_of(pico.name), clock, pico.name)
    body.open()
    bridge = Bridge(port, body, clock, Meters(brain.geometry, brain.rate_hz))
    begun_s, told = clock.now(), []
    while clock.now() - begun_s < SECONDS and not world.over:
        told.append(bridge.burst())
    bridge.finish()
    bursts = [outcome.burst for outcome in told if outcome is not None]
    quality, stats = port.quality(), port.stats()
    print(f"{pico.name}: score {world.score():.3f}, {len(bursts)} bursts, {bridge.meters.spikes} spikes, {quality}, {stats}")
    assert bursts == list(range(bursts[0], bursts[0] + len(bursts)))
    assert len(bursts) == len(told) >= 0.9 * SECONDS * brain.rate_hz
    assert bridge.meters.spikes > len(bursts)
    assert quality is not None
    assert (quality.missed, quality.rejected) == (0.0, 0)
    assert stats is not None
    assert stats.trips == 0
    assert world.score() >= LEAST[pico.name]
    port.session.poll(0.1)


def stepped(name: str, runtime: str | Runtime, bursts: int) -> tuple[list[Outcome], Any]:
    """A life in lockstep: (its bursts, the world after it)."""
    brain, world, clock = brain_of(name), world_of(name, SEED), SimulatedClock()
    body = LocalBody(world, mapping_of(name), clock, name)
    bridge = Bridge(SteppedBrain(brain, runtime), body, clock, Meters(brain.geometry, brain.rate_hz), lockstep=True)
    outcomes = [bridge.burst() for _ in range(bursts)]
    return [outcome for outcome in outcomes if outcome is not None], world


def test_in_lockstep_the_pico_and_the_npu_give_the_same_life_burst_by_burst(pico: Pico) -> None:
    """Spikes, states, motors, and so the score: nothing differs."""
    bursts = max(12, round(SECONDS * brain_of(pico.name).rate_hz / 4))
    held = BoardRuntime(BoardLink(pico.board), brain_of(pico.name).image)
    there, far_world = stepped(pico.name, held, bursts)
    here, world = stepped(pico.name, "npu", bursts)
    assert len(there) == len(here) == bursts
    for one, other in zip(there, here, strict=True):
        assert (one.burst, one.fired, one.state_hash) == (other.burst, other.fired, other.state_hash)
        assert plain(one.motors) == plain(other.motors)
    assert far_world.score() == world.score()
    assert far_world.picture() == world.picture()
