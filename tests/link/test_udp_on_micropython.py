"""The board's half of UDP on MicroPython, 64- and 32-bit, with real sockets of this computer. No radio: that no emulator has."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator

import pytest

from neurula.device.provision import Wifi, board_file
from neurula.errors import LinkLost
from neurula.link.device_keys import DeviceKey
from neurula.link.session import Session, SessionState
from neurula.link.udp_auth import KEY_BYTES, BoardAuth, HostAuth, Opener, Sealer
from neurula.link.udp_link import UdpLink
from neurula.link.wire import GetStats, Stats
from neurula.runtimes.firmware_files import firmware_source
from neurula.sim.unix import UnixMicroPython

KEY = bytes(range(100, 100 + KEY_BYTES))
EVIL = 20_000
WAIT_S = 20.0
ECHO = f"""
from neurula_mcu.udp_link import UdpPort
port = UdpPort({KEY!r}, PORT, "127.0.0.1")
print("listening")
buffer = bytearray(300)
while True:
    n = port.read_into(buffer)
    if n and bytes(buffer[:n]) == b"count":
        answer = b"%d %d" % (port.auth.refused, port.lost)
        port.write(answer, len(answer))
    elif n:
        port.write(buffer, n)
"""
JUDGE = f"""
import sys
from binascii import unhexlify
from neurula_mcu.udp_auth import Channel, Tagger
channel = Channel(Tagger({KEY!r}), bytes(32))
channel.forth = Tagger({KEY!r})
print("ready")
while True:
    line = sys.stdin.readline().strip()
    if not line:
        break
    datagram = unhexlify(line)
    sys.stdout.write("1" if channel.open(datagram, len(datagram)) else "0")
"""
FLOOD = f"""
from neurula_mcu.udp_auth import BoardAuth
import gc
seed = SEED
def chance():
    global seed
    seed = (seed * 1103515245 + 12345) & 0x3FFFFFFF
    return seed >> 8
board = BoardAuth({KEY!r})
from binascii import unhexlify
withheld = unhexlify(b"WITHHELD")
first = unhexlify(b"FIRST")
board.take(unhexlify(b"GREETING"), 25)
board.asked.nonces = unhexlify(b"NONCES")
from neurula_mcu.udp_auth import Channel
board.asked = Channel(board.tagger, board.asked.nonces)
believed = board.take(first, len(first)) is True
evil = 0
changed = bytearray(withheld)
gc.collect()
before = gc.mem_alloc()
for i in range({EVIL}):
    changed[:] = withheld
    changed[chance() % len(changed)] ^= 1 << (chance() & 7)
    size = len(changed) if i & 3 else chance() % len(changed)
    evil += board.take(changed, size) is True
    evil += board.take(first, len(first)) is True
