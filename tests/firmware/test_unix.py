"""The whole main program on MicroPython for Unix: real interpreter, real streams, slots in files, no pins."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.errors import LinkLost
from neurula.genome import read_genome
from neurula.link.wire import (
    CHUNK_BYTES,
    WIRE_FINGERPRINT,
    Bind,
    ChannelKind,
    Coding,
    Frame,
    Greet,
    Sense,
    Stream,
    Subscribe,
    Value,
    encode_frame,
)
from neurula.runtimes.firmware_files import firmware_source
from neurula.sim.unix import UnixMicroPython
from neurula_npu import Brain, ReferenceBrain
from tests.firmware.boards import FACTS, ROOT
from tests.firmware.spoken import Spoken
from tests.link.frames import changed, pool_of

RUN = "from neurula_mcu.main import run\nrun()\n"
BURSTS = 1_000_000
FLAT = f"""
import gc
from neurula_mcu.brain import Brain
from neurula_mcu.failsafe import Failsafe
from neurula_mcu.hardware import Hardware
from neurula_mcu.link import standard_link
from neurula_mcu.log import Log
from neurula_mcu.loop import Loop
import machine
brain = Brain(open("brain.nrl", "rb").read())
loop = Loop(Hardware(machine), Log(), Failsafe(None, 200), standard_link(), brain)
loop.period_us = 0
loop.run(10)
gc.collect()
gc.disable()
before = gc.mem_alloc()
loop.run({BURSTS})
taken = gc.mem_alloc() - before
print(brain.burst(), taken, "%08x" % brain.state_hash())
"""


def image_of(name: str) -> bytes:
    return write_image(lower(develop(read_genome(ROOT / "examples" / name / "genome.json")).connectome))


@pytest.fixture(params=["unix64", pytest.param("unix32", marks=pytest.mark.needs_firmware)])
def machine(request: pytest.FixtureRequest) -> Iterator[UnixMicroPython]:
    files = {"brain.nrl": image_of("reflex"), "neurula_board.json": json.dumps({**FACTS, "board": "linux", "rate_hz": 1000}).encode()}
    with UnixMicroPython(request.param, files=files, import_path=[firmware_source().parent]) as started:
        yield started


def spoken(machine: UnixMicroPython) -> Spoken:
    """The host of a program that runs."""
    return Spoken(machine.write, lambda: machine.read(20))


def words(host: Spoken, line: str) -> list[str]:
    kind, *rest = host.ask(line)[-1].split()
    assert kind == "ok", rest
    return rest


def launched(machine: UnixMicroPython) -> Spoken:
    machine.launch(RUN)
    host = spoken(machine)
    words(host, "hello")
    return host


def upload(machine: UnixMicroPython, host: Spoken, image: bytes) -> Spoken:
    """Sends an image and restarts into it; the host of the new start."""
    at = int(words(host, f"put {len(image)} {hashlib.sha256(image).hexdigest()}")[0])
    while at < len(image):
        at = int(words(host, f"chunk {at} {image[at : at + CHUNK_BYTES].hex()}")[0])
    words(host, "commit")
    assert host.ask("start") == ["ok"]
    return launched(machine)


def test_a_million_bursts_take_no_memory(machine: UnixMicroPython) -> None:
    burst, taken, state = machine.run(FLAT, timeout_s=300).split()
    here = Brain(image_of("reflex"))
    for _ in range(BURSTS + 10):
        here.step()
    assert (int(burst), taken, state) == (BURSTS + 10, "0", f"{here.state_hash():08x}")


def test_an_empty_board_is_in_safe_mode_takes_a_brain_and_runs_it(machine: UnixMicroPython) -> None:
    host = launched(machine)
    assert words(host, "hello")[5:] == ["-", "safe", "0", "power", "empty"]
    host = upload(machine, host, image_of("reflex"))
    assert words(host, "hello")[6] == "pending"
    assert host.ask("confirm") == ["ok"]
    first = int(words(host, "stats")[0])
    while int(words(host, "stats")[0]) < first + 200:
        pass
    assert words(launched(machine), "hello")[6] == "confirmed"


def test_a_brain_that_is_never_confirmed_is_given_up_after_three_boots(machine: UnixMicroPython) -> None:
    host = upload(machine, launched(machine), image_of("reflex"))
    assert host.ask("confirm") == ["ok"]
    host = upload(machine, host, image_of("logic_timer"))
    assert words(host, "hello")[6] == "pending"
    states = []
    for _ in range(3):
        host = launched(machine)
        states.append(words(host, "hello")[6])
    assert states == ["pending", "pending", "confirmed"]
    assert "rejected" in " ".join(words(host, "slots"))


def test_garbage_on_the_link_harms_nothing(machine: UnixMicroPython) -> None:
    host = upload(machine, launched(machine), image_of("reflex"))
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    pool = [data for frame, data in pool_of(chance) if frame.type > 63]
    before = int(words(host, "stats")[0])
    for _ in range(60):
        machine.write(b"!" + chance.randbytes(chance.choice([1, 10, 500])))  # "!": it does not begin with Ctrl-C
        machine.write(b"\0!" + changed(chance, *chance.choices(pool, k=2)))
    while int(words(host, "stats")[0]) < before + 10:
        pass


def test_ctrl_c_ends_the_program_and_nothing_that_looks_like_it_inside_of_frames_does(machine: UnixMicroPython) -> None:
    host = upload(machine, launched(machine), image_of("reflex"))
    for data in (b"\0\x03\0", b"\x03abc\0", b"x\x03\x03", b"\0", b"\r\r\x03\0", encode_frame(Frame(200, 0, 3, b"\3\3\3"))):
        machine.write(data)
        assert words(host, "hello")[0] == "neurula", data
    machine.write(b"\r\x03")
    with pytest.raises(LinkLost, match="ended with status 0"):
        machine.read(20)


def test_when_the_host_has_gone_the_brain_goes_on(machine: UnixMicroPython) -> None:
    host = upload(machine, launched(machine), image_of("reflex"))
    before = int(words(host, "stats")[0])
    machine.close_stdin()
    with pytest.raises(Exception, match=r"S113|did not send"):
        machine.read_until(b"never\n", 0.3)
    assert machine.running()
    assert before >= 0


def test_stepping_gives_the_references_hashes(machine: UnixMicroPython) -> None:
    image = image_of("vision_map")
    host = upload(machine, launched(machine), image)
    host.ask("stop")
    reference = ReferenceBrain(image)
    for _ in range(int(words(host, "stats")[0])):
        reference.step()
    assert bytes.fromhex(words(host, "state")[0]) == reference.state()
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(20):
        inject = [(1, chance.randrange(16), chance.randrange(1 << 22)) for _ in range(3)]
        for area, neuron, units in inject:
            host.ask(f"inject {area} {neuron} {units}")
        *bursts, last = host.ask("step 3")
        assert last == "ok"
        for number, line in enumerate(bursts):
            reference.step((), inject if number == 0 else ())
            assert line.split()[2] == f"{reference.state_hash():08x}"


TRAFFIC = """
import gc
from neurula_mcu.brain import Brain
from neurula_mcu.failsafe import Failsafe
from neurula_mcu.hardware import Hardware
from neurula_mcu.link import Link
from neurula_mcu.log import Log
from neurula_mcu.loop import Loop
import machine


