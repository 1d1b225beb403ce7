"""`neurula bridge`: bodies here and elsewhere, recordings, what it says and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from examples.bodies.catalogue import CATALOGUE
from examples.bodies.line_follower.design import line_follower_genome
from neurula.bridge import Recording
from neurula.link.pty_link import PtyLink
from tests.cli.conftest import Command, neurula, process_environment  # noqa: F401
from tests.conftest import ROOT

LINE = CATALOGUE["line_follower"]
FILES = (str(LINE.genome), "--robot", str(LINE.robot))
BODY = ("--body", "examples.bodies.line_follower.body:LineFollower")


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@contextmanager
def body_process(name: str, at: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A body that waits for a brain at an address."""
    environment = process_environment()
    environment["PYTHONPATH"] += f":{ROOT}"
    line = [sys.executable, "-m", "examples.bodies.serve", name, "--at", at, *options]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
    assert process.stdout is not None
    try:
        assert "Ctrl-C" in process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_body_in_this_process_in_lockstep_is_scored_recorded_and_replayed(neurula: Command, tmp_path: Path) -> None:  # noqa: F811
    recording = str(tmp_path / "run.nrlrec")
    first = neurula("bridge", *FILES, *BODY, "--lockstep", "--seconds", "3", "--seed", "2", "--record", recording, "--json")
    assert first.exit_code == 0, first.err
    answer = first.json
    assert (answer["schema"], answer["bursts"], answer["rate_hz"], answer["overruns"], answer["links"]) == (1, 150, 50.0, 0, [])
    assert answer["score"] == 1.0
    assert set(answer["motors"]) == {"left_wheel", "right_wheel"}
    assert sum(area["spikes"] for area in answer["per_area"]) == answer["spikes"]
    again = neurula("bridge", *FILES, *BODY, "--lockstep", "--bursts", "150", "--seed", "2", "--runtime", "reference", "--json").json
    assert {**again, "brain": "", "recording": ""} == {**answer, "brain": "", "recording": ""}
    replayed = neurula("bridge", "--replay", recording, "--json").json
    assert (replayed["bursts"], replayed["spikes"], replayed["whole"], replayed["checked"]) == (150, answer["spikes"], True, True)
    shown = neurula("bridge", "--replay", recording, "--runtime", "reference")
    assert "150 bursts" in shown.out
    assert "every burst the same" in shown.out