gc.collect()
print(believed, evil, board.take(withheld, len(withheld)), gc.mem_alloc() - before < 500)
"""


@pytest.fixture
def chance() -> random.Random:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    return random.Random(seed)


@pytest.fixture(params=["unix64", pytest.param("unix32", marks=pytest.mark.needs_firmware)])
def machine(request: pytest.FixtureRequest) -> Iterator[UnixMicroPython]:
    with UnixMicroPython(request.param, import_path=[firmware_source().parent]) as started:
        yield started


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def greet(link: UdpLink) -> None:
    while not link.accepted:
        link.reopen()
        link.receive(0.1)


def ask(link: UdpLink, data: bytes) -> bytes:
    """The answer to a datagram; asked again while nothing comes."""
    for _ in range(200):
        link.send(data)
        if answer := link.receive(0.1):
            return answer
        link.reopen()
    pytest.fail("no answer")


def start_echo(machine: UnixMicroPython, port: int) -> None:
    machine.launch(ECHO.replace("PORT", str(port)))
    machine.read_until(b"listening", WAIT_S)


def test_frames_pass_both_ways_over_a_real_socket(machine: UnixMicroPython, chance: random.Random) -> None:
    port = free_port()
    start_echo(machine, port)
    with UdpLink("127.0.0.1", KEY, port) as link:
        greet(link)
        for _ in range(200):
            frame = chance.randbytes(chance.randint(1, 250))
            assert ask(link, frame) == frame
        assert link.refused == 0


def test_strangers_get_no_answer_and_a_board_that_restarts_is_greeted_again(machine: UnixMicroPython, chance: random.Random) -> None:
    port = free_port()
    start_echo(machine, port)
    with UdpLink("127.0.0.1", KEY, port) as link, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        greet(link)
        assert ask(link, b"hello") == b"hello"
        stranger.setblocking(False)
        for size in range(1, 200):
            stranger.sendto(chance.choice((b"\x11", b"\x13", b"")) + chance.randbytes(size), ("127.0.0.1", port))
            if size % 20 == 0:
                assert ask(link, b"still here") == b"still here"
        with pytest.raises(BlockingIOError):
            stranger.recv(100)
        assert ask(link, b"count").split()[0] == b"199"
        start_echo(machine, port)  # it has forgotten the session
        link.send(b"lost")
        assert link.receive(0.2) == b""
        assert ask(link, b"again") == b"again"


def test_the_window_is_the_same_as_the_hosts(machine: UnixMicroPython, chance: random.Random) -> None:
    sealer, opener = Sealer(KEY), Opener(KEY)
    known = [sealer.seal(b"abc")]
    expected = ""
    machine.launch(JUDGE)
    machine.read_until(b"ready\n", WAIT_S)
    for _ in range(4000):
        if chance.random() < 0.6:
            if chance.random() < 0.03:
                sealer.counter += chance.choice((1, 62, 63, 64, 65, 1000, 1 << 29, 1 << 31, 1 << 40))
            known.append(sealer.seal(b"abc"))
        datagram = known[-1] if chance.random() < 0.5 else chance.choice(known[-150:])
        if chance.random() < 0.1:
            datagram = datagram[:-1] + bytes([datagram[-1] ^ 1])
        expected += "1" if opener.open(datagram) is not None else "0"
        machine.write(datagram.hex().encode() + b"\n")
    machine.write(b"\n")
    assert machine.read_exactly(len(expected), WAIT_S).decode() == expected
    assert expected.count("1") > 1000


def test_nothing_changed_or_repeated_is_believed_and_memory_stays_flat(machine: UnixMicroPython, chance: random.Random) -> None:
    host, twin = HostAuth(KEY), BoardAuth(KEY)
    greeting = host.greeting()
    _, acceptance = twin.take(greeting)
    assert acceptance is not None
    host.take(acceptance)
    assert host.channel is not None
    withheld, first = host.channel.seal(b"w" * 40), host.channel.seal(b"first")
    fill = {"WITHHELD": withheld, "FIRST": first, "GREETING": greeting, "NONCES": acceptance[1:-8]}
    program = FLOOD.replace("SEED", str(chance.randrange(1 << 30)))
    for name, value in fill.items():
        program = program.replace(name, value.hex())
    assert machine.run(program, 120).split() == ["True", "0", "True", "True"]


# ---- the whole firmware --------------------------------------------------------------------------------------------------------

RADIO = b"""
STA_IF = 0
class WLAN:
    def __init__(self, interface): pass
    def active(self, on): pass
    def connect(self, ssid, password): pass
    def isconnected(self): return True
"""
FACTS = {"board": "linux", "failsafe_ms": 200, "rate_hz": 100, "watchdog_ms": 2000, "slot_bytes": 16384}


class Console:
    """The standard streams of a process as a link."""

    name = "console"

    def __init__(self, machine: UnixMicroPython) -> None:
        self._machine = machine

    def send(self, data: bytes) -> None:
        self._machine.write(data)

    def receive(self, timeout_s: float) -> bytes:
        return self._machine.read(timeout_s)

    def reopen(self) -> bool:
        return True

    def close(self) -> None:
        return


@pytest.mark.parametrize("interpreter", ["unix64", pytest.param("unix32", marks=pytest.mark.needs_firmware)])
def test_the_firmware_serves_console_and_radio_and_the_last_who_greets_has_the_board(interpreter: str) -> None:
    port = free_port()
    key = DeviceKey("rover", KEY, "127.0.0.1", port)
    files = {
        "network.py": RADIO, "neurula_board.json": json.dumps(FACTS).encode(), "neurula_udp.json": board_file(key, Wifi("Home", "")),
    }
    with UnixMicroPython(interpreter, files=files, import_path=[firmware_source().parent]) as machine:
        machine.launch("from neurula_mcu.main import run\nrun()\n")
        console = Session(Console(machine))
        assert console.connect(WAIT_S).board == "linux"
        console.ask(GetStats(), Stats, WAIT_S)
        with Session(UdpLink("127.0.0.1", KEY, port)) as radio:
            assert radio.connect(WAIT_S).board == "linux"
            for _ in range(100):
                radio.ask(GetStats(), Stats, WAIT_S)
            assert radio.state is SessionState.CONNECTED
            with pytest.raises(LinkLost) as caught:
                console.request(GetStats(), WAIT_S)
            assert caught.value.code == "L123"
            console.ask(GetStats(), Stats, WAIT_S)  # it has greeted again
            with pytest.raises(LinkLost) as caught:
                radio.request(GetStats(), WAIT_S)
            assert caught.value.code == "L123"
