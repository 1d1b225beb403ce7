"""What the wire costs a board, and how fast it is: MicroPython on the emulated RP2040 over its USB console, 32-bit MicroPython over a PTY.

    python benchmarks/link_cost.py

Shares of the time: bursts follow each other without a pause, and the host sends or gets something 100 times a second; by how many fewer
bursts there are, so much of the time went into the link. Emulated time, whatever this computer does; flash has no wait states there.
Round trips and uploads: every byte passes through a pseudo-terminal; the emulated clock stands still while the host thinks. The unix
port has no clock but this computer's."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.device.link import BoardLink
from neurula.device.upload import upload
from neurula.genome import read_genome
from neurula.link import wire
from neurula.link.pty_link import PtyLink
from neurula.link.wire import Bind, ChannelKind, Coding, Frame, Sense, Stream, Subscribe, Value, encode_frame
from neurula.runtimes.firmware_files import compiled_firmware, firmware_source
from neurula.sim.rp2040 import Rp2040
from neurula.sim.unix import find_interpreter

ROOT = Path(__file__).parents[1]
CLOCK_HZ = 125_000_000
RATE_HZ = 100
SENSORS, MOTORS = 32, 8
SECONDS = 0.3
PINGS = 50
UPLOAD_BYTES = 60_000
BOUND = "32 sensors and 8 motors bound: in every burst"
SENSE_16, SENSE_8 = "32 sensor values of 16 bits: a frame", "32 sensor values of 8 bits: a frame"
MOTOR, FIRED = "8 motor values: a frame", "spikes: a frame"
PROGRAM = """
import machine, micropython
micropython.kbd_intr(-1)
from neurula_mcu.brain import Brain
from neurula_mcu.failsafe import Failsafe
from neurula_mcu.hardware import Hardware
from neurula_mcu.link import standard_link
from neurula_mcu.log import Log
from neurula_mcu.loop import Loop


class Writer:
    def __init__(self, size):
        self.written = 0

    def write(self, offset, data, crc):
        self.written = offset + len(data)
        return self.written

    def finish(self):
        return 0, 1


class Slots:
    running = None
    slot_bytes = 65536

    def begin(self, size, sha256):
        return Writer(size)

    def healthy(self):
        pass


brain = Brain(open("brain.nrl", "rb").read())
loop = Loop(Hardware(machine), Log(), Failsafe(None, 200), standard_link(), brain, None, {rate_hz})
loop.slots = Slots()
if {back_to_back}:
    loop.period_us = 0
