"""A pseudo-terminal: to programs that expect a serial port it looks like one, at `path`."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import tty
from pathlib import Path

from neurula.link.link import ClosingLink, broken, stuck

READ_BYTES = 65_536
SEND_S = 0.25
POLL_S = 0.005  # between two looks whether somebody has opened the port


class PtyLink(ClosingLink):
    """The board's side. While nobody has the port open, nothing arrives and what is sent is lost, as on an unplugged cable.

    symlink: a path of your choice that leads to the port as long as the link is open."""

    def __init__(self, symlink: Path | None = None) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._symlink = symlink
        if symlink is not None:
            symlink.unlink(missing_ok=True)
            symlink.symlink_to(self.path)

    @property
    def name(self) -> str:
        return f"pty {self.path}"

    def attended(self) -> bool:
        """Whether somebody has the port open."""
        return not self._events(0, 0.0) & select.POLLHUP

    def send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest and self.attended():
            try:
                rest = rest[os.write(self._master, rest) :]
            except BlockingIOError:
                if not self._events(select.POLLOUT, SEND_S) & (select.POLLOUT | select.POLLHUP):
                    raise stuck(self.name) from None
            except OSError as problem:
                raise broken(self.name, problem) from None

    def receive(self, timeout_s: float) -> bytes:
        events = self._events(select.POLLIN, timeout_s)
        if not events & select.POLLIN:
            if events & select.POLLHUP and timeout_s > 0:  # poll does not wait while nobody is there
                select.select([], [], [], min(timeout_s, POLL_S))
            return b""
        try:
            return os.read(self._master, READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as problem:
            if problem.errno == errno.EIO:  # closed between the two calls
                return b""
            raise broken(self.name, problem) from None

    def reopen(self) -> bool:
        return self.attended()

    def close(self) -> None:
        master, self._master = self._master, -1
        if master < 0:
            return
        os.close(master)
        if self._symlink is not None:
            with contextlib.suppress(OSError):
                self._symlink.unlink()

    def _events(self, wanted: int, timeout_s: float) -> int:
        if self._master < 0:
            raise broken(self.name, "closed")
        poller = select.poll()
        poller.register(self._master, wanted)
        return next((events for _, events in poller.poll(1000.0 * max(0.0, timeout_s))), 0)
