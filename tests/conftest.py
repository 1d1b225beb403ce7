"""What all tests share: the optional reference data, the optional firmware, and the rule that CI skips neither.

NEURULA_SHARED names a folder with recorded oracles and real genomes (default: ../shared beside the repository); without
it the tests that need it are skipped. With NEURULA_REQUIRE=1 a missing folder or firmware fails instead of skipping.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from neurula.errors import DeviceNotFound
from neurula.runtimes import Runtime, open_runtime
from neurula.sim.cores import open_cpu
from neurula.sim.cpu import Cpu

ROOT = Path(__file__).parent.parent
SHOWN = (
    "sim:rpi_pico", "sim:rpi_pico:viper", "core:m0", "core:m4", "core:rv32", "core:xtensa", "thumb:m0", "thumb:m4", "c", "c:m0", "c:m4",
    "c:xtensa", "c:wasm32", "c:rp2040",    "micropython32", "micropython",
)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background jobs; the programs under test are to be interrupted
    signal.signal(signal.SIGINT, signal.default_int_handler)
REQUIRED = os.environ.get("NEURULA_REQUIRE") == "1"


def missing(reason: str) -> None:
    """Skips the test, or fails it where everything is required to run."""
    if REQUIRED:
        pytest.fail(f"required here: {reason}")
    pytest.skip(reason)


def open_backend(name: str, image: bytes) -> Runtime:
    """The runtime; the test is skipped (or failed, where everything is required) if this machine lacks what it runs on."""
    try:
        return open_runtime(name, image)
    except DeviceNotFound as error:
        missing(f"{error.message}; {error.remedy}")
        raise


def open_core(name: str, **options: Any) -> Cpu:
    """The emulated core, skipped or failed in the same way."""
    try:
        return open_cpu(name, **options)
    except DeviceNotFound as error:
        missing(f"{error.message}; {error.remedy}")
        raise


def shared_folder() -> Path | None:
    folder = Path(os.environ.get("NEURULA_SHARED", ROOT.parent / "shared"))
    return folder if (folder / "oracles" / "cases").is_dir() else None


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded oracles and real genomes."""
    folder = shared_folder()
    if folder is None:
        missing("no folder of recorded oracles (NEURULA_SHARED)")
    assert folder is not None
    return folder


@pytest.fixture(autouse=True)
def _firmware_is_there(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("needs_firmware") is None:
        return
    from neurula.sim.firmware import find_firmware

    try:
        find_firmware("rp2040")
        find_firmware("unix32")
    except DeviceNotFound as error:
        missing(f"{error.message}; {error.remedy}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what ran on emulated boards, so that a log shows it."""
    passed = [report.nodeid for report in terminalreporter.stats.get("passed", [])]
    for name in SHOWN:
        count = sum(f"[{name}]" in node or f"-{name}]" in node or f"[{name}-" in node or f"-{name}-" in node for node in passed)
        terminalreporter.write_line(f"executed on {name}: {count} tests")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where everything is required, a skip is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if REQUIRED and reporter is not None and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = 1
