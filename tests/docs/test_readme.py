"""The README's commands and programs do what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def checkout(tmp_path: Path) -> dict[str, str]:
    """A folder with the examples, and an environment in which `neurula` is the installed command of this Python."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def test_the_commands_of_the_readme_work_in_order(tmp_path: Path) -> None:
    environment = checkout(tmp_path)
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.strip()]
    assert lines[0] == "pip install ."
    assert len(lines) >= 5
    for line in lines[1:]:
        result = subprocess.run(line, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{line}\n{result.stdout}{result.stderr}"


def test_the_programs_of_the_readme_work(tmp_path: Path) -> None:
    environment = checkout(tmp_path)
    programs = blocks("python")
    assert programs
    for program in programs:
        subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True)


def test_every_link_of_the_readme_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert target.startswith("https://") or (ROOT / target).exists(), target
