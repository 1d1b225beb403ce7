"""What runs on the attached boards, without disturbing what might be none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neurula.device.find import Device
from neurula.device.link import BoardLink, Hello
from neurula.device.ports import open_connection
from neurula.errors import NeurulaError


@dataclass(frozen=True, slots=True)
class Seen:
    """state: for a person; hello: None where no firmware of ours answered."""

    device: Device
    state: str
    hello: Hello | None = None


def survey(devices: Iterable[Device], *, ask_bridges: bool) -> tuple[Seen, ...]:
    """ask_bridges: also open USB-to-UART bridges. Opening one resets whatever is behind it, a printer in the middle of its work too."""
    return tuple(look(device, ask_bridges) for device in devices)


def look(device: Device, ask_bridges: bool) -> Seen:
    if device.kind in ("drive", "bootloader"):
        return Seen(device, "bootloader: waits for --micropython")
    if device.bridge and not ask_bridges:
        return Seen(device, "not asked (name it with --port)")
    try:
        connection = open_connection(device)
    except NeurulaError as problem:
        return Seen(device, problem.message)
    try:
        hello = BoardLink(connection).hello()
    except NeurulaError:
        return Seen(device, "no firmware of neurula answers")
    finally:
        connection.close()
    place = "" if hello.slot == "-" else f" in slot {hello.slot}"
    return Seen(device, f"{hello.state}{place}, burst {hello.burst:,}", hello)
