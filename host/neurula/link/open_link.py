"""A link by its address, as a person writes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from neurula.errors import UsageError
from neurula.link.link import Link

FORMS = "a serial port's path, socket://HOST:PORT, rfc2217://HOST:PORT, tcp://HOST:PORT, udp://NAME, zmq:ENDPOINT, or pty:[PATH]"


def open_link(address: str, keys: Path | None = None) -> Link:
    """The link, not opened yet: a Session opens it, and opens it again. keys: the folder of `device_keys`, for udp://NAME.

    FORMS are its forms. UsageError L120 for an address that is none of them, L119 for a board without a key."""
    scheme, separator, rest = address.partition(":")
    if separator and scheme in OPENERS:
        return OPENERS[scheme](rest.removeprefix("//") if scheme != "zmq" else rest, keys)
    if not address or (separator and len(scheme) > 1 and "//" in rest and scheme not in ("socket", "rfc2217", "spy", "loop")):
        raise unknown(address)
    from neurula.link.serial_link import SerialLink

    return SerialLink(address)


def open_tcp(place: str, keys: Path | None) -> Link:
    from neurula.link.tcp_link import TcpLink

    host, _, port = place.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 65_536:
        raise unknown(f"tcp://{place}")
    return TcpLink(host.strip("[]"), int(port))


def open_udp(name: str, keys: Path | None) -> Link:
    from neurula.link.device_keys import read_key
    from neurula.link.udp_link import UdpLink

    device = read_key(name, keys)
    return UdpLink(device.host, device.key, device.port)


def open_zmq(endpoint: str, keys: Path | None) -> Link:
    from neurula.link.zmq_link import ZmqLink

    return ZmqLink(endpoint)


def open_pty(path: str, keys: Path | None) -> Link:
    from neurula.link.pty_link import PtyLink

    return PtyLink(Path(path) if path else None)


OPENERS: dict[str, Callable[[str, Path | None], Link]] = {"tcp": open_tcp, "udp": open_udp, "zmq": open_zmq, "pty": open_pty}


def unknown(address: str) -> UsageError:
    return UsageError("L120", f"{address[:100]!r} is no address of a link: {FORMS}")
