"""The program of docs/NPU.md runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.genome import read_genome

ROOT = Path(__file__).parent.parent.parent


def test_the_program_of_the_page_runs_a_brain(tmp_path: Path) -> None:
    programs = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "NPU.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(programs) == 1
    genome = read_genome(ROOT / "examples" / "reflex" / "genome.json")
    (tmp_path / "brain.nrl").write_bytes(write_image(lower(develop(genome).connectome)))
    result = subprocess.run([sys.executable, "-c", programs[0]], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert result.stdout.startswith("101 ")
