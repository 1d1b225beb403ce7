"""What every simulated board offers: a program on it, and a stream of bytes to and from that program."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TypeVar

from neurula.errors import LinkLost

_SomeMachine = TypeVar("_SomeMachine", bound="Machine")


class ByteStream(ABC):
    """Bytes in both directions with deadlines. Time is the machine's own: emulated seconds on an emulated board,
    wall-clock seconds for a process."""

    def __init__(self) -> None:
        self._received = bytearray()

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Queue bytes for the program; never blocks, never loses."""

    @abstractmethod
    def seconds(self) -> float:
        """The machine's clock, in seconds since some fixed point."""

    @abstractmethod
    def _let_run(self, until_seconds: float) -> None:
        """Let the machine run until at least one byte more arrived in `_received` or its clock reads `until_seconds`.

        Raises LinkLost when nothing can ever arrive again."""

    def read(self, timeout_s: float = 1.0) -> bytes:
        """Whatever has arrived, at least one byte; b"" when nothing came within `timeout_s`."""
        deadline = self.seconds() + timeout_s
        while not self._received and self.seconds() < deadline:
            self._let_run(deadline)
        return self._take(len(self._received))

    def read_exactly(self, size: int, timeout_s: float = 1.0) -> bytes:
        """Exactly `size` bytes; LinkLost S113 when they do not come in time. What came stays readable."""
        deadline = self.seconds() + timeout_s
        while len(self._received) < size:
            if self.seconds() >= deadline:
                raise self._late(f"{size} bytes", timeout_s)
            self._let_run(deadline)
        return self._take(size)

    def read_until(self, marker: bytes, timeout_s: float = 1.0) -> bytes:
        """Everything up to and with `marker`; LinkLost S113 when it does not come in time."""
        deadline = self.seconds() + timeout_s
        searched = 0
        while (found := self._received.find(marker, searched)) < 0:
            if self.seconds() >= deadline:
                raise self._late(repr(marker), timeout_s)
            searched = max(0, len(self._received) - len(marker) + 1)
            self._let_run(deadline)
        return self._take(found + len(marker))

    def pending(self) -> int:
        """Bytes that have arrived and were not read yet."""
        return len(self._received)

    def _take(self, size: int) -> bytes:
        data = bytes(self._received[:size])
        del self._received[:size]
        return data

    def _late(self, awaited: str, timeout_s: float) -> LinkLost:
        tail = bytes(self._received[-80:])
        return LinkLost("S113", f"the simulated board did not send {awaited} within {timeout_s:g} s",
                        where=f"last bytes {tail!r}", remedy="Look at what the program prints; it may have stopped.")


class Machine(ByteStream):
    """Something that runs MicroPython programs. Use it in a `with` statement: leaving ends whatever runs."""

    @abstractmethod
    def run(self, code: str, timeout_s: float = 10.0) -> str:
        """Run a program to its end; what it printed. LinkLost S114 when it raised, S113 when it did not end."""

    @abstractmethod
    def launch(self, code: str, timeout_s: float = 5.0) -> None:
        """Start a program and leave it running; `read` and `write` are its stdout and stdin, 8 bits clean."""

    @abstractmethod
    def close(self) -> None:
        """End the machine; harmless when repeated."""

    def __enter__(self: _SomeMachine) -> _SomeMachine:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()


def program_raised(stderr: str) -> LinkLost:
    """The error for a program that ended with an exception: its last line is the message, the rest the place."""
    lines = [line.strip() for line in stderr.strip().splitlines() if line.strip()]
    reason = lines[-1] if lines else "no reason given"
    place = "; ".join(line for line in lines[:-1] if line.startswith("File"))
    return LinkLost("S114", f"the program on the simulated board ended with {reason}", where=place,
                    remedy="Correct the program; its traceback names the line.")
