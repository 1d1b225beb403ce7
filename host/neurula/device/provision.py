"""A board's key and its Wi-Fi, carried to it over the cable: the only moment at which the key is on a line."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass

from neurula.device.board_programs import HOLD_WATCHDOG, RESET, STAGED, WRITER
from neurula.device.install import send_file
from neurula.device.ports import Connection
from neurula.device.repl import Repl
from neurula.errors import InvalidInput, LinkLost, UsageError
from neurula.link.device_keys import DeviceKey

UDP_FILE = "/neurula_udp.json"
SSID_BYTES_MAX = 32
PASSWORD_CHARACTERS = range(8, 64)
HAS_RADIO = """
try:
    import network
    print("radio", hasattr(network, "WLAN"))
except ImportError:
    print("radio", False)
"""


@dataclass(frozen=True, slots=True, repr=False)
class Wifi:
    """A network to join; password "" for an open one."""

    ssid: str
    password: str

    def __post_init__(self) -> None:
        """InvalidInput L128 for what no network can have."""
        if not 0 < len(self.ssid.encode()) <= SSID_BYTES_MAX or "\0" in self.ssid:
            raise InvalidInput("L128", f"the name of a network has 1 to {SSID_BYTES_MAX} bytes")
        readable = self.password.isascii() and self.password.isprintable()
        if self.password and (len(self.password) not in PASSWORD_CHARACTERS or not readable):
            raise InvalidInput("L128", "the password of a network has 8 to 63 ASCII characters")

    def __repr__(self) -> str:
        return f"Wifi({self.ssid!r})"


def board_file(device: DeviceKey, wifi: Wifi) -> bytes:
    """What the board reads at boot (neurula_mcu.udp_link)."""
    facts = {"name": device.name, "port": device.port, "key": device.key.hex(), "ssid": wifi.ssid, "password": wifi.password}
    return (json.dumps(facts) + "\n").encode()


def provision(connection: Connection, device: DeviceKey, wifi: Wifi) -> None:
    """Writes the board's file, whole or not at all, and restarts the board. UsageError L127 for a board without Wi-Fi."""
    repl = Repl(connection)
    repl.enter()
    try:
        repl.run(HOLD_WATCHDOG)
        if repl.run(HAS_RADIO).split()[-1:] != ["True"]:
            raise UsageError("L127", "this board has no Wi-Fi")
        repl.run(WRITER)
        send_file(repl, UDP_FILE + STAGED, board_file(device, wifi), lambda _: None)
        repl.run(f"import os\nos.rename({UDP_FILE + STAGED!r}, {UDP_FILE!r})")
    finally:
        with suppress(LinkLost):  # nobody is left to answer
            repl.launch(RESET)
