"""A brain that keeps its own time elsewhere: what it says is told by its bursts, and the loop stays closed as with a brain here."""

from __future__ import annotations

import random
from typing import Any

import pytest

from examples.bodies.catalogue import DESIGNED
from neurula.bridge import BoardBrain, BodyEnd, Bridge, LinkedBody, LocalBody, Meters, Outcome, channels_of_brain
from neurula.bridge.bodies import NoBody
from neurula.errors import LinkLost, UsageError, VerificationFailed
from neurula.link.clock import SimulatedClock
from neurula.link.fault_pipe import FaultPipe, Faults
from neurula.link.session import SessionState
from neurula.link.wire import Stop
from neurula.robot.brain_process import BrainProcess
from neurula.runtimes import open_runtime
from tests.bridge.lab import LOOK_S, ROUGH, Lab, brain_of, local_bridge, mapping_of, world_of

WIRE = Faults(latency_s=0.0005)


class FarBrain:
    """A brain on the simulated clock that notes what it is given and who fires. runs: the brain that it really runs."""

    def __init__(self, name: str, clock: SimulatedClock, faults: Faults, seed: int, runs: str = "") -> None:
        self.clock, self.brain = clock, brain_of(name)
        self.pipe = FaultPipe(clock, faults, seed=seed)
        self.image = brain_of(runs or name).image
        self.fired: dict[int, Any] = {}
        self.boot()
        self.pipe.b.on_data = self._answer
        clock.call_every(1 / self.brain.rate_hz, self._burst)
        clock.call_every(LOOK_S, self._look)

    def boot(self) -> None:
        self.process = BrainProcess(self.image, self.pipe.b, self.clock, rate_hz=round(self.brain.rate_hz))
        publish = self.process._publish

        def noted(result: Any) -> None:
            self.fired[result.number] = result.fired
            publish(result)

        self.process._publish = noted  # type: ignore[method-assign]

    def _answer(self) -> None:
        while self.process.responder.poll(0.0):
            pass

    def _burst(self) -> None:
        if self.process.running:
            self.process.run_burst()

    def _look(self) -> None:
        if not self.pipe.b.open:
            self.pipe.b.reopen()


class Far:
    """A body in this process, a brain elsewhere. outcomes: of all bursts."""

    def __init__(self, name: str, seed: int, faults: Faults = WIRE, runs: str = "") -> None:
        self.clock = SimulatedClock()
        self.far = FarBrain(name, self.clock, faults, seed, runs)
        self.brain = self.far.brain
        self.world = world_of(name, seed)
        self.port = BoardBrain(self.brain, self.far.pipe.a, self.clock)
        body = LocalBody(self.world, mapping_of(name), self.clock, name)
        self.bridge = Bridge(self.port, body, self.clock, Meters(self.brain.geometry, self.brain.rate_hz))
        self.outcomes: list[Outcome] = []

    def run(self, seconds: float) -> Far:
        until_s = self.clock.now() + seconds
        while self.clock.now() < until_s and not self.world.over:
            outcome = self.bridge.burst()
            if outcome is not None:
                self.outcomes.append(outcome)
        return self


@pytest.mark.parametrize("name", DESIGNED)
def test_every_burst_is_told_with_its_own_spikes(name: str) -> None:
    far = Far(name, 2)
    far.port.open()
    far.run(2.0)
    bursts = [outcome.burst for outcome in far.outcomes]
    assert bursts == list(range(bursts[0], bursts[0] + len(bursts)))
    for outcome in far.outcomes:
        assert outcome.fired == far.far.fired[outcome.burst], outcome.burst
    assert far.bridge.meters.spikes == sum(len(neurons) for outcome in far.outcomes for _, neurons in outcome.fired)


@pytest.mark.parametrize("name", DESIGNED)
def test_a_brain_elsewhere_does_what_a_brain_here_does(name: str) -> None:
    """A burst or two later: bodies that must not wait have a score that is a little lower."""
    seconds = {"cart_pole": 10.0}.get(name, 20.0)
    far = Far(name, 3)
    far.port.open()
    far.run(seconds)
    here, world, _ = local_bridge(name, 3)
    here.run(round(seconds * far.brain.rate_hz))
    print(f"{name}: {far.world.score():.3f}, here {world.score():.3f}")
    assert far.world.score() >= {"gazer": 0.7, "cart_pole": 0.6, "swimmer": 0.75}.get(name, 0.9) * world.score()
    here_rate = here.meters.spikes / here.meters.bursts
    assert far.bridge.meters.spikes / far.bridge.meters.bursts == pytest.approx(here_rate, rel=0.15)


