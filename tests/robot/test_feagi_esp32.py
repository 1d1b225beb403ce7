"""An ESP32 with FEAGI's controller: its lines are understood, ours are understood by its parser of words."""

from __future__ import annotations

import itertools
import json
import random
import re

from neurula.robot import parse_mapping
from neurula.robot.feagi_esp32 import LINE_BYTES_MAX, PAUSE_S, Esp32Body, command_line

ROBOT = b"""
[sensors.bumper]
kind = "digital_in"
number = 4
[sensors.eye]
kind = "infrared"
number = 17
[sensors.other]
kind = "digital_in"
channel = 1
[motors.lamp]
kind = "digital_out"
number = 2
[motors.horn]
kind = "digital_out"
channel = 1
number = 3000000000
"""


def body() -> Esp32Body:
    return Esp32Body(parse_mapping(ROBOT))


def words_of(line: bytes) -> tuple[int | None, float | None]:
    """The controller's parser: at most 64 words of letters, digits, dots and minus; the one after `id` and the one after `value`."""
    words = [word for word in re.split(r"[^0-9A-Za-z.\-]", line.decode()) if word][:64]
    number = value = None
    for word, following in itertools.pairwise(words):
        if word in ("neuron_id", "id") and following.isdigit():
            number = int(following)
        if word in ("value", "v"):
            value = float(following)
    return number, value


def test_its_readings_are_those_of_the_sensors_with_these_numbers() -> None:
    esp = body()
    assert esp.feed(b'{"np":[[4,1],[17,0],[99,1]],"id":"esp32","f":12}\n') == {"bumper": 1.0, "eye": 0.0}
    assert esp.feed(b'{"np":[[4,0]],"id"') == {}
    assert esp.feed(b':"esp32","f":13}\r\n{"np":[[17,1]]}\n{"np":[]}\n\n') == {"bumper": 0.0, "eye": 1.0}
    assert esp.feed(b'{"np":[[4,1]]}\n{"np":[[4,0]]}\n') == {"bumper": 0.0}, "the latest wins"
    assert esp.rejected == 0


def test_lines_that_are_none_are_counted_and_the_next_one_is_read() -> None:
    bad = [
        b"[FEAGI] Burst frequency: 50 Hz", b"{", b"[]", b'{"np":3}', b'{"np":[[1]]}', b'{"np":[[-1,1]]}', b'{"np":[[1.5,1]]}',
        b'{"np":[[true,1]]}', b'{"np":[[4,"x"]]}', b'{"np":[[4,NaN]]}', b'{"np":[[4,1e999]]}', b"\xff\xfe", b"[" * 500,
        b'{"np":[' + b"[1,1]," * 70 + b"[1,1]]}", b'{"np":[[4,1]],"pad":"' + b"x" * 600 + b'"}',
    ]  # fmt: skip
    esp = body()
    for number, line in enumerate(bad, 1):
        assert esp.feed(line + b"\n") == {}
        assert esp.rejected == number, line
        assert esp.feed(b'{"np":[[4,1]]}\n') == {"bumper": 1.0}


def test_a_stream_without_line_ends_takes_no_memory_and_then_goes_on() -> None:
    esp = body()
    for _ in range(1000):
        esp.feed(b"x" * 1000)
        assert len(esp._line) <= LINE_BYTES_MAX
    assert esp.feed(b'\n{"np":[[4,1]]}\n') == {"bumper": 1.0}
    assert esp.rejected == 1


def test_random_bytes_and_damaged_lines_never_do_more_than_be_counted() -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    whole = b'{"np":[[4,1],[17,0]],"id":"esp32","f":12}\n'
    esp = body()
    values = set()
    for _ in range(5000):
        line = bytearray(whole)
        for _ in range(chance.choice([0, 1, 2, 5])):
            at = chance.randrange(len(line))
            line[at : at + chance.choice([0, 1, 1, 2])] = chance.choice([chance.randbytes(1), b"[", b"9", b"e9", b"\n", b'"'])
        values |= set(esp.feed(bytes(line)).items())
    assert esp.rejected > 1000
    assert all(0 <= value <= 1 for _, value in values)


def test_commands_are_understood_by_readers_of_either_form() -> None:
    for number, value in ((2, 1), (3_000_000_000, 0)):
        line = command_line(number, value)
        assert line.endswith(b"\n")
        assert len(line) <= LINE_BYTES_MAX
        assert json.loads(line)["mc"] == [[number, value]]
        assert words_of(line) == (number, float(value))


def test_commands_go_out_one_by_one_with_a_pause_and_only_when_something_changed() -> None:
    esp = body()
    esp.want({"lamp": 1.0, "horn": 0.2, "nobody": 1.0})
    assert esp.line(10.0) == command_line(2, 1)
    assert esp.line(10.0 + PAUSE_S / 2) == b""
    esp.want({"horn": 0.9})
    assert esp.line(10.0 + 1.01 * PAUSE_S) == command_line(3_000_000_000, 1)
    esp.want({"lamp": 0.7, "horn": 0.6})
    assert esp.line(20.0) == b"", "on is on"
    esp.want({"lamp": 0.0})
    esp.want({"lamp": 1.0})
    assert esp.line(21.0) == command_line(2, 1), "the latest wins"
    assert esp.line(22.0) == b""
