"""Boards are data: one TOML file a board says what its chip has and what a brain may take of it.

The files lie in boards/ of the repository and, in an installed package, in `neurula/board_files`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from neurula.errors import InvalidInput, UsageError

FILE_BYTES_MAX = 64 << 10  # the longest of ours has 3 KB
NUMBER_MAX = 1 << 62
BLOCK_BYTES = 4096  # slots for images are whole blocks of flash, and each has one for its records
PIN_MAX = 255
RUNTIMES = ("micropython", "npu")
MPY_ARCHES = (
    "armv6m",
    "armv7m",
    "armv7em",
    "armv7emsp",
    "armv7emdp",
    "xtensa",
    "xtensawin",
    "rv32imc",
    "rv64imc",
    "x86",
    "x64",
)
PIN_ROLES = ("led", "digital", "pwm", "adc", "dac", "i2c_sda", "i2c_scl", "uart_tx", "uart_rx", "reserved")
TRANSPORTS = ("usb-serial", "uart", "udp")
FIGURES = ("measured", "estimated")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True)
class Board:
    """One board. Sizes in bytes, 0 = differs from machine to machine; cycles_per_*: None = not measured.

    heap_bytes: what the system leaves free; runtime_ram_bytes: what the runtime takes of it before a brain is loaded;
    ram_for_brain_bytes: the largest block that is free then. Where image_in_ram is true the image is copied there too.
    flash_for_brain_bytes: with MicroPython for two images, the one that runs and the next one.
    """

    name: str
    title: str
    chip: str
    runtime: str  # "micropython" (neurula_mcu) or "npu" (neurula_npu)
    arch: str  # what mpy-cross compiles for; for npu the processor
    clock_hz: int
    ram_bytes: int
    heap_bytes: int
    runtime_ram_bytes: int
    ram_for_brain_bytes: int
    memory_figures: str  # "measured" or "estimated"
    flash_bytes: int
    flash_for_brain_bytes: int
    image_in_ram: bool
    transports: tuple[str, ...]
    failsafe_ms: int
    proven: str  # what was seen to run, and where
    psram_bytes: int = 0
    cycles_per_burst: float | None = None  # fixed cost of a burst
    cycles_per_silent: float | None = None  # passing over a neuron that received nothing
    cycles_per_neuron: float | None = None  # update of one neuron that received something
    cycles_per_spike: float | None = None  # finding the row of a neuron that fired
    cycles_per_event: float | None = None  # one synapse delivering
    pwm_outputs: int = 0  # GPIO n and n + pwm_outputs share one output, 2k and 2k + 1 one frequency; 0 = all are independent
    pins: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def measured(self) -> bool:
        """True where a burst's duration can be told."""
        return self.cycles_per_event is not None and self.clock_hz > 0

    @property
    def slot_bytes(self) -> int:
        """Bytes of one of two equal slots, that of their records included."""
        return self.flash_for_brain_bytes // 2 // BLOCK_BYTES * BLOCK_BYTES

    @property
    def image_limit_bytes(self) -> int:
        """The longest image that can be put beside the one that runs."""
        return max(0, self.slot_bytes - BLOCK_BYTES) if self.runtime == "micropython" else self.flash_for_brain_bytes

    @property
    def single_image_limit_bytes(self) -> int:
        """The longest image that can take the old one's place, where a board's flash can be made one slot; else the same."""
        if self.runtime != "micropython" or self.image_in_ram:
            return self.image_limit_bytes
        return max(0, 2 * self.slot_bytes - 2 * BLOCK_BYTES)


def board_folder() -> Path:
    """Where the boards lie: inside the installed package, or at the root of the checkout."""
    installed = Path(__file__).with_name("board_files")
    return installed if installed.is_dir() else Path(__file__).parents[2] / "boards"


def list_boards() -> tuple[Board, ...]:
    """All boards that come with neurula, by name."""
    return tuple(_load(path) for path in sorted(board_folder().glob("*.toml")))


def load_board(name_or_path: str) -> Board:
    """A board by its name, or by the path of its file. UsageError B101; InvalidInput B102 to B107."""
    known = board_folder() / f"{name_or_path}.toml"
    if _NAME.fullmatch(name_or_path) and known.is_file():
        return _load(known)
    if name_or_path.endswith(".toml") or "/" in name_or_path:
        return _load(Path(name_or_path))
    names = ", ".join(sorted(path.stem for path in board_folder().glob("*.toml")))
    raise UsageError(
        "B101", f"there is no board {name_or_path!r}", remedy=f"Choose one of {names}, or name a .toml file."
    )


