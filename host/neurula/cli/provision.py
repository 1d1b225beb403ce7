"""`neurula device provision`: a key for a board, so that it believes its owner over Wi-Fi and nobody else."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from neurula.cli.options import AsJson, Port
from neurula.cli.output import print_json, say
from neurula.errors import InvalidInput

PASSWORD_BYTES_MAX = 1000


def provision(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the board shall be called in the network, such as rover-1.")],
    wifi: Annotated[str, typer.Option("--wifi", metavar="SSID", help="The network that it shall join.")],
    password_file: Annotated[
        str | None,
        typer.Option("--password-file", metavar="FILE", help="Where the network's password is, - for standard input; default: asked for."),
    ] = None,
    port: Port = None,
    udp_port: Annotated[int, typer.Option("--udp-port", min=1, max=65_535, help="Where the board shall listen.")] = 4710,
    again: Annotated[bool, typer.Option("--again", help="Make a new key for a board that has one.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give a board on a cable a key and a Wi-Fi network. Whoever has no key cannot move it; what it says can be read by
    everybody in the network: datagrams are authenticated, not encrypted."""
    from neurula.cli.device_view import device_json
    from neurula.device.find import find_device
    from neurula.device.ports import open_connection
    from neurula.device.provision import Wifi
    from neurula.device.provision import provision as carry
    from neurula.link.device_keys import make_key, require_free, write_key

    require_free(name, replace=again)
    key = make_key(name, port=udp_port)
    network = Wifi(wifi, read_password(password_file))
    device = find_device(port)
    connection = open_connection(device)
    try:
        carry(connection, key, network)
    finally:
        connection.close()
    path = write_key(key, replace=again)
    if as_json:
        print_json({"device": device_json(device), "name": name, "host": key.host, "port": key.port, "key_file": str(path)})
        return
    say(f"{name} joins {wifi} and listens at {key.host}:{key.port}; its key is in {path}, keep it to yourself")
    say(f"talk to it with udp://{name}: nobody without the key can move it, everybody in the network can listen")


def read_password(path: str | None) -> str:
    """From a file, standard input or the person. InvalidInput L128 for a file that cannot be read."""
    if path is None and sys.stdin.isatty():
        return str(typer.prompt("password of the network", default="", hide_input=True, show_default=False, err=True))
    try:
        if path in (None, "-"):
            return first_line(sys.stdin.readline(PASSWORD_BYTES_MAX))
        with open(str(path), encoding="utf-8") as file:
            return first_line(file.readline(PASSWORD_BYTES_MAX))
    except (OSError, ValueError) as problem:
        raise InvalidInput("L128", f"the password cannot be read: {problem}", where=str(path)) from None


def first_line(text: str) -> str:
    return text.rstrip("\r\n")
