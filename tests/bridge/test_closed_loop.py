"""The loop stays closed: through losses and delays, through a cable that is pulled, and the same wherever the body is."""

from __future__ import annotations

import os
import random
from functools import lru_cache

import pytest

from examples.bodies.catalogue import DESIGNED
from neurula.link.fault_pipe import Faults
from neurula.link.session import SessionState
from tests.bridge.lab import ROUGH, Lab, local_bridge

SEEDS = range(int(os.environ.get("NEURULA_BODY_SEEDS", "3")))
LIFE_S = float(os.environ.get("NEURULA_BRIDGE_SECONDS", "30"))
BAD = Faults(loss=0.2, duplication=0.05, reordering=0.2, depth=8, latency_s=0.02, jitter_s=0.05, flips=0.02, cuts=0.02)


@lru_cache(maxsize=8)
def clean(seed: int) -> Lab:
    return Lab("line_follower", seed).run(LIFE_S)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("faults", "way"), [(ROUGH, 0.95), (BAD, 0.85)], ids=["rough", "worse"])
def test_the_line_follower_keeps_its_score_on_a_bad_link(seed: int, faults: Faults, way: float) -> None:
    """20 % loss, 5 % twice, up to 8 overtake, 50 ms jitter both ways: 95 % of the score on a clean link, and of the way driven.

    worse: 20 ms of latency and 4 % damage on top."""
    best, noisy = clean(seed), Lab("line_follower", seed, faults).run(LIFE_S)
    print(f"seed {seed}: clean {best.world.figures()}, noisy {noisy.world.figures()}, {noisy.body.quality()}")
    assert best.world.score() >= 0.95
    assert noisy.world.score() >= 0.95 * best.world.score()
    assert noisy.world.figures()["rounds"] >= way * best.world.figures()["rounds"]
    quality = noisy.body.quality()
    assert quality.missed > 0.15
    assert quality.state == "connected"
    assert noisy.end.trips == 0


@pytest.mark.parametrize("name", DESIGNED)
def test_in_lockstep_a_body_at_the_end_of_a_link_scores_as_in_this_process(name: str) -> None:
    """But for what a 32767th, the step in which values travel, makes of speeds."""
    seconds = 6.0
    linked = Lab(name, 3, Faults(latency_s=0.003), lockstep=True).run(seconds)
    bridge, world, _ = local_bridge(name, 3)
    bridge.run(round(seconds * linked.brain.rate_hz))
    linked.clock.sleep(0.1)  # the last command is on its way
    assert linked.world.score() == pytest.approx(world.score(), abs=0.001)
    assert linked.bridge.meters.spikes == pytest.approx(bridge.meters.spikes, rel=0.002)
    assert linked.end.steps == bridge.meters.bursts


def test_the_same_seed_gives_the_same_run_whatever_the_link_did() -> None:
    runs = [Lab("line_follower", 7, BAD).run(5.0) for _ in range(2)]
    assert runs[0].world.picture() == runs[1].world.picture()
    assert runs[0].bridge.meters.spikes == runs[1].bridge.meters.spikes
    assert runs[0].body.quality() == runs[1].body.quality()


@pytest.mark.parametrize("pull", ["unplug", "mute"])
def test_the_loop_is_closed_again_within_a_second_after_the_cable_returns(pull: str) -> None:
    chance = random.Random(11)
    lab = Lab("line_follower", 2).run(3.0)
    for _ in range(4):
        getattr(lab.pipe, pull)()
        lab.run(chance.uniform(0.5, 4.0))
        assert not lab.end.driven
        lab.pipe.mend()
        begun_s, steps = lab.clock.now(), lab.end.steps
        while not lab.end.driven or lab.body.session.state is not SessionState.CONNECTED:
            lab.run(1 / lab.brain.rate_hz)
        print(f"{pull}: driven again after {lab.clock.now() - begun_s:.3f} s")
        assert lab.clock.now() - begun_s <= 1.0
        lab.run(1.0)
        assert lab.end.steps > steps
    assert lab.end.trips == 4
    assert lab.world.score() > 0.5


def test_wheels_stand_still_within_the_failsafe_time_when_the_brain_falls_silent() -> None:
    lab = Lab("line_follower", 1, failsafe_s=0.2).run(2.0)
    assert lab.end.driven
    lab.pipe.mute()
    lab.clock.sleep(0.2 + 1 / lab.brain.rate_hz + 1e-6)
    assert not lab.end.driven
    way_m = lab.world.robot.way_m
    lab.clock.sleep(0.5)  # wheels take their time
    rest_m = lab.world.robot.way_m
    lab.clock.sleep(1.0)
    assert rest_m - way_m < 0.05
    assert lab.world.robot.way_m - rest_m < 1e-4


def test_a_brain_whose_body_falls_silent_is_blind_rather_than_deceived() -> None:
    lab = Lab("line_follower", 1).run(1.0)
    seen = lab.bridge.burst().fired
    assert any(area == 1 for area, _ in seen)  # the floor sensors, area 1, fire in every burst
    lab.pipe.mute()
    for _ in range(round(0.3 * lab.brain.rate_hz)):
        outcome = lab.bridge.burst()
    assert all(area != 1 for area, _ in outcome.fired)
    lab.pipe.mend()
    lab.run(1.0)
    assert any(area == 1 for area, _ in lab.bridge.burst().fired)


def test_a_body_that_restarts_is_greeted_and_driven_anew() -> None:
    lab = Lab("line_follower", 5).run(1.0)
    fresh = Lab("line_follower", 6)
    lab.end.responder._session = 0  # what a reset leaves of a session
    lab.end._subscription = lab.end.driven = False
    lab.run(3.0)
    assert lab.end.driven
    assert lab.end._subscription
    assert fresh.end.driven is False


def test_closing_leaves_the_motors_neutral() -> None:
    lab = Lab("line_follower", 1).run(1.0)
    assert lab.world.robot.left_m_s + lab.world.robot.right_m_s > 0.1
    lab.body.close()
    lab.clock.sleep(0.15)
    assert lab.world._values == {"left_wheel": 0.0, "right_wheel": 0.0}


def test_an_emergency_stop_holds_whatever_the_brain_says() -> None:
    from neurula.link.wire import Estop, Release

    lab = Lab("line_follower", 1).run(1.0)
    lab.body.session.request(Estop())
    way_m = lab.run(1.0).world.robot.way_m
    lab.run(2.0)
    assert lab.world.robot.way_m - way_m < 1e-3
    lab.body.session.request(Release())
    lab.run(1.0)
    assert lab.world.robot.way_m - way_m > 0.05


@pytest.mark.parametrize("loss", [0.0, 0.1, 0.3])
def test_the_share_of_values_that_is_missed_is_what_the_link_loses(loss: float) -> None:
    lab = Lab("line_follower", 9, Faults(loss=loss)).run(20.0)
    assert lab.body.quality().missed == pytest.approx(loss, abs=0.04)
    assert lab.body.quality().rejected == 0
