"""The firmware's files on a board: what is there, what is to be there, and only the difference on its way."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from neurula.boards import BLOCK_BYTES, Board, list_boards, load_board
from neurula.device.board_programs import (
    BOARD_FILE,
    CLAIM,
    CLAIMED,
    FINISH,
    JOURNAL,
    MAIN_FILE,
    MAIN_PROGRAM,
    MARK,
    PACKAGE,
    PROBE,
    STAGED,
    WRITER,
)
from neurula.device.link import refusal
from neurula.device.ports import Progress
from neurula.device.repl import Repl
from neurula.errors import DeviceNotFound, DoesNotFit, LinkLost, UsageError, VerificationFailed
from neurula.runtimes.firmware_files import compiled_firmware, firmware_modules, firmware_source

MAIN_KEPT = "/main_before_neurula.py"
WRITE_BYTES = 3072
OTHER_FILES_BLOCKS = 8
INLINE_BYTES = 128  # littlefs keeps what is this small beside the file's name
MPY_VERSION = 6
RATE_HZ_DEFAULT = 100
WATCHDOG_MS = 2000
CLAIM_TIMEOUT_S = 300.0  # some 600 blocks are erased, 45 ms each


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The MicroPython on a board. files: path -> SHA-256 in hex of what concerns us."""

    version: tuple[int, ...]
    machine: str
    mpy: int
    platform: str
    files: Mapping[str, str]

    @property
    def chip(self) -> str:
        """As MicroPython writes it: "Raspberry Pi Pico with RP2040" -> "RP2040"."""
        return self.machine.rpartition(" with ")[2]

    @property
    def march(self) -> str | None:
        """What mpy-cross must compile for; None where this board loads no .mpy that it makes."""
        from neurula.sim.mpy_container import ARCHITECTURES

        index = self.mpy >> 10 & 15
        usable = self.mpy & 255 == MPY_VERSION and 0 < index < len(ARCHITECTURES)
        return ARCHITECTURES[index] if usable else None


@dataclass(frozen=True, slots=True)
class Reserved:
    """What a board has for brains: two halves of so many blocks of flash, the last of each for records; or both as one slot.

    single: they are one slot now; whole: they can be."""

    blocks: int
    single: bool
    whole: bool

    def room(self, *, single: bool) -> int:
        """The longest image that a slot takes. Two blocks of a single one are for records."""
        return ((2 * self.blocks - 2) if single else self.blocks - 1) * BLOCK_BYTES


@dataclass(frozen=True, slots=True)
class Installed:
    """What travelled (path -> bytes), what was removed, and how many files were right already."""

    sent: Mapping[str, int]
    removed: tuple[str, ...]
    kept: int


def probe(repl: Repl) -> Interpreter:
    """Looks at a board whose REPL was entered; an update that was cut off is carried through before.

    LinkLost K112 for an answer that no MicroPython gives."""
    repl.run(FINISH, 60.0)
    printed = repl.run(PROBE, 60.0)
    try:
        name, version, machine, mpy, platform, files = json.loads(printed[printed.index(MARK) + len(MARK) :])
        found = {str(path): str(digest) for path, digest in files.items()}
        if name != "micropython":
            raise DeviceNotFound("K110", f"the board runs {str(name)[:40]}, not MicroPython")
        return Interpreter(tuple(map(int, version)), str(machine), int(mpy), str(platform), found)
    except (ValueError, TypeError, AttributeError) as problem:
        raise LinkLost("K112", f"the board does not describe itself: {str(problem)[:80]}", where=printed[:120]) from None


def board_of(interpreter: Interpreter, wanted: str | None) -> Board:
    """The board's description: the one that is wanted, which must have this chip, or the only one that has it.

    UsageError K113 when they do not go together, K114 when it must be said."""
    if wanted is not None:
        board = load_board(wanted)
        require_micropython(board)
        if plain(board.chip) != plain(interpreter.chip):
            raise UsageError("K113", f"the attached board has the chip {interpreter.chip}, {board.name} has {board.chip}")
        return board
    fitting = [b for b in list_boards() if b.runtime == "micropython" and plain(b.chip) == plain(interpreter.chip)]
    if len(fitting) != 1:
        names = ", ".join(b.name for b in fitting) or "no board that is known"
        raise UsageError("K114", f"{interpreter.machine!r} could be {names}")
    return fitting[0]


