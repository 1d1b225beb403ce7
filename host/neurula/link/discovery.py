"""Who is there: boards and simulated boards announce themselves by multicast DNS (zeroconf), and hosts look for them.

A name found this way proves nothing; only the key does (see udp_auth)."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from neurula.errors import UsageError
from neurula.link.link import ClosingLink
from neurula.link.packages import require

KINDS = {"udp": "_neurula._udp.local.", "tcp": "_neurula._tcp.local."}
FOUND_MAX = 256  # a network full of strangers does not fill the memory
TEXT_MAX = 64
NAME_MAX = 48  # bytes of a label that leave room for a suffix


@dataclass(frozen=True, slots=True)
class Found:
    """One that announced itself. kind: "udp" or "tcp"; properties: what it says of itself, such as board and fingerprint."""

    name: str
    kind: str
    addresses: tuple[str, ...]
    port: int
    properties: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name} at {self.kind}://{self.addresses[0] if self.addresses else '?'}:{self.port}"


class Announcement(ClosingLink):
    """Says in the network, until it is closed, that something answers at a port.

    interfaces: addresses of this host's network cards; all of them by default. UsageError L115 for a name that cannot be announced."""

    def __init__(self, name: str, port: int, kind: str = "udp", properties: Mapping[str, str] | None = None,
                 interfaces: Sequence[str] | None = None) -> None:
        zeroconf = require("zeroconf", "zeroconf")
        self.name = plain_name(name)
        self._zeroconf: Any = zeroconf.Zeroconf(**chosen(interfaces))
        addresses = [socket.inet_aton(address) for address in interfaces] if interfaces else own_addresses()
        info = zeroconf.ServiceInfo(
            KINDS[kind], f"{self.name}.{KINDS[kind]}", addresses=addresses, port=port,
            properties=dict(properties or {}), server=f"{self.name}.local.",
        )
        try:
            self._zeroconf.register_service(info)
        except zeroconf.Error as problem:
            self.close()
            raise UsageError("L115", f"the name {name!r} cannot be announced: {type(problem).__name__}") from None

    def close(self) -> None:
        announced, self._zeroconf = self._zeroconf, None
        if announced is not None:
            announced.close()


def discover(timeout_s: float = 3.0, name: str | None = None, interfaces: Sequence[str] | None = None) -> tuple[Found, ...]:
    """All that announce themselves, by name; with a name only that one, as soon as it is found."""
    zeroconf = require("zeroconf", "zeroconf")
    found: dict[str, Found] = {}
    done = Event()
    browsing = zeroconf.Zeroconf(**chosen(interfaces))

    def heard(zeroconf: Any, service_type: str, name: str, state_change: Any) -> None:
        if len(found) < FOUND_MAX and state_change.name != "Removed":
            seen = read_service(zeroconf, service_type, name)
            if seen is not None:
                found[name] = seen
                if seen.name == wanted:
                    done.set()

    wanted = None if name is None else plain_name(name)
    try:
        zeroconf.ServiceBrowser(browsing, list(KINDS.values()), handlers=[heard])
        done.wait(timeout_s)
    finally:
        browsing.close()
    every = sorted(found.values(), key=lambda seen: (seen.name, seen.kind))
    return tuple(seen for seen in every if wanted in (None, seen.name))


def find_host(name: str, timeout_s: float = 2.0, interfaces: Sequence[str] | None = None) -> str | None:
    """The address of NAME.local, as boards answer that only have a name (stock MicroPython on an ESP32); None if nobody does."""
    zeroconf = require("zeroconf", "zeroconf")
    asking = zeroconf.Zeroconf(**chosen(interfaces))
    try:
        resolver = zeroconf.AddressResolverIPv4(f"{plain_name(name.removesuffix('.local'))}.local.")
        if not resolver.request(asking, 1000.0 * timeout_s):
            return None
        return next(iter(resolver.parsed_addresses()), None)
    finally:
        asking.close()


def read_service(zeroconf: Any, service_type: str, name: str) -> Found | None:
    """What one service says of itself; None if it says nothing in time or nothing usable."""
    info = zeroconf.get_service_info(service_type, name, timeout=1000)
    if info is None or not info.port:
        return None
    kind = next(kind for kind, of_kind in KINDS.items() if of_kind == service_type)
    told = {}
    for key, value in list((info.properties or {}).items())[:32]:
        with contextlib.suppress(UnicodeDecodeError):
            told[key.decode("ascii")[:TEXT_MAX]] = (value or b"").decode("utf-8")[:TEXT_MAX]
    return Found(name.removesuffix("." + service_type), kind, tuple(info.parsed_addresses()), info.port, told)


def plain_name(name: str) -> str:
    """The name in letters, digits and hyphens. UsageError L115 when nothing is left or it is too long."""
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in name).strip("-")
    if not plain or len(plain) > NAME_MAX:
        raise UsageError("L115", f"{name!r} is no name for the network: 1 to {NAME_MAX} letters, digits and hyphens")
    return plain


def chosen(interfaces: Sequence[str] | None) -> dict[str, Any]:
    return {"interfaces": list(interfaces)} if interfaces else {}


def own_addresses() -> list[bytes]:
    """IPv4 addresses of this host's network cards, loopback only if there is no other."""
    ifaddr = require("ifaddr", "ifaddr")
    every = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    outside = [address for address in every if not address.startswith("127.")]
    return [socket.inet_aton(address) for address in outside or every]
