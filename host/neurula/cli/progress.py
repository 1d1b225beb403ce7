"""A progress bar on standard error for whatever takes more than a second."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

DELAY_S = 1.0


class Progress:
    """Call it with (stage, fraction 0..1). Nothing is shown before DELAY_S, and never where stderr is no terminal."""

    def __init__(self, delay_s: float = DELAY_S, screen: Console | None = None) -> None:
        self._lock = threading.Lock()
        self._screen = screen
        self._stage = "starting"
        self._fraction = 0.0
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._timer: threading.Timer | None = None
        if screen is not None or sys.stderr.isatty():
            self._timer = threading.Timer(delay_s, self._show)
            self._timer.daemon = True

    def __enter__(self) -> Progress:
        if self._timer is not None:
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._timer = None
            if self._bar is not None:
                self._bar.stop()

    def __call__(self, stage: str, fraction: float) -> None:
        self._stage, self._fraction = stage, fraction
        bar, task = self._bar, self._task
        if bar is not None and task is not None:
            bar.update(task, description=stage, completed=fraction)

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
        with self._lock:
            if self._timer is None:
                return  # the work ended while the parts were imported
            bar = Bar(*columns, console=self._screen or Console(stderr=True), transient=True)
            self._task = bar.add_task(self._stage, total=1.0)
            bar.update(self._task, completed=self._fraction)
            bar.start()
            self._bar = bar
