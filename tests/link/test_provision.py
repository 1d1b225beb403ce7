"""`neurula device provision` puts one and the same key on the board and into a file that nobody else can read."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from neurula.device.provision import UDP_FILE, Wifi, board_file, provision
from neurula.errors import InvalidInput, NeurulaError, UsageError
from neurula.link.device_keys import make_key, read_key
from neurula.link.open_link import open_link
from neurula.link.pty_link import PtyLink
from neurula.link.serial_link import SerialLink
from neurula.link.tcp_link import TcpLink
from neurula.link.udp_link import UdpLink
from neurula.link.zmq_link import ZmqLink
from neurula.runtimes.firmware_files import firmware_source
from neurula.sim.firmware import find_firmware, read_flash_image
from neurula.sim.flash import build_flash
from neurula.sim.rp2040 import Rp2040
from neurula.sim.unix import UnixMicroPython
from tests.device.conftest import call
from tests.device.test_install import Pico

RADIO = {"/network.py": b"WLAN = None\n"}  # this Pico has no radio: it only says that it had one


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEURULA_KEYS", str(tmp_path / "keys"))
    return tmp_path / "keys"


@pytest.fixture
def password(tmp_path: Path) -> str:
    path = tmp_path / "password"
    path.write_text("correct horse\n")
    return str(path)


def stored_pico(folder: Path, files: Mapping[str, bytes]) -> Path:
    """The flash of a Pico with MicroPython and these files, for --port sim:rpi_pico:FILE."""
    path = folder / "pico.flash"
    path.write_bytes(build_flash(read_flash_image(find_firmware("rp2040")), files, {}))
    return path


@pytest.mark.needs_firmware
def test_the_board_and_the_host_get_the_same_key(tmp_path: Path, keys: Path, password: str) -> None:
    flash = stored_pico(tmp_path, RADIO)
    line = ["device", "provision", "rover-1", "--wifi", "Home", "--password-file", password, "--port", f"sim:rpi_pico:{flash}", "--json"]
    told = call(*line)
    assert told.exit_code == 0, told.out + told.err
    answer = json.loads(told.out)
    assert (answer["name"], answer["host"], answer["port"]) == ("rover-1", "rover-1.local", 4710)
    path = keys / "rover-1.json"
    assert answer["key_file"] == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = read_key("rover-1")
    assert kept.key.hex() not in told.out + told.err
    again = call(*line)
    assert (again.exit_code, json.loads(again.out)["error"]["code"]) == (2, "L117")
    with Rp2040(flash=flash.read_bytes()) as board:
        files = board.files()
    on_board = json.loads(files[UDP_FILE])
    assert on_board == {"name": "rover-1", "port": 4710, "key": kept.key.hex(), "ssid": "Home", "password": "correct horse"}
    assert not [name for name in files if name.endswith(".new")]


@pytest.mark.needs_firmware
def test_a_board_without_a_radio_is_refused_and_nothing_is_kept(tmp_path: Path, keys: Path) -> None:
    with Pico() as board:
        with pytest.raises(UsageError) as caught:
            provision(board, make_key("rover-1"), Wifi("Home", ""))
        assert caught.value.code == "L127"
        assert UDP_FILE not in board.files()


@pytest.mark.parametrize(
    ("line", "exit_code", "code"),
    [
        (["../x", "--wifi", "Home"], 2, "L116"),
        (["rover", "--wifi", ""], 4, "L128"),
        (["rover", "--wifi", "x" * 33], 4, "L128"),
        (["rover", "--wifi", "Home", "--password-file", "/nowhere/at/all"], 4, "L128"),
        (["rover", "--wifi", "Home", "--port", "/dev/nowhere"], 3, "K101"),
        (["rover", "--wifi", "Home", "--udp-port", "0"], 2, "U201"),
    ],
)
def test_what_cannot_be_provisioned_is_refused_in_plain_words(
    line: list[str], exit_code: int, code: str, keys: Path, password: str
) -> None:
    given = line if "--password-file" in line else [*line, "--password-file", password]
    told = call("device", "provision", *given, "--json")
    assert (told.exit_code, json.loads(told.out)["error"]["code"]) == (exit_code, code)
    assert not keys.exists()


@pytest.mark.parametrize(("ssid", "password"), [("a", "short"), ("a", "x" * 64), ("a", "passwörter"), ("ö" * 17, ""), ("a\0b", "")])
def test_names_and_passwords_that_no_network_has_are_refused(ssid: str, password: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Wifi(ssid, password)
    assert caught.value.code == "L128"
    assert password == "" or password not in str(caught.value)
    assert "correct horse" not in repr(Wifi("Home", "correct horse"))


@pytest.mark.parametrize("interpreter", ["unix64", pytest.param("unix32", marks=pytest.mark.needs_firmware)])
def test_the_firmware_reads_what_was_provisioned_joins_and_listens(interpreter: str) -> None:
    """With a module `network` that notes what it is asked: no emulator has the radio."""
    key = make_key("rover-1", port=47_123)
    radio = (
        "asked = []\nSTA_IF = 0\n"
        "def hostname(name):\n    asked.append(name)\n"
        "class WLAN:\n    up = False\n"
        "    def __init__(self, interface):\n        pass\n"
        "    def active(self, on):\n        asked.append(on)\n"
        "    def connect(self, ssid, password):\n        asked.append((ssid, password))\n"
        "    def isconnected(self):\n        return WLAN.up\n"
    )
    files = {"network.py": radio.encode(), UDP_FILE: board_file(key, Wifi("Home", 'pass"word\\'))}
    program = (
        "import network\nfrom neurula_mcu import udp_link\nclock = [5]\nudp_link.ticks_ms = lambda: clock[0]\n"
        "port, station = udp_link.open_port()\nprint(port.auth.tagger.inner.hex() if hasattr(b'', 'hex') else 0)\n"
        "states = []\n"
        "for ms in (5000, 10006, 10100, 30000):\n    clock[0] = ms\n    states.append(station.keep())\n"
        "network.WLAN.up = True\nstates.append(station.keep())\nprint(states)\nprint(network.asked)\n"
    )
    with UnixMicroPython(interpreter, files=files, import_path=[firmware_source().parent]) as machine:
        inner, states, asked = machine.run(program).strip().splitlines()
    assert inner in ("0", bytes(byte ^ 0x36 for byte in key.key).hex() + "36" * 32)
    assert states == "[False, False, False, False, True]"
    joins = "('Home', 'pass\"word\\\\')"
    assert asked == f"['rover-1', True, {joins}, {joins}, {joins}]"


def test_a_damaged_file_of_the_board_means_no_udp_and_no_crash() -> None:
    whole = board_file(make_key("rover"), Wifi("Home", ""))
    spoilt = [b"", b"{}", b"[]", whole[: len(whole) // 2], whole.replace(b'"key": "', b'"key": "zz'), whole.replace(b"4710", b'"x"'),
              whole.replace(b'"key": "', b'"key": "00')]
    program = "from neurula_mcu.udp_link import open_port\nprint(open_port())\n"
    radio = b"STA_IF = 0\nclass WLAN:\n    def __init__(self, i): pass\n    def active(self, on): pass\n    def connect(self, s, p): pass\n"
    for content in spoilt:
        files = {"network.py": radio, UDP_FILE: content}
        with UnixMicroPython("unix64", files=files, import_path=[firmware_source().parent]) as machine:
            assert machine.run(program).strip() == "None", content
    with UnixMicroPython("unix64", files={UDP_FILE: whole}, import_path=[firmware_source().parent]) as machine:
        assert machine.run(program).strip() == "None"  # a board without a radio


# ---- addresses ---------------------------------------------------------------------------------------------------------------


def test_links_open_by_the_address_that_a_person_writes(keys: Path, tmp_path: Path) -> None:
    from neurula.link.device_keys import write_key

    write_key(make_key("rover", host="127.0.0.1"))
    for address, kind, name in (
        ("/dev/ttyACM7", SerialLink, "serial /dev/ttyACM7"),
        ("COM3", SerialLink, "serial COM3"),
        ("socket://10.0.0.1:5000", SerialLink, "serial socket://10.0.0.1:5000"),
        ("tcp://localhost:4711", TcpLink, "tcp localhost:4711"),
        ("tcp://[::1]:4711", TcpLink, "tcp ::1:4711"),
        ("udp://rover", UdpLink, "udp 127.0.0.1:4710"),
        ("zmq:tcp://127.0.0.1:5999", ZmqLink, "zmq tcp://127.0.0.1:5999"),
        (f"pty:{tmp_path / 'port'}", PtyLink, ""),
    ):
        link = open_link(address)
        assert isinstance(link, kind)
        assert name in link.name
        link.close()


@pytest.mark.parametrize(
    ("address", "code"),
    [("", "L120"), ("tcp://", "L120"), ("tcp://host", "L120"), ("tcp://host:0", "L120"), ("tcp://h:99999999", "L120"),
     ("http://host/x", "L120"), ("udp://nobody", "L119"), ("udp://../x", "L116"), ("zmq:tcp://10.0.0.1:5", "L114")],
)
def test_an_address_that_leads_nowhere_is_refused(address: str, code: str, keys: Path) -> None:
    with pytest.raises(NeurulaError) as caught:
        open_link(address)
    assert caught.value.code == code
