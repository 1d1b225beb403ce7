"""What a piece of work takes of the processor and of memory."""

from __future__ import annotations

import signal
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

_T = TypeVar("_T")


class TooSlow(BaseException):
    """A mutant took more processor time than any may."""


@contextmanager
def stopped_after(seconds: float) -> Iterator[None]:
    """Ends what runs inside with TooSlow, so that a mutant that would never end is named too."""

    def stop(_signal: int, _frame: object) -> None:
        raise TooSlow(f"more than {seconds} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


class Footprint:
    """By how much this process grows, as Linux counts it; by 0 elsewhere."""

    def __init__(self) -> None:
        self.known = Path("/proc/self/clear_refs").exists()
        self.forget()

    def forget(self) -> None:
        """From here on it is counted anew."""
        if self.known:
            Path("/proc/self/clear_refs").write_text("5")
        self.before = self._peak()

    def grew(self) -> int:
        """The most bytes since then, beside what there was."""
        return self._peak() - self.before

    def _peak(self) -> int:
        if not self.known:
            return 0
        line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) << 10


def counted(work: Callable[[], _T]) -> tuple[_T, int]:
    """What it gives, and the most bytes that were allocated at once."""
    tracemalloc.start()
    try:
        return work(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
