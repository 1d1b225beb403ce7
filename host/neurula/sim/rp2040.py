"""MicroPython's own firmware on an emulated Raspberry Pi Pico, with its USB console as the stream of bytes.

The emulated clock stands still between calls and every input arrives at a defined instant, so the same calls give the
same cycle counts each time. Flash costs no wait states here: cycle figures hold for code and data in RAM."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from neurula.errors import LinkLost
from neurula.sim.emulator import load_emulator
from neurula.sim.firmware import FLASH_BASE, find_firmware, read_flash_image
from neurula.sim.flash import FLASH_BYTES, build_flash, read_files
from neurula.sim.machine import Machine
from neurula.sim.raw_repl import RawRepl

CLOCK_HZ = 125_000_000
RAM_BASE = 0x20000000
RAM_BYTES = 264 << 10
ADC_FIRST = 26  # GPIO of the converter's first input
PWM_SLICES = 8
PWM_FUNCTION = 4
DMA_PACED = 0x3B
_BOOT_TIMEOUT_S = 5.0
_WARNINGS_KEPT = 100


class _Engine:
    """What the emulator's inner loop reads: the chip, its clock, and whether to return to us."""

    __slots__ = ("clock", "rp2040", "stopped")

    def __init__(self, chip: Any) -> None:
        self.rp2040 = chip
        self.clock = chip.clock
        self.stopped = False


