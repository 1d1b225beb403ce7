"""`neurula robot check` and `neurula robot kinds`."""

from __future__ import annotations

from pathlib import Path

from neurula.robot import kinds
from tests.cli.conftest import Command, genome, image, neurula  # noqa: F401
from tests.conftest import ROOT

REFLEX = ROOT / "examples" / "reflex"


def test_a_robot_that_fits_is_shown_with_its_places(neurula: Command, tmp_path: Path) -> None:  # noqa: F811
    built = str(tmp_path / "reflex.nrl")
    assert neurula("build", str(REFLEX / "genome.json"), "-o", built).exit_code == 0
    for brain in (str(REFLEX / "genome.json"), built):
        done = neurula("robot", "check", str(REFLEX / "robot.toml"), brain)
        assert done.exit_code == 0
        assert "no problems" in done.out
        answer = neurula("robot", "check", str(REFLEX / "robot.toml"), brain, "--json").json
        assert answer["ok"] is True
        assert answer["problems"] == []
        wheel = next(device for device in answer["devices"] if device["name"] == "right_wheel")
        assert wheel["parts"] == [{"part": "", "area": "o__mot", "first": [2, 0, 0], "size": [2, 1, 1], "coding": "rate"}]


def test_a_robot_that_does_not_fit_ends_with_4_and_says_why(neurula: Command, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "robot.toml").write_text('[sensors.eye]\nkind = "proximity"\nchannel = 7\n[motors.arm]\nkind = "servo"\n')
    done = neurula("robot", "check", str(tmp_path / "robot.toml"), str(REFLEX / "genome.json"), "--json")
    assert done.exit_code == 4
    assert done.json["ok"] is False
    assert [(p["code"], p["path"].rsplit(", ")[-1]) for p in done.json["problems"]] == [("M204", "line 1"), ("M201", "line 4")]
    assert all(p["remedy"] for p in done.json["problems"])
    shown = neurula("robot", "check", str(tmp_path / "robot.toml"), str(REFLEX / "genome.json"))
    assert shown.exit_code == 4
    assert "M204" in shown.out
    assert "i__pro 2x1x10" in shown.out


def test_files_that_are_no_robot_end_with_their_code(neurula: Command, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "robot.toml").write_text("[sensors\n")
    for robot, code in ((tmp_path / "robot.toml", "M102"), (tmp_path / "absent.toml", "M101")):
        done = neurula("robot", "check", str(robot), str(REFLEX / "genome.json"), "--json")
        assert (done.exit_code, done.json["error"]["code"]) == (4, code)


def test_every_kind_is_listed(neurula: Command) -> None:  # noqa: F811
    shown = neurula("robot", "kinds").out
    listed = neurula("robot", "kinds", "--json").json["kinds"]
    assert [kind["name"] for kind in listed] == list(kinds())
    assert all(f" {name} " in shown for name in kinds())
