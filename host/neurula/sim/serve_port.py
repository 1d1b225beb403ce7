"""An emulated Pico behind a TCP port, for everything that opens `socket://HOST:PORT`: pyserial, mpremote, `neurula --port`.

    python -m neurula.sim.serve_port [--port 4321] [--flash FILE]

The emulation keeps step with the clock on the wall as far as this computer can. One client at a time is served; between
clients the board runs on, and what it prints is lost, as with a cable that nobody holds."""

from __future__ import annotations

import argparse
import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from neurula.errors import LinkLost
from neurula.sim.flash import FLASH_BYTES
from neurula.sim.rp2040 import Rp2040

SLICE_S = 0.005  # emulated seconds between two looks at the socket
AHEAD_S = 0.02  # how far the emulated clock may be in front of the wall's
BLOCK_BYTES = 4096


class PortServer:
    """Serves one booted board. Everything happens in the thread that calls `serve`; `stop` may come from another."""

    def __init__(self, board: Rp2040, port: int = 0) -> None:
        self._board = board
        self._listener = socket.create_server(("127.0.0.1", port))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._client: socket.socket | None = None
        self._stopped = threading.Event()

    def serve(self) -> None:
        """Until `stop`, or until the emulation cannot go on (LinkLost)."""
        behind = self._board.seconds() - time.monotonic()
        try:
            while not self._stopped.is_set():
                ahead = self._board.seconds() - time.monotonic() - behind
                if ahead < -AHEAD_S:
                    behind += ahead  # too slow a computer: do not race afterwards
                self._take_in(max(0.0, ahead - AHEAD_S))
                self._hand_out(self._board.read(SLICE_S))
        finally:
            self._drop()
            self._listener.close()

    def stop(self) -> None:
        self._stopped.set()

    def _take_in(self, wait_s: float) -> None:
        """What the client sent goes to the board; nobody there: whoever knocks is let in."""
        readable, _, _ = select.select([self._client or self._listener], [], [], wait_s)
        if not readable:
            return
        if self._client is None:
            self._client, _ = self._listener.accept()
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return
        try:
            data = self._client.recv(BLOCK_BYTES)
        except OSError:
            data = b""
        if data:
            self._board.write(data)
        else:
            self._drop()

    def _hand_out(self, data: bytes) -> None:
        if data and self._client is not None:
            try:
                self._client.sendall(data)
            except OSError:
                self._drop()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


@contextlib.contextmanager
def served(board: Rp2040, port: int = 0) -> Iterator[str]:
    """Serves a booted board in a thread of its own while the block runs; the URL. What stopped the emulation is raised at the end."""
    server = PortServer(board, port)
    failed: list[LinkLost] = []

    def serve() -> None:
        try:
            server.serve()
        except LinkLost as problem:
            failed.append(problem)

    thread = threading.Thread(target=serve, name="emulated board", daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.stop()
        thread.join()
    if failed:
        raise failed[0]


def main() -> None:
    """The board of a flash file, which keeps what the board writes; without one a new board."""
    parser = argparse.ArgumentParser(description="An emulated Raspberry Pi Pico behind a TCP port.")
    parser.add_argument("--port", type=int, default=4321, help="TCP port on this computer (0 = any)")
    parser.add_argument("--flash", type=Path, help="file with the 2 MB of flash; made when it does not exist")
    options = parser.parse_args()
    kept = options.flash.read_bytes()[:FLASH_BYTES] if options.flash and options.flash.is_file() else None
    with Rp2040(flash=kept) as board:
        server = PortServer(board, options.port)
        print(f"emulated Pico at {server.url}; Ctrl-C cuts its power", flush=True)
        try:
            server.serve()
        except KeyboardInterrupt:
            print()
        finally:
            if options.flash:
                options.flash.write_bytes(board.flash_bytes())


if __name__ == "__main__":
    main()
