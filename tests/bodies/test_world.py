"""The physics and the senses of the 2-D world, against what can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from examples.bodies.body import Stepping
from examples.bodies.room import HEIGHT_M, PASSAGE_M, WIDTH_M, Room, make_room
from examples.bodies.track import LINE_M, TIGHTEST_M, make_track, tightest
from examples.bodies.two_wheels import STEP_S, Chassis, TwoWheels
from examples.bodies.wall_avoider.body import WallAvoider

QUICK = Chassis(lag_s=0.0)
BOX = Room(np.array([(0, 0, 2, 0), (2, 0, 2, 1), (2, 1, 0, 1), (0, 1, 0, 0)], float), np.array([(1.5, 0.5, 0.1)]))


def test_equal_wheels_drive_straight_on() -> None:
    robot = TwoWheels(QUICK)
    robot.place(1.0, 2.0, math.pi / 2)
    for _ in range(100):
        robot.advance(0.5, 0.5)
    way = 0.5 * QUICK.top_speed_m_s * 100 * STEP_S
    assert (robot.x, robot.y, robot.heading) == pytest.approx((1.0, 2.0 + way, math.pi / 2))
    assert robot.way_m == pytest.approx(way)


def test_opposite_wheels_turn_on_the_spot() -> None:
    robot = TwoWheels(QUICK)
    for _ in range(50):
        robot.advance(-0.4, 0.4)
    assert (robot.x, robot.y) == pytest.approx((0, 0))
    assert robot.heading == pytest.approx(2 * 0.4 * QUICK.top_speed_m_s * 50 * STEP_S / QUICK.axle_m)


def test_unequal_wheels_drive_a_circle_of_the_right_size() -> None:
    robot, slow, fast = TwoWheels(QUICK), 0.4, 0.8
    radius = QUICK.axle_m / 2 * (fast + slow) / (fast - slow)
    for _ in range(300):
        robot.advance(slow, fast)
        assert math.dist((robot.x, robot.y), (0, radius)) == pytest.approx(radius, rel=1e-3)


def test_wheels_take_their_time() -> None:
    robot = TwoWheels(Chassis(lag_s=0.1))
    speeds = []
    for _ in range(40):
        robot.advance(1.0, 1.0)
        speeds.append(robot.left_m_s / robot.chassis.top_speed_m_s)
    assert speeds == sorted(speeds)
    assert speeds[9] == pytest.approx(1 - math.exp(-1), abs=0.03)
    assert speeds[-1] < 1


def test_rays_meet_walls_and_pillars_where_they_are() -> None:
    directions = np.array([(1, 0), (-1, 0), (0, 1), (math.cos(0.3), math.sin(0.3))])
    seen = BOX.reach(0.5, 0.5, directions, 5.0).tolist()
    assert seen == pytest.approx([0.9, 0.5, 0.5, 1.5 / math.cos(0.3)])  # the first meets the pillar, the last passes above it
    assert BOX.reach(0.5, 0.5, directions, 0.6).tolist() == pytest.approx([0.6, 0.5, 0.5, 0.6])


def test_the_gap_is_the_distance_to_the_nearest_surface() -> None:
    assert BOX.gap(0.5, 0.3) == pytest.approx(0.3)
    assert BOX.gap(1.2, 0.5) == pytest.approx(0.2)
    assert BOX.gap(1.5, 0.5) == pytest.approx(-0.1)


def test_no_ray_is_shorter_than_the_gap_and_one_of_many_is_as_long() -> None:
    room, (x, y), _ = make_room(7)
    angles = np.linspace(0, math.tau, 2000)
    reach = room.reach(x, y, np.column_stack((np.cos(angles), np.sin(angles))), 10.0)
    assert reach.min() >= room.gap(x, y) - 1e-9
    assert reach.min() == pytest.approx(room.gap(x, y), abs=1e-3)


@pytest.mark.parametrize("seed", range(20))
def test_rooms_have_passages_and_a_free_place_to_start(seed: int) -> None:
    room, (x, y), _ = make_room(seed)
    assert 0 < x < WIDTH_M
    assert 0 < y < HEIGHT_M
    assert room.gap(x, y) > Chassis().radius_m
    pillars = room.pillars.tolist()
    posts = {i for i, (_, _, r) in enumerate(pillars) if r == 0.04}
    for i, (px, py, r) in enumerate(pillars):
        for j in range(i):
            if not (i in posts and j in posts):
                assert math.dist((px, py), pillars[j][:2]) - r - pillars[j][2] >= PASSAGE_M - 0.1


def test_a_wall_holds_the_robot_up_but_lets_it_turn() -> None:
    body = WallAvoider()
    body.reset(1)
    body.room = BOX
    body.robot.place(0.5, 0.5, math.pi)
    body.act({"left_wheel": 1.0, "right_wheel": 1.0})
    body.step(5.0)
    assert body.collisions == 1
    assert body.robot.x == pytest.approx(body.robot.chassis.radius_m, abs=0.01)
    free_way = body.robot.way_m
    assert free_way == pytest.approx(0.5 - body.robot.chassis.radius_m, abs=0.01)
    body.act({"left_wheel": -1.0, "right_wheel": 1.0})
    body.step(0.7)
    body.act({"left_wheel": 1.0, "right_wheel": 1.0})
    body.step(1.0)
    assert body.robot.way_m > free_way + 0.1
    assert body.score() == pytest.approx(free_way / (0.8 * 0.3 * 6.7), rel=0.01)  # nothing after a collision counts


@pytest.mark.parametrize("seed", range(8))
def test_tracks_are_closed_and_not_too_tight(seed: int) -> None:
    track = make_track(seed)
    ring = [(x, y) for x, y in track.points.tolist()]
    assert tightest(ring) >= TIGHTEST_M
    assert max(math.dist(a, b) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)) < 0.03
    assert 4 < track.length_m < 8


def test_a_floor_sensor_sees_the_line_and_its_soft_edge() -> None:
    track = make_track(3)
    (x, y), (x1, y1) = track.points[10].tolist(), track.points[11].tolist()
    length = math.hypot(x1 - x, y1 - y)
    across = (-(y1 - y) / length, (x1 - x) / length)
    spots = [(x + d * across[0], y + d * across[1]) for d in (0, LINE_M / 2, -LINE_M / 2, LINE_M, -0.2)]
    dark = track.darkness(spots)
    assert dark[0] == 1
    assert dark[1:3] == pytest.approx([0.5, 0.5], abs=0.1)
    assert dark[3:] == [0, 0]


def test_darkness_agrees_with_the_distance_to_the_nearest_place() -> None:
    track = make_track(5)
    for k in range(0, 360, 7):
        x, y = track.points[k].tolist()
        spots = [(x + 0.003 * i, y - 0.002 * i) for i in range(12)]
        for spot, dark in zip(spots, track.darkness(spots), strict=True):
            assert dark == pytest.approx(min(1, max(0, (0.019 - track.nearest(*spot)[0]) / 0.008)), abs=1e-9)


def test_whole_steps_come_out_of_any_pieces_of_time() -> None:
    stepping = Stepping(0.01)
    pieces = [0.003, 0.004, 0.005, 0.008, 0.02, 0.0, 0.06]
    assert [stepping.steps_of(piece) for piece in pieces] == [0, 0, 1, 1, 2, 0, 6]
    stepping.steps_of(0.009)
    stepping.clear()
    assert stepping.steps_of(0.009) == 0
