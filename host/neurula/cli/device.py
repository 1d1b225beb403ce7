"""`neurula device`: the boards that are attached, what they say, and the few things that they can be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from neurula.cli.options import AsJson, Port
from neurula.cli.output import print_json, say
from neurula.cli.provision import provision
from neurula.cli.verbs import plain_app
from neurula.errors import LinkLost, NeurulaError

if TYPE_CHECKING:
    from neurula.device.find import Device
    from neurula.device.link import BoardLink, Slot

app = plain_app(help="List attached boards, ask one, stop it, confirm its brain or take it back.", no_args_is_help=True)
app.command()(provision)
GREETING_S = 5.0  # a board that has just been plugged in is still booting
NO_SLOTS = "F147"  # what a board says that has nothing set aside for brains


@contextmanager
def linked(port: str | None, *, stopping: bool = False) -> Iterator[tuple[Device, BoardLink]]:
    """The board that is meant, and a link to it that has answered. stopping: the emergency stop is the first word to it."""
    from neurula.device.find import find_device
    from neurula.device.link import BoardLink
    from neurula.device.ports import open_connection

    device = find_device(port)
    connection = open_connection(device)
    try:
        link = BoardLink(connection)
        if stopping:
            with suppress(LinkLost):  # a board that boots hears it below
                link.estop()
        greet(link, device)
        yield device, link
    finally:
        connection.close()


def greet(link: BoardLink, device: Device) -> None:
    """LinkLost K105 when no firmware of ours answers."""
    from neurula.device.upload import revive

    try:
        revive(link, GREETING_S)
    except LinkLost as problem:
        if problem.code == "K106":
            raise
        remedy = "`neurula flash` puts the firmware there, whatever state the board is in."
        raise LinkLost("K105", "no firmware of neurula answers there", where=device.port, remedy=remedy) from None


@app.command("list")
def list_all(port: Port = None, as_json: AsJson = False) -> None:
    """List the boards that are attached, and what runs on them."""
    from neurula.cli.device_view import print_seen, seen_json
    from neurula.device.find import find_device, list_devices
    from neurula.device.survey import survey

    devices = list_devices() if port is None else (find_device(port),)
    all_seen = survey(devices, ask_bridges=port is not None)
    if as_json:
        print_json({"devices": [seen_json(seen) for seen in all_seen]})
        return
    print_seen(all_seen)


@app.command()
def info(port: Port = None, as_json: AsJson = False) -> None:
    """Show what a board says of itself: brain, bursts, memory, slots."""
    from neurula.cli.device_view import device_json, hello_json, print_info, stats_json

    with linked(port) as (device, link):
        hello, stats, (slots, slot_bytes) = link.hello(), link.stats(), slots_of(link)
    if as_json:
        from dataclasses import asdict

        told = {"slots": [asdict(slot) for slot in slots], "slot_bytes": slot_bytes}
        print_json({"device": device_json(device), "hello": hello_json(hello), "stats": stats_json(stats), **told})
        return
    print_info(device, hello, stats, slots, slot_bytes)


def slots_of(link: BoardLink) -> tuple[tuple[Slot, ...], int]:
    """The slots and the bytes of one; ((), 0) where the board has no place for any."""
    try:
        return link.slots()
    except NeurulaError as problem:
        if problem.code != NO_SLOTS:
            raise
        return (), 0


@app.command()
def logs(port: Port = None, as_json: AsJson = False) -> None:
    """Show a board's log, oldest entry first."""
    from neurula.cli.device_view import device_json

    with linked(port) as (device, link):
        lines = link.logs()
    if as_json:
        print_json({"device": device_json(device), "lines": lines})
        return
    for line in lines:
        say(line)


@app.command()
def confirm(port: Port = None, as_json: AsJson = False) -> None:
    """Keep the brain that is on probation."""
    with linked(port) as (device, link):
        link.order("confirm")
        tell(device, link, as_json)


@app.command()
def rollback(port: Port = None, as_json: AsJson = False) -> None:
    """Reject the brain that runs and go back to the one before it."""
    from neurula.device.upload import restart, revive

    with linked(port) as (device, link):
        link.order("rollback")
        restart(link)
        revive(link)
        tell(device, link, as_json)


@app.command()
def reset(port: Port = None, as_json: AsJson = False) -> None:
    """Restart a board."""
    from neurula.device.upload import restart, revive

    with linked(port) as (device, link):
        restart(link)
        revive(link)
        tell(device, link, as_json)


@app.command()
def stop(port: Port = None, as_json: AsJson = False) -> None:
    """Emergency stop: the outputs are neutral at once, and stay so until `release` or a power cut."""
    with linked(port, stopping=True) as (device, link):
        link.estop()
        tell(device, link, as_json)


@app.command()
def release(port: Port = None, as_json: AsJson = False) -> None:
    """End the emergency stop: the outputs follow the brain again."""
    with linked(port) as (device, link):
        link.order("release")
        tell(device, link, as_json)


@app.command()
def retry(port: Port = None, as_json: AsJson = False) -> None:
    """Forget failed starts and try the confirmed brain again."""
    from neurula.device.upload import restart, revive

    with linked(port) as (device, link):
        link.order("retry")
        restart(link)
        revive(link)
        tell(device, link, as_json)


def tell(device: Device, link: BoardLink, as_json: bool) -> None:
    """What runs now."""
    from neurula.cli.device_view import device_json, hello_json
    from neurula.device.upload import running

    hello = link.hello()
    if as_json:
        print_json({"device": device_json(device), "hello": hello_json(hello)})
        return
    say(f"{device.port}: {running(hello)}")
