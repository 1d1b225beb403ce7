"""Emulated boards in processes of their own, which can be copied while they run: a test goes on where a board has got to.

    with BoardProcess(flash) as board:        # booted up to its console
        board.sleep(1.0)                      # every method and property of Rp2040, carried out over there
        with board.copy() as twin: ...        # the same instant, from here on a life of its own
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from neurula.errors import NeurulaError
from neurula.sim.rp2040 import Rp2040

WALL_LIMIT_S = 600.0


class BoardProcess:
    """The near end of an emulated board."""

    def __init__(self, flash: bytes | None = None, *, inputs: Mapping[int, int] | None = None, near: socket.socket | None = None) -> None:
        """inputs: levels of GPIO from before power-on. near: of a process that exists."""
        self._process: subprocess.Popen[bytes] | None = None
        if near is None:
            near, far = socket.socketpair()
            with far:
                environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
                command = [sys.executable, "-m", __name__, str(far.fileno())]
                self._process = subprocess.Popen(command, pass_fds=[far.fileno()], env=environment, start_new_session=True)
        self._near = near
        self._stream = near.makefile("rwb")
        if flash is not None:
            self._ask("power on", flash, dict(inputs or {}))

    def _order(self, name: str, *arguments: Any, **named: Any) -> None:
        pickle.dump((name, arguments, named), self._stream)
        self._stream.flush()

    def _ask(self, name: str, *arguments: Any, **named: Any) -> Any:
        self._order(name, *arguments, **named)
        value, failure = pickle.load(self._stream)
        if failure is not None:
            kind, arguments, named = failure
            raise kind(*arguments, **named)
        return value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if isinstance(getattr(Rp2040, name), property):
            return self._ask(name)
        return lambda *arguments, **named: self._ask(name, *arguments, **named)

    def copy(self) -> BoardProcess:
        """The board as it is now, a second time."""
        self._order("copy")
        _, (near, *_), _, _ = socket.recv_fds(self._near, 1, 1)
        return BoardProcess(near=socket.socket(fileno=near))

    def close(self) -> None:
        """Ends the process; harmless when repeated."""
        self._stream.close()
        self._near.close()
        if self._process is not None:
            self._process.wait()

    def __enter__(self) -> BoardProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def serve(far: socket.socket) -> None:
    """The far end: carries out orders until nobody is left to give them."""
    stream = far.makefile("rwb")
    board: Any = None
    while True:
        try:
            name, arguments, named = pickle.load(stream)
        except EOFError:
            os._exit(0)
        if name == "copy":
            far, stream = copy(far, stream)
            continue
        try:
            value: Any = None
            if name == "power on":
                board = power_on(*arguments)
            else:
                value = getattr(board, name)
                value = value(*arguments, **named) if callable(value) else value
            answer: Any = (value, None)
        except NeurulaError as error:
            answer = (None, (type(error), (error.code, error.message), {"where": error.where, "remedy": error.remedy}))
        except Exception as error:
            answer = (None, (type(error), error.args, {}))
        pickle.dump(answer, stream)
        stream.flush()


def copy(far: socket.socket, stream: Any) -> tuple[socket.socket, Any]:
    """Forks. Who asked goes on with the old end, the copy with a new one."""
    near, new = socket.socketpair()
    if os.fork():
        socket.send_fds(far, [b"+"], [near.fileno()])
        near.close()
        new.close()
        return far, stream
    near.close()
    stream.close()
    far.close()
    return new, new.makefile("rwb")


def power_on(flash: bytes, inputs: Mapping[int, int]) -> Rp2040:
    board = Rp2040(flash=flash, wall_limit_s=WALL_LIMIT_S)
    for number, level in inputs.items():
        board.set_pin(number, level)
    board.start()
    return board


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # copies that have ended need nobody to look at them
    serve(socket.socket(fileno=int(sys.argv[1])))
