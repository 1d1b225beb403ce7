"""The commands and the program of docs/BRIDGE.md do what it says, and its table of records is that of the reader."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from neurula.bridge import recording
from tests.cli.conftest import process_environment
from tests.conftest import ROOT
from tests.docs.test_first_robot import folder, shell  # noqa: F401

TEXT = (ROOT / "docs" / "BRIDGE.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_the_commands_of_the_page_work_in_order(folder: Path) -> None:  # noqa: F811
    (lines,) = blocks("sh")
    said = [shell(line, folder) for line in lines.splitlines()]
    assert "score: 1.000" in said[0]
    assert "every burst the same" in said[1]


def test_the_program_of_the_page_keeps_away_from_walls() -> None:
    (program,) = blocks("python")
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=process_environment(), check=True, capture_output=True, text=True)
    print(done.stdout)
    assert 0.2 < float(done.stdout.split()[0]) < 0.8
    assert "after 40 s" in done.stdout


def test_the_table_of_records_has_every_kind_once() -> None:
    rows = [int(number) for number in re.findall(r"^\| (\d) \| ", TEXT, re.MULTILINE)]
    assert rows == sorted(recording.PAYLOAD_MAX)
    assert f"`{recording.MAGIC.decode()}`, the version (u16, {recording.VERSION})" in TEXT
    assert recording.BURST.format == "<IQBIII"
    assert recording.END.format == "<IQ"


def test_every_link_of_the_pages_leads_somewhere() -> None:
    for name in ("BRIDGE.md", "FIRST_ROBOT.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / "docs" / name).read_text(encoding="utf-8")):
            assert (ROOT / "docs" / target).exists(), target
