"""Ports of the network whose other end resets the connection: nothing stays open (an open socket is a warning, and an error here)."""

from __future__ import annotations

import gc
import socket
import struct

import pytest

from neurula.link.serial_ports import close_port, open_port

pytest.importorskip("serial")


def reset(connection: socket.socket) -> None:
    """Closes as a machine does that is gone: what still comes is refused."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        yield server


def test_a_port_is_closed_after_the_other_end_has_reset_it(listener: socket.socket) -> None:
    port = open_port(f"socket://127.0.0.1:{listener.getsockname()[1]}", 115_200, 0.1, 1.0)
    connection = port._socket
    reset(listener.accept()[0])
    with pytest.raises(OSError, match=r"\S"):
        port.read(1)
    close_port(port)
    assert connection.fileno() == -1


def test_a_port_that_is_reset_while_it_opens_leaves_nothing_open(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    connect, made = socket.create_connection, []

    def connect_and_lose(*arguments: object, **more: object) -> socket.socket:
        made.append(connect(*arguments, **more))
        reset(listener.accept()[0])
        return made[-1]

    monkeypatch.setattr(socket, "create_connection", connect_and_lose)
    with pytest.raises(OSError, match="read failed"):
        open_port(f"socket://127.0.0.1:{listener.getsockname()[1]}", 115_200, 0.1, 1.0)
    assert made[0].fileno() == -1
    del made[:]
    gc.collect()
