"""An emulated board as the far end of a link: its console carries the bytes, and its time is the time of both."""

from __future__ import annotations

from typing import Protocol

from neurula.link.link import ClosingLink


class EmulatedBoard(Protocol):
    """What Rp2040 is: a board that runs only while somebody reads or waits. Times are its own seconds."""

    def write(self, data: bytes) -> None: ...
    def read(self, timeout_s: float = 1.0) -> bytes: ...
    def seconds(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...
    def close(self) -> None: ...


class EmulatedLink(ClosingLink):
    """The console of a board that is on. LinkLost S112, S117 when the emulation cannot go on."""

    def __init__(self, board: EmulatedBoard, name: str) -> None:
        self._board, self._name = board, name

    @property
    def name(self) -> str:
        return self._name

    def send(self, data: bytes) -> None:
        self._board.write(data)

    def receive(self, timeout_s: float) -> bytes:
        return self._board.read(timeout_s)

    def reopen(self) -> bool:
        return True

    def close(self) -> None:
        self._board.close()


class EmulatedClock:
    """The board's own seconds."""

    def __init__(self, board: EmulatedBoard) -> None:
        self._board = board

    def now(self) -> float:
        return self._board.seconds()

    def sleep(self, seconds: float) -> None:
        """Lets the board run; what it says meanwhile is kept for whoever reads."""
        self._board.sleep(seconds)
