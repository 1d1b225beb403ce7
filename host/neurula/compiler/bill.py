"""The bill of an image: RAM, flash and time per burst on one board, and who is to blame for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neurula.boards import Board
from neurula.compiler.sizes import DELAY_LINES, INPUTS, SPIKE_BITS, SYNAPSES, THRESHOLDS, WEIGHTS, ImageSizes
from neurula.errors import DoesNotFit

TYPICAL_FIRING = 0.02  # part of the neurons that fires in a typical burst
CONSUMERS_LISTED = 8

# What makes one kind of bytes fewer, beside making the area smaller.
_CURES = {
    INPUTS: "give area {area} fewer neurons (smaller dimensions or neurons_per_voxel)",
    "potentials": "switch off mp_charge_accumulation of area {area}, which then stores no potentials",
    "refractory stamps": "set the refractory period of area {area} to 0",
    "fire counts": "set the consecutive fire limit of area {area} to 0",
    "worn PSPs": "set the degeneration of area {area} to 0",
    "driving values": "switch off mp_driven_psp and degeneration of area {area}, or shorten the longest synaptic delay",
    SPIKE_BITS: "shorten the longest synaptic delay and plasticity window: every burst of it keeps all spikes",
    DELAY_LINES: "shorten the delays of the plastic mappings of area {area}",
    WEIGHTS: "make mappings of area {area} that need not learn non-plastic",
    SYNAPSES: "thin out the mappings of area {area}, or use morphologies that repeat from neuron to neuron",
    THRESHOLDS: "give area {area} one threshold for all its neurons (threshold increments of 0)",
}


@dataclass(frozen=True, slots=True)
class Consumer:
    """Bytes of one kind that one area takes. memory: "ram" or "flash"."""

    area: str
    kind: str
    bytes: int
    memory: str

    def __str__(self) -> str:
        owner = "synapses of area" if self.kind == SYNAPSES else "area"
        kind = "" if self.kind == SYNAPSES else f" {self.kind}"
        return f"{owner} {self.area}{kind} {self.bytes:,} bytes"


@dataclass(frozen=True, slots=True)
class Bill:
    """What an image costs on one board. ram_bytes: everything the brain takes in RAM; burst_us: None = not measured.

    block_bytes: the largest single block of RAM that it needs; flash_limit_bytes: the longest image beside the one that runs;
    flash_single_bytes: the longest one that may take the old one's place; fits: whether the board has all that.
    """

    board: str
    ram_bytes: int
    ram_limit_bytes: int
    block_bytes: int
    block_limit_bytes: int
    flash_bytes: int
    flash_limit_bytes: int
    flash_single_bytes: int
    burst_us: float | None  # every neuron fires
    burst_us_typical: float | None  # TYPICAL_FIRING of them fire
    consumers: tuple[Consumer, ...]  # largest first

    @property
    def fits_ram(self) -> bool:
        return self.ram_bytes <= self.ram_limit_bytes and self.block_bytes <= self.block_limit_bytes

    @property
    def fits_flash(self) -> bool:
        return self.flash_bytes <= max(self.flash_limit_bytes, self.flash_single_bytes)

    @property
    def needs_single_slot(self) -> bool:
        """Whether it fits only where no older brain is kept."""
        return self.fits_flash and self.flash_bytes > self.flash_limit_bytes

    @property
    def fits(self) -> bool:
        return self.fits_ram and self.fits_flash


def make_bill(sizes: ImageSizes, board: Board) -> Bill:
    """The bill of an image on a board. A board that copies the image into RAM pays for it there too."""
    copied = sizes.image_bytes if board.image_in_ram else 0
    return Bill(
        board=board.name,
        ram_bytes=sizes.ram_bytes + copied,
        ram_limit_bytes=board.heap_bytes - board.runtime_ram_bytes,
        block_bytes=max(sizes.ram_bytes, copied),
        block_limit_bytes=board.ram_for_brain_bytes,
        flash_bytes=sizes.image_bytes,
        flash_limit_bytes=board.image_limit_bytes,
        flash_single_bytes=board.single_image_limit_bytes,
        burst_us=burst_us(sizes, board, 1.0),
        burst_us_typical=burst_us(sizes, board, TYPICAL_FIRING),
        consumers=list_consumers(sizes, board.image_in_ram),
    )


def burst_us(sizes: ImageSizes, board: Board, firing: float) -> float | None:
    """Microseconds of a burst in which the part `firing` of the neurons fires, each spike with the average fan-out.

    As many neurons are updated as there are synaptic events, but not more than there are. None where the board's cycles were
    not measured.
    """
    if (
        board.cycles_per_burst is None
        or board.cycles_per_neuron is None
        or board.cycles_per_event is None
        or not board.clock_hz
    ):
        return None
    spikes, events = firing * sizes.neurons, firing * sizes.synapses
    updated = min(float(sizes.neurons), events)
    cycles = board.cycles_per_burst + (board.cycles_per_silent or 0.0) * sizes.neurons + board.cycles_per_neuron * updated
    cycles += (board.cycles_per_spike or 0.0) * spikes + board.cycles_per_event * events
    return cycles * 1e6 / board.clock_hz


def list_consumers(sizes: ImageSizes, image_in_ram: bool = False) -> tuple[Consumer, ...]:
    """Who takes the bytes, largest first; equal ones in the order of the areas."""
    found = [Consumer(a.id, kind, size, "ram") for a in sizes.areas for kind, size in a.ram.items()]
    memory = "ram" if image_in_ram else "flash"
    found += [Consumer(a.id, kind, size, memory) for a in sizes.areas for kind, size in a.image.items()]
    return tuple(sorted(found, key=lambda consumer: -consumer.bytes))


def check_fits(bill: Bill, board: Board, others: Iterable[Board] = (), sizes: ImageSizes | None = None) -> None:
    """Raises DoesNotFit B201 (RAM) or B202 (flash), naming the largest consumer and three things to try.

    others: boards to recommend if the brain fits them, which `sizes` decides.
    """
    if bill.fits:
        return
    larger = [other.name for other in others if sizes is not None and make_bill(sizes, other).fits]
    memory = "flash" if bill.fits_ram else "ram"
    blamed = [consumer for consumer in bill.consumers if consumer.memory == memory]
    worst = blamed[0] if blamed else None
    if memory == "flash":
        code, need, limit, noun = "B202", bill.flash_bytes, max(bill.flash_limit_bytes, bill.flash_single_bytes), "flash"
    elif bill.ram_bytes > bill.ram_limit_bytes:
        code, need, limit, noun = "B201", bill.ram_bytes, bill.ram_limit_bytes, "RAM"
    else:
        code, need, limit, noun = "B201", bill.block_bytes, bill.block_limit_bytes, "RAM in one block"
    largest = f"; the largest part is {worst}" if worst else ""
    message = f"the brain needs {need:,} bytes of {noun} and {board.title} has {limit:,} for it{largest}"
    raise DoesNotFit(code, message, where=board.name, remedy=remedies(worst, larger, need - limit))


def remedies(worst: Consumer | None, larger: list[str], excess: int) -> str:
    """Three things to try, the most promising first."""
    area = repr(worst.area) if worst else "the largest area"
    cure = _CURES[worst.kind].format(area=area) if worst else "use smaller areas"
    smaller = (
        f"make area {area} smaller"
        if not worst or worst.kind != INPUTS
        else "leave out areas that the robot does not need"
    )
    board = (
        f"build for a larger board ({', '.join(larger)})"
        if larger
        else "split the brain, because no larger board is known"
    )
    return f"Save {excess:,} bytes or more: {cure}; or {smaller}; or {board}."
