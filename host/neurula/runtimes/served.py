"""Runtimes in MicroPython, here or on an emulated board: the firmware's `serve` answers line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from neurula.errors import DoesNotFit, LinkLost, UsageError, VerificationFailed
from neurula.runtimes.burst import BurstResult, Stimulus
from neurula.runtimes.firmware_files import compiled_firmware, firmware_source
from neurula.runtimes.local import NOTHING
from neurula.sim.machine import Machine
from neurula_npu import Image, ImageError
from neurula_npu.brain import set_bits
from neurula_npu.schema import RECORDS

PROGRAM = "import micropython\nmicropython.kbd_intr(-1)\nfrom neurula_mcu.serve import main\nmain()\n"
HEAP_BYTES = 256 << 20
LOAD_TIMEOUT_S = 120.0  # of the machine's own clock; a verification on a board takes a few seconds
BURST_TIMEOUT_S = 60.0
FLASH_BASE = 0x10000000
RAM_ANY = 1 << 30
BITS_AT = 4 * RECORDS["AREA"].index("bits_at")


class FiredBits:
    """Reads the bitmaps of one burst, which the firmware sends as they lie in its memory. ImageError for what is no image."""

    def __init__(self, image: bytes) -> None:
        parsed = Image(image, RAM_ANY)
        self._places = [self._place(image, parsed.area_at(index)) for index in range(parsed.areas)]

    @staticmethod
    def _place(data: bytes, at: int) -> tuple[int, int]:
        """(first byte, number of bytes) of an area's bits."""
        neurons = int.from_bytes(data[at + 4 : at + 8], "little")
        first = int.from_bytes(data[at + BITS_AT : at + BITS_AT + 4], "little")
        return first, 2 * ((neurons + 15) // 16)

    def read(self, slot: bytes) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Who fired: (area, neurons) with both rising."""
        found = []
        for area, (first, size) in enumerate(self._places):
            bits = int.from_bytes(slot[first : first + size], "little")
            if bits:
                found.append((area, tuple(set_bits(bits))))
        return tuple(found)


class ServedRuntime:
    """A brain inside a machine whose program is neurula_mcu.serve. open_line: how the program finds the image."""

    def __init__(self, name: str, machine: Machine, image: bytes, open_line: str) -> None:
        self.name = name
        self._machine = machine
        try:
            self._bits = FiredBits(image)
        except ImageError as error:
            machine.close()
            raise VerificationFailed(error.code, error.message, where=f"byte {error.at}") from None
        self._number = 0
        try:
            machine.launch(PROGRAM)
            self._ask(open_line, LOAD_TIMEOUT_S)
        except BaseException:
            machine.close()
            raise

    def _line(self, timeout_s: float) -> list[str]:
        words = self._machine.read_until(b"\n", timeout_s).decode("ascii", "replace").split(maxsplit=3)
        if words and words[0] == "error":
            code, at, message = words[1], words[2], words[3].strip()
            kind = DoesNotFit if code == "R101" else VerificationFailed if code.startswith("I") else LinkLost
            raise kind(code, message, where=f"{self.name}, byte {at}")
        return words

    def _ask(self, line: str, timeout_s: float) -> list[str]:
        self._machine.write(line.encode() + b"\n")
        return self._line(timeout_s)

    def run(self, bursts: int, stimuli: Mapping[int, Stimulus]) -> Iterator[BurstResult]:
        for _ in range(bursts):
            self._number += 1
            stimulus = stimuli.get(self._number, NOTHING)
            lines = [f"inject {a} {n} {u}" for a, n, u in stimulus.inject]
            lines += [f"force {a} {n}" for a, n in stimulus.forced]
            words = self._ask("\n".join([*lines, "step 1"]), BURST_TIMEOUT_S)
            if len(words) != 4 or words[0] != "burst":
                raise LinkLost("S113", "the runtime answered with something else than a burst", where=" ".join(words)[:80])
            yield BurstResult(int(words[1]), self._bits.read(bytes.fromhex(words[3])), int(words[2], 16))

    def state(self) -> bytes:
        return bytes.fromhex(self._ask("state", BURST_TIMEOUT_S)[1])

    def memory(self) -> tuple[int, int]:
        """(free, allocated) heap bytes of the runtime after a collection."""
        words = self._ask("memory", BURST_TIMEOUT_S)
        return int(words[1]), int(words[2])

    def close(self) -> None:
        self._machine.close()

    def __enter__(self) -> ServedRuntime:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_served(name: str, image: bytes, firmware: str | None = None) -> ServedRuntime:
    """name: micropython (64-bit, from PyPI), micropython32 (from `make boards`) or sim:rpi_pico."""
    if name.startswith("sim:"):
        return open_pico(name, image, firmware)
    from neurula.sim.unix import UnixMicroPython

    interpreter = firmware or {"micropython": "unix64", "micropython32": "unix32"}[name]
    machine = UnixMicroPython(
        interpreter, files={"brain.nrl": image}, import_path=[firmware_source().parent], heap_bytes=HEAP_BYTES
    )
    return ServedRuntime(name, machine, image, "file brain.nrl")


def open_pico(name: str, image: bytes, firmware: str | None) -> ServedRuntime:
    """The emulated Raspberry Pi Pico: firmware files in its file system, the image in raw flash, read in place.

    sim:rpi_pico:viper leaves out the machine code that a Pico prefers, so that its viper kernels run.
    """
    if name not in ("sim:rpi_pico", "sim:rpi_pico:viper"):
        raise UsageError("U102", f"No emulator runs {name!r}.", remedy="Use sim:rpi_pico; the other boards exist only as data.")
    from neurula.sim.firmware import find_firmware
    from neurula.sim.flash import FLASH_BYTES
    from neurula.sim.rp2040 import Rp2040

    offset = (FLASH_BYTES - len(image)) & -4096
    files = dict(compiled_firmware("armv6m"))
    if name.endswith(":viper"):
        del files["/neurula_mcu/kernels_thumb.mpy"]
    machine = Rp2040(find_firmware("rp2040", firmware), files=files, blobs={offset: image}, wall_limit_s=600)
    machine.start()
    return ServedRuntime(name, machine, image, f"flash {FLASH_BASE + offset} {len(image)}")
