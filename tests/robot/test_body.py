"""A body on a brain: sensors reach their voxels, motors read theirs, and what was sensed comes out of a copying brain."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurula.errors import InvalidInput
from neurula.robot import Gaze, Robot, bind, parse_mapping
from neurula.robot.body import Body
from neurula.robot.coders import Fractional, Linear, Scale
from tests.robot.brains import Sizes, image_of, shape_of

ROOT = Path(__file__).parent.parent.parent
REFLEX = ROOT / "examples" / "reflex"


def body_of(text: str, sizes: Sizes) -> Body:
    return Body(bind(parse_mapping(text.encode()), shape_of(sizes)), [Fraction(100)] * len(sizes))


def robot_of(text: str, sizes: Sizes, copies: dict[str, str], per_voxel: int = 1, runtime: str = "npu") -> Robot:
    return Robot(parse_mapping(text.encode()), image_of(sizes, copies, per_voxel), runtime=runtime)


NUMBERS = [
    ("linear", 1, (-3.0, 5.0), Linear(10)), ("rising", 1, (5.0, -3.0), Linear(10)), ("fractional", 1, (0.0, 1.0), Fractional(10)),
    ("scale", 1, (-20.0, 20.0), Scale(10)),
]  # fmt: skip


@pytest.mark.parametrize(("coding", "width", "span", "column"), NUMBERS, ids=[row[0] for row in NUMBERS])
@pytest.mark.parametrize("per_voxel", [1, 3])
def test_what_a_sensor_says_a_motor_does_within_one_step(coding: str, width: int, span: tuple[float, float], column: Any,
                                                         per_voxel: int) -> None:  # fmt: skip
    """Sensor -> voxels -> spikes -> one synapse -> spikes -> motor, both with the same coding and range, each on its channel."""
    text = "".join(
        f'[{way}s.{way}{channel}]\nkind = "{kind}"\narea = "{area}"\nchannel = {channel}\ncoding = "{coding}"\nrange = {list(span)}\n'
        for way, kind, area in (("sensor", "analog_in", "i_test"), ("motor", "analog_out", "o_test"))
        for channel in range(3)
    )
    robot = robot_of(text, {"i_test": (3, 1, 10), "o_test": (3, 1, 10)}, {"i_test": "o_test"}, per_voxel)
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    step = column.step * abs(span[1] - span[0])
    for _ in range(25):
        sent = [chance.uniform(*sorted(span)) for _ in range(3)]
        robot.sense(**{f"sensor{i}": value for i, value in enumerate(sent)})
        values = robot.step(2)
        for i, value in enumerate(sent):
            assert abs(values[f"motor{i}"] - value) <= step + 1e-9


def test_a_signed_motor_turns_both_ways_and_stands_still_at_zero() -> None:
    text = (
        '[sensors.a]\nkind = "accelerometer"\narea = "aWFjYwcAAAA="\n'
        '[motors.w]\nkind = "motor"\narea = "o_test"\nchannel = 1\ncoding = "linear"\n'
    )
    robot = robot_of(text, {"aWFjYwcAAAA=": (6, 1, 10), "o_test": (6, 1, 10)}, {"aWFjYwcAAAA=": "o_test"})
    for value in (0.7, -0.7, 0.0, 1.0, -1.0):
        robot.sense(a=(0, value, 0))
        assert robot.step(2)["w"] == pytest.approx(value)


def test_a_silent_motor_is_neutral_after_its_window_or_holds() -> None:
    text = (
        '[sensors.s]\nkind = "analog_in"\n[motors.a]\nkind = "analog_out"\nwindow = 3\nneutral = 0.25\n'
        '[motors.b]\nkind = "analog_out"\nwindow = 3\nwhen_silent = "hold"\n'
    )
    robot = robot_of(text, {"iagpio": (1, 1, 10), "oagpio": (1, 1, 10)}, {"iagpio": "oagpio"})
    assert robot.values == {"a": 0.25, "b": 0.0}
    robot.sense(s=0.8)
    assert robot.step(2) == {"a": 0.8, "b": 0.8}
    robot.sense(s=None)
    seen = [robot.step()["a"] for _ in range(5)]
    assert seen == [0.8, 0.8, 0.8, 0.25, 0.25]
    assert robot["b"] == 0.8


@pytest.mark.parametrize("runtime", ["npu", "reference"])
def test_the_reflex_turns_away_from_walls(runtime: str) -> None:
    with Robot(REFLEX / "robot.toml", REFLEX / "genome.json", runtime=runtime) as robot:
        seen = {}
        for name, left, right in (("free", 1, 1), ("left", 0.1, 1), ("right", 1, 0.1), ("ahead", 0, 0)):
            robot.sense(left_eye=left, right_eye=right)
            seen[name] = robot.step(24)
        assert seen["free"]["left_wheel"] == seen["free"]["right_wheel"] == 0.5
        assert seen["left"] == {"left_wheel": 1.0, "right_wheel": 0.0}
        assert seen["right"] == {"left_wheel": 0.0, "right_wheel": 1.0}
        assert seen["ahead"]["left_wheel"] < seen["ahead"]["right_wheel"] < 0
        assert robot.burst == 96


def test_a_rate_is_the_share_of_spikes_in_the_window() -> None:
    body = body_of('[motors.m]\nkind = "motor"\nwindow = 4\nfull = 0.5\n', {"o__mot": (2, 1, 1)})
    seen = []
    for fired in ([0], [], [0], [0], [], [], [1], [1], [1], [1], [], [], [], []):
        body.read([(0, fired)])
        seen.append(body.values["m"])
    assert seen == [0.5, 0.5, 1.0, 1.0, 1.0, 1.0, 0.0, -1.0, -1.0, -1.0, -1.0, -1.0, -0.5, 0.0]


def test_spikes_elsewhere_in_the_area_are_no_news_of_a_motor() -> None:
    body = body_of('[motors.m]\nkind = "motor"\nwindow = 2\nneutral = 0.25\n', {"o__mot": (4, 2, 3)})
    seen = []
    for fired in ([2], [5], [12], [23], []):  # x 0, y 0; x 0, y 1; x 2
        body.read([(0, fired)])
        seen.append(body.values["m"])
    assert seen == [1.0, 1.0, 0.25, 0.25, 0.25]


def test_a_switch_is_on_for_its_window() -> None:
    body = body_of('[motors.a]\nkind = "blink"\n[motors.b]\nkind = "blink"\nwindow = 3\n', {"o_blnk": (1, 1, 1)})
    seen = []
    for fired in ([], [0], [], [], [], [0]):
        body.read([(0, fired)] if fired else [])
        seen.append((body.values["a"], body.values["b"]))
    assert seen == [(False, False), (True, True), (False, True), (False, True), (False, False), (True, True)]


def test_injections_are_scaled_by_area_and_potential() -> None:
    body = body_of('[sensors.s]\nkind = "proximity"\nrange = [0, 1]\nchannel = 1\npotential = -0.255\n', {"i__pro": (2, 1, 4)})
    body.sense("s", 1.0)
    assert body.injections() == [(0, 7, -25)]
    body = body_of('[sensors.s]\nkind = "camera"\n', {"iv00CC": (2, 1, 1)})
    body.sense("s", np.array([[255, 128]]))
    assert body.injections() == [(0, 0, 25500), (0, 1, 12800)]


def test_a_sensor_keeps_its_pace() -> None:
    sizes: Sizes = {"i__pro": (1, 1, 4)}
    body = body_of('rate_hz = 100\n[sensors.s]\nkind = "proximity"\nrate_hz = 25\n', sizes)
    body.sense("s", 1.0)
    assert [len(body.injections()) for _ in range(9)] == [1, 0, 0, 0, 1, 0, 0, 0, 1]


def test_a_token_is_sent_once_and_read_once() -> None:
    text = '[sensors.say]\nkind = "text_in"\narea = "i_text"\n[motors.hear]\nkind = "text_out"\narea = "o_text"\n'
    robot = robot_of(text, {"i_text": (1, 1, 16), "o_text": (1, 1, 16)}, {"i_text": "o_text"})
    robot.sense(say=1234)
    assert [robot.step()["hear"] for _ in range(4)] == [None, 1234, None, None]


def test_a_sensor_of_changes_moves_a_motor_of_changes() -> None:
    text = (
        '[sensors.s]\nkind = "servo_angle"\narea = "i_test"\nframe = "incremental"\ncoding = "linear"\nrange = [-90, 90]\n'
        '[motors.arm]\nkind = "servo"\narea = "o_test"\nframe = "incremental"\n'
    )
    robot = robot_of(text, {"i_test": (2, 1, 20), "o_test": (2, 1, 20)}, {"i_test": "o_test"})
    middle = 0.0  # a servo of changes begins in its middle, the sensor at its lowest
    robot.sense(s=-90.0)
    assert robot.step(3)["arm"] == middle
    robot.sense(s=-45.0)
    assert robot.step(6)["arm"] == pytest.approx(22.5, abs=9)
    steady = robot["arm"]
    assert robot.step(30)["arm"] == steady


def test_a_picture_passes_a_brain() -> None:
    text = '[sensors.see]\nkind = "camera"\narea = "i_seen"\n[motors.show]\nkind = "image_out"\narea = "o_show"\n'
    robot = robot_of(text, {"i_seen": (8, 6, 3), "o_show": (8, 6, 3)}, {"i_seen": "o_show"})
    picture = np.zeros((6, 8, 3), np.uint8)
    picture[0, :, 0] = picture[5, 7, 2] = 200
    robot.sense(see=picture)
    shown = robot.step(2)["show"]
    assert np.array_equal(shown > 0, picture > 0)


def test_nine_tiles_look_where_the_gaze_is() -> None:
    ids = ["iv00BL", "iv00BM", "iv00BR", "iv00ML", "iv00_C", "iv00MR", "iv00TL", "iv00TM", "iv00TR"]
    sizes: Sizes = {area: (8, 8, 1) if area != "iv00_C" else (16, 16, 1) for area in ids}
    body = body_of('[sensors.eye]\nkind = "vision"\n', sizes)
    picture = np.zeros((90, 90), np.uint8)
    picture[40:50, 80:90] = 250  # a light on the right
    body.sense("eye", picture)
    areas = {ids[area] for area, _, _ in body.injections()}
    assert areas == {"iv00MR"}
    body.sense("eye", (picture, Gaze(x=1.0, size=0.3)))
    assert "iv00_C" in {ids[area] for area, _, _ in body.injections()}


def test_a_gaze_has_two_parts() -> None:
    sizes: Sizes = {"ogaz\x02\x00\x00\x00": (2, 1, 10), "ogaz\x01\x00\x01\x00": (1, 1, 10)}
    body = body_of('[motors.look]\nkind = "gaze"\n', sizes)
    body.read([(0, [0, 15]), (1, [5])])
    assert body.values["look"] == {"place": (1.0, 0.5), "size": 0.5}


WRONG = [("s", math.nan), ("s", math.inf), ("s", "near"), ("s", (1, 2)), ("s", object()), ("c", np.zeros((9, 9, 9))), ("c", 3.0)]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=range(len(WRONG)))
def test_a_value_that_a_sensor_cannot_have_is_refused_and_the_old_one_stays(name: str, value: Any) -> None:
    body = body_of('[sensors.s]\nkind = "proximity"\n[sensors.c]\nkind = "camera"\n', {"i__pro": (1, 1, 4), "iv00CC": (4, 4, 3)})
    body.sense("s", 1.0)
    before = body.injections()
    with pytest.raises(InvalidInput) as caught:
        body.sense(name, value)
    assert caught.value.code == "M302"
    assert body.injections() == before


def test_names_that_there_are_not_are_refused() -> None:
    robot = robot_of('[sensors.s]\nkind = "proximity"\n[motors.m]\nkind = "motor"\n', {"i__pro": (1, 1, 4), "o__mot": (2, 1, 4)}, {})
    for wrong in (lambda: robot.sense(m=1.0), lambda: robot["s"], lambda: robot.sense(t=1)):
        with pytest.raises(InvalidInput) as caught:
            wrong()
        assert caught.value.code == "M301"


def test_brains_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    mapping = parse_mapping(b'[sensors.s]\nkind = "proximity"\n')
    (tmp_path / "broken.nrl").write_bytes(b"NRLB" + bytes(100))
    for brain, code in ((tmp_path / "absent.json", "M304"), (tmp_path / "broken.nrl", "M303"), (b"nothing", "M303")):
        with pytest.raises(InvalidInput) as caught:
            Robot(mapping, brain)
        assert caught.value.code == code