def _load(path: Path) -> Board:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InvalidInput("B102", f"the board's file cannot be read: {reason}", where=str(path)) from None
    if len(content) > FILE_BYTES_MAX:
        raise InvalidInput("B102", f"the board's file is larger than {FILE_BYTES_MAX >> 10} KB", where=str(path))
    return board_from_toml(content, str(path))


def board_from_toml(content: bytes, place: str) -> Board:
    """The board that a file's content describes; place names it in errors. InvalidInput B103 to B107."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as problem:
        raise InvalidInput("B103", f"the board's file is not TOML: {str(problem)[:200]}", where=place) from None
    known = {entry.name: entry for entry in fields(Board)}
    for key in document:
        if key not in known:
            raise InvalidInput("B104", f"no board has a key {key[:60]!r}", where=place)
    for key, entry in known.items():
        if key not in document and entry.default is MISSING and entry.default_factory is MISSING:
            raise InvalidInput("B105", f"the board's file lacks {key!r}", where=place)
    board = Board(**{key: _read(key, value, place) for key, value in document.items()})
    _require_consistent(board, place)
    return board


def _read(key: str, value: Any, place: str) -> Any:
    """The value of one key, checked for kind and range."""
    want, accept = _KINDS.get(key, _NUMBER)
    if not accept(value):
        raise InvalidInput("B106", f"{key!r} must be {want}, not {str(value)[:60]!r}", where=place)
    if key == "pins":
        return MappingProxyType({role: tuple(pins) for role, pins in value.items()})
    return tuple(value) if isinstance(value, list) else value


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= NUMBER_MAX


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 400 and value.isprintable()


def _is_cost(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1e9


def _is_pins(value: object) -> bool:
    return isinstance(value, dict) and all(
        role in PIN_ROLES and isinstance(pins, list) and all(_is_number(pin) and pin <= PIN_MAX for pin in pins)
        for role, pins in value.items()
    )


def _is_transports(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(entry in TRANSPORTS for entry in value)


Kind = tuple[str, Callable[[Any], bool]]
_NUMBER: Kind = ("a whole number, 0 or more", _is_number)
_TEXT: Kind = ("a line of text", _is_text)
_COST: Kind = ("a number of cycles, 0 or more", _is_cost)
_KINDS: dict[str, Kind] = {
    "name": ("a name of small letters, digits and _", lambda v: isinstance(v, str) and bool(_NAME.fullmatch(v))),
    **dict.fromkeys(("title", "chip", "arch", "proven"), _TEXT),
    "runtime": (f"one of {', '.join(RUNTIMES)}", lambda v: v in RUNTIMES),
    "memory_figures": (f"one of {', '.join(FIGURES)}", lambda v: v in FIGURES),
    "image_in_ram": ("true or false", lambda v: isinstance(v, bool)),
    "transports": (f"a list out of {', '.join(TRANSPORTS)}", _is_transports),
    "pins": (f"lists of GPIO numbers by role ({', '.join(PIN_ROLES)})", _is_pins),
    **dict.fromkeys((f"cycles_per_{what}" for what in ("burst", "silent", "neuron", "spike", "event")), _COST),
}


def _require_consistent(board: Board, place: str) -> None:
    reserved = set(board.pins.get("reserved", ()))
    costs = (board.cycles_per_burst, board.cycles_per_neuron, board.cycles_per_event)
    ram = board.ram_bytes + board.psram_bytes
    rules = (
        (
            board.runtime == "npu" or board.arch in MPY_ARCHES,
            f"mpy-cross has no 'arch' {board.arch!r}, which 'runtime' needs",
        ),
        (board.heap_bytes <= ram or not board.ram_bytes, "'heap_bytes' is more than 'ram_bytes' and 'psram_bytes'"),
        (
            board.runtime_ram_bytes + board.ram_for_brain_bytes <= board.heap_bytes,
            "'runtime_ram_bytes' and 'ram_for_brain_bytes' together are more than 'heap_bytes'",
        ),
        (
            board.flash_for_brain_bytes <= board.flash_bytes or not board.flash_bytes,
            "'flash_for_brain_bytes' is more than 'flash_bytes'",
        ),
        (
            len({cost is None for cost in costs}) == 1,
            "of the keys 'cycles_per_burst', '..._neuron', '..._event' some are missing",
        ),
        (costs[0] is None or board.clock_hz > 0, "'cycles_per_burst' says nothing while 'clock_hz' is 0"),
        (
            all(role == "reserved" or not reserved & set(pins) for role, pins in board.pins.items()),
            "a pin of another role is 'reserved' too",
        ),
    )
    for holds, message in rules:
        if not holds:
            raise InvalidInput("B107", message, where=place)
