"""Every end of the command is documented: exit code, a coded message, a thing to try, never a traceback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from neurula.cli import app
from neurula.error_codes import CODES
from tests.cli.conftest import Command, process_environment
from tests.cli.genomes import large_genome, write_genome
from tests.conftest import ROOT


def damaged(image: str) -> str:
    """The image with one bit turned in its middle."""
    path = Path(image).with_name("damaged.nrl")
    content = bytearray(Path(image).read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return str(path)


def failing_lines(genome: str, image: str, tmp_path: Path) -> dict[int, tuple[list[str], str]]:
    """Exit code -> (command line that ends with it, code of the error)."""
    (tmp_path / "not.json").write_text("{", encoding="utf-8")
    large = write_genome(tmp_path, large_genome(), "large.json")
    return {
        2: (["build", genome, "--board", "rpi_picoo"], "B101"),
        3: (["run", image, "--runtime", "sim:rpi_pico", "--firmware", str(tmp_path / "none.uf2")], "S101"),
        4: (["grow", str(tmp_path / "not.json")], "G104"),
        5: (["build", large, "--board", "rpi_pico"], "B201"),
        6: (["run", damaged(image)], "I108"),
    }


@pytest.mark.parametrize("exit_code", [2, 3, 4, 5, 6])
def test_a_failure_ends_with_its_exit_code_and_three_lines(
    spawn: Command, genome: str, image: str, tmp_path: Path, exit_code: int
) -> None:
    line, code = failing_lines(genome, image, tmp_path)[exit_code]
    done = spawn(*line)
    assert done.exit_code == exit_code
    lines = done.err.splitlines()
    start = next(i for i, text in enumerate(lines) if text.startswith(f"error {code}: "))
    *place, remedy = lines[start + 1 :]
    assert remedy.startswith("  try: ")
    assert len(place) <= 1
    assert all(text.startswith("  where: ") for text in place)
    assert "Traceback" not in done.err


def test_a_success_ends_with_0(spawn: Command, genome: str) -> None:
    done = spawn("build", genome, "--board", "rpi_pico")
    assert (done.exit_code, done.err) == (0, "")


@pytest.mark.parametrize("exit_code", [2, 3, 4, 5, 6])
def test_a_failure_as_json_is_one_object(
    neurula: Command, genome: str, image: str, tmp_path: Path, exit_code: int
) -> None:
    line, code = failing_lines(genome, image, tmp_path)[exit_code]
    done = neurula(*line, "--json")
    assert done.exit_code == exit_code
    assert done.err == ""
    answer = done.json
    assert (answer["schema"], answer["ok"]) == (1, False)
    assert set(answer["error"]) == {"code", "message", "where", "remedy"}
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]
    assert answer["error"]["remedy"]


@pytest.mark.parametrize(
    "line", [["chek"], ["check"], ["run", "x", "--bursts", "many"], ["grow", "a", "b"], ["image", "inf"], ["--nothing"]]
)
def test_a_wrong_command_line_is_a_coded_usage_error(neurula: Command, line: list[str]) -> None:
    done = neurula(*line)
    assert done.exit_code == 2
    assert done.err.startswith("error U201: ")
    assert "--help" in done.err
    answer = neurula(*line, "--json").json
    assert answer["error"]["code"] == "U201"


def test_no_arguments_show_the_help(neurula: Command) -> None:
    done = neurula()
    assert done.exit_code == 2
    assert "Usage: neurula" in done.err


def test_a_bug_is_told_without_traceback(neurula: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr(app, "dispatch", broken)
    monkeypatch.delenv("NEURULA_DEBUG", raising=False)
    done = neurula("check", "x")
    assert done.exit_code == 1
    assert done.err.startswith(
        "error X001: a bug of ours: ZeroDivisionError: deep inside\n  where: test_exits.py line "
    )
    monkeypatch.setenv("NEURULA_DEBUG", "1")
    assert "Traceback (most recent call last)" in neurula("check", "x").err


@pytest.mark.parametrize(
    ("error", "exit_code", "code"),
    [
        (KeyboardInterrupt(), 130, "X002"),
        (MemoryError(), 4, "X003"),
        (OSError(28, "No space left on device"), 2, "U203"),
    ],
)
def test_what_the_system_raises_is_coded(
    neurula: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException, exit_code: int, code: str
) -> None:
    def broken(_: object) -> None:
        raise error

    monkeypatch.setattr(app, "dispatch", broken)
    done = neurula("check", "x", "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (exit_code, code)


def long_run(genome: str) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-m", "neurula", "run", genome, "--bursts", "100000000", "--spikes", "-"]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=process_environment())


def test_an_interrupt_ends_with_130_and_no_traceback(genome: str) -> None:
    with long_run(genome) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b'{"burst": 1, ')
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith(b"error X002: ")
    assert b"Traceback" not in err


def test_a_closed_pipe_is_quiet(genome: str) -> None:
    with long_run(genome) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.wait(timeout=60)
    assert (process.returncode, err) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_full_standard_output_is_told(genome: str) -> None:
    line = [sys.executable, "-m", "neurula", "check", genome]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, env=process_environment(), timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith(b"error U203: reading or writing failed: No space left")


def test_every_code_that_is_raised_is_listed() -> None:
    folder = ROOT / "host" / "neurula"
    files = [*folder.glob("cli/*.py"), folder / "boards.py", folder / "compiler" / "bill.py"]
    raised = {code for file in files for code in re.findall(r'"([A-Z]\d{3})"', file.read_text(encoding="utf-8"))}
    assert raised
    assert raised <= set(CODES)


def test_errors_cannot_steer_the_terminal(neurula: Command, tmp_path: Path) -> None:
    done = neurula("check", str(tmp_path / "\x1b[31mred"))
    assert done.exit_code == 4
    assert "\x1b" not in done.err
