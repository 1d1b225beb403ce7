"""What every body promises: the same life twice, time in whole steps, devices that its brain knows, little without a brain."""

from __future__ import annotations

from typing import Any

import pytest

from examples.bodies import genomes
from examples.bodies.catalogue import CATALOGUE, DESIGNED
from neurula.compiler import lower
from neurula.development import develop
from neurula.genome import check_genome, read_genome
from neurula.robot import check_robot, read_mapping, shape_of_genome
from tests.bodies.living import ALL, NoBrain, brain_of, burst_s, lived, make

# with nobody there for that many seconds, nobody scores more
NOTHING = {"wall_avoider": 0.0, "line_follower": 0.06, "cart_pole": 0.03, "swimmer": 0.3, "gazer": 0.35, "pioneer": 0.0}
each = pytest.mark.parametrize("name", ALL)
each_designed = pytest.mark.parametrize("name", DESIGNED)


def history(name: str, seed: int, seconds: float) -> list[tuple[Any, Any]]:
    """Score and place of everything, burst by burst."""
    seen: list[tuple[Any, Any]] = []
    brain = brain_of(name) if name in DESIGNED else NoBrain()
    lived(name, seed, seconds, brain, lambda body, _: seen.append((body.score(), body.picture().shapes)))
    return seen


@each
def test_the_same_seed_gives_the_same_life_and_another_seed_another(name: str) -> None:
    first = history(name, 5, 1.0)
    assert first == history(name, 5, 1.0)
    assert first != history(name, 6, 1.0)


@each
def test_a_body_that_is_reset_lives_like_a_new_one(name: str) -> None:
    body, fresh = make(name), make(name)
    body.reset(4)
    body.act(dict.fromkeys((motor.name for motor in read_mapping(CATALOGUE[name].robot).devices if motor.way == "motor"), 1.0))
    body.step(0.5)
    for one in (body, fresh):
        one.reset(9)
        one.step(0.1)
    assert body.picture() == fresh.picture()
    assert body.figures() == fresh.figures()


@each
def test_time_passes_alike_in_long_and_in_short_pieces(name: str) -> None:
    """A rest that is shorter than the body's own step waits for the next piece."""
    whole, pieces = make(name), make(name)
    for body in (whole, pieces):
        body.reset(2)
    whole.step(0.12)
    for _ in range(40):
        pieces.step(0.003)
    assert whole.picture() == pieces.picture()
    assert whole.figures()["seconds"] == pieces.figures()["seconds"] == pytest.approx(0.12)


@each
def test_devices_hold_their_value_and_commands_are_limited(name: str) -> None:
    motors = [device.name for device in read_mapping(CATALOGUE[name].robot).devices if device.way == "motor"]
    held, told, limited = (make(name) for _ in range(3))
    for body, value in ((held, 1.0), (told, 1.0), (limited, 7.5)):
        body.reset(3)
        body.act(dict.fromkeys(motors, value))
        for _ in range(5):
            if body is told:
                body.act(dict.fromkeys(motors, value))
            body.act({})
            body.step(0.02)
    assert held.picture() == told.picture() == limited.picture()


@each
def test_the_mapping_names_the_devices_that_the_body_has(name: str) -> None:
    body, mapping = make(name), read_mapping(CATALOGUE[name].robot)
    assert set(body.sense()) == {device.name for device in mapping.devices if device.way == "sensor"}
    before = body.picture()
    body.act({device.name: 1.0 for device in mapping.devices if device.way == "motor"})
    body.step(0.4)
    assert body.picture().shapes != before.shapes


@each_designed
def test_body_and_genome_fit_without_a_remark(name: str) -> None:
    genome = read_genome(CATALOGUE[name].genome)
    assert check_genome(genome) == ()
    growth = develop(genome)
    assert growth.problems == ()
    for area in lower(growth.connectome).areas:
        assert area.scale.exact, area.id
        assert area.notes == (), area.id
    mapping = read_mapping(CATALOGUE[name].robot)
    assert check_robot(mapping, shape_of_genome(genome)) == ()
    assert burst_s(name) == pytest.approx(genome.physiology["simulation_timestep"])


def test_the_genomes_are_what_the_designs_say() -> None:
    for path, text in genomes.texts().items():
        assert path.read_text(encoding="utf-8") == text, "run python -m examples.bodies.genomes"


@each
def test_without_a_brain_the_score_is_poor(name: str) -> None:
    body = lived(name, 1, 20.0, NoBrain())
    assert 0 <= body.score() <= NOTHING[name]
