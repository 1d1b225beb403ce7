"""MicroPython as a process: a clean stream of bytes, deadlines, and nothing left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from neurula.errors import DeviceNotFound, InvalidInput, LinkLost
from neurula.sim.unix import UnixMicroPython

ECHO = """
import sys
buffer = bytearray(1)
while sys.stdin.buffer.readinto(buffer):
    sys.stdout.buffer.write(buffer)
"""


@pytest.fixture(params=["unix64", pytest.param("unix32", marks=pytest.mark.needs_firmware)])
def machine(request: pytest.FixtureRequest) -> Iterator[UnixMicroPython]:
    if request.param == "unix32":
        request.getfixturevalue("micropython32")
    files = {"/lib_of_files.py": b"answer = 42\n", "sub/brain.nrl": b"\0\1\2"}
    with UnixMicroPython(request.param, files=files) as made:
        yield made


def test_integers_are_as_wide_as_the_name_says(machine: UnixMicroPython, request: pytest.FixtureRequest) -> None:
    width = int(machine.run("import sys\nprint(sys.maxsize.bit_length() if hasattr(int, 'bit_length') else "
                            "len(bin(sys.maxsize)) - 2)")) + 1
    assert f"[unix{width}]" in request.node.name


def test_a_program_sees_the_files_and_imports_them(machine: UnixMicroPython) -> None:
    assert machine.run("import lib_of_files\nprint(lib_of_files.answer, open('sub/brain.nrl', 'rb').read())") == \
        "42 b'\\x00\\x01\\x02'\n"


def test_a_program_imports_from_the_given_folders(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.py").write_text("x = 5\n")
    with UnixMicroPython("unix64", import_path=[tmp_path]) as machine:
        assert machine.run("import elsewhere\nprint(elsewhere.x)") == "5\n"


def test_every_byte_value_passes_both_ways(machine: UnixMicroPython) -> None:
    machine.launch(ECHO)
    everything = bytes(range(256)) * 20
    machine.write(everything)
    assert machine.read_exactly(len(everything), timeout_s=20) == everything
    assert machine.running()


def test_large_writes_do_not_block_either_side(machine: UnixMicroPython) -> None:
    machine.launch("import sys\nwhile True:\n    data = sys.stdin.buffer.read(4096)\n    sys.stdout.buffer.write(data)\n")
    large = os.urandom(1 << 20)
    machine.write(large)
    assert machine.read_exactly(len(large), timeout_s=20) == large


def test_read_until_keeps_what_follows(machine: UnixMicroPython) -> None:
    machine.launch("import sys\nsys.stdout.buffer.write(b'one|two|')\nsys.stdin.buffer.read(1)\n")
    assert machine.read_until(b"|", 5) == b"one|"
    assert machine.read_until(b"|", 5) == b"two|"
    assert machine.pending() == 0


def test_silence_is_empty_for_read_and_an_error_for_read_exactly(machine: UnixMicroPython) -> None:
    machine.launch("import sys\nsys.stdout.buffer.write(b'ab')\nsys.stdin.buffer.read(1)\n")
    assert machine.read_exactly(1, 5) == b"a"
    with pytest.raises(LinkLost) as caught:
        machine.read_exactly(2, 0.05)
    assert caught.value.code == "S113"
    assert machine.read(1) == b"b"
    assert machine.read(0.02) == b""


def test_an_exception_ends_run_with_its_message_and_line(machine: UnixMicroPython) -> None:
    with pytest.raises(LinkLost) as caught:
        machine.run("x = 1\n1 // 0\n")
    assert caught.value.code == "S114"
    assert "ZeroDivisionError" in caught.value.message
    assert "line 2" in caught.value.where


def test_an_exception_of_a_launched_program_reaches_the_reader(machine: UnixMicroPython) -> None:
    machine.launch("print('so far')\n{}['key']\n")
    assert machine.read_until(b"so far\n", 5) == b"so far\n"
    with pytest.raises(LinkLost, match="KeyError"):
        machine.read(5)


def test_a_program_that_exits_is_reported_with_its_status(machine: UnixMicroPython) -> None:
    machine.launch("import sys\nsys.exit(3)")
    with pytest.raises(LinkLost, match="status 3") as caught:
        machine.read(5)
    assert caught.value.code == "S115"
    machine.write(b"into the void")


def test_a_program_that_does_not_end_is_ended(machine: UnixMicroPython) -> None:
    with pytest.raises(LinkLost) as caught:
        machine.run("while True: pass", timeout_s=0.1)
    assert caught.value.code == "S113"
    assert not machine.running()
    assert machine.run("print(1)") == "1\n"


def test_the_end_of_input_can_be_given(machine: UnixMicroPython) -> None:
    machine.launch("import sys\nprint(len(sys.stdin.buffer.read()))")
    machine.write(b"x" * 1000)
    machine.close_stdin()
    assert machine.read_until(b"\n", 5) == b"1000\n"


def test_closing_leaves_no_process_and_no_folder() -> None:
    with UnixMicroPython("unix64") as machine:
        machine.launch(ECHO)
        assert machine._process is not None
        process, folder = machine._process.pid, machine.folder
        assert folder.is_dir()
    assert not folder.exists()
    with pytest.raises(ChildProcessError):
        os.waitpid(process, os.WNOHANG)
    machine.close()


def test_reading_without_a_program_is_an_error() -> None:
    with UnixMicroPython("unix64") as machine:
        with pytest.raises(LinkLost, match="no program"):
            machine.read(1)
        with pytest.raises(LinkLost, match="no program"):
            machine.write(b"x")


@pytest.mark.parametrize("name", ["../out.py", "/a/../../out.py", "__driver__.py"])
def test_files_cannot_leave_the_folder(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        UnixMicroPython("unix64", files={name: b""})
    assert caught.value.code == "S109"


def test_an_interpreter_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeviceNotFound, match="nowhere"):
        UnixMicroPython(str(tmp_path / "nowhere"))
