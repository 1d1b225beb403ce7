"""The programs of docs/LINKS.md do what it says."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "LINKS.md").read_text(encoding="utf-8")


def test_the_programs_of_the_page_work() -> None:
    programs = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    told = []
    for program in programs:
        told.append(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60).stdout)
    assert len(told) == 2
    assert told[0] == "my_robot\n"
    assert told[1].endswith("of 100 arrived\n")


def test_the_addresses_of_the_page_are_those_that_open() -> None:
    from neurula.link.open_link import OPENERS

    for scheme in OPENERS:
        assert f"`{scheme}:" in TEXT, scheme
