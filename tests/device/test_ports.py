"""A serial port, here a pseudo-terminal: bytes pass, silence ends in time, and a board that vanishes is found again."""

from __future__ import annotations

import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from neurula.device.find import Device
from neurula.device.ports import SerialPort, open_connection
from neurula.errors import DeviceNotFound, LinkLost


class Terminal:
    """Our end of a pseudo-terminal whose other end has a name that can be given anew."""

    def __init__(self, name: Path) -> None:
        self.name = name
        self.ours, theirs = pty.openpty()
        tty.setraw(theirs)
        name.unlink(missing_ok=True)
        name.symlink_to(os.ttyname(theirs))
        self._theirs = theirs

    def unplug(self) -> None:
        os.close(self.ours)
        os.close(self._theirs)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path / "board")
    yield made
    for descriptor in (made.ours, made._theirs):
        try:
            os.close(descriptor)
        except OSError:
            continue


def device_of(terminal: Terminal) -> Device:
    return Device(str(terminal.name), "serial", "serial port")


def test_bytes_pass_both_ways(terminal: Terminal) -> None:
    port = open_connection(device_of(terminal))
    everything = bytes(range(256))
    port.write(everything)
    assert os.read(terminal.ours, 1000) == everything
    os.write(terminal.ours, everything + b"end")
    assert port.read_until(b"end", 5.0) == everything + b"end"
    port.close()
    port.close()


def test_silence_ends_in_time_with_what_has_come(terminal: Terminal) -> None:
    port = open_connection(device_of(terminal))
    os.write(terminal.ours, b"half a line")
    with pytest.raises(LinkLost) as caught:
        port.read_until(b"\n", 0.1)
    assert caught.value.code == "K105"
    assert "half a line" in caught.value.where
    assert port.read(0.0) == b"half a line"
    assert port.read(0.0) == b""
    port.close()


def test_a_board_that_vanishes_is_told_and_found_when_it_is_back(terminal: Terminal, tmp_path: Path) -> None:
    port = open_connection(device_of(terminal))
    terminal.unplug()
    for action in (lambda: port.read(0.5), lambda: port.write(b"x")):
        with pytest.raises(LinkLost) as caught:
            action()
        assert caught.value.code == "K106"
    terminal.name.unlink()
    with pytest.raises(LinkLost) as caught:
        port.reconnect(0.0)
    assert caught.value.code == "K106"
    again = Terminal(tmp_path / "board")
    port.reconnect(1.0)
    os.write(again.ours, b"back")
    assert port.read_until(b"back", 5.0) == b"back"
    port.close()
    again.unplug()


def test_a_closed_port_is_no_bug(terminal: Terminal) -> None:
    port = open_connection(device_of(terminal))
    port.close()
    with pytest.raises(LinkLost) as caught:
        port.read(0.0)
    assert caught.value.code == "K106"


@pytest.mark.parametrize("name", ["nothing", "folder", "spam://x", "socket://", "socket://127.0.0.1:99999", "rfc2217://127.0.0.1:1"])
def test_what_cannot_be_opened_is_not_found(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    port = name if "://" in name else str(tmp_path / name)
    with pytest.raises(DeviceNotFound) as caught:
        SerialPort(Device(port, "serial", "port"))
    assert (caught.value.code, caught.value.exit_code) == ("K103", 3)


def test_two_commands_do_not_share_a_port(terminal: Terminal) -> None:
    port = open_connection(device_of(terminal))
    with pytest.raises(DeviceNotFound) as caught:
        open_connection(device_of(terminal))
    assert caught.value.code == "K103"
    port.close()
