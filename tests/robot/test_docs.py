"""docs/ROBOTS.md is right: its programs run, its table lists every kind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from neurula.genome import read_genome
from neurula.robot import check_robot, kinds, read_mapping, shape_of_genome
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "ROBOTS.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_the_page_works_from_top_to_bottom(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "reflex", tmp_path / "examples" / "reflex")
    (robot,) = blocks("toml")
    (tmp_path / "robot.toml").write_text(robot)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for line in "".join(blocks("sh")).splitlines():
        subprocess.run(line, shell=True, cwd=tmp_path, env=environment, check=True, capture_output=True)
    (program,) = blocks("python")
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    left, right = zip(*(map(float, line.split()) for line in done.stdout.splitlines()), strict=True)
    assert left[0] == right[0], "straight on"
    assert left[-1] > right[-1], "away from the wall"


def test_every_kind_and_every_area_is_in_the_table() -> None:
    table = TEXT[TEXT.index("<!-- kinds") :]
    for kind in kinds().values():
        (line,) = re.findall(rf"^\| `{kind.name}` \({kind.way}\).*$", table, re.MULTILINE)
        for layout in (layout for part in kind.parts for layout in part.layouts):
            assert all(f"`{name}`" in line for name in layout.ids)


def test_every_robot_of_the_examples_fits_its_brain() -> None:
    found = sorted((ROOT / "examples").glob("*/robot.toml"))
    assert found
    for path in found:
        assert check_robot(read_mapping(path), shape_of_genome(read_genome(str(path.parent / "genome.json")))) == ()
