"""Sensor and motor channels: the numbers that the coders say, for neurons that there are, on every interpreter."""

from __future__ import annotations

import random
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from neurula.link.wire import Excite, Inject, Potential, Sense, Value
from neurula_mcu.channels import Channels
from neurula_mcu.image import ImageError
from tests.link import channel_run
from tests.link.channel_run import NEURONS, PaperBrain, PaperLink
from tests.link.interpreters import micropython

PROGRAM = Path(channel_run.__file__).read_text(encoding="utf-8")
GOOD = {"channel": 3, "kind": 1, "coding": 1, "hold": 1, "window": 1, "area": 1, "depth": 10, "per_voxel": 1, "full": 1, "neutral": 0,
        "first": 0, "stride": 1, "minus": 0, "units": 100}  # fmt: skip


@pytest.mark.needs_firmware
def test_channels_say_what_the_coders_say_on_every_interpreter() -> None:
    seed = random.randrange(1 << 22)
    print("seed", seed)
    out = StringIO()
    with redirect_stdout(out):
        channel_run.main(seed, 60)
    (here,) = out.getvalue().splitlines()
    assert here.endswith(" 0")
    for name in ("unix64", "unix32"):
        with micropython(name) as machine:
            assert machine.run(PROGRAM + f"\nmain({seed}, 60)\n", 60).split() == here.split(), name



@pytest.fixture
def brain() -> PaperBrain:
    return PaperBrain()


@pytest.fixture
def channels(brain: PaperBrain) -> Channels:
    return Channels(PaperLink(), brain, 0)


def injected(brain: PaperBrain, channels: Channels) -> list[tuple[int, ...]]:
    count = channels.link.sense(0)
    return [tuple(brain.words[3 * i : 3 * i + 3]) for i in range(count)]


@pytest.mark.parametrize(("hold", "bursts"), [(1, 1), (3, 3), (254, 254), (255, 400)])
def test_a_value_counts_for_as_many_bursts_as_it_holds(brain: PaperBrain, channels: Channels, hold: int, bursts: int) -> None:
    channels.bind(**{**GOOD, "hold": hold})
    assert injected(brain, channels) == []
    payload = Sense((Value(3, 32767),)).pack()
    channels.link.take(payload, 0, len(payload))
    for _ in range(bursts):
        assert injected(brain, channels) == [(1, 0, 100)]
    assert injected(brain, channels) == ([(1, 0, 100)] if hold == 255 else [])


def test_values_of_channels_that_are_not_bound_are_passed_over(brain: PaperBrain, channels: Channels) -> None:
    channels.bind(**GOOD)
    payload = Sense(tuple(Value(channel, 32767) for channel in (0, 63, 64, 200, 255, 3))).pack()
    channels.link.take(payload, 0, len(payload))
    assert injected(brain, channels) == [(1, 0, 100)]
    cut = bytes([3, 40, 1, 2])
    channels.link.take(cut, 0, len(cut))
    assert injected(brain, channels) == []


def test_binding_again_replaces_and_none_frees(brain: PaperBrain, channels: Channels) -> None:
    for channel in range(64):
        channels.bind(**{**GOOD, "channel": channel, "first": channel})
    channels.bind(**{**GOOD, "channel": 5, "first": 500})
    channels.bind(**{**GOOD, "channel": 7, "kind": 0})
    payload = Sense(tuple(Value(channel, 32767) for channel in range(64))).pack()
    channels.link.take(payload, 0, len(payload))
    found = injected(brain, channels)
    assert sorted(neuron for _, neuron, _ in found) == sorted(({*range(64)} - {5, 7}) | {500})
    channels.clear()
    channels.link.take(payload, 0, len(payload))
    assert injected(brain, channels) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": 64}, {"kind": 3}, {"area": 3}, {"depth": NEURONS[1] + 1}, {"first": NEURONS[1] - 9}, {"stride": 0}, {"minus": -1},
        {"minus": NEURONS[1]}, {"per_voxel": 0}, {"coding": 0}, {"coding": 7}, {"coding": 5, "depth": 2}, {"coding": 4, "minus": 20},
        {"kind": 2, "window": 0}, {"kind": 2, "coding": 5, "depth": 1, "full": 0}, {"coding": 5, "depth": 1, "per_voxel": 5000},
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [1, 2])
def test_what_the_brain_does_not_have_is_refused_and_nothing_changes(
    brain: PaperBrain, channels: Channels, wrong: dict[str, int], kind: int
) -> None:
    channels.bind(**GOOD)
    with pytest.raises(ImageError) as caught:
        channels.bind(**{**GOOD, "kind": kind, **wrong})
    assert caught.value.code == "F150"
    payload = Sense((Value(3, 32767),)).pack()
    channels.link.take(payload, 0, len(payload))
    assert injected(brain, channels) == [(1, 0, 100)]