loop.run()
"""
"""A loop without pins, and slots that take an upload without flash: what is measured is the link alone."""


def brain_image() -> bytes:
    return write_image(lower(develop(read_genome(ROOT / "examples" / "vision_map" / "genome.json")).connectome))


class Rig:
    """An emulated Pico with the program, and its host."""

    def __init__(self, *, back_to_back: bool) -> None:
        files = {**compiled_firmware("armv6m"), "/brain.nrl": brain_image()}
        self.board = Rp2040(files=files, wall_limit_s=600)
        self.board.poll_s = 0.001  # type: ignore[attr-defined]
        self.board.start()
        self.board.launch(PROGRAM.format(rate_hz=RATE_HZ, back_to_back=back_to_back))
        self.board.sleep(1.0)
        self.link = BoardLink(self.board)  # type: ignore[arg-type]
        self.link.hello()
        self.number = 0

    def ask(self, message: Any) -> Any:
        return self.link.ask(message, wire.Ack)

    def bind(self) -> None:
        """Numbers on one voxel each: sensors in steps, motors by how often it fires."""
        common = {"area": 1, "depth": 1, "per_voxel": 1, "stride": 1, "minus": 0, "neutral": 0}
        for channel in range(SENSORS):
            self.ask(Bind(channel, ChannelKind.SENSOR, Coding.RATE, 1, 1, full=1, first=channel % 16, units=1, **common))
        for channel in range(MOTORS):
            self.ask(Bind(channel, ChannelKind.MOTOR, Coding.RATE, 0, 8, full=8, first=channel, units=0, **common))

    def sense(self, small: bool) -> None:
        """32 numbers, all of them new."""
        self.number += 1
        values = tuple(Value(c, wire.coarse(321 * self.number % 29_000 + 99 * c, when=small)) for c in range(SENSORS))
        message = Sense(values)
        self.board.write(encode_frame(Frame(message.TYPE, 0, self.number % 65536, message.pack())))

    def burst_s(self, work: Callable[[], None] | None = None) -> float:
        """Emulated seconds from burst to burst while the host does something 100 times a second."""
        first, begun = self.link.stats().burst, self.board.seconds()
        for period in range(int(SECONDS * RATE_HZ)):
            if work:
                work()
            self.board.sleep(begun + (period + 1) / RATE_HZ - self.board.seconds())
        return (self.board.seconds() - begun) / (self.link.stats().burst - first)


def costs() -> dict[str, float]:
    """Cycles that each part of the link takes from the bursts, by name."""
    rig = Rig(back_to_back=True)
    idle = rig.burst_s()
    rig.bind()
    bound = rig.burst_s()
    found = {BOUND: (bound - idle) * CLOCK_HZ}
    for name, small in ((SENSE_16, False), (SENSE_8, True)):
        with_it = rig.burst_s(lambda small=small: rig.sense(small))  # type: ignore[misc]
        found[name] = (1 - bound / with_it) / RATE_HZ * CLOCK_HZ
    for name, streams in ((MOTOR, Stream.MOTOR), (FIRED, Stream.FIRED)):
        seldom, often = (published_s(rig, streams, every) for every in (20, 5))
        frame = (often - seldom) / (1 / 5 - 1 / 20)
        found[name] = (frame + max(0.0, seldom - bound - frame / 20)) * CLOCK_HZ  # and what it costs to see whether it is time
    return found


def published_s(rig: Rig, streams: int, every: int) -> float:
    """Seconds from burst to burst while something is sent after every so many of them."""
    rig.ask(Subscribe(streams, 1, every))
    return rig.burst_s()


class PtyBoard:
    """An emulated board behind a pseudo-terminal, as a connection of `neurula.device`."""

    poll_s = 0.001

    def __init__(self, board: Rp2040) -> None:
        self._board = board
        self._far = PtyLink()
        self._near = os.open(self._far.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def write(self, data: bytes) -> None:
        os.write(self._near, data)
        self._board.write(self._far.receive(1.0))

    def read(self, timeout_s: float = 1.0) -> bytes:
        data = self._board.read(timeout_s)
        if data:
            self._far.send(data)
            select.select([self._near], [], [], 1.0)
            return os.read(self._near, 65536)
        return b""

    def seconds(self) -> float:
        return self._board.seconds()


class PtyProcess:
    """32-bit MicroPython for Unix behind a pseudo-terminal."""

    poll_s = 0.0

    def __init__(self, folder: Path, program: str) -> None:
        self._near, far = os.openpty()
        tty.setraw(far)
        (folder / "main.py").write_text(program)
        (folder / "brain.nrl").write_bytes(brain_image())
        environment = {"MICROPYPATH": f":{firmware_source().parent}:.frozen", "HOME": str(folder)}
        command = [*find_interpreter("unix32"), "main.py"]
        self.process = subprocess.Popen(command, cwd=folder, stdin=far, stdout=far, env=environment)
        os.close(far)

    def write(self, data: bytes) -> None:
        os.write(self._near, data)

    def read(self, timeout_s: float = 1.0) -> bytes:
        ready, _, _ = select.select([self._near], [], [], timeout_s)
        return os.read(self._near, 65536) if ready else b""

    def seconds(self) -> float:
        return time.monotonic()


def round_trip_ms(link: BoardLink) -> tuple[float, float]:
    """(median, longest) of PING, on the board's clock."""
    times = []
    for number in range(PINGS):
        begun = link.seconds()
        link.request(wire.Ping(bytes([number] * 16)), wire.Pong, 5.0)
        times.append(1000 * (link.seconds() - begun))
    times.sort()
    return times[PINGS // 2], times[-1]


def upload_kb_s(link: BoardLink) -> float:
    """Kilobytes a second of an upload whose flash takes no time."""
    image = bytes(range(256)) * (UPLOAD_BYTES // 256)
    begun = link.seconds()
    upload(link, image, lambda *_: None)
    return len(image) / 1000 / (link.seconds() - begun)


def print_speed(name: str, link: BoardLink) -> None:
    link.hello(10.0)
    median, longest = round_trip_ms(link)
    print(f"{name}: round trip {median:.2f} ms (longest {longest:.2f}), upload {upload_kb_s(link):.0f} KB/s")


def main() -> int:
    print("| emulated RP2040 at 125 MHz | cycles | of 10 ms |\n|---|---|---|")
    found = costs()
    for name, cycles in found.items():
        print(f"| {name} | {cycles:,.0f} | {share(cycles):.1f} % |")
    for sense, often in ((SENSE_16, 1), (SENSE_8, 1), (SENSE_8, 2), (SENSE_8, 3)):
        total = found[BOUND] + (found[sense] + found[MOTOR]) / often
        bits = 16 if sense is SENSE_16 else 8
        print(f"| together, {bits} bits, frames both ways at {RATE_HZ // often} Hz | {total:,.0f} | {share(total):.1f} % |")
    print()
    board = Rig(back_to_back=False).board
    print_speed("emulated RP2040 behind a PTY, 100 bursts a second going on", BoardLink(PtyBoard(board)))  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        process = PtyProcess(Path(folder), PROGRAM.format(rate_hz=RATE_HZ, back_to_back=False))
        try:
            print_speed("32-bit MicroPython on this computer behind a PTY", BoardLink(process))  # type: ignore[arg-type]
        finally:
            process.process.kill()
            process.process.wait()
    return 0


def share(cycles: float) -> float:
    """Of a period, in percent."""
    return 100 * cycles * RATE_HZ / CLOCK_HZ


if __name__ == "__main__":
    sys.exit(main())
