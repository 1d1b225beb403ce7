"""Robots: coders of sensors and motors, robot.toml, agents, and the SDK: `from neurula.robot import Robot`."""

from neurula.robot.binding import BoundRobot, bind, check_robot
from neurula.robot.body import Body
from neurula.robot.coders import Gaze
from neurula.robot.kinds import Kind, kinds
from neurula.robot.mapping import Device, RobotMapping, parse_mapping, read_mapping
from neurula.robot.robot import Robot
from neurula.robot.shape import BrainShape, shape_of_genome, shape_of_image

__all__ = [
    "Body",
    "BoundRobot",
    "BrainShape",
    "Device",
    "Gaze",
    "Kind",
    "Robot",
    "RobotMapping",
    "bind",
    "check_robot",
    "kinds",
    "parse_mapping",
    "read_mapping",
    "shape_of_genome",
    "shape_of_image",
]
