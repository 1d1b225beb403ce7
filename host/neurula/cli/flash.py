"""`neurula flash`: a brain onto a board, from there on it runs by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurula.cli.brains import IMAGE_MAGIC, Compiled, Recipe, compile_grown, grow_file, load_image
from neurula.cli.build import read_wiring
from neurula.cli.files import magic_of
from neurula.cli.options import AsEngine, AsJson, KeepAll, Lenient, Pins, Port, Seed
from neurula.cli.output import counted, print_json, problems_json, say, warn_of
from neurula.cli.progress import Progress
from neurula.errors import UsageError

if TYPE_CHECKING:
    from neurula.boards import Board
    from neurula.device.find import Device
    from neurula.device.flashing import Flashed

WATCH_S_DEFAULT = 10.0
RATE_HZ_MAX = 1000


def flash(
    brain: Annotated[str, typer.Argument(metavar="GENOME|BRAIN.nrl", help="A genome, a grown BRAIN.npz or an image.")],
    board: Annotated[
        str | None, typer.Option("--board", metavar="NAME", help="Which board it is; default: as its MicroPython says.")
    ] = None,
    port: Port = None,
    micropython: Annotated[
        str | None,
        typer.Option(
            "--micropython", metavar="FILE", help="Put this MicroPython on the board first: a .uf2 (RP2) or .bin (ESP32)."
        ),
    ] = None,
    pins: Pins = None,
    rate_hz: Annotated[
        int, typer.Option("--rate", metavar="HZ", min=1, max=RATE_HZ_MAX, help="Bursts a second.")
    ] = 100,
    confirm: Annotated[
        bool, typer.Option("--confirm/--no-confirm", help="Confirm the brain after it was watched, or leave it on probation.")
    ] = True,
    watch_s: Annotated[
        float, typer.Option("--watch", metavar="SECONDS", min=0, max=86_400, help="How long to watch it before.")
    ] = WATCH_S_DEFAULT,
    single_slot: Annotated[
        bool | None,
        typer.Option(
            "--single-slot/--two-slots",
            help="All flash for one brain: the old one is gone before the new one is complete. Or two slots again.",
        ),
    ] = None,
    keep_all: KeepAll = False,
    seed: Seed = 0,
    as_engine: AsEngine = False,
    lenient: Lenient = False,
    as_json: AsJson = False,
) -> None:
    """Put a brain on a board: its firmware, the brain, ten seconds of watching it run, and it stays."""
    from pathlib import Path

    from neurula.boards import load_board
    from neurula.device.find import find_device
    from neurula.device.flashing import Wishes, flash_brain
    from neurula.device.install import require_micropython
    from neurula.device.micropython import put_micropython, read_firmware
    from neurula.device.ports import open_connection

    chosen = None if board is None else load_board(board)
    if chosen is not None:
        require_micropython(chosen)
    device = find_device(port)
    if micropython is not None:
        read_firmware(Path(micropython))
    with Progress() as progress:
        loaded = load_wired(brain, Recipe(seed, keep_all, as_engine, lenient=lenient), pins, board, progress)
        if chosen is not None:
            require_fit(loaded, chosen, single_slot)
        if micropython is not None:
            device = put_micropython(device, Path(micropython), progress)
        connection = open_connection(device)
        try:
            wishes = Wishes(board, rate_hz, watch_s, confirm, lambda found: require_fit(loaded, found, single_slot), single_slot)
            done = flash_brain(connection, loaded.data, wishes, progress)
        finally:
            connection.close()
    if as_json:
        print_json({**answer_json(device, loaded, done), "problems": problems_json(loaded.problems)})
        return
    warn_of(loaded.problems)
    for line in summary(device, loaded, done):
        say(line)


def load_wired(path: str, recipe: Recipe, pins: str | None, board: str | None, progress: Progress) -> Compiled:
    """The brain, with its pins where a file of them is given. UsageError U202 for options that an image does not take."""
    if magic_of(path) == IMAGE_MAGIC:
        if recipe != Recipe() or pins is not None:
            raise UsageError(
                "U202",
                "an image is ready-made: --pins, --seed, --keep-all and --as-engine need a genome",
                where=path,
                remedy="Name the genome, or leave these options out.",
            )
        return load_image(path)
    wiring = None if pins is None else read_wiring(pins, board)
    return compile_grown(grow_file(path, recipe, progress), recipe, (), progress, wiring)


def require_fit(loaded: Compiled, board: Board, single_slot: bool | None) -> None:
    """DoesNotFit B201, B202 or K115 before anything is sent to the board."""
    from neurula.boards import list_boards
    from neurula.compiler.bill import check_fits, make_bill
    from neurula.compiler.sizes import measure
    from neurula.device.install import require_room

    sizes = measure(loaded.image)
    check_fits(make_bill(sizes, board), board, list_boards(), sizes)
    room = board.single_image_limit_bytes if single_slot else board.image_limit_bytes
    require_room(len(loaded.data), room, board.single_image_limit_bytes, board.title)


def answer_json(device: Device, loaded: Compiled, done: Flashed) -> dict[str, Any]:
    from hashlib import sha256

    from neurula.cli.device_view import device_json, hello_json, stats_json

    return {
        "device": device_json(device),
        "board": done.board.name,
        "micropython": ".".join(map(str, done.micropython)),
        "firmware": {
            "sent": dict(done.installed.sent),
            "removed": list(done.installed.removed),
            "unchanged": done.installed.kept,
        },
        "image": {
            "bytes": len(loaded.data),
            "sha256": sha256(loaded.data).hexdigest(),
            "slot": done.uploaded.slot,
            "sequence": done.uploaded.sequence,
            "resumed_at": done.uploaded.resumed_at,
        },
        "watched": {"bursts": done.watched.bursts, "seconds": round(done.watched.seconds, 3)},
        "stats": stats_json(done.watched.last),
        "hello": hello_json(done.hello),
        "confirmed": done.hello.state == "confirmed",
    }


def summary(device: Device, loaded: Compiled, done: Flashed) -> list[str]:
    """What was done, for a person."""
    installed, watched, stats = done.installed, done.watched, done.watched.last
    sent = f"{counted(len(installed.sent), 'file')} sent" if installed.sent else "up to date"
    resumed = f", resumed at byte {done.uploaded.resumed_at:,}" if done.uploaded.resumed_at else ""
    lines = [
        f"{done.board.title} at {device.port}, MicroPython {'.'.join(map(str, done.micropython))}: firmware {sent}",
        f"{len(loaded.data):,} bytes of brain in slot {done.uploaded.slot}, verified on the board{resumed}",
    ]
    if watched.seconds:
        pace = f"{counted(watched.bursts, 'burst')} in {watched.seconds:.1f} s"
        lines.append(f"{pace}, {stats.mean_us:,} µs each, {stats.worst_us:,} at worst, {counted(stats.overruns, 'overrun')}")
    if done.hello.state == "confirmed":
        lines.append("confirmed: it runs whenever the board has power")
    else:
        lines.append("on probation: `neurula device confirm` keeps it; else the board goes back after three starts")
    return lines
