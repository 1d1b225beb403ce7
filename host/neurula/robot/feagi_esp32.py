"""An ESP32 with FEAGI's controller: lines of JSON at 115200 baud. Pins are known by numbers, which robot.toml gives as `number`.

It says {"np":[[number,0 or 1],...],"id":"esp32","f":frame}. What it takes is not what it documents: it splits a line into words of
letters and digits, looks for the one after "id" and the one after "value", and forgets whatever arrived with the line. So a line
carries one command, in both forms, and the next one goes out a little later.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from neurula.errors import InvalidInput
from neurula.robot.mapping import RobotMapping

BAUD = 115200
LINE_BYTES_MAX = 512
PAIRS_MAX = 64
NUMBER_MAX = (1 << 32) - 1
PAUSE_S = 0.02  # between two commands; its loop is slower than that at no rate that it offers
HIGH = 0.5


class Esp32Body:
    """Both directions for one board. names: number of a pin -> name of a device."""

    def __init__(self, mapping: RobotMapping) -> None:
        self.sensors = {d.number: d.name for d in mapping.devices if d.way == "sensor" and d.number is not None}
        self.motors = {d.name: d.number for d in mapping.devices if d.way == "motor" and d.number is not None}
        self.rejected = 0
        self._line = bytearray()
        self._overlong = False
        self._wanted: dict[int, int] = {}
        self._due: list[int] = []
        self._next_s = -math.inf

    def feed(self, data: bytes) -> dict[str, float]:
        """What the sensors say in the lines that these bytes complete, 0 to 1, the latest of each. Bad lines are counted, not raised."""
        values: dict[str, float] = {}
        for piece in data.splitlines(keepends=True):
            text = piece.rstrip(b"\r\n")
            if len(self._line) + len(text) > LINE_BYTES_MAX:
                self._overlong = True
                self._line.clear()
            elif not self._overlong:
                self._line += text
            if piece.endswith((b"\n", b"\r")):
                line, overlong = bytes(self._line), self._overlong
                self._line.clear()
                self._overlong = False
                try:
                    if overlong:
                        raise InvalidInput("A104", f"a line has more than {LINE_BYTES_MAX} bytes")
                    values.update({self.sensors[n]: v for n, v in read_line(line).items() if n in self.sensors} if line else {})
                except InvalidInput:
                    self.rejected += 1
        return values

    def want(self, values: Mapping[str, float]) -> None:
        """What motors shall do from now on, by name, 0 to 1; one half and more is on. Only what changed is sent."""
        for name, value in values.items():
            number = self.motors.get(name)
            level = int(value >= HIGH)
            if number is not None and self._wanted.get(number) != level:
                self._wanted[number] = level
                if number not in self._due:
                    self._due.append(number)

    def line(self, now_s: float) -> bytes:
        """The next command, b"" when there is none or it is too early."""
        if not self._due or now_s < self._next_s:
            return b""
        self._next_s = now_s + PAUSE_S
        number = self._due.pop(0)
        return command_line(number, self._wanted[number])


def command_line(number: int, value: int) -> bytes:
    """One command, for readers of the documented form and for the board's own."""
    return f'{{"mc":[[{number},{value}]],"neuron_id":{number},"value":{value}}}\n'.encode()


def read_line(line: bytes) -> dict[int, float]:
    """Values by number of a line. InvalidInput A104."""
    try:
        if len(line) > LINE_BYTES_MAX:
            raise ValueError("it is too long")
        document: Any = json.loads(line)
    except (ValueError, RecursionError) as problem:
        raise InvalidInput("A104", f"a line of the ESP32 is not JSON: {str(problem)[:100]}") from None
    pairs = document.get("np") if isinstance(document, dict) else None
    if not isinstance(pairs, list) or len(pairs) > PAIRS_MAX or not all(map(is_pair, pairs)):
        raise InvalidInput("A104", 'a line of the ESP32 has no list "np" of [number, value]')
    return {number: min(1.0, max(0.0, float(value))) for number, value in pairs}


def is_pair(pair: object) -> bool:
    """[number of a neuron, potential]"""
    if not isinstance(pair, list) or len(pair) != 2:
        return False
    number, value = pair
    whole = isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= NUMBER_MAX
    return whole and isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= NUMBER_MAX
