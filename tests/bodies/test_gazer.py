"""The gazer: finds what is bright, keeps it in the middle, is not taken in by noise; and the same through a real camera's reader."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.bodies.gazer.body import VIEW, Gazer
from examples.bodies.gazer.scene import FRAME_S, HEIGHT, WIDTH, CameraScene, WanderingBlob
from examples.bodies.loop import score
from tests.bodies.living import SEEDS, brain_of, burst_s, lived
from tests.conftest import missing

MIDDLE = {"pan_angle": 0.5, "tilt_angle": 0.5}
HELD = 8


def told(picture: Any, bursts: int = HELD, **angles: float) -> dict[str, Any]:
    """What the motors do when the camera has seen this for a while."""
    robot = brain_of("gazer")
    robot.sense(camera=picture, **{**MIDDLE, **angles})
    return robot.step(bursts)


def view(*bright: tuple[int, int], grey: int = 250) -> Any:
    """A dark view with bright squares of two pixels; (column, row) of their corners, row 0 on top."""
    picture = np.zeros((VIEW[1], VIEW[0]), np.uint8)
    for column, row in bright:
        picture[row : row + 2, column : column + 2] = grey
    return picture


@pytest.mark.parametrize("seed", SEEDS)
def test_it_looks_at_the_blob_nearly_all_of_the_time(seed: int) -> None:
    assert lived("gazer", seed, 40.0).score() >= 0.8


@pytest.mark.parametrize(("corner", "pan", "tilt"), [((14, 10), 1, 1), ((0, 0), -1, -1), ((14, 0), 1, -1), ((0, 10), -1, 1)])
def test_the_head_turns_to_what_is_bright(corner: tuple[int, int], pan: int, tilt: int) -> None:
    values = told(view(corner))
    assert values["pan"] * pan > 0.5
    assert values["tilt"] * tilt > 0.4


def test_the_further_it_is_from_the_middle_the_faster_the_head_turns() -> None:
    speeds = [told(view((column, 4)))["pan"] for column in range(8, 16, 2)]
    assert speeds == sorted(speeds)
    assert speeds[0] < 0.2 < 0.7 < speeds[-1]


def test_what_is_in_the_middle_keeps_the_head_still() -> None:
    assert told(view((6, 4), (8, 4), (6, 6), (8, 6))) == pytest.approx({"pan": 0.0, "tilt": 0.0})


def test_dim_patches_and_single_pixels_are_not_looked_at() -> None:
    glare = view()
    glare[3, 3] = glare[8, 12] = 255
    nothing = told(view())
    assert told(view((14, 4), grey=140)) == told(glare) == nothing
    assert told(view((14, 4))) != nothing


def test_with_nothing_to_see_the_head_sweeps_from_end_to_end() -> None:
    robot = brain_of("gazer")
    seen = []
    for pan in (0.5, 0.02, 0.0, 0.3, 0.9, 1.0, 0.7):
        robot.sense(camera=view(), pan_angle=pan, tilt_angle=0.5)
        seen.append(robot.step(HELD)["pan"])
    assert [value > 0 for value in seen] == [False, True, True, True, True, False, False]


def test_the_scene_is_the_same_in_whatever_order_its_frames_are_asked_for() -> None:
    forwards, backwards = WanderingBlob(3), WanderingBlob(3)
    frames = [forwards.frame(i).copy() for i in range(6)]
    assert all((backwards.frame(i) == frames[i]).all() for i in reversed(range(6)))
    assert frames[0].shape == (HEIGHT, WIDTH)
    for i in range(6):
        x, y = forwards.target(i)
        assert frames[i][round(y), round(x)] == 250


def test_a_film_is_looked_at_like_the_scene_it_was_taken_of(tmp_path: Path) -> None:
    """OpenCV reads numbered pictures as it reads a camera."""
    if importlib.util.find_spec("cv2") is None:
        missing("the camera needs OpenCV (pip install '.[bodies]')")
    import cv2

    scene, seconds = WanderingBlob(2), 12.0
    for i in range(round(seconds / FRAME_S) + 1):
        cv2.imwrite(str(tmp_path / f"frame{i:04}.png"), scene.frame(i))
    body = Gazer(lambda _: CameraScene(str(tmp_path / "frame%04d.png")))
    body.reset(0)
    assert score(body, brain_of("gazer"), burst_s("gazer"), seconds) > 0.8


def test_a_camera_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    if importlib.util.find_spec("cv2") is None:
        missing("the camera needs OpenCV (pip install '.[bodies]')")
    with pytest.raises(SystemExit, match="There is no camera or film"):
        CameraScene(str(tmp_path / "none.avi"))
