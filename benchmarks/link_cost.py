"""What the wire costs a board, and how fast it is: MicroPython on the emulated RP2040, over its USB console.

    python benchmarks/link_cost.py

The share: bursts run one after the other without a pause, and the host sends 32 sensor values and gets 8 motor values 100 times a second;
by how many fewer bursts there are, so much of the time went into the link. Emulated time throughout; flash has no wait states there.
For the PTY the times are those of this computer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.device.link import BoardLink
from neurula.device.upload import upload
from neurula.genome import read_genome
from neurula.link import wire
from neurula.link.wire import Bind, ChannelKind, Coding, Frame, Sense, Stream, Subscribe, Value, encode_frame
from neurula.runtimes.firmware_files import compiled_firmware
from neurula.sim.rp2040 import Rp2040

ROOT = Path(__file__).parents[1]
CLOCK_HZ = 125_000_000
RATE_HZ = 100
SENSORS, MOTORS = 32, 8
SECONDS = 0.3
PINGS = 50
UPLOAD_BYTES = 60_000
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


class Rig:
    """An emulated Pico with the program, and its host."""

    def __init__(self, *, back_to_back: bool) -> None:
        genome = read_genome(ROOT / "examples" / "vision_map" / "genome.json")
        files = {**compiled_firmware("armv6m"), "/brain.nrl": write_image(lower(develop(genome).connectome))}
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
    every = round(1 / RATE_HZ / bound)

    def each(with_it: float, frames_a_second: float) -> float:
        return (1 - bound / with_it) / frames_a_second * CLOCK_HZ

    found = {"32 sensors and 8 motors bound, a burst": (bound - idle) * CLOCK_HZ}
    for name, small in (("32 sensor values of 16 bits, a frame", False), ("32 sensor values of 8 bits, a frame", True)):
        found[name] = each(rig.burst_s(lambda small=small: rig.sense(small)), RATE_HZ)  # type: ignore[misc]
    both = Stream.MOTOR | Stream.FIRED
    for name, streams in (("8 motor values, a frame", Stream.MOTOR), ("8 motor values and spikes, two frames", both)):
        rig.ask(Subscribe(streams, 1, every))
        with_it = rig.burst_s()
        found[name] = each(with_it, 1 / with_it / every)
    return found


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


def main() -> int:
    print("Emulated RP2040, USB console, 125 MHz. Share: of a period at 100 bursts a second.\n")
    print("| what | cycles | share |\n|---|---|---|")
    found = costs()
    for name, cycles in found.items():
        print(f"| {name} | {cycles:,.0f} | {100 * cycles * RATE_HZ / CLOCK_HZ:.1f} % |")
    rig = Rig(back_to_back=False)
    median, longest = round_trip_ms(rig.link)
    speed = upload_kb_s(rig.link)
    print(f"\nround trip {median:.2f} ms (longest {longest:.2f} ms), upload {speed:.0f} KB/s, bursts going on at {RATE_HZ} Hz")
    return 0


if __name__ == "__main__":
    sys.exit(main())
