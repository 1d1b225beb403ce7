"""Emulated boards with the firmware and a brain on them, made once and then started from copies of their flash."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from neurula.boards import load_board
from neurula.compiler import lower, write_image
from neurula.compiler.pins import pin_section
from neurula.compiler.pins_file import pins_from_toml, read_pins
from neurula.development import develop
from neurula.genome import read_genome
from neurula.runtimes.firmware_files import compiled_firmware
from neurula.sim.firmware import find_firmware
from neurula.sim.rp2040 import Rp2040

ROOT = Path(__file__).parents[2]
REFLEX = ROOT / "examples" / "reflex"
FACTS = {"board": "rpi_pico", "failsafe_ms": 200, "rate_hz": 100, "watchdog_ms": 2000, "slot_bytes": 16384}
MAIN = b"from neurula_mcu.main import run\nrun()\n"
BLOCKS = 4  # of a slot
INSTALL = """
from neurula_mcu.claim_rp2 import claim
from neurula_mcu.flash_rp2 import open_region
from neurula_mcu.slots import Slots
import hashlib, os
from binascii import crc32
claim({blocks})
region = open_region()
slots = Slots(region, region.size // 2)
for name in {names!r}:
    data = open(name, "rb").read()
    writer = slots.begin(len(data), hashlib.sha256(data).digest())
    at = 0
    while at < len(data):
        part = data[at:at + 180]
        at = writer.write(at, part, crc32(part))
    writer.finish()
    slots.choose()
    if name in {confirmed!r}:
        slots.confirm()
    os.remove(name)
os.rename("/main.txt", "/main.py")
print("installed", slots.describe())
"""


@lru_cache
def image_of(example: str) -> bytes:
    """An example without pins."""
    return write_image(lower(develop(read_genome(ROOT / "examples" / example / "genome.json")).connectome))


@lru_cache
def reflex_image(pins: str | None = None) -> bytes:
    """The reflex with pins: its own file's, or other TOML."""
    file = read_pins(str(REFLEX / "pins.toml")) if pins is None else pins_from_toml(pins.encode(), "test")
    program = lower(develop(read_genome(REFLEX / "genome.json")).connectome, keep=file.areas())
    return write_image(program, pins=pin_section(file, program, load_board("rpi_pico")))


@lru_cache
def board_flash(
    *images: bytes, last_pending: bool = False, main: str = "", facts: str = "{}",
    more: tuple[tuple[str, bytes], ...] = (), without: tuple[str, ...] = (),
) -> bytes:
    """The flash of a board with these brains in its slots, the last one newest.

    main: code in front of what main.py does; facts: JSON of facts that differ; more, without: files.
    """
    names = [f"/brain{number}.nrl" for number in range(len(images))]
    files = {**compiled_firmware("armv6m"), "/neurula_board.json": json.dumps({**FACTS, **json.loads(facts)}).encode()}
    files |= {"/main.txt": main.encode() + MAIN, **dict(zip(names, images, strict=True)), **dict(more)}
    files = {path: content for path, content in files.items() if path not in without}
    confirmed = names[:-1] if last_pending else names
    with Rp2040(find_firmware("rp2040"), files=files, wall_limit_s=300) as board:
        said = board.run(INSTALL.format(blocks=BLOCKS, names=names, confirmed=confirmed), 120)
        assert "installed" in said, said
        return board.flash_bytes()


class Bench:
    """An emulated board that runs its main program (main=False: stays at the REPL), and its host."""

    def __init__(self, flash: bytes, *, main: bool = True) -> None:
        self.board = Rp2040(flash=flash, wall_limit_s=300)
        self.main = main

    def __enter__(self) -> Bench:
        self.board.start()
        if not self.main:
            self.board.run("import os\nos.rename('/main.py', '/main.txt')")
            self.board.reset()
        return self

    def restart(self, order: str, seconds: float = 0.7) -> None:
        """Lets the board reset itself, and waits for what runs then."""
        resets = self.board.resets
        self.words(order)
        self.board.sleep(seconds)
        assert self.board.resets > resets

    def __exit__(self, *_: object) -> None:
        self.board.close()

    def ask(self, line: str, timeout_s: float = 5.0) -> list[str]:
        """All lines of the answer; the last one begins with ok or error."""
        self.board.write(line.encode() + b"\n")
        lines: list[str] = []
        while not lines or lines[-1].split(" ")[0] not in ("ok", "error"):
            lines.append(self.board.read_until(b"\n", timeout_s).decode("ascii", "replace").strip())
        return lines

    def words(self, line: str, timeout_s: float = 5.0) -> list[str]:
        """What follows "ok"."""
        *_, last = self.ask(line, timeout_s)
        kind, *words = last.split()
        assert kind == "ok", last
        return words

    def hello(self) -> tuple[str, str, str]:
        """(slot, state, boot reason)."""
        words = self.words("hello")
        return words[5], words[6], " ".join(words[8:])

    def stopped(self) -> int:
        """Stops the bursts; how many there were."""
        self.words("stop")
        return self.stats()["burst"]

    def stats(self) -> dict[str, int]:
        names = ("burst", "overruns", "worst_us", "mean_us", "free", "allocated")
        return dict(zip(names, map(int, self.words("stats")), strict=True))

    def duties(self, *pins: int) -> list[int]:
        out = []
        for pin in pins:
            pulses = self.board.pwm(pin)
            assert pulses is not None, pin
            out.append(pulses[1])
        return out