def test_a_recording_is_replayed_with_another_brain_too_and_a_difference_ends_with_6(neurula: Command, tmp_path: Path) -> None:  # noqa: F811
    recording, other = str(tmp_path / "run.nrlrec"), tmp_path / "other.json"
    assert neurula("bridge", *FILES, *BODY, "--lockstep", "--bursts", "50", "--record", recording).exit_code == 0
    assert neurula("bridge", str(LINE.genome), "--replay", recording).exit_code == 0
    design = line_follower_genome()
    rules = design["neuron_morphologies"]["steer"]["parameters"]["patterns"]
    rules[:] = [rule for rule in rules if rule[0] != [2, 0, 0]]  # the middle sensor asks for nothing
    other.write_text(json.dumps(design))
    done = neurula("bridge", str(other), "--replay", recording, "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (6, "W205")
    assert "spikes of o__mot" in done.json["error"]["message"]
    foreign = neurula("bridge", str(CATALOGUE["wall_avoider"].genome), "--replay", recording, "--json")
    assert foreign.exit_code == 4  # it has no such sensors
    assert foreign.json["error"]["code"].startswith("M2")


def test_a_bridge_without_an_end_ends_well_by_ctrl_c_or_sigterm(tmp_path: Path) -> None:
    recording = tmp_path / "run.nrlrec"
    line = [sys.executable, "-m", "neurula", "bridge", *FILES, *BODY, "--record", str(recording)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=process_environment(), cwd=ROOT)
    assert process.stderr is not None
    assert "running, Ctrl-C ends it" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert f"recorded to {recording}" in out
    with Recording(recording) as recorded:
        assert len(list(recorded.happenings())) == int(out.split(": ")[1].split()[0])
        assert recorded.whole


@pytest.mark.parametrize("kind", ["tcp", "zmq", "pty"])
def test_a_body_in_another_process_scores_as_one_in_this_process(kind: str, neurula: Command, tmp_path: Path) -> None:  # noqa: F811
    ends = {"tcp": ("tcp:0", ""), "zmq": (f"zmq:ipc://{tmp_path}/hub", f"zmq:ipc://{tmp_path}/hub"),
            "pty": (f"pty:{tmp_path}/port", f"serial:{tmp_path}/port")}  # fmt: skip
    at, link = ends[kind]
    if kind == "tcp":
        at = link = f"tcp:127.0.0.1:{free_port()}"
    here = neurula("bridge", *FILES, *BODY, "--lockstep", "--seconds", "2", "--json").json
    with body_process("line_follower", at, "--lockstep", "--seconds", "2") as process:
        done = neurula("bridge", *FILES, "--link", link, "--lockstep", "--seconds", "2", "--json")
        assert done.exit_code == 0, done.out
        assert process.stdout is not None
        told = process.stdout.read()
    answer = done.json
    assert (answer["bursts"], answer["spikes"]) == (here["bursts"], pytest.approx(here["spikes"], rel=0.002))
    (told_link,) = answer["links"]
    assert (told_link["state"], told_link["missed"], told_link["rejected"]) == ("connected", 0.0, 0)
    assert float(told.split("score")[1]) == pytest.approx(here["score"], abs=0.001)


def free_port() -> int:
    from neurula.link.tcp_link import TcpListener

    with TcpListener(0) as listener:
        return listener.port


def test_nobody_at_the_far_end_ends_with_7(neurula: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr("neurula.bridge.bodies.CONNECT_S", 0.2)
    with PtyLink(tmp_path / "port"):
        done = neurula("bridge", *FILES, "--link", str(tmp_path / "port"), "--bursts", "5", "--json")
    assert done.exit_code == 7
    assert done.json["error"]["code"] == "L122"


@pytest.mark.parametrize(("arguments", "code", "exit_code"), [
    ((), "U201", 2),
    (FILES, "U202", 2),
    ((*FILES, *BODY, "--link", "x"), "U202", 2),
    ((*FILES, *BODY, "--lockstep"), "U202", 2),
    ((*FILES, *BODY, "--live"), "U205", 2),
    ((*FILES, "--body", "examples.bodies.nobody:X", "--bursts", "1"), "W107", 2),
    ((*FILES, "--body", "json:JSONDecoder", "--bursts", "1"), "W107", 2),
    ((*FILES, "--body", "examples.bodies.wall_avoider.body:WallAvoider", "--bursts", "1", "--lockstep"), "W103", 4),
    ((*FILES, "--link", "smoke://signals"), "L120", 2),
    ((*FILES, *BODY, "--runtime", "paper", "--bursts", "1"), "U101", 2),
    ((*FILES, *BODY, "--bursts", "1", "--record", "/nowhere/x"), "U203", 2),
    ((*FILES, *BODY, "--bursts", "1", "--record", str(LINE.robot)), "U204", 2),
    (("--replay", "missing.nrlrec"), "W201", 4),
    (("--replay", str(LINE.robot)), "W202", 4),
    (("--replay", "x", "--robot", "y"), "U202", 2),
    ((str(LINE.genome), "--robot", "missing.toml", *BODY), "M101", 4),
    (("missing.json", "--robot", str(LINE.robot), *BODY), "M304", 4),
])  # fmt: skip
def test_what_cannot_be_done_is_said_with_its_code(neurula: Command, arguments: tuple[str, ...], code: str, exit_code: int) -> None:  # noqa: F811
    done = neurula("bridge", *arguments, "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (exit_code, code), done.out
    assert done.json["error"]["remedy"]


def test_a_summary_in_plain_words(neurula: Command) -> None:  # noqa: F811
    done = neurula("bridge", *FILES, *BODY, "--lockstep", "--bursts", "20")
    assert done.exit_code == 0
    assert "line follower on npu: 20 bursts" in done.out
    assert "score: 1.000" in done.out


def test_the_live_view_of_a_replay_ends_with_its_result(neurula: Command, tmp_path: Path) -> None:  # noqa: F811
    recording = str(tmp_path / "run.nrlrec")
    assert neurula("bridge", *FILES, *BODY, "--lockstep", "--bursts", "10", "--record", recording).exit_code == 0
    done = neurula("bridge", "--replay", recording, "--live")
    assert done.exit_code == 0
    assert "10 bursts" in done.out

