"""MicroPython's raw REPL on a board, by mpremote, over any connection of ours."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

from neurula.device.packages import require
from neurula.device.ports import Connection
from neurula.errors import DeviceNotFound, LinkLost

ATTEMPTS = 3
ENTER_TIMEOUT_S = 2.0
SILENCE_S = 10.0


class Face:
    """A connection as mpremote sees it: an open port of pyserial."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._buffer = bytearray()

    def write(self, data: bytes) -> int:
        self._connection.write(data)
        return len(data)

    def read(self, size: int = 1) -> bytes:
        """Exactly `size` bytes; LinkLost when they do not come."""
        deadline = self._connection.seconds() + ENTER_TIMEOUT_S
        while len(self._buffer) < size:
            if self._connection.seconds() >= deadline:
                raise LinkLost("K105", f"the board did not send {size} bytes within {ENTER_TIMEOUT_S:g} s")
            self._buffer += self._connection.read(max(0.0, deadline - self._connection.seconds()))
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def inWaiting(self) -> int:
        self.wait(self._connection.poll_s)
        return len(self._buffer)

    def wait(self, timeout_s: float) -> bool:
        """Whether there is something to read, waiting for it no longer than that."""
        if not self._buffer and timeout_s >= 0:
            self._buffer += self._connection.read(timeout_s)
        return bool(self._buffer)

    def read_until(
        self,
        _least: int,
        ending: bytes,
        timeout: float | None = SILENCE_S,
        data_consumer: Callable[[bytes], None] | None = None,
        timeout_overall: float | None = None,
    ) -> bytes:
        """Takes the place of mpremote's own, which counts seconds of this computer and not of the board. timeout: of silence."""
        data, now = b"", self._connection.seconds()
        end = math.inf if timeout_overall is None else now + timeout_overall
        while not data.endswith(ending):
            silent = math.inf if timeout is None else now + timeout
            if not self.wait(min(end, silent) - self._connection.seconds()):
                break
            byte, now = self.read(1), self._connection.seconds()
            if data_consumer is not None:
                data_consumer(byte)
            data = byte if data_consumer is not None else data + byte
        return data


class Repl:
    """Programs on a board. Entering interrupts whatever runs there; the board must be reset to run its own program again."""

    def __init__(self, connection: Connection) -> None:
        self._errors = require("mpremote.transport", "mpremote")
        self._mpremote = transport_over(connection)

    def enter(self) -> None:
        """DeviceNotFound K110 when no MicroPython answers."""
        for _ in range(ATTEMPTS):
            try:
                self._call("enter_raw_repl", soft_reset=False, timeout_overall=ENTER_TIMEOUT_S)
                return
            except LinkLost as problem:
                if problem.code == "K106":
                    raise
        raise DeviceNotFound("K110", "no MicroPython answers there")

    def restart(self) -> None:
        """A soft reset that stays in the REPL: everything that the interrupted program held is free."""
        self._call("enter_raw_repl", soft_reset=True)

    def run(self, code: str, timeout_s: float = 10.0) -> str:
        """Runs a program; what it printed. LinkLost K111 when it raised, K105 when the board fell silent."""
        printed, raised = self._call("exec_raw", code, timeout=timeout_s)
        if raised:
            lines = raised.decode("utf-8", "replace").strip().splitlines()
            raise LinkLost("K111", f"a program on the board ended with {lines[-1][:200]}", where="; ".join(lines[-3:-1])[:200])
        return str(printed.decode("utf-8", "replace")).replace("\r\n", "\n")

    def launch(self, code: str) -> None:
        """Starts a program that does not return to the REPL, such as a reset."""
        self._call("exec_raw_no_follow", code)

    def _call(self, name: str, *arguments: Any, **options: Any) -> Any:
        try:
            with redirect_stdout(io.StringIO()):  # mpremote prints what it did not expect
                return getattr(self._mpremote, name)(*arguments, **options)
        except self._errors.TransportError as problem:
            raise LinkLost("K105", f"the board does not answer as MicroPython does: {str(problem)[:200]}") from None


def transport_over(connection: Connection) -> Any:
    """mpremote's serial transport on a connection that is open already."""
    kind = require("mpremote.transport_serial", "mpremote").SerialTransport
    transport = kind.__new__(kind)
    transport.in_raw_repl = False
    transport.use_raw_paste = True
    transport.device_name = "neurula"
    transport.mounted = False
    transport.is_pty = False
    transport.serial = Face(connection)
    transport.read_until = transport.serial.read_until
    return transport
