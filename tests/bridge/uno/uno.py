"""An emulated Arduino Uno: the sketch, compiled with Arduino's own core for an ATmega328P, on simavr; its pins are ours."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neurula.errors import LinkLost
from neurula.sim.machine import ByteStream
from tests.conftest import ROOT, missing

CLOCK_HZ = 16_000_000
FULL_MILLIVOLTS = 5000
BUFFER_BYTES = 65_536
ARDUINO = Path("/usr/share/arduino/hardware/arduino/avr")
SKETCH = ROOT / "examples" / "arduino" / "two_wheels" / "two_wheels.ino"
TARGET = [
    "-mmcu=atmega328p", "-DF_CPU=16000000L", "-DARDUINO=10819", "-DARDUINO_AVR_UNO", "-DARDUINO_ARCH_AVR", "-Os", "-ffunction-sections",
    "-fdata-sections", f"-I{ARDUINO}/cores/arduino", f"-I{ARDUINO}/variants/standard", f"-I{ROOT}/runtime_c",
]  # fmt: skip
WITHOUT = ("WString",)  # Strings, which the compiler of Debian cannot translate and nobody here uses


def require_tools() -> None:
    """The test is skipped (or failed, where everything is required) if this machine cannot compile for or emulate an Arduino."""
    if shutil.which("avr-g++") is None or not ARDUINO.is_dir() or not Path("/usr/include/simavr").is_dir():
        missing("no Arduino (Debian: gcc-avr avr-libc arduino-core-avr libsimavr-dev)")


def compiled_sketch(folder: Path) -> Path:
    """The sketch with Arduino's core as an ELF file, as the Arduino IDE makes it."""
    source = folder / "sketch.cpp"
    source.write_text(f'#include <Arduino.h>\n#include "{SKETCH}"\n')
    core = [path for path in sorted((ARDUINO / "cores" / "arduino").glob("*.c*")) if path.stem not in WITHOUT]
    objects = []
    for path in (source, *core):
        made = folder / f"{path.name}.o"
        plus = path.suffix == ".cpp"
        language = ["-std=gnu++11", "-fno-exceptions", "-fno-threadsafe-statics"] if plus else ["-std=gnu11"]
        warnings = ["-Wall", "-Wextra", "-Werror"] if path == source else ["-w"]
        run(["avr-g++" if plus else "avr-gcc", *TARGET, *language, *warnings, "-c", str(path), "-o", str(made)])
        objects.append(str(made))
    elf = folder / "sketch.elf"
    run(["avr-gcc", "-mmcu=atmega328p", "-Os", "-Wl,--gc-sections", "-o", str(elf), *objects, "-lm"])
    return elf


def compiled_uno(folder: Path) -> Path:
    """The emulated board as a library."""
    library = folder / "uno.so"
    source = Path(__file__).with_name("uno.c")
    run(["gcc", "-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", str(source), "-o", str(library), "-lsimavr"])
    return library


def run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"


class Uno(ByteStream):
    """The board from power-on. outside: called every step_s of its time, to move what is around it."""

    def __init__(self, library: Path, sketch: Path, step_s: float = 0.01) -> None:
        super().__init__()
        self._c: Any = ctypes.CDLL(str(library))
        self._c.uno_open.restype = ctypes.c_void_p
        self._c.uno_cycle.restype = ctypes.c_uint64
        self._uno = ctypes.c_void_p(self._c.uno_open(str(sketch).encode()))
        assert self._uno.value is not None
        self._buffer = ctypes.create_string_buffer(BUFFER_BYTES)
        self._step_s, self._steps = step_s, 0
        self.outside: Callable[[], None] = lambda: None

    def write(self, data: bytes) -> None:
        self._c.uno_send(self._uno, data, ctypes.c_uint32(len(data)))

    def seconds(self) -> float:
        return int(self._c.uno_cycle(self._uno)) / CLOCK_HZ

    def sleep(self, seconds: float) -> None:
        """Lets it run for so long, whatever it says."""
        deadline = self.seconds() + seconds
        while self.seconds() < deadline:
            self._let_run(deadline)

    def set_analog(self, number: int, share: float) -> None:
        """The voltage at A0 to A5, of the full one."""
        self._c.uno_set_analog(self._uno, number, round(FULL_MILLIVOLTS * share))

    def duty(self, pin: int) -> float:
        """Of the pulses on pin 5 or 6, 0 to 1."""
        return int(self._c.uno_duty(self._uno, pin)) / 255

    def pin(self, number: int) -> int:
        return int(self._c.uno_pin(self._uno, number))

    def close(self) -> None:
        """The cable is pulled; the board runs on."""

    def power_off(self) -> None:
        """Nothing can be asked of it any more."""
        self._c.uno_close(self._uno)
        del self._uno

    def _let_run(self, until_seconds: float) -> None:
        next_s = (self._steps + 1) * self._step_s
        until = int(min(until_seconds, next_s) * CLOCK_HZ) + 1  # past the instant, so that no rounding falls short of it for ever
        if not self._c.uno_run(self._uno, ctypes.c_uint64(until)):
            raise LinkLost("S117", "the program on the emulated Arduino has ended")
        self._received += self._buffer.raw[: self._c.uno_take(self._uno, self._buffer)]
        if self.seconds() >= next_s:
            self._steps += 1
            self.outside()
