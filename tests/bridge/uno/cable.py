"""An emulated Arduino on a serial port of this computer, at the pace of the clock on the wall."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurula.link.pty_link import PtyLink
from tests.bridge.uno.uno import Uno

SLICE_S = 0.002
AHEAD_S = 0.01


@contextmanager
def on_a_port(uno: Uno, path: Path) -> Iterator[None]:
    """While the block runs, the board is behind this path, and its time passes."""
    port, stopped = PtyLink(path), threading.Event()

    def live() -> None:
        behind = uno.seconds() - time.monotonic()
        while not stopped.is_set():
            ahead = uno.seconds() - time.monotonic() - behind
            if ahead < -AHEAD_S:
                behind += ahead  # too slow a computer: it does not race afterwards
            data = port.receive(max(0.0, ahead - AHEAD_S))
            if data:
                uno.write(data)
            said = uno.read(SLICE_S)
            if said:
                port.send(said)

    thread = threading.Thread(target=live, name="emulated Arduino", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
        port.close()