def require_micropython(board: Board) -> None:
    """UsageError K113 for a board that runs no MicroPython."""
    if board.runtime != "micropython":
        raise UsageError("K113", f"{board.title} runs neurula_npu: there is nothing to flash")


def plain(chip: str) -> str:
    return chip.upper().replace("-", "")


def choose_slots(reserved: Reserved, image_bytes: int, wanted: bool | None, board: Board) -> bool:
    """Whether the board shall have a single slot, which is as it has now while nobody says otherwise (wanted: None).

    UsageError K125 where that would take the old brain away unasked, K126 where there is no such choice; DoesNotFit K115 for an image
    that is longer than a slot, F116 for flash in two places."""
    if wanted and not reserved.whole and board.image_in_ram:
        raise UsageError("K126", f"{board.title} keeps brains in files: two slots of any size")
    if wanted is None and reserved.single:
        raise UsageError("K125", f"{board.title} has a single slot: a new brain can only take the place of the one that is there")
    single = bool(wanted)
    if single and not reserved.whole:
        raise DoesNotFit("F116", "the two stretches of flash that were set aside do not lie side by side")
    require_room(image_bytes, reserved.room(single=single), reserved.room(single=True) if reserved.whole else 0, board.title)
    return single


def require_room(image_bytes: int, room: int, single_room: int, place: str) -> None:
    """DoesNotFit K115 for an image that is longer than a slot. single_room: what a single slot would take."""
    if image_bytes > room:
        remedy = ""
        if image_bytes <= single_room:
            remedy = f"--single-slot makes room for {single_room:,} bytes; the old brain is gone before the new one is complete."
        raise DoesNotFit("K115", f"the image has {image_bytes:,} bytes, a slot of {place} takes {room:,}", remedy=remedy)


def reserve_slots(repl: Repl, interpreter: Interpreter, board: Board, progress: Progress) -> Reserved:
    """Flash for brains. An RP2 sets it aside, once in its life and before files take the room; elsewhere slots are files.

    The board's own codes F1xx when that is not possible."""
    wanted = board.slot_bytes // BLOCK_BYTES
    if interpreter.platform != "rp2":
        return Reserved(wanted, False, False)
    reserved = told_reserved(repl.run(CLAIMED))
    if not reserved.blocks:
        progress("setting flash aside for brains", 0.0)
        repl.run((firmware_source() / "claim_rp2.py").read_text(encoding="utf-8"))
        spare = spare_blocks(wanted_files(board, interpreter, RATE_HZ_DEFAULT))
        reserved = told_reserved(repl.run(f"{CLAIM}reserve({wanted}, {spare})\n", CLAIM_TIMEOUT_S))
    return reserved


