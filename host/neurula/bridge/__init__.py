"""The bridge between a brain and a body: a burst, its sensors and its motors, here or at the far end of a link, recorded and replayed."""

from neurula.bridge.board_brain import BoardBrain
from neurula.bridge.bodies import BodyPort, LinkedBody, LinkQuality, LocalBody, World
from neurula.bridge.body_end import BodyEnd
from neurula.bridge.brains import BoundBrain, BrainPort, Outcome, SteppedBrain, bound_brain
from neurula.bridge.bridge import Bridge
from neurula.bridge.channels import Channels, channels_of_body, channels_of_brain
from neurula.bridge.meters import Meters
from neurula.bridge.recording import Head, Recorder, Recording
from neurula.bridge.replay import Difference, Replay, Replayed

__all__ = [
    "BoardBrain",
    "BodyEnd",
    "BodyPort",
    "BoundBrain",
    "BrainPort",
    "Bridge",
    "Channels",
    "Difference",
    "Head",
    "LinkQuality",
    "LinkedBody",
    "LocalBody",
    "Meters",
    "Outcome",
    "Recorder",
    "Recording",
    "Replay",
    "Replayed",
    "SteppedBrain",
    "World",
    "bound_brain",
    "channels_of_body",
    "channels_of_brain",
]
