"""MicroPython's raw REPL over any stream of bytes: how a program gets onto a board without a file system."""

from __future__ import annotations

from neurula.errors import LinkLost
from neurula.sim.machine import ByteStream, program_raised

_INTERRUPT, _RAW_MODE, _END = b"\x03", b"\x01", b"\x04"
_BANNER = b"raw REPL; CTRL-B to exit\r\n>"


class RawRepl:
    """Drives the raw REPL of the board at the other end of `stream`.

    A program that has called `micropython.kbd_intr(-1)` cannot be interrupted: reset the board instead."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._at_prompt = False

    def enter(self, timeout_s: float = 5.0) -> None:
        """Interrupt whatever runs and wait for the raw prompt."""
        self._stream.write(b"\r" + _INTERRUPT + _INTERRUPT + _RAW_MODE)
        self._stream.read_until(_BANNER, timeout_s)
        self._at_prompt = True

    def run(self, code: str, timeout_s: float = 10.0) -> str:
        """Run code to its end and return what it printed, line ends as in the program; LinkLost S114 when it raised."""
        self.launch(code, timeout_s)
        printed = self._stream.read_until(_END, timeout_s)[:-1]
        raised = self._stream.read_until(_END + b">", timeout_s)[:-2]
        self._at_prompt = True
        if raised:
            raise program_raised(raised.decode("utf-8", "replace"))
        return printed.decode("utf-8", "replace").replace("\r\n", "\n")

    def launch(self, code: str, timeout_s: float = 5.0) -> None:
        """Start code and return as soon as it runs; the stream then belongs to it."""
        if not self._at_prompt:
            self.enter(timeout_s)
        self._at_prompt = False
        self._stream.write(code.encode() + _END)
        answer = self._stream.read_exactly(2, timeout_s)
        if answer != b"OK":
            raise LinkLost("S116", "the board does not answer as a raw REPL does", where=f"got {answer!r}",
                           remedy="Reset the board; is MicroPython on it?")

    def forget(self) -> None:
        """The board was reset: no prompt is waiting any more."""
        self._at_prompt = False