@pytest.mark.parametrize("seed", range(2))
def test_the_line_follower_keeps_its_score_with_its_brain_at_the_end_of_a_bad_link(seed: int) -> None:
    clean, noisy = Far("line_follower", seed), Far("line_follower", seed, ROUGH)
    for one in (clean, noisy):
        one.port.open()
        one.run(20.0)
    print(f"seed {seed}: {clean.world.figures()}, noisy {noisy.world.figures()}, {noisy.port.quality()}")
    assert clean.world.score() >= 0.95
    assert noisy.world.score() >= 0.95 * clean.world.score()


def test_brain_and_body_may_both_be_elsewhere() -> None:
    """A brain at the end of one link, a body at the end of another, the bridge between them."""
    clock = SimulatedClock()
    far = FarBrain("line_follower", clock, WIRE, 1)
    pipe = FaultPipe(clock, ROUGH, seed=2)
    world, mapping = world_of("line_follower", 4), mapping_of("line_follower")
    end = BodyEnd(world, mapping, pipe.b, clock)
    pipe.b.on_data = end.poll
    clock.call_every(0.02, end.tick)
    body = LinkedBody(channels_of_brain(far.brain.robot), mapping, pipe.a, clock, period_s=0.02)
    port = BoardBrain(far.brain, far.pipe.a, clock)
    port.open()
    body.open()
    bridge = Bridge(port, body, clock, Meters(far.brain.geometry, 50.0))
    bridge.run(1000)
    bridge.finish()
    assert world.score() >= 0.9
    assert [quality.state for quality in bridge.meters.links] == ["connected", "connected"]
    assert bridge.meters.links[1].missed > 0.1 > bridge.meters.links[0].missed


@pytest.mark.parametrize("pull", ["unplug", "mute"])
def test_bursts_go_on_within_a_second_after_the_cable_returns(pull: str) -> None:
    chance = random.Random(4)
    far = Far("line_follower", 1)
    far.port.open()
    far.run(1.0)
    for _ in range(3):
        getattr(far.far.pipe, pull)()
        far.run(chance.uniform(1.2, 3.0))
        assert far.port.session.state is SessionState.LOST
        before = len(far.outcomes)
        far.far.pipe.mend()
        mended_s = far.clock.now()
        while len(far.outcomes) == before:
            far.run(0.02)
        print(f"{pull}: {far.clock.now() - mended_s:.3f} s")
        assert far.clock.now() - mended_s <= 1.0
        far.run(1.0)
        assert len(far.outcomes) >= before + 40
    assert any("lost" in text for _, text in far.bridge.meters.notes)


def test_a_board_that_restarts_is_bound_anew_and_counts_anew() -> None:
    far = Far("line_follower", 1)
    far.port.open()
    far.run(2.0)
    far.far.boot()
    far.run(3.0)
    assert far.outcomes[-1].burst == far.far.process.burst
    assert far.far.process.channels.sensors
    assert far.world.score() > 0.6


def test_a_board_that_is_held_at_another_rate_is_set_and_started() -> None:
    far = Far("line_follower", 1)
    far.far.process.running, far.far.process.rate_hz = False, 100
    far.port.open()
    assert (far.far.process.running, far.far.process.rate_hz) == (True, 50)
    assert far.port.name == "process"


def test_a_board_that_somebody_holds_is_an_error_after_a_while() -> None:
    far = Far("line_follower", 1)
    far.port.open()
    far.run(0.5)
    far.port.session.request(Stop())
    with pytest.raises(LinkLost) as caught:
        far.run(30.0)
    assert caught.value.code == "M401"
    assert 10.0 <= far.clock.now() <= 13.0


def test_another_brain_than_the_one_that_was_named_is_refused() -> None:
    far = Far("line_follower", 1, runs="cart_pole")
    with pytest.raises(VerificationFailed) as caught:
        far.port.open()
    assert caught.value.code == "M402"


def test_a_body_where_a_brain_was_expected_is_refused_and_the_other_way_round() -> None:
    lab = Lab("line_follower", 1)
    with pytest.raises(UsageError) as caught:
        BoardBrain(lab.brain, lab.pipe.a, lab.clock).open()
    assert caught.value.code == "W108"
    far = Far("line_follower", 1)
    body = LinkedBody(channels_of_brain(far.brain.robot), mapping_of("line_follower"), far.far.pipe.a, far.clock)
    with pytest.raises(UsageError) as caught:
        body.open()
    assert caught.value.code == "W105"


def test_a_board_on_its_own_pins_is_only_watched() -> None:
    clock = SimulatedClock()
    far = FarBrain("line_follower", clock, WIRE, 1)
    port = BoardBrain(far.brain, far.pipe.a, clock)
    port.open()
    bridge = Bridge(port, NoBody(clock), clock, Meters(far.brain.geometry, 50.0))
    bridge.run(50)
    with open_runtime("npu", far.brain.image) as alone:
        last = [result.fired for result in alone.run(60, {})]
    assert far.process.burst >= 50
    assert all(fired == last[burst - 1] for burst, fired in far.fired.items())
    assert bridge.meters.spikes > 0
