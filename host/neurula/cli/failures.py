"""The one way out: every failure becomes a code, a sentence, a place and a thing to try, and an exit code."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any

from neurula.cli.output import print_json, printable, write_error
from neurula.errors import NeurulaError

DEBUG_VARIABLE = "NEURULA_DEBUG"


@dataclass(frozen=True, slots=True)
class Failure:
    """What a person or a script is told."""

    code: str
    message: str
    where: str
    remedy: str
    exit_code: int

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "where": self.where, "remedy": self.remedy}


def failure_of(error: BaseException) -> Failure:
    """The failure that an exception means; what nobody expected is a bug of ours (X001)."""
    if isinstance(error, NeurulaError):
        return Failure(error.code, error.message, error.where, error.remedy or remedy_of(error.code), error.exit_code)
    if isinstance(error, KeyboardInterrupt):
        return _listed("X002", "interrupted")
    if isinstance(error, MemoryError):
        return _listed("X003", "this computer has not enough memory for that")
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        return _listed("U203", f"reading or writing failed: {reason}", str(error.filename or ""))
    return _listed("X001", f"a bug of ours: {type(error).__name__}: {error}"[:500], place_of(error))


def place_of(error: BaseException) -> str:
    """File and line that raised, for a bug report."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"{os.path.basename(trace.tb_frame.f_code.co_filename)} line {trace.tb_lineno}"


def remedy_of(code: str) -> str:
    """The remedy that the list of codes gives."""
    from neurula.error_codes import CODES

    return CODES[code][1] if code in CODES else ""


def _listed(code: str, message: str, where: str = "") -> Failure:
    from neurula.error_codes import CODES

    exit_code, remedy = CODES[code]
    return Failure(code, message, where, remedy, exit_code)


def tell(failure: Failure, as_json: bool, hint: str = "") -> None:
    """Prints a failure: JSON on standard output, or lines on standard error."""
    if as_json:
        print_json({"ok": False, "error": failure.as_json()})
        return
    lines = [f"error {failure.code}: {failure.message}"]
    lines += [f"  where: {failure.where}"] if failure.where else []
    lines += [f"  try: {failure.remedy}"] if failure.remedy else []
    write_error("\n".join(printable(line) for line in [*lines, *([hint] if hint else [])]))


def wants_traceback() -> bool:
    return os.environ.get(DEBUG_VARIABLE, "") not in ("", "0")


def hush_closed_pipe() -> None:
    """Whoever read our output has gone: nothing more is written, and Python does not complain at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            try:
                os.dup2(nowhere, stream.fileno())
            except (OSError, ValueError):
                continue
    os.close(nowhere)