def test_sensors_that_would_flood_the_brain_are_refused(channels: Channels) -> None:
    crowd = {**GOOD, "per_voxel": 100, "depth": 1, "coding": 5}
    for channel in range(10):
        channels.bind(**{**crowd, "channel": channel})
    with pytest.raises(ImageError, match="too many"):
        channels.bind(**{**crowd, "channel": 10})
    channels.bind(**{**crowd, "channel": 9})


def test_silence_is_told_apart_where_it_shall_be(brain: PaperBrain, channels: Channels) -> None:
    out = bytearray(40)
    channels.bind(**{**GOOD, "kind": 2, "window": 3, "neutral": -32768})

    def value(fired: bool) -> int:
        brain.ram[16 + 8] = 1 if fired else 0  # neuron 0 of area 1
        channels.link.decode()
        assert channels.put_motors(out, 0) == 8
        return int.from_bytes(out[6:8], "little", signed=True)

    assert [value(fired) for fired in (False, True, False, False, False, True)] == [-32768, 32767, 32767, 32767, -32768, 32767]


def test_potentials_and_excitations_reach_neurons_that_there_are_and_no_others(brain: PaperBrain, channels: Channels) -> None:
    inject = Inject(1, 890, (Potential(0, 5), Potential(9, -6), Potential(10, 7), Potential(65535, 8))).pack()
    excite = Excite(-70, ((0, (0, 39, 40)), (2, (2999, 3000)), (3, (1,)), (500, (2,)))).pack()
    channels.inject(inject, 0, len(inject))
    channels.excite(excite, 0, len(excite))
    assert injected(brain, channels) == [(1, 890, 5), (1, 899, -6), (0, 0, -70), (0, 39, -70), (2, 2999, -70)]
    assert injected(brain, channels) == []


@pytest.mark.parametrize(
    ("units", "kept"),
    [((1 << 31) - 1, (1 << 30) - 1), (1 << 30, (1 << 30) - 1), ((1 << 30) - 1, (1 << 30) - 1), (-1, -1), (-(1 << 30) + 1, -(1 << 30) + 1),
     (-(1 << 30), -(1 << 30) + 1), (-(1 << 31), -(1 << 30) + 1), (0, 0)],
)  # fmt: skip
def test_potentials_are_limited_to_what_kernels_can_bear(brain: PaperBrain, channels: Channels, units: int, kept: int) -> None:
    inject, excite = Inject(1, 0, (Potential(1, units),)).pack(), Excite(units, ((1, (2,)),)).pack()
    channels.inject(inject, 0, len(inject))
    channels.excite(excite, 0, len(excite))
    assert injected(brain, channels) == [(1, 1, kept), (1, 2, kept)]


def test_more_than_there_is_room_for_is_left_out(brain: PaperBrain, channels: Channels) -> None:
    excite = Excite(1, ((2, tuple(range(200))),)).pack()
    for _ in range(3):
        channels.excite(excite, 0, len(excite))
    assert len(injected(brain, channels)) == 256


def test_random_bytes_never_reach_memory_that_is_not_theirs(brain: PaperBrain, channels: Channels) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    channels.bind(**GOOD)
    for _ in range(3000):
        data = chance.randbytes(chance.randrange(240))
        for take in (channels.link.take, channels.inject, channels.excite):
            take(data, 0, len(data))
        for area, neuron, units in injected(brain, channels):
            assert 0 <= neuron < NEURONS[area]
            assert abs(units) < 1 << 30
