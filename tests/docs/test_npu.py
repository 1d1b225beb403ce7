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


def test_the_programs_of_the_page_run_a_brain(tmp_path: Path) -> None:
    programs = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "NPU.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(programs) == 2
    genome = read_genome(ROOT / "examples" / "reflex" / "genome.json")
    (tmp_path / "brain.nrl").write_bytes(write_image(lower(develop(genome).connectome)))
    first, second = (
        subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
        for program in programs
    )
    assert first.startswith("101 ")
    assert second.startswith("[")
