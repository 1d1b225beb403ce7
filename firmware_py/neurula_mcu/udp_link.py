"""Frames over Wi-Fi: the board listens on a UDP port and believes one host at a time, by the key of `neurula device provision`.

Nothing in here waits. Datagrams take memory, other than frames on a cable: the garbage is collected when the heap is full."""

import socket

from neurula_mcu.link import Link, no_stimulus, nothing
from neurula_mcu.ticks import ticks_diff, ticks_ms
from neurula_mcu.udp_auth import DATAGRAM_MAX, HEAD_BYTES, TAG_BYTES, BoardAuth

FACTS_FILE = "neurula_udp.json"
PORT = 4710
JOIN_MS = 10000  # between two attempts to join the network
DATAGRAMS_AT_ONCE = 4  # that are refused before the next burst
LOOKS = 256  # at the socket between two at the network


class UdpPort:
    """A port as neurula_mcu.port describes it, on a socket."""

    def __init__(self, key, port=PORT, host="0.0.0.0"):
        self.auth = BoardAuth(key)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(socket.getaddrinfo(host, port)[0][-1])
        self.socket.setblocking(False)
        self.peer = None
        self.payload = b""
        self.at = 0
        self.lost = 0

    def read_into(self, buffer):
        """As many bytes of one datagram as there are and fit; how many."""
        for _ in range(DATAGRAMS_AT_ONCE):
            if self.at < len(self.payload):
                break
            try:
                datagram, sender = self.socket.recvfrom(DATAGRAM_MAX + 1)
            except OSError:
                return 0
            self.take(datagram, sender)
        count = min(len(buffer), len(self.payload) - self.at)
        buffer[:count] = self.payload[self.at : self.at + count]
        self.at += count
        return count

    def take(self, datagram, sender):
        size = len(datagram)
        found = self.auth.take(datagram, size)
        if found is True:
            self.peer = sender
            self.payload = memoryview(datagram)[HEAD_BYTES : size - TAG_BYTES]
            self.at = 0
        elif found:
            self.post(found, sender)

    def write(self, buffer, size):
        """One datagram to the host that was believed last; lost while there is none."""
        if self.auth.channel is not None:
            self.post(self.auth.channel.seal(bytes(memoryview(buffer)[:size])), self.peer)

    def post(self, datagram, to):
        try:
            self.socket.sendto(datagram, to)
        except OSError:
            self.lost += 1

    def leave(self, rest):
        """No REPL listens here."""

    def close(self):
        self.socket.close()


class Station:
    """Keeps the board in a Wi-Fi network. network: the module of that name."""

    def __init__(self, network, name, ssid, password):
        self.ssid, self.password = ssid, password
        if hasattr(network, "hostname"):
            network.hostname(name)
        self.interface = network.WLAN(network.STA_IF)
        self.interface.active(True)
        self.join()

    def join(self):
        self.tried_ms = ticks_ms()
        try:
            self.interface.connect(self.ssid, self.password)
        except OSError:  # it is at it already
            pass

    def keep(self):
        """To be called now and then; whether the board is in the network."""
        if self.interface.isconnected():
            self.tried_ms = ticks_ms()
            return True
        if not 0 <= ticks_diff(ticks_ms(), self.tried_ms) < JOIN_MS:
            self.join()
        return False


class Links:
    """The console and the radio as one link: whoever greets last has the board, and the session of the other one ends."""

    def __init__(self, console, radio, station):
        self.console = console
        self.radio = radio
        self.station = station
        self.looks = 0

    def serve(self, loop):
        console, radio = self.console, self.radio
        before = console.session
        came = console.serve(loop)
        if console.session != before:
            end(radio)
        before = radio.session
        if radio.serve(loop):
            came = True
        if radio.session != before:
            end(console)
        self.looks = (self.looks + 1) % LOOKS
        if not self.looks:
            self.station.keep()
        return came

    def sense(self, count):
        return self.radio.sense(self.console.sense(count))

    def decode(self):
        self.console.decode()
        self.radio.decode()

    def publish(self, loop):
        self.console.publish(loop)
        self.radio.publish(loop)


def end(link):
    """Takes the board away from a host."""
    link.session = 0
    link.forget()
    link.channels = None
    link.take, link.sense, link.decode = nothing, no_stimulus, nothing


def open_port():
    """(UdpPort, Station) of the board's own file; None where it has none or cannot."""
    try:
        import json
        import network
        from binascii import unhexlify

        with open(FACTS_FILE) as file:
            facts = json.load(file)
        station = Station(network, facts["name"], facts["ssid"], facts["password"])
        return UdpPort(unhexlify(facts["key"]), facts["port"]), station
    except (ImportError, OSError, ValueError, KeyError, TypeError):
        return None


def with_radio(console):
    """The link that a board serves: the console's, and the radio's if the board was provisioned."""
    found = open_port()
    return console if found is None else Links(console, Link(found[0]), found[1])
