"""The whole main program on MicroPython for Unix: real interpreter, real streams, slots in files, no pins."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Iterator
from zlib import crc32

import pytest

from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.genome import read_genome
from neurula.runtimes.firmware_files import firmware_source
from neurula.sim.unix import UnixMicroPython
from neurula_npu import Brain, ReferenceBrain
from tests.firmware.boards import FACTS, ROOT

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


def ask(machine: UnixMicroPython, line: str | bytes) -> list[str]:
    machine.write(line + b"\n" if isinstance(line, bytes) else line.encode() + b"\n")
    lines: list[str] = []
    while not lines or lines[-1].split(" ")[0] not in ("ok", "error"):
        lines.append(machine.read_until(b"\n", 20).decode().strip())
    return lines


def words(machine: UnixMicroPython, line: str) -> list[str]:
    kind, *rest = ask(machine, line)[-1].split()
    assert kind == "ok", rest
    return rest


def upload(machine: UnixMicroPython, image: bytes) -> list[str]:
    """Sends an image and restarts into it; what hello says then."""
    at = int(words(machine, f"put {len(image)} {hashlib.sha256(image).hexdigest()}")[0])
    while at < len(image):
        part = image[at : at + 180]
        at = int(words(machine, f"chunk {at} {crc32(part):08x} {base64.b64encode(part).decode()}")[0])
    words(machine, "commit")
    assert ask(machine, "start") == ["ok"]
    machine.launch(RUN)
    return words(machine, "hello")


def test_a_million_bursts_take_no_memory(machine: UnixMicroPython) -> None:
    burst, taken, state = machine.run(FLAT, timeout_s=300).split()
    here = Brain(image_of("reflex"))
    for _ in range(BURSTS + 10):
        here.step()
    assert (int(burst), taken, state) == (BURSTS + 10, "0", f"{here.state_hash():08x}")


def test_an_empty_board_is_in_safe_mode_takes_a_brain_and_runs_it(machine: UnixMicroPython) -> None:
    machine.launch(RUN)
    assert words(machine, "hello")[5:] == ["-", "safe", "0", "power", "empty"]
    assert upload(machine, image_of("reflex"))[6] == "pending"
    assert ask(machine, "confirm") == ["ok"]
    first = int(words(machine, "stats")[0])
    while int(words(machine, "stats")[0]) < first + 200:
        pass
    machine.launch(RUN)
    assert words(machine, "hello")[6] == "confirmed"


def test_a_brain_that_is_never_confirmed_is_given_up_after_three_boots(machine: UnixMicroPython) -> None:
    machine.launch(RUN)
    upload(machine, image_of("reflex"))
    assert ask(machine, "confirm") == ["ok"]
    assert upload(machine, image_of("logic_timer"))[6] == "pending"
    states = []
    for _ in range(3):
        machine.launch(RUN)
        states.append(words(machine, "hello")[6])
    assert states == ["pending", "pending", "confirmed"]
    assert "rejected" in " ".join(words(machine, "slots"))


def test_garbage_on_the_link_harms_nothing(machine: UnixMicroPython) -> None:
    machine.launch(RUN)
    upload(machine, image_of("reflex"))
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(60):
        noise = bytes(chance.choice([10, *range(32, 256)]) for _ in range(chance.choice([1, 10, 500])))
        machine.write(noise)
        if chance.random() < 0.3:
            machine.write(b"\n")
    machine.write(b"\nhello\n")
    machine.read_until(b"ok neurula", 20)
    machine.read_until(b"\n", 20)
    before = int(words(machine, "stats")[0])
    while int(words(machine, "stats")[0]) < before + 10:
        pass


def test_when_the_host_has_gone_the_brain_goes_on(machine: UnixMicroPython) -> None:
    machine.launch(RUN)
    upload(machine, image_of("reflex"))
    before = int(words(machine, "stats")[0])
    machine.close_stdin()
    with pytest.raises(Exception, match=r"S113|did not send"):
        machine.read_until(b"never\n", 0.3)
    assert machine.running()
    assert before >= 0


def test_stepping_gives_the_references_hashes(machine: UnixMicroPython) -> None:
    image = image_of("vision_map")
    machine.launch(RUN)
    upload(machine, image)
    ask(machine, "stop")
    reference = ReferenceBrain(image)
    for _ in range(int(words(machine, "stats")[0])):
        reference.step()
    assert bytes.fromhex(words(machine, "state")[0]) == reference.state()
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(20):
        inject = [(1, chance.randrange(16), chance.randrange(1 << 22)) for _ in range(3)]
        for area, neuron, units in inject:
            ask(machine, f"inject {area} {neuron} {units}")
        *bursts, last = ask(machine, "step 3")
        assert last == "ok"
        for number, line in enumerate(bursts):
            reference.step((), inject if number == 0 else ())
            assert line.split()[2] == f"{reference.state_hash():08x}"
