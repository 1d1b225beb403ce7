"""`neurula build`: compiles a brain into an image and prints its bill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurula.cli.brains import Recipe, compile_grown, grow_file
from neurula.cli.files import require_output, write_output
from neurula.cli.options import AsEngine, AsJson, GrownFile, KeepAll, Lenient, NeuronIds, Pins, Seed
from neurula.cli.output import counted, print_json, problems_json, say, warn_of
from neurula.cli.progress import Progress
from neurula.errors import InvalidInput

if TYPE_CHECKING:
    from neurula.boards import Board
    from neurula.compiler.bill import Bill
    from neurula.compiler.pins_file import PinsFile
    from neurula.compiler.report import Report
    from neurula.compiler.sizes import ImageSizes


def build(
    genome: GrownFile,
    board: Annotated[
        str | None, typer.Option("--board", metavar="NAME", help="Refuse a brain that does not fit this board.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="BRAIN.nrl", help="Write the image here.")
    ] = None,
    neuron_ids: NeuronIds = None,
    pins: Pins = None,
    keep_all: KeepAll = False,
    seed: Seed = 0,
    as_engine: AsEngine = False,
    lenient: Lenient = False,
    as_json: AsJson = False,
) -> None:
    """Compile a genome into an image, and show what it costs on one board, or on all."""
    if output is not None:
        require_output(output, genome, neuron_ids, pins)
    from neurula.boards import list_boards, load_board
    from neurula.cli.bill_view import print_bill, print_boards, print_report
    from neurula.compiler.bill import check_fits, make_bill
    from neurula.compiler.report import make_report
    from neurula.compiler.sizes import measure

    wiring = None if pins is None else read_wiring(pins, board)
    chosen = wiring[1] if wiring is not None else None if board is None else load_board(board)
    recipe = Recipe(seed, keep_all, as_engine, neuron_ids, lenient)
    with Progress() as progress:
        brain = compile_grown(grow_file(genome, recipe, progress), recipe, (), progress, wiring)
        sizes = measure(brain.image)
    assert brain.program is not None
    report = make_report(brain.program, sizes)
    bill = None if chosen is None else make_bill(sizes, chosen)
    if not as_json:
        warn_of(brain.problems)
        print_report(report)
        say(headline(sizes))
        if chosen is None or bill is None:
            print_boards(sizes, list_boards())
        else:
            print_bill(bill, chosen)
    if chosen is not None and bill is not None:
        check_fits(bill, chosen, list_boards(), sizes)
    if output is not None:
        write_output(output, brain.data)
    if as_json:
        print_json({**answer_json(sizes, report, bill), "problems": problems_json(brain.problems), "output": output})
    elif output is not None:
        say(f"wrote {output}")


def read_wiring(path: str, board: str | None) -> tuple[PinsFile, Board]:
    """A file of pins and its board: the one of the command line, else the one it names. InvalidInput P101 to P107, P110."""
    from neurula.boards import load_board
    from neurula.compiler.pins import check_pins
    from neurula.compiler.pins_file import read_pins

    file = read_pins(path)
    if board is None and not file.board:
        raise InvalidInput("P104", "no board is named", where=path, remedy="Write board = \"rpi_pico\" into it, or give --board.")
    chosen = load_board(board or file.board)
    check_pins(file, chosen)
    return file, chosen


def answer_json(sizes: ImageSizes, report: Report, bill: Bill | None) -> dict[str, Any]:
    """What compiling gave, for scripts; the bill of one board, and which of all boards the brain fits."""
    from neurula.boards import list_boards
    from neurula.cli.bill_view import bill_json, report_json
    from neurula.compiler.bill import make_bill

    told = None if bill is None else bill_json(bill)
    return {
        **image_json(sizes),
        "burst_us": told["burst_us"] if told else None,
        "areas": len(sizes.areas),
        "report": report_json(report),
        "bill": told,
        "boards": {board.name: make_bill(sizes, board).fits for board in list_boards()},
    }


def image_json(sizes: ImageSizes) -> dict[str, Any]:
    """What every image costs, whatever the board."""
    return {
        "neurons": sizes.neurons,
        "synapses": sizes.synapses,
        "ram_bytes": sizes.ram_bytes,
        "flash_bytes": sizes.image_bytes,
        "bytes_per_synapse": round(sizes.synapse_bytes / sizes.synapses, 4) if sizes.synapses else None,
    }


def headline(sizes: ImageSizes) -> str:
    """The brain in one line."""
    per_synapse = f", {sizes.synapse_bytes / sizes.synapses:.2f} bytes a synapse" if sizes.synapses else ""
    size = ", ".join(
        (counted(len(sizes.areas), "area"), counted(sizes.neurons, "neuron"), counted(sizes.synapses, "synapse"))
    )
    return f"{size}: {sizes.ram_bytes:,} bytes of RAM, {sizes.image_bytes:,} bytes of image{per_synapse}"
