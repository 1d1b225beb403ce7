"""Bills as JSON and as pictures: memory bars, burst times, the largest consumers, one line a board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurula.cli.output import counted, is_unicode, print_table, say

if TYPE_CHECKING:
    from neurula.boards import Board
    from neurula.compiler.bill import Bill
    from neurula.compiler.report import Report
    from neurula.compiler.sizes import ImageSizes

BAR_WIDTH = 30


def bill_json(bill: Bill) -> dict[str, Any]:
    return {
        "board": bill.board,
        "fits": bill.fits,
        "ram_bytes": bill.ram_bytes,
        "ram_limit_bytes": bill.ram_limit_bytes,
        "block_bytes": bill.block_bytes,
        "block_limit_bytes": bill.block_limit_bytes,
        "flash_bytes": bill.flash_bytes,
        "flash_limit_bytes": bill.flash_limit_bytes,
        "flash_single_bytes": bill.flash_single_bytes,
        "needs_single_slot": bill.needs_single_slot,
        "burst_us": rounded(bill.burst_us),
        "burst_us_typical": rounded(bill.burst_us_typical),
        "consumers": consumers_json(bill),
    }


def consumers_json(bill: Bill) -> list[dict[str, Any]]:
    from neurula.compiler.bill import CONSUMERS_LISTED

    listed = bill.consumers[:CONSUMERS_LISTED]
    return [{"area": c.area, "kind": c.kind, "bytes": c.bytes, "memory": c.memory} for c in listed]


def report_json(report: Report) -> dict[str, Any]:
    worst = report.least_exact
    return {
        "areas": [
            {
                "id": a.id,
                "name": a.name,
                "neurons": a.neurons,
                "scale": float(a.scale),
                "scale_exact": str(a.scale),
                "count_bits": a.count_bits,
                "gain": a.gain,
                "exact": a.exact,
                "worst_error": a.worst_error,
                "headroom": a.headroom,
                "range": a.range,
                "state": list(a.state),
                "ram_bytes": a.ram_bytes,
                "ram": dict(a.ram),
                "synapse_bytes": a.synapse_bytes,
                "notes": list(a.notes),
            }
            for a in report.areas
        ],
        "rounding": {
            "exact_areas": report.exact_areas,
            "worst_error": worst.worst_error if worst else 0.0,
            "worst_area": worst.id if worst else None,
        },
        "saturation": [{"area": a.id, "note": note} for a in report.areas for note in a.notes],
        "pruned": [{"id": area, "neurons": neurons} for area, neurons in report.pruned],
    }


def print_report(report: Report) -> None:
    """The table of areas: fixed point, precision, what is kept, what it takes."""
    columns = (
        *("area", ">neurons", ">units per 1.0", ">bits", ">gain", ">worst error", ">headroom", ">range"),
        *("keeps", ">RAM", ">synapse bytes"),
    )
    rows = [
        (
            a.name,
            f"{a.neurons:,}",
            f"{float(a.scale):,.6g}",
            str(a.count_bits),
            str(a.gain),
            f"{a.worst_error:.2g}" if a.worst_error else "exact",
            f"{a.headroom:,.3g}x",
            f"{a.range:,.4g}",
            " ".join(a.state) or "-",
            f"{a.ram_bytes:,}",
            f"{a.synapse_bytes:,}",
        )
        for a in report.areas
    ]
    print_table(columns, rows)
    for area in report.areas:
        for note in area.notes:
            say(f"{area.name}: {note}")
    if report.pruned:
        gone = f"{counted(len(report.pruned), 'area')} with {counted(report.pruned_neurons, 'neuron')}"
        say(f"left out: {gone} that no synapse reaches or leaves (--keep-all keeps them)")


def print_bill(bill: Bill, board: Board) -> None:
    """What a brain costs on one board."""
    from neurula.compiler.bill import CONSUMERS_LISTED, TYPICAL_FIRING

    say(f"on {board.title} ({board.chip}, memory figures {board.memory_figures}):")
    say("  RAM    " + memory_bar(bill.ram_bytes, bill.ram_limit_bytes))
    if bill.block_limit_bytes < bill.ram_limit_bytes:
        say("  block  " + memory_bar(bill.block_bytes, bill.block_limit_bytes))
    say("  flash  " + memory_bar(bill.flash_bytes, bill.flash_single_bytes if bill.needs_single_slot else bill.flash_limit_bytes))
    if bill.needs_single_slot:
        say(f"         more than the {bill.flash_limit_bytes:,} bytes beside an older brain: `neurula flash --single-slot` replaces it")
    if bill.burst_us is None or bill.burst_us_typical is None:
        say("  burst  not measured on this board")
    else:
        typical = f"{bill.burst_us_typical:,.0f} µs if {TYPICAL_FIRING:.0%} do"
        say(f"  burst  {bill.burst_us:,.0f} µs if every neuron fires, {typical}")
    say("  largest: " + "; ".join(str(consumer) for consumer in bill.consumers[: CONSUMERS_LISTED // 2]))


def print_boards(sizes: ImageSizes, boards: tuple[Board, ...]) -> None:
    """One line a board: whether the brain fits and how fast it is."""
    from neurula.compiler.bill import make_bill

    rows = []
    for board in boards:
        bill = make_bill(sizes, board)
        burst = "not measured" if bill.burst_us_typical is None else f"{bill.burst_us_typical:,.0f} µs"
        ram, flash = share(bill.ram_bytes, bill.ram_limit_bytes), share(bill.flash_bytes, bill.flash_limit_bytes)
        fits = "NO" if not bill.fits else "in one slot" if bill.needs_single_slot else "yes"
        rows.append((board.name, fits, ram, flash, burst))
    print_table(("board", "fits", ">RAM", ">flash", ">burst, 2 % firing"), rows)


def memory_bar(used: int, limit: int) -> str:
    """A bar of BAR_WIDTH characters and the figures; full and marked where the limit is passed."""
    full, empty = ("█", "░") if is_unicode() else ("#", ".")
    filled = min(BAR_WIDTH, -(-used * BAR_WIDTH // limit)) if limit else BAR_WIDTH
    mark = "  TOO MUCH" if used > limit else ""
    return f"{full * filled}{empty * (BAR_WIDTH - filled)} {share(used, limit):>6} of {limit:,} bytes: {used:,}{mark}"


def share(used: int, limit: int) -> str:
    if not limit:
        return "none"
    percent = 100 * used / limit
    return f"{percent:.1f} %" if percent >= 0.1 or not used else "<0.1 %"


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
