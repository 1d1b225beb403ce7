"""Ports of pyserial, opened and closed so that nothing stays open behind them when the other end is gone."""

from __future__ import annotations

import contextlib
import sys
from typing import Any


def open_port(url: str, baud: int, timeout_s: float, write_timeout_s: float) -> Any:
    """A path or URL, for this program alone where the system can. OSError or ValueError when it cannot be opened."""
    from serial import serial_for_url

    exclusive = None if sys.platform == "win32" or "://" in url else True
    port = serial_for_url(url, baud, timeout=timeout_s, write_timeout=write_timeout_s, exclusive=exclusive, do_not_open=True)
    try:
        port.open()
    except BaseException:
        close_port(port)
        raise
    return port


def close_port(port: Any) -> None:
    """Never fails. pyserial does not close a socket whose other end has reset the connection."""
    connection = getattr(port, "_socket", None)
    with contextlib.suppress(OSError):
        port.close()
    if connection is not None:
        connection.close()
