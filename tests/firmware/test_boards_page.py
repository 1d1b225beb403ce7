"""docs/BOARDS.md says what the firmware does."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from neurula.boards import load_board
from neurula.cli.app import run_command
from neurula_mcu import failsafe, log, loop, main, slots
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "BOARDS.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_its_commands_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples" / "reflex", tmp_path / "examples" / "reflex")
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for line in block.splitlines():
        name, *arguments = line.split()
        assert (name, run_command(arguments)) == ("neurula", 0)


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (PAGE.parent / target).exists(), target


def test_its_numbers_are_the_firmwares() -> None:
    pico = load_board("rpi_pico")
    told = [
        (f"(*{main.FACTS['rate_hz']}* a second)", main.FACTS["rate_hz"] == 100),
        ("`failsafe_ms` (*200*)", pico.failsafe_ms == main.FACTS["failsafe_ms"] == 200),
        ("restarts the board after *2* s (F148)", main.FACTS["watchdog_ms"] == 2000),
        ("watchdog after *1.5* s", main.TEST_WATCHDOG_MS == 1500),
        ("fails *three* times in a row", slots.FAILURES == 3),
        ("*ten* such starts", slots.POWER_FAILURES == 10),
        ("go on for *three* seconds", loop.HEALTHY_MS == 3000),
        ("last *32* events", log.ENTRIES == 32),
        ("every *10* ms", failsafe.TICK_MS == 10),
        ("an image may have *476* KB", pico.image_limit_bytes == 476 << 10),
        ("up to *952* KB", pico.single_image_limit_bytes == 952 << 10),
        (f"(*{pico.ram_for_brain_bytes >> 10}* KB)", pico.ram_for_brain_bytes % 1024 == 0),
    ]
    text = " ".join(TEXT.split())
    for words, right in told:
        assert words.replace("*", "") in text, words
        assert right, words
