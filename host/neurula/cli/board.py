"""`neurula board`: the boards that are known, and whether a brain fits one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurula.cli.options import AsJson, BoardName
from neurula.cli.output import print_json, print_table, say
from neurula.cli.verbs import plain_app

if TYPE_CHECKING:
    from neurula.boards import Board

app = plain_app(help="List boards, show one, check one and what fits on it.", no_args_is_help=True)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the boards that come with neurula. Adding a board is adding a file."""
    from neurula.boards import board_folder, list_boards

    boards = list_boards()
    if as_json:
        print_json({"boards": [board_json(board) for board in boards], "folder": str(board_folder())})
        return
    columns = ("name", "board", "chip", ">clock", ">RAM for a brain", ">flash for it", "proven")
    rows = [
        (b.name, b.title, b.chip, clock(b), size(b.ram_for_brain_bytes), size(b.image_limit_bytes), b.proven)
        for b in boards
    ]
    print_table(columns, rows)


@app.command()
def show(board: BoardName, as_json: AsJson = False) -> None:
    """Show everything that is known of a board."""
    from neurula.boards import load_board

    loaded = load_board(board)
    if as_json:
        print_json({"board": board_json(loaded)})
        return
    rows = [(name, shown(value)) for name, value in board_json(loaded).items() if name != "pins"]
    print_table(("field", "value"), rows, title=loaded.title)
    print_table(("pins", "GPIO"), [(role, " ".join(map(str, pins)) or "-") for role, pins in loaded.pins.items()])


@app.command()
def check(
    board: BoardName,
    brain: Annotated[
        str | None, typer.Argument(metavar="[GENOME|BRAIN.nrl]", help="A genome or an image that shall fit the board.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a board's file; with a brain, whether it fits the board."""
    from neurula.boards import list_boards, load_board

    loaded = load_board(board)
    if brain is None:
        if as_json:
            print_json({"board": board_json(loaded)})
        else:
            say(f"{loaded.name}: the file is sound. {loaded.proven}")
        return
    from neurula.cli.bill_view import bill_json, print_bill
    from neurula.cli.brains import Recipe, load_brain
    from neurula.cli.progress import Progress
    from neurula.compiler.bill import check_fits, make_bill
    from neurula.compiler.sizes import measure

    with Progress() as progress:
        sizes = measure(load_brain(brain, Recipe(), (), progress).image)
    bill = make_bill(sizes, loaded)
    if not as_json:
        print_bill(bill, loaded)
    check_fits(bill, loaded, list_boards(), sizes)
    if as_json:
        print_json({"board": loaded.name, "bill": bill_json(bill)})


def board_json(board: Board) -> dict[str, Any]:
    """All fields of a board; what was not measured is null."""
    plain = {name: getattr(board, name) for name in board.__slots__}
    return plain | {
        "transports": list(board.transports),
        "pins": {role: list(pins) for role, pins in board.pins.items()},
    }


def clock(board: Board) -> str:
    return f"{board.clock_hz / 1e6:g} MHz" if board.clock_hz else "differs"


def size(number: int) -> str:
    """Bytes in the largest unit that leaves at least two digits."""
    for unit, name in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")):
        if number >= 10 * unit or (number >= unit and name == "KB"):
            return f"{number / unit:,.0f} {name}"
    return f"{number} bytes"


def shown(value: object) -> str:
    """A field of a board for a person."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "not measured" if value is None else str(value)