class Tape:
    \"\"\"A port on which a host has spoken before.\"\"\"

    def __init__(self):
        self.setup, self.sense = open("setup", "rb"), open("sense", "rb").read()
        self.sequence = 0
        self.bytes = self.frames = 0

    def read_into(self, buffer):
        if self.setup:
            got = self.setup.readinto(buffer)
            if got:
                return got
            self.setup = None
        place = self.sequence * {size}
        self.sequence += 1
        if self.sequence == {count}:
            self.sequence = 0
        for at in range({size}):
            buffer[at] = self.sense[place + at]
        return {size}

    def write(self, buffer, size):
        self.bytes += size
        self.frames += 1

    def leave(self, rest):
        pass


tape = Tape()
loop = Loop(Hardware(machine), Log(), Failsafe(None, 200), Link(tape), Brain(open("brain.nrl", "rb").read()))
loop.period_us = 0
before = taken = 0
loop.run(100)
gc.collect()
gc.disable()
tape.bytes = tape.frames = 0
before = gc.mem_alloc()
loop.run({rounds})
taken = gc.mem_alloc() - before
print(taken, tape.frames, tape.bytes, loop.link.rejected, loop.link.dropped)
"""


def test_sensors_in_and_motors_and_spikes_out_take_no_memory(machine: UnixMicroPython) -> None:
    column = {"hold": 1, "window": 10, "depth": 1, "per_voxel": 1, "full": 10, "neutral": 0, "stride": 1, "minus": 0}
    setup: list[Any] = [Greet(5, WIRE_FINGERPRINT)]
    setup += [Bind(c, ChannelKind.SENSOR, Coding.RATE, area=1, first=c % 16, units=1 << 21, **column) for c in range(32)]
    setup += [Bind(c, ChannelKind.MOTOR, Coding.RATE, area=1, first=2 * c, units=0, **column) for c in range(8)]
    setup += [Subscribe(Stream.MOTOR | Stream.FIRED, 3, 1)]
    chance = random.Random(4)
    sense = [
        encode_frame(Frame(Sense.TYPE, 0, number, Sense(tuple(Value(c, 0x2101 + chance.randrange(99)) for c in range(32))).pack()))
        for number in range(1, 1 + 13 * 5041, 13)
    ]
    size = max(map(len, sense))
    assert all(len(frame) == size for frame in sense)
    (machine.folder / "brain.nrl").write_bytes(image_of("vision_map"))
    (machine.folder / "setup").write_bytes(b"".join(encode_frame(Frame(m.TYPE, 1, n, m.pack())) for n, m in enumerate(setup)))
    (machine.folder / "sense").write_bytes(b"".join(sense))
    told = machine.run(TRAFFIC.format(size=size, count=len(sense), rounds=20_000), timeout_s=120).split()
    taken, frames, size, rejected, dropped = map(int, told)
    assert taken == 0
    assert frames >= 40_000
    assert size > 1_000_000
    assert (rejected, dropped) == (0, 0)
