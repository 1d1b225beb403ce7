"""docs/ROBOTS.md is right: its programs run, its table lists every kind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neurula.genome import read_genome
from neurula.robot import Robot, check_robot, kinds, read_mapping, shape_of_genome
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


ROBOTS = [path for path in sorted((ROOT / "examples").glob("**/robot.toml")) if (path.parent / "genome.json").exists()]


@pytest.mark.parametrize("path", ROBOTS, ids=lambda path: str(path.parent.name))
def test_every_robot_of_the_examples_fits_its_brain(path: Path) -> None:
    problems = check_robot(read_mapping(path), shape_of_genome(read_genome(str(path.parent / "genome.json"))))
    assert [problem for problem in problems if problem.severity == "error"] == []


def test_the_gates_answer_their_switches() -> None:
    folder = ROOT / "examples" / "logic_timer"
    robot = Robot(folder / "robot.toml", folder / "genome.json")
    for a in (False, True):
        for b in (False, True):
            robot.sense(a=a, b=b)
            lamps = robot.step(6)
            seen = [lamps[name] for name in ("a_and_b", "a_or_b", "not_a", "a_without_b", "either")]
            assert seen == [a and b, a or b, not a, a and not b, a is not b]


def test_the_eye_reports_a_line_where_it_is() -> None:
    folder = ROOT / "examples" / "vision_map"
    robot = Robot(folder / "robot.toml", folder / "genome.json")
    picture = np.zeros((16, 16), np.uint8)
    picture[:, 5] = 255
    robot.sense(eye=picture)
    report = robot.step(6)["report"] > 0
    assert report[:, 1, :2].all()
    assert not report[:, :, 2].any()
    assert not report[:, [0, 2, 3]].any()
