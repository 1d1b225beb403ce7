"""Fixtures for tests that run MicroPython or machine code of a microcontroller on this computer."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurula.errors import DeviceNotFound
from neurula.sim.firmware import find_firmware


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs_firmware: runs firmware that `make boards` builds; skipped without it")


def _built(board: str) -> Path:
    try:
        return find_firmware(board)
    except DeviceNotFound as absent:
        pytest.skip(f"{absent.message}: run `make boards`")


@pytest.fixture
def pico_firmware() -> Path:
    """The Pico firmware, or a skip that says how to get it."""
    return _built("rp2040")


@pytest.fixture
def micropython32() -> Path:
    """The 32-bit interpreter, or a skip that says how to get it."""
    return _built("unix32")