def spare_blocks(files: Mapping[str, bytes]) -> int:
    """Blocks that must stay for files: all of ours twice, for an update sends the new ones before the old ones go."""
    return OTHER_FILES_BLOCKS + 2 * sum(-(-len(content) // BLOCK_BYTES) for content in files.values() if len(content) > INLINE_BYTES)


def told_reserved(printed: str) -> Reserved:
    """What a board printed. The board's own error, or LinkLost K112 when it printed something else."""
    words = printed[printed.rfind(MARK) + len(MARK) :].split() if MARK in printed else []
    if words[:1] == ["error"]:
        raise refusal(words)
    if len(words) != 3 or not all(word.isdigit() for word in words):
        raise LinkLost("K112", "the board does not say how much flash it set aside", where=printed[-120:])
    return Reserved(int(words[0]), words[1] == "1", words[2] == "1")


def wanted_files(board: Board, interpreter: Interpreter, rate_hz: int) -> dict[str, bytes]:
    """Path -> content of everything that shall be on a board, in the order in which it shall take its place."""
    facts: dict[str, object] = {
        "board": board.name,
        "failsafe_ms": board.failsafe_ms,
        "rate_hz": rate_hz,
        "watchdog_ms": WATCHDOG_MS,
    }
    if interpreter.platform != "rp2":  # which knows what it has set aside
        facts["slot_bytes"] = board.slot_bytes
    radio, march = "udp" in board.transports, interpreter.march
    package = plain_firmware(radio=radio) if march is None else compiled_firmware(march, radio=radio)
    return {**package, BOARD_FILE: (json.dumps(facts, indent=1) + "\n").encode(), MAIN_FILE: MAIN_PROGRAM.encode()}


def plain_firmware(*, radio: bool = False) -> dict[str, bytes]:
    """The firmware as source, for a MicroPython that loads none of our .mpy files."""
    return {f"{PACKAGE}{path.name}": path.read_bytes() for path in firmware_modules(radio=radio)}


def install(repl: Repl, interpreter: Interpreter, files: Mapping[str, bytes], progress: Progress) -> Installed:
    """Sends what differs under names of its own, and only when all of it has arrived lets it take its place by a journal,
    which the board carries through at its next boot if the power fails: it runs the old firmware or the new, never a mixture.

    VerificationFailed K116 when a file arrived damaged, DoesNotFit K117 when the file system is full."""
    changed = {path: content for path, content in files.items() if interpreter.files.get(path) != digest_of(content)}
    expected = {*files, *(path + STAGED for path in changed)}
    stale = tuple(path for path in interpreter.files if path.startswith(PACKAGE) and path not in expected)
    if not changed and not stale:
        return Installed({}, (), len(files))
    repl.run(WRITER)
    try:
        stage(repl, changed, progress)
    except LinkLost as problem:
        if "ENOSPC" not in problem.message and "28" not in problem.message.split():
            raise
        repl.run(f"drop({[path + STAGED for path in changed]!r})", 60.0)
        needed = sum(map(len, changed.values()))
        raise DoesNotFit("K117", f"the board's file system has no room for {needed:,} bytes of firmware beside the old one") from None
    if MAIN_FILE in changed:  # first of all: it is what carries an interrupted update through
        repl.run(main_program(keep=BOARD_FILE not in interpreter.files and MAIN_FILE in interpreter.files))
    journal = [f"-{path}" for path in stale] + [path for path in changed if path != MAIN_FILE]
    send_file(repl, JOURNAL + STAGED, "\n".join(journal).encode(), lambda _: None)
    repl.run(f"os.rename({JOURNAL + STAGED!r}, {JOURNAL!r})")
    repl.run(FINISH, 60.0)
    return Installed({path: len(content) for path, content in changed.items()}, stale, len(files) - len(changed))


def stage(repl: Repl, changed: Mapping[str, bytes], progress: Progress) -> None:
    """Sends files under names that nothing reads."""
    total, done = sum(map(len, changed.values())), 0

    def tell(sent: int) -> None:
        progress("sending the firmware", min(1.0, (done + sent) / max(1, total)))

    for path, content in changed.items():
        send_file(repl, path + STAGED, content, tell)
        done += len(content)


def main_program(*, keep: bool) -> str:
    """Puts the new main.py in its place; keep: a person's own program that was there stays under another name."""
    kept = f"os.rename({MAIN_FILE!r}, {MAIN_KEPT!r})\n" if keep else ""
    return f"{kept}os.rename({MAIN_FILE + STAGED!r}, {MAIN_FILE!r})\n"


def send_file(repl: Repl, path: str, content: bytes, sent: Callable[[int], None]) -> None:
    """Sends one file; the board hashes what it wrote. VerificationFailed K116. sent: told how many bytes have gone."""
    repl.run(f"begin({path!r})")
    for start in range(0, len(content), WRITE_BYTES):
        part = content[start : start + WRITE_BYTES]
        repl.run(f"more({base64.b64encode(part).decode('ascii')!r})")
        sent(start + len(part))
    if repl.run("end()").strip() != digest_of(content):
        raise VerificationFailed("K116", "a file of the firmware arrived damaged", where=path)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