class _BusLog:
    """Takes the emulator's messages and keeps those that mean a program touched what is not there."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def debug(self, component_name: str, message: str) -> None:
        """Detail of a peripheral; dropped."""

    info = debug

    def warning(self, component_name: str, message: str) -> None:
        wrong_access = "invalid" in message or "aligned" in message or "undefined" in message
        if wrong_access and len(self.warnings) < _WARNINGS_KEPT:
            self.warnings.append(f"{component_name}: {message}")

    error = warning


class Rp2040(Machine):
    """An emulated Pico. `start()` boots it (entering a `with` statement does too).

    files: absolute path on the board -> content of its file system (a /main.py runs at boot, as on a real board).
    blobs: flash offset -> raw bytes that lie there, see `neurula.sim.flash.build_flash`.
    flash: a whole flash from another run instead, to boot what that run left behind.
    wall_limit_s: the longest that one call may take in real seconds before it is LinkLost S112.
    pio: emulate the PIO blocks too; costs a third of the speed."""

    def __init__(self, firmware: Path | None = None, *, files: Mapping[str, bytes] | None = None,
                 blobs: Mapping[int, bytes] | None = None, flash: bytes | None = None,
                 wall_limit_s: float = 120.0, pio: bool = False) -> None:
        super().__init__()
        if flash is None:
            image = read_flash_image(firmware if firmware is not None else find_firmware("rp2040"))
            flash = bytes(build_flash(image, files or {}, blobs or {}))
        self.wall_limit_s = wall_limit_s
        self._log = _BusLog()
        self._emulator = load_emulator()
        self._chip = self._emulator.chip()
        self._chip.load_bootrom(self._emulator.boot_rom)
        self._chip.logger = self._log
        self._chip.dma.get_timer = self._dma_pace_us
        self._chip.flash[:FLASH_BYTES] = flash[:FLASH_BYTES].ljust(FLASH_BYTES, b"\xff")
        self._pio_blocks = list(self._chip.pio)
        self._stepped_pio = self._pio_blocks if pio else []
        self._engine = _Engine(self._chip)
        self._alarm = self._chip.clock.create_alarm(self._return_to_us)
        self._repl = RawRepl(self)
        self._connected = False
        self._crash = ""
        self._resets = 0
        self._to_board = bytearray()
        self._awaited_packets: list[tuple[int, int]] = []
        self._attach_usb()
        self._chip.on_break = self._on_break
        self._chip.watchdog.on_watchdog_trigger = self._on_watchdog
        self._chip.pio = self._stepped_pio

    # ---- the board -------------------------------------------------------------------------------------------------

    def start(self, timeout_s: float = _BOOT_TIMEOUT_S) -> None:
        """Power on and wait for the USB console; LinkLost S111 when it does not appear."""
        self._chip.core.pc = FLASH_BASE
        self._await_console(timeout_s)

    def reset(self, timeout_s: float = _BOOT_TIMEOUT_S) -> None:
        """Press the reset button: RAM keeps its noise, flash its contents; wait for the console again."""
        self._restart(from_watchdog=False)
        self._await_console(timeout_s)

    def close(self) -> None:
        """Forget the board; an emulation holds nothing outside this process."""
        self._connected = False

    def __enter__(self) -> Rp2040:
        self.start()
        return self

    @property
    def cycles(self) -> int:
        """Clock cycles that the core has executed since power-on; sleeping (WFI, WFE) does not count."""
        return int(self._chip.core.cycles)

    @property
    def resets(self) -> int:
        """How often the board has been reset since power-on, by us, by itself or by its watchdog."""
        return self._resets

    @property
    def bus_warnings(self) -> list[str]:
        """Accesses to addresses with nothing behind them and unaligned ones (the first 100). A real chip faults;
        the emulator goes on with ones."""
        return list(self._log.warnings)

    def seconds(self) -> float:
        """Emulated seconds since power-on, sleep included."""
        return float(self._chip.clock.nanos) * 1e-9

    def flash_bytes(self) -> bytes:
        """The whole 2 MB flash as it is now."""
        return bytes(self._chip.flash[:FLASH_BYTES])

    def put_flash(self, offset: int, data: bytes) -> None:
        """Other bytes in the flash, as if they had been there since power-on; what the program has read already it does not read
        again."""
        if not 0 <= offset <= offset + len(data) <= FLASH_BYTES:
            raise ValueError(f"0x{offset:x} + {len(data)} bytes is not in flash")
        self._chip.flash[offset:offset + len(data)] = data

    def files(self) -> dict[str, bytes]:
        """Every file in the board's file system as it is now."""
        return read_files(self.flash_bytes())

    def ram_bytes(self, address: int, size: int) -> bytes:
        """RAM contents from an absolute address on."""
        if not RAM_BASE <= address <= address + size <= RAM_BASE + RAM_BYTES:
            raise ValueError(f"0x{address:08x} + {size} bytes is not in RAM")
        return bytes(self._chip.sram[address - RAM_BASE:address - RAM_BASE + size])

    @property
    def scratch(self) -> tuple[int, ...]:
        """The watchdog's eight scratch registers, which outlive a reset."""
        return tuple(self._chip.watchdog.scratch_data)

    # ---- pins ------------------------------------------------------------------------------------------------------

    def set_pin(self, number: int, level: int) -> None:
        """Drive a GPIO from outside, 0 or 1, until it is set again; a reset of the board does not change it."""
        self._chip.gpio[number].set_input_value(bool(level))

    def set_adc(self, number: int, reading: int) -> None:
        """The voltage at GPIO 26 to 29 as the program reads it with read_u16: 0 to 65535, of which the chip keeps 12 bits."""
        self._chip.adc.channel_values[number - ADC_FIRST] = reading >> 4

    def pin(self, number: int) -> int | None:
        """The level that the board drives a GPIO to; None while it does not drive it."""
        pin = self._chip.gpio[number]
        return int(pin.output_value) if pin.output_enable else None

    def pwm(self, number: int) -> tuple[float, int] | None:
        """(frequency in Hz, duty 0 to 65535) of the pulses on a GPIO; None while it gives none."""
        pin, channel = self._chip.gpio[number], self._chip.pwm.channels[number // 2 % PWM_SLICES]
        if pin.function_select != PWM_FUNCTION or not channel.csr & 1:
            return None
        period, compare = channel.top + 1, channel.cc >> 16 if number % 2 else channel.cc & 0xFFFF
        return CLOCK_HZ / (channel.div / 16) / period, min(65535, round(compare * 65535 / period))

    # ---- programs --------------------------------------------------------------------------------------------------

    def run(self, code: str, timeout_s: float = 10.0) -> str:
        """Run a program by the raw REPL and return what it printed; times are emulated seconds."""
        return self._repl.run(code, timeout_s)

    def launch(self, code: str, timeout_s: float = 5.0) -> None:
        """Start a program by the raw REPL and leave it running. A stream of arbitrary bytes needs
        `micropython.kbd_intr(-1)` in the program first: until then a byte 3 interrupts it."""
        self._repl.launch(code, timeout_s)

    def write(self, data: bytes) -> None:
        """Queue bytes for the program; they arrive in USB packets as the program reads."""
        self._to_board += data
        self._hand_over()

    def sleep(self, seconds: float) -> None:
        """Let the board run for so many emulated seconds, whatever it sends."""
        deadline = self.seconds() + seconds
        while self.seconds() < deadline:
            self._let_run(deadline)

    # ---- the emulation ---------------------------------------------------------------------------------------------

    def _let_run(self, until_seconds: float) -> None:
        arrived = len(self._received)
        self._emulate(lambda: len(self._received) > arrived, until_seconds)

    def _emulate(self, done: Callable[[], bool], until_seconds: float) -> bool:
        """Run until `done` (checked whenever the board did something for us to see) or the emulated instant."""
        clock, engine, execute_batch = self._chip.clock, self._engine, self._emulator.execute_batch
        # One nanosecond past the instant, so that a clock that rounds cannot fall short of it for ever.
        deadline_ns = until_seconds * 1e9 + 1
        if clock.nanos >= deadline_ns:
            return done()
        wall_end = time.monotonic() + self.wall_limit_s
        self._alarm.schedule(deadline_ns - clock.nanos)
        try:
            while not done():
                if clock.nanos >= deadline_ns:
                    return False
                if time.monotonic() > wall_end:
                    raise LinkLost("S112", f"the emulated board was still busy after {self.wall_limit_s:g} s",
                                   where=f"{self.cycles} cycles", remedy="Does the program end? Allow more time.")
                engine.stopped = False
                execute_batch(engine, 1)
                if self._crash:
                    raise LinkLost("S117", f"the program crashed the emulated board: {self._crash}",
                                   remedy="Look for a wild pointer: `bus_warnings` names wrong addresses.")
            return True
        finally:
            self._alarm.cancel()

    def _await_console(self, timeout_s: float) -> None:
        if not self._emulate(lambda: self._connected, self.seconds() + timeout_s):
            raise LinkLost("S111", f"the emulated board did not bring up its USB console within {timeout_s:g} s",
                           remedy="Is the firmware MicroPython for the Raspberry Pi Pico?")

    def _restart(self, *, from_watchdog: bool) -> None:
        self._connected = False
        self._resets += 1
        self._to_board.clear()
        self._awaited_packets.clear()
        self._repl.forget()
        self._chip.pio = self._pio_blocks
        self._chip.enter_reset(from_watchdog=from_watchdog)
        if not from_watchdog:
            self._chip.watchdog.reset()
        self._chip.leave_reset()
        self._chip.pio = self._stepped_pio

    def _attach_usb(self) -> None:
        self._console = self._emulator.usb_console(self._chip.usb_ctrl)
        self._console.on_device_connected = self._on_connected
        self._console.on_serial_data = self._on_serial_data
        self._control_read = self._chip.usb_ctrl.on_endpoint_read
        self._chip.usb_ctrl.on_endpoint_read = self._on_endpoint_read

    def _on_endpoint_read(self, endpoint: int, size: int) -> None:
        # A host with nothing to send does not answer. The package answers with empty packets instead, 100,000 a
        # second, and each costs the board an interrupt.
        if endpoint == 0:
            self._control_read(endpoint, size)
            return
        self._awaited_packets.append((endpoint, size))
        self._hand_over()

    def _hand_over(self) -> None:
        while self._awaited_packets and self._to_board:
            endpoint, size = self._awaited_packets.pop(0)
            packet = bytes(self._to_board[:size])
            del self._to_board[:size]
            self._chip.usb_ctrl.endpoint_read_done(endpoint, packet)

    def _dma_pace_us(self, request: int) -> float:
        """Microseconds between two transfers that a fraction X/Y of the clock paces; the package takes it the wrong way round."""
        dma = self._chip.dma
        paces = dict(zip(range(DMA_PACED, DMA_PACED + 4), (dma._timer0, dma._timer1, dma._timer2, dma._timer3), strict=True))
        pace = paces.get(request, 0)
        return (pace & 0xFFFF) / (pace >> 16) * 1e6 / CLOCK_HZ if pace >> 16 else 0.0

    def _on_connected(self) -> None:
        self._connected = True
        self._return_to_us()

    def _on_serial_data(self, data: bytes | bytearray) -> None:
        self._received += data
        self._return_to_us()

    def _on_break(self, code: int) -> None:
        self._crash = f"breakpoint {code}"
        self._return_to_us()

    def _on_watchdog(self) -> None:
        self._restart(from_watchdog=True)

    def _return_to_us(self) -> None:
        self._engine.stopped = True
