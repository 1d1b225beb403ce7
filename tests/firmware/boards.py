"""Emulated boards with the firmware and a brain on them, made once and then started from copies of their flash."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from neurula.boards import load_board
from neurula.compiler import lower, write_image
from neurula.compiler.pins import pin_section
from neurula.compiler.pins_file import pins_from_toml, read_pins
from neurula.development import develop
from neurula.genome import read_genome
from neurula.runtimes.firmware_files import compiled_firmware
from neurula.sim.firmware import find_firmware, read_flash_image
from neurula.sim.flash import build_flash, change_files
from neurula.sim.rp2040 import Rp2040
from tests.firmware.spoken import Spoken

ROOT = Path(__file__).parents[2]
REFLEX = ROOT / "examples" / "reflex"
FACTS = {"board": "rpi_pico", "failsafe_ms": 200, "rate_hz": 100, "watchdog_ms": 2000, "slot_bytes": 16384}
MAIN = b"import micropython\nmicropython.kbd_intr(-1)\nfrom neurula_mcu.main import run\nrun()\n"
BLOCKS = 4  # of a slot
INSTALL = """
from neurula_mcu.claim_rp2 import claim
from neurula_mcu.flash_rp2 import open_region
from neurula_mcu.slots import Slots
import hashlib, os
from binascii import crc32
claim({blocks})
region = open_region()
slots = Slots(region, region.slot_bytes)
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
print("installed", slots.describe())
"""
kept_in: Path | None = None
"""Where prepared flash is kept for all workers of a test run; None: nowhere."""


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


def board_flash(
    *images: bytes, last_pending: bool = False, main: str = "", facts: str = "{}",
    more: tuple[tuple[str, bytes], ...] = (), without: tuple[str, ...] = (),
) -> bytes:
    """The flash of a board with these brains in its slots, the last one newest.

    main: code in front of what main.py does; facts: JSON of facts that differ; more, without: files.
    """
    known = json.dumps({**FACTS, **json.loads(facts)}).encode()
    files = {"/neurula_board.json": known, "/main.py": main.encode() + MAIN, **dict(more)}
    return change_files(installed_flash(images, last_pending), files, without)


def unclaimed_flash() -> bytes:
    """The flash of a board with the firmware on it and no place for brains."""
    files = {**compiled_firmware("armv6m"), "/neurula_board.json": json.dumps(FACTS).encode(), "/main.py": MAIN}
    return bytes(build_flash(read_flash_image(find_firmware("rp2040")), files, {}))


@lru_cache
def installed_flash(images: tuple[bytes, ...], last_pending: bool) -> bytes:
    """A board with the firmware and these brains, installed by its own code."""
    names = [f"/brain{number}.nrl" for number in range(len(images))]
    files = {**compiled_firmware("armv6m"), "/main.txt": MAIN, **dict(zip(names, images, strict=True))}
    program = INSTALL.format(blocks=BLOCKS, names=names, confirmed=names[:-1] if last_pending else names)
    interpreter = find_firmware("rp2040")

    def install() -> bytes:
        with Rp2040(interpreter, files=files, wall_limit_s=300) as board:
            said = board.run(program, 120)
            assert "installed" in said, said
            return board.flash_bytes()

    return kept([interpreter.read_bytes(), program, sorted(files.items())], install)


@contextmanager
def keeping(folders: pytest.TempPathFactory) -> Iterator[None]:
    """Prepared flash is kept in a folder of the test run meanwhile."""
    global kept_in
    root = folders.getbasetemp()
    if root.name.startswith("popen-"):  # a worker's folder in that of the run
        root = root.parent
    before, kept_in = kept_in, root / "flash"
    kept_in.mkdir(exist_ok=True)
    yield
    kept_in = before


def kept(made_from: Any, make: Callable[[], bytes]) -> bytes:
    """What `make` gives, made once for all workers of a test run; made_from: all that it depends on."""
    if kept_in is None:
        return make()
    path = kept_in / hashlib.sha256(repr(made_from).encode()).hexdigest()
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            path.with_suffix(".part").write_bytes(make())
            os.replace(path.with_suffix(".part"), path)
    return path.read_bytes()


class Bench:
    """A board and its host. The only place here that knows how a host and the firmware talk.

    board: an Rp2040 in this process, or a BoardProcess, on which the firmware's main program runs."""

    def __init__(self, board: Any) -> None:
        self.board = board
        self._spoken = Spoken(board.write, self._receive)
        self._timeout_s = 5.0

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.board.close()

    # ---- what the host says ----------------------------------------------------------------------------------------

    def _ask(self, line: str, timeout_s: float = 5.0) -> list[str]:
        """All lines of the answer; the last one begins with ok or error."""
        self._timeout_s = timeout_s
        return self._spoken.ask(line)

    def _receive(self) -> bytes:
        return bytes(self.board.read(self._timeout_s))

    def _words(self, line: str) -> list[str]:
        """What follows "ok"."""
        *_, last = self._ask(line)
        kind, *words = last.split()
        assert kind == "ok", last
        return words

    def hello(self) -> tuple[str, str, str]:
        """(slot, state, boot reason and, in safe mode, why)."""
        words = self._words("hello")
        return words[5], words[6], " ".join(words[8:])

    def stats(self) -> dict[str, int]:
        names = ("burst", "overruns", "worst_us", "mean_us", "free", "allocated")
        return dict(zip(names, map(int, self._words("stats")), strict=True))

    def logs(self) -> list[str]:
        """The codes in the log, oldest first."""
        return [line.split()[2] for line in self._ask("logs")[:-1]]

    def stopped(self) -> int:
        """Stops the bursts; how many there were."""
        self._words("stop")
        return self.stats()["burst"]

    def go_on(self) -> None:
        self._words("run")

    def state(self) -> bytes:
        """RAM of a stopped brain."""
        return bytes.fromhex(self._words("state")[0])

    def set_rate(self, rate_hz: int) -> None:
        self._words(f"rate {rate_hz}")

    def emergency_stop(self) -> None:
        self._words("estop")

    def release(self) -> None:
        self._words("release")

    def is_latched(self) -> bool:
        """Whether the emergency stop is."""
        return self._words("pins")[0] == "stopped"

    def restart(self) -> None:
        """Lets the board reset itself."""
        resets = self.board.resets
        self._words("reset")
        self.until(lambda: self.board.resets > resets, 0.2)

    # ---- what the host sees ----------------------------------------------------------------------------------------

    def until(self, holds: Callable[[], bool], within_s: float, step_s: float = 0.002) -> float:
        """Lets the board run until something holds; emulated seconds that it took."""
        begun = self.board.seconds()
        while not holds():
            assert self.board.seconds() - begun <= within_s, f"not within {within_s} s"
            self.board.sleep(step_s)
        return float(self.board.seconds() - begun)

    def duty(self, pin: int) -> int | None:
        """Duty of the pulses at a GPIO, 0 to 65535; None while the board gives none."""
        pulses = self.board.pwm(pin)
        return None if pulses is None else int(pulses[1])
