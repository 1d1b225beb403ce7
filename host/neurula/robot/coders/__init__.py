"""Coders: the values of sensors and motors <-> voxels, one family a file. A new family is a new file and a line in coders/families.py."""

from neurula.robot.coders.boolean import Boolean
from neurula.robot.coders.choice import Choice, Place
from neurula.robot.coders.columns import Column, Fractional, Linear, Scale
from neurula.robot.coders.image import Block, ChangedPixels, Classes, Image
from neurula.robot.coders.increment import Increment
from neurula.robot.coders.percentage import Percentage, Signed
from neurula.robot.coders.rate import Rate
from neurula.robot.coders.text import Token, text_of, tokens_of
from neurula.robot.coders.vision import TILES, Gaze, Vision
from neurula.robot.coders.voxels import Coder, Size, Voxel

__all__ = [
    "TILES",
    "Block",
    "Boolean",
    "ChangedPixels",
    "Choice",
    "Classes",
    "Coder",
    "Column",
    "Fractional",
    "Gaze",
    "Image",
    "Increment",
    "Linear",
    "Percentage",
    "Place",
    "Rate",
    "Scale",
    "Signed",
    "Size",
    "Token",
    "Vision",
    "Voxel",
    "text_of",
    "tokens_of",
]
