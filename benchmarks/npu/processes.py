"""Engines as processes that wait for their turn: start-up, bursts, potentials and memory of each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from folders import ROOT
from numpy.typing import NDArray

HERE = Path(__file__).parent
PEERS = ROOT / ".venv-peers" / "bin" / "python"  # made by `make bench-peers`: Brian2 and NEST want packages of their own
C_FLAGS = ["-O3", "-march=native", "-funroll-loops", "-fwrapv", "-shared", "-fPIC"]
LARGEST = {"six bytes": 65_536, "NEST": 100_000, "Brian2": 100_000}  # cells; more takes them too long to build, or does not fit


class Process:
    """An engine on a network, ready to run. start_s: from nothing to ready."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.about: dict[str, Any] = json.loads((folder / "about.json").read_text())
        command = [str(folder / "brian" / "main")] if name == "Brian2" else [python_of(name), str(HERE / "runner.py"), name, str(folder)]
        started = time.perf_counter()
        self._child = subprocess.Popen(
            command, cwd=folder / "brian" if name == "Brian2" else ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
        )  # fmt: skip
        self.bytes_per_synapse = float(self._answer()["bytes_per_synapse"])
        self.start_s = time.perf_counter() - started
        self.bursts = 0  # run so far, counted from the pacemakers' first

    def run(self, bursts: int, clock: str = "seconds") -> float:
        """Seconds a burst, of processor time or, by clock `wall_s`, on the wall."""
        answer = self._ask(f"run {bursts}")
        ran = answer.get("bursts", bursts)
        self.bursts += ran
        return float(answer[clock]) / ran

    def potentials(self) -> NDArray[np.int32]:
        """Those of the cells, of an engine with our arithmetic."""
        path = self.folder / "potentials"
        self._ask(f"potentials {path}")
        found = np.fromfile(path, np.int32)
        path.unlink()
        return found

    def spikes(self) -> int:
        """Spikes of the cells so far, of an engine that counts them."""
        return int(self._ask("spikes")["spikes"])

    def memory_mb(self) -> tuple[float, float]:
        """(now, at most so far) resident."""
        text = Path(f"/proc/{self._child.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in text.splitlines())
        return tuple(round(int(fields[name].split()[0]) / 1024, 1) for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]

    def close(self) -> None:
        self._child.kill()
        self._child.communicate()

    def _ask(self, line: str) -> dict[str, Any]:
        assert self._child.stdin is not None
        self._child.stdin.write(line + "\n")
        self._child.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} has ended ({self._child.wait()})")
        answer: dict[str, Any] = json.loads(line)
        return answer


def python_of(name: str) -> str:
    return str(PEERS) if name == "NEST" else sys.executable


def engines_for(cells: int) -> list[str]:
    """Names of the engines that are there and can take so many cells; ours is the first."""
    names = ["neurula"]
    names += [f"C, {layout}{ahead}" for layout in ("three bytes", "four bytes", "six bytes") for ahead in ("", ", ahead")]
    names += [name for name, module in (("numba", "numba"),) if has(sys.executable, module)]
    names += [name for name, module in (("Brian2", "brian2"), ("NEST", "nest")) if PEERS.exists() and has(str(PEERS), module)]
    return [name for name in names if cells <= min([most for part, most in LARGEST.items() if part in name], default=cells)]


def has(python: str, module: str) -> bool:
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    return subprocess.run([python, "-c", code], check=False).returncode == 0


def prepare(folder: Path, names: list[str]) -> None:
    """Compiles what these engines need beforehand."""
    library, source = folder.parent / "hand_written.so", HERE / "hand_written.c"
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["gcc", *C_FLAGS, str(source), "-o", str(library)], check=True)
    program, parts = folder / "brian" / "main", (HERE / "in_brian.py", folder / "about.json")
    if "Brian2" in names and (not program.exists() or program.stat().st_mtime < max(part.stat().st_mtime for part in parts)):
        subprocess.run([str(PEERS), str(HERE / "in_brian.py"), str(folder)], check=True, capture_output=True)
