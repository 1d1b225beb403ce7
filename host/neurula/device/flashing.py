"""The whole way of a brain onto a board: firmware files, image, probation, confirmation, or back to what ran before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from neurula.boards import Board
from neurula.device.board_programs import DIVIDE, HOLD_WATCHDOG, RESET
from neurula.device.install import Installed, board_of, choose_slots, install, probe, reserve_slots, wanted_files
from neurula.device.link import BoardLink, Hello
from neurula.device.ports import Connection, Progress
from neurula.device.repl import Repl
from neurula.device.upload import Uploaded, Watched, revive, running, start, take_back, upload, watch
from neurula.errors import LinkLost, NeurulaError, VerificationFailed

DIVIDE_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asked for. board: a name or None; check: refuses a board that the brain does not fit, before anything is sent.

    single_slot: all flash for one brain, so that the old one is gone before the new one is complete; None: as the board has it."""

    board: str | None
    rate_hz: int
    watch_s: float
    confirm: bool
    check: Callable[[Board], None]
    single_slot: bool | None = None


@dataclass(frozen=True, slots=True)
class Flashed:
    """What was done, and what runs now."""

    board: Board
    micropython: tuple[int, ...]
    installed: Installed
    uploaded: Uploaded
    watched: Watched
    hello: Hello


def flash_brain(connection: Connection, image: bytes, wishes: Wishes, progress: Progress) -> Flashed:
    """Puts a brain on a board with MicroPython. Whatever fails before the new brain starts leaves the old one running;
    whatever fails after it takes the old one back, and the error says what runs then. With a single slot there is no old one:
    the board is in safe mode, with neutral outputs and its link up, until the new one is complete."""
    board, version, installed = prepare(connection, image, wishes, progress)
    link = BoardLink(connection)
    progress("waiting for the firmware", 0.0)
    revive(link)
    uploaded = upload(link, image, progress)
    try:
        hello = start(link, uploaded)
        watched = watch(link, hello, wishes.watch_s, progress)
        if wishes.confirm:
            link.order("confirm")
            hello = require_confirmed(link, uploaded)
    except NeurulaError as problem:
        raise told_back(problem, take_back(link, uploaded)) from problem
    return Flashed(board, version, installed, uploaded, watched, hello)


def prepare(connection: Connection, image: bytes, wishes: Wishes, progress: Progress) -> tuple[Board, tuple[int, ...], Installed]:
    """Looks at the board and brings its firmware up to date; it is restarted in any case, so that what ran before runs again."""
    repl = Repl(connection)
    progress("looking at the board", 0.0)
    repl.enter()
    try:
        repl.run(HOLD_WATCHDOG)
        repl.restart()
        interpreter = probe(repl)
        board = board_of(interpreter, wishes.board)
        wishes.check(board)
        reserved = reserve_slots(repl, interpreter, board, progress)
        single = choose_slots(reserved, len(image), wishes.single_slot, board)
        installed = install(repl, interpreter, wanted_files(board, interpreter, wishes.rate_hz), progress)
        if single or reserved.single:
            repl.run(DIVIDE.format(single=single), DIVIDE_TIMEOUT_S)
    finally:
        with suppress(LinkLost):  # nobody is left to answer
            repl.launch(RESET)
    return board, interpreter.version, installed


def require_confirmed(link: BoardLink, uploaded: Uploaded) -> Hello:
    """VerificationFailed K123 when the board does not say what it was just told."""
    hello = link.hello()
    if (hello.slot, hello.state) != (uploaded.slot, "confirmed"):
        raise VerificationFailed("K123", f"the board did not confirm the new brain: {running(hello)}")
    return hello


def told_back(problem: NeurulaError, now: str) -> NeurulaError:
    """The same failure, and what became of the board."""
    place = "; ".join(filter(None, (problem.where, f"taken back: {now}")))
    return type(problem)(problem.code, problem.message, where=place, remedy=problem.remedy)
