"""Channels of a body: both ends number them alike, and a value that travels comes back within one step of a 32767th."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from examples.bodies.catalogue import DESIGNED
from neurula.bridge.bodies import neutral_values
from neurula.bridge.channels import FULL_SCALE, NOTHING, Arrivals, Channels, WireDevice, channels_of_body, channels_of_brain, plan
from neurula.errors import InvalidInput
from neurula.link.wire import Motor, Sense, Value
from neurula.robot import kinds, parse_mapping, shape_of_genome
from neurula.robot.binding import try_bind
from neurula.robot.shape import AreaShape, BrainShape
from tests.bodies.living import make
from tests.bridge.lab import brain_of, mapping_of
from tests.conftest import ROOT

EVERYTHING = """
[sensors.eye]
kind = "proximity"
range = [1.0, 0.0]
[sensors.tilt]
kind = "accelerometer"
[sensors.bumper]
kind = "digital_in"
number = 40
[sensors.charge]
kind = "battery"
[motors.wheel]
kind = "motor"
[motors.lamp]
kind = "digital_out"
[motors.lights]
kind = "led"
[motors.look]
kind = "location"
[motors.who]
kind = "identity_out"
"""
LARGE = """
[sensors.ear]
kind = "text_in"
area = "heard"
[sensors.skin]
kind = "block_in"
area = "felt"
[motors.mouth]
kind = "text_out"
area = "said"
[motors.shape]
kind = "block_out"
area = "shown"
size = [2, 3, 4]
[motors.map]
kind = "segmentation"
area = "known"
size = [3, 2, 5]
"""
AREAS = {"heard": (1, 1, 16), "felt": (3, 2, 2), "said": (1, 1, 20), "shown": (2, 3, 4), "known": (3, 2, 5)}


def devices() -> dict[str, WireDevice]:
    made = plan(parse_mapping(EVERYTHING.encode()), {})
    return {device.name: device for device in (*made.sensors, *made.motors)}


def test_devices_follow_each_other_in_the_order_of_the_file_and_a_number_says_where_one_begins() -> None:
    assert {name: (device.first, device.count) for name, device in devices().items()} == {
        "eye": (0, 1), "tilt": (1, 3), "bumper": (40, 1), "charge": (41, 1),
        "wheel": (0, 1), "lamp": (1, 1), "lights": (2, 2), "look": (4, 2), "who": (6, 1),
    }  # fmt: skip


@pytest.mark.parametrize("name", DESIGNED)
def test_both_ends_number_the_channels_of_every_body_alike(name: str) -> None:
    body = make(name)
    body.reset(1)
    assert channels_of_body(mapping_of(name), body.sense()) == channels_of_brain(brain_of(name).robot)


def test_the_robot_of_the_arduino_example_has_the_channels_of_its_sketch() -> None:
    from neurula.genome import read_genome

    mapping = parse_mapping((ROOT / "examples" / "reflex" / "robot.toml").read_bytes())
    bound, _ = try_bind(mapping, shape_of_genome(read_genome(ROOT / "examples" / "reflex" / "genome.json")))
    made = channels_of_brain(bound)
    assert [(device.name, device.first) for device in (*made.sensors, *made.motors)] == [
        ("left_eye", 0), ("right_eye", 1), ("left_wheel", 0), ("right_wheel", 1)
    ]  # fmt: skip


def test_tokens_blocks_and_maps_of_classes_travel_and_both_ends_number_them_alike() -> None:
    mapping = parse_mapping(LARGE.encode())
    areas = tuple(AreaShape(name, name, "IPU" if name in ("heard", "felt") else "OPU", dims) for name, dims in AREAS.items())
    bound, problems = try_bind(mapping, BrainShape(areas))
    assert not problems
    block = np.arange(-6, 6).reshape(3, 2, 2) / 6
    there = channels_of_body(mapping, {"ear": None, "skin": block})
    assert there == channels_of_brain(bound)
    heard = Arrivals(there.sensors)
    for token in (0, 1, 97, 65_534, None):
        for message in there.sense({"ear": token, "skin": block}):
            heard.take(Sense.unpack(message.pack()).values)
        news = heard.news()
        assert news["ear"] == token
        assert np.asarray(news["skin"]) == pytest.approx(block, abs=1 / FULL_SCALE)
        assert len(bound.devices[1].parts[0].coder.encode(news["skin"])) == 11  # all but the one that is 0
    known, shown = [[0, -1, 4], [1, 2, 3]], np.arange(24).reshape(2, 3, 4) / 23
    told = Arrivals(there.motors)
    for message in there.motor(1, {"mouth": (1 << 20) - 2, "shape": shown, "map": np.array(known)}):
        told.take(Motor.unpack(message.pack()).values)
    news = told.news()
    assert (news["mouth"], [list(row) for row in news["map"]]) == ((1 << 20) - 2, known)
    assert np.asarray(news["shape"]) == pytest.approx(shown, abs=1 / FULL_SCALE)


def test_every_kind_of_motor_can_be_left_neutral_over_a_link() -> None:
    motors = "".join(
        f'[motors.m{i}]\nkind = "{kind.name}"\nnumber = 0\nsize = [2, 2, 2]\n'
        for i, kind in enumerate(kinds().values()) if kind.way == "motor" and len(kind.parts) == 1
    )  # fmt: skip
    mapping = parse_mapping(motors.encode())
    for device in mapping.devices:
        alone = replace(mapping, devices=(device,))
        (message, *_) = plan(alone, {}).motor(0, neutral_values(alone)) or [Motor(0, ())]
        assert NOTHING not in [number for _, number in message.values]
        moves = kinds()[device.kind].parts[0].layouts[0].family in ("number", "signed", "switch")
        assert bool(message.values) == moves, device.kind


@pytest.mark.parametrize("span", [(0.0, 1.0), (1.0, 0.0), (-1.0, 1.0), (0.12, 3.5), (-180.0, 180.0), (1.0, -1.0)])
def test_a_number_comes_back_within_half_a_step_over_its_whole_range(span: tuple[float, float]) -> None:
    device = WireDevice("x", "number", 0, (), span)
    low, high = span
    step = abs(high - low) / (2 * FULL_SCALE if low == -high else FULL_SCALE)
    chance = random.Random(5)
    for value in (low, high, (low + high) / 2, *(chance.uniform(low, high) for _ in range(2000))):
        assert device.value_of(device.numbers_of(value)) == pytest.approx(value, abs=0.5000001 * step)
    assert device.value_of(device.numbers_of(high + 10 * (high - low))) == pytest.approx(high)
    assert device.value_of(device.numbers_of(low - 10 * (high - low))) == pytest.approx(low)
    assert device.value_of(device.numbers_of(float("inf") if high > low else float("-inf"))) == pytest.approx(high)
    assert device.value_of(device.numbers_of(None)) is None


def test_nothing_is_0_where_a_range_has_a_sign_and_its_first_end_where_it_has_none() -> None:
    assert devices()["wheel"].numbers_of(0.0) == [0]
    assert devices()["wheel"].numbers_of(-1.0) == [-FULL_SCALE]
    assert devices()["eye"].numbers_of(1.0) == [0]
    assert devices()["eye"].numbers_of(0.0) == [FULL_SCALE]


@pytest.mark.parametrize(("name", "value"), [
    ("tilt", (0.5, -0.25, 1.0)), ("bumper", True), ("bumper", False), ("lamp", True), ("lights", (1.0, 0.0)), ("look", (0.0, 1.0)),
    ("who", 7),
])  # fmt: skip
def test_values_of_every_form_come_back(name: str, value: Any) -> None:
    device = devices()[name]
    assert device.value_of(device.numbers_of(value)) == pytest.approx(value, abs=1e-4)


def test_a_picture_comes_back_pixel_by_pixel_in_several_messages() -> None:
    body = make("gazer")
    body.reset(2)
    seen = body.sense()
    channels = channels_of_body(mapping_of("gazer"), seen)
    messages = [Sense.unpack(message.pack()) for message in channels.sense(seen)]
    assert len(messages) > 1
    arrivals = Arrivals(channels.sensors)
    for message in messages:
        assert not arrivals.complete
        arrivals.take(message.values)
    assert arrivals.complete
    assert arrivals.news()["camera"] == seen["camera"].tolist()
    assert arrivals.news() == {}


def test_only_what_has_news_is_told_and_strange_channels_are_passed_over() -> None:
    channels = Channels((WireDevice("a", "number", 0, (), (0.0, 1.0)), WireDevice("b", "signed", 1, (2,), (-1.0, 1.0))), ())
    arrivals = Arrivals(channels.sensors)
    arrivals.take((Value(0, FULL_SCALE), Value(200, 5)))
    assert arrivals.news() == {"a": 1.0}
    arrivals.take((Value(2, -FULL_SCALE),))
    assert arrivals.news() == {"b": None}  # half of it has never come
    arrivals.take((Value(1, 0),))
    assert arrivals.news() == {"b": (0.0, -1.0)}


def test_a_command_names_all_motors_and_its_burst() -> None:
    made = plan(parse_mapping(EVERYTHING.encode()), {})
    (message,) = made.motor(70, {"wheel": -0.5, "lamp": True})
    assert message == Motor(70, (Value(0, -16384), Value(1, FULL_SCALE)))


@pytest.mark.parametrize(("text", "code", "words"), [
    ('[sensors.a]\nkind = "battery"\nnumber = 3\n[sensors.b]\nkind = "battery"\nnumber = 3', "W102", "channel 3"),
    ('[sensors.a]\nkind = "accelerometer"\nnumber = 254', "W102", "channel 256"),
    ('[motors.a]\nkind = "block_out"', "W101", "how many"),
    ('[sensors.a]\nkind = "vision"', "W101", "vision"),
    ('[motors.a]\nkind = "gaze"', "W101", "gaze"),
    ('[sensors.a]\nkind = "camera"', "W101", "how many"),
])  # fmt: skip
def test_what_cannot_be_numbered_is_refused_with_its_line(text: str, code: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        plan(parse_mapping(text.encode(), "my.toml"), {})
    assert caught.value.code == code
    assert "my.toml, line" in caught.value.where


@pytest.mark.parametrize("value", [float("nan"), "fast", (1.0, 2.0), object()])
def test_a_value_that_is_none_of_its_device_is_refused(value: Any) -> None:
    made = plan(parse_mapping(b'[sensors.a]\nkind = "battery"'), {})
    with pytest.raises(InvalidInput) as caught:
        made.sense({"a": value})
    assert caught.value.code == "W104"
