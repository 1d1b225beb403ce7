"""pins.toml: every wrong file is refused with a code, a good one becomes the section that docs/SPEC.md describes."""

from __future__ import annotations

import ast
import random
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from neurula.boards import Board, load_board
from neurula.cli.app import run_command
from neurula.compiler import Program, lower, pin_layout, write_image
from neurula.compiler.pin_layout import PIN_FIELDS, PINS_FIELDS
from neurula.compiler.pins import pin_section
from neurula.compiler.pins_file import FILE_BYTES_MAX, KEYS, pins_from_toml, read_pins
from neurula.development import develop
from neurula.errors import InvalidInput, NeurulaError
from neurula.genome import read_genome
from neurula.runtimes.firmware_files import firmware_source
from neurula_npu import Brain, Image
from tests.firmware.boards import REFLEX

PINS = (REFLEX / "pins.toml").read_text(encoding="utf-8")
Record = dict[str, int]


@pytest.fixture(scope="module")
def program() -> Program:
    return lower(develop(read_genome(REFLEX / "genome.json")).connectome)


@pytest.fixture(scope="module")
def board() -> Board:
    return load_board("rpi_pico")


def section(text: str, program: Program, board: Board) -> tuple[Record, list[Record]]:
    """The head and the records of a section by field."""
    data = pin_section(pins_from_toml(text.encode(), "test.toml"), program, board)
    words = struct.unpack(f"<{len(data) // 4}i", data)
    head = dict(zip(PINS_FIELDS, words, strict=False))
    size = len(PIN_FIELDS)
    records = [dict(zip(PIN_FIELDS, words[at : at + size], strict=True)) for at in range(len(PINS_FIELDS), len(words), size)]
    assert head["entries"] == len(records)
    return head, records


def code_of(text: str | bytes, program: Program, board: Board) -> str:
    with pytest.raises(InvalidInput) as refused:
        pin_section(pins_from_toml(text if isinstance(text, bytes) else text.encode(), "test.toml"), program, board)
    assert "test.toml" in refused.value.where or refused.value.code == "P111"
    return refused.value.code


def test_the_reflexs_pins_are_what_its_file_says(program: Program, board: Board) -> None:
    head, records = section(PINS, program, board)
    assert head == {"version": 1, "entries": 10, "failsafe_ms": 200, "flags": 0}
    motors = [r for r in records if r["kind"] == pin_layout.PIN_KIND_PWM]
    assert [(r["pin"], r["first"], r["full"], r["low"], r["high"]) for r in motors] == [(2 + n, n, 4, 0, 65535) for n in range(4)]
    left, right = (r for r in records if r["kind"] == pin_layout.PIN_KIND_ADC_VOXEL)
    assert (left["first"], left["stride"], left["voxels"], right["first"]) == (0, 1, 10, 10)
    assert left["units"] == program.areas[left["area"]].scale.input_scale
    assert left["flags"] == pin_layout.PIN_FLAG_INSIDE
    bumper = next(r for r in records if r["pin"] == 15)
    assert (bumper["kind"], bumper["first"], bumper["flags"]) == (1, 19, pin_layout.PIN_FLAG_LOW | pin_layout.PIN_FLAG_PULL_UP)


def test_an_image_with_pins_runs_as_one_without_and_has_the_same_fingerprint(program: Program, board: Board) -> None:
    pins = pin_section(pins_from_toml(PINS.encode(), "test"), program, board)
    plain, wired = write_image(program), write_image(program, pins=pins)
    assert write_image(program, pins=b"") == plain
    at, size = Image(wired, 1 << 20).optional["pins"]
    assert wired[at : at + size] == pins
    assert Image(plain, 1 << 20).optional == {}
    assert plain[8:12] == wired[8:12]
    first, second = Brain(plain), Brain(wired)
    hashes = []
    for brain in (first, second):
        brain.step([(1, 3)])
        brain.step()
        hashes.append(brain.fired())
    assert hashes[0] == hashes[1]


def test_the_firmware_has_the_numbers_of_the_section() -> None:
    tree = ast.parse((firmware_source() / "pins.py").read_text(encoding="utf-8"))
    numbers = {
        node.targets[0].id: node.value.args[0].value  # type: ignore[attr-defined]
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "const"
    }
    for name, value in vars(pin_layout).items():
        for prefix in ("PIN_KIND_", "PIN_FLAG_", "PINS_FLAG_"):
            if name.startswith(prefix):
                assert numbers["_" + name.removeprefix(prefix)] == value, name
    assert numbers["_VERSION"] == pin_layout.PINS_VERSION
    assert (numbers["_HEAD_BYTES"], numbers["_ENTRY_BYTES"]) == (4 * len(PINS_FIELDS), 4 * len(PIN_FIELDS))


MOTOR = '[[output]]\npin = 2\nkind = "pwm"\narea = "o__mot"\nvoxels = [0, 0, 0]\n'
SERVO = '[[output]]\npin = 6\nkind = "servo"\narea = "i__pro"\nvoxels = [0, 0, "*"]\n'
LAMP = '[[output]]\npin = 7\nkind = "digital"\narea = "o__mot"\n'
SENSOR = '[[input]]\npin = 26\nkind = "adc-voxel"\narea = "i__pro"\nvoxels = [0, 0, "*"]\n'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[[output]\n", "P102"),
        (b"\xff\xfe", "P102"),
        ("wheels = 4\n", "P103"),
        (MOTOR + "speed = 3\n", "P103"),
        (MOTOR.replace("pin = 2\n", ""), "P104"),
        (MOTOR.replace('kind = "pwm"\n', ""), "P104"),
        (MOTOR.replace("pwm", "motor"), "P105"),
        (MOTOR.replace("pin = 2", "pin = true"), "P105"),
        (MOTOR.replace("pin = 2", "pin = 256"), "P105"),
        (MOTOR + "window = 0\n", "P105"),
        (MOTOR + "full = 1.5\n", "P105"),
        (MOTOR + "full = nan\n", "P105"),
        (MOTOR + "duty = [0.5]\n", "P105"),
        (MOTOR.replace("[0, 0, 0]", "[0, 0]"), "P105"),
        (MOTOR.replace("[0, 0, 0]", "[0, 0, -1]"), "P105"),
        ("failsafe_ms = 5\n", "P105"),
        ("input = 3\n", "P105"),
        (SENSOR + "potential = inf\n", "P105"),
        (MOTOR.replace("pin = 2", "pin = 25"), "P106"),
        (SENSOR.replace("pin = 26", "pin = 2"), "P106"),
        (MOTOR + LAMP.replace("pin = 7", "pin = 2"), "P107"),
        (MOTOR + "[stop]\npin = 2\n", "P107"),
        (MOTOR.replace("o__mot", "o__leg"), "P108"),
        (MOTOR.replace("[0, 0, 0]", "[4, 0, 0]"), "P109"),
        (SENSOR.replace('[0, 0, "*"]', '["*", 0, "*"]'), "P109"),
        (SENSOR.replace('[0, 0, "*"]', "[0, 0, 3]"), "P109"),
        (SERVO.replace('[0, 0, "*"]', '[0, "*", 3]'), "P109"),
        (MOTOR + MOTOR.replace("pin = 2", "pin = 18"), "P110"),
        (MOTOR + MOTOR.replace("pin = 2", "pin = 3") + "frequency_hz = 500\n", "P110"),
        (SENSOR + "from = 100\nto = 100\n", "P112"),
        (SERVO + "frequency_hz = 400\npulse_us = [500, 2500]\n", "P112"),
    ],
)
def test_a_wrong_file_is_refused(text: str | bytes, code: str, program: Program, board: Board) -> None:
    assert code_of(text, program, board) == code


def test_inputs_that_reach_too_many_neurons_are_refused(program: Program, board: Board) -> None:
    huge = replace(program.areas[1], fields={**program.areas[1].fields, "width": 2, "height": 60, "depth": 10, "neurons": 1200})
    wide = replace(program, areas=(program.areas[0], huge, *program.areas[2:]))
    text = '[[input]]\npin = 1\nkind = "digital"\narea = "i__pro"\n'
    assert code_of(text, wide, board) == "P111"


def test_a_file_that_is_missing_or_huge_is_refused(tmp_path: Path) -> None:
    (tmp_path / "huge.toml").write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    for name in ("absent.toml", "huge.toml", "\0"):
        with pytest.raises(InvalidInput) as refused:
            read_pins(str(tmp_path / name))
        assert refused.value.code == "P101"


def test_an_area_may_be_named_by_its_canonical_id(program: Program, board: Board) -> None:
    from neurula.genome import canonical_id

    assert section(MOTOR.replace("o__mot", canonical_id("o__mot")), program, board)[1][0]["area"] == 4


def test_stars_name_a_row_or_the_whole_area(program: Program, board: Board) -> None:
    whole = section(LAMP, program, board)[1][0]
    assert (whole["first"], whole["stride"], whole["voxels"]) == (0, 1, 4)
    across = section(LAMP.replace("o__mot", "i__pro") + 'voxels = ["*", 0, 7]\n', program, board)[1][0]
    assert (across["first"], across["stride"], across["voxels"]) == (7, 10, 2)
    everything = section(LAMP.replace("o__mot", "i__pro"), program, board)[1][0]
    assert (everything["first"], everything["stride"], everything["voxels"]) == (0, 1, 20)


def test_no_damaged_file_gives_anything_but_a_coded_refusal(program: Program, board: Board) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    values = ["-1", "0", "1e400", '"*"', "[]", "{}", "true", "nan", "65536", "[1, 2]", '""', "1979-05-27"]
    keys = sorted({key for keys in KEYS.values() for key in keys} | {"board", "failsafe_ms", "needs_host"})
    refused = 0
    for _ in range(400):
        lines = PINS.splitlines()
        for _ in range(chance.choice([1, 2, 5])):
            at = chance.randrange(len(lines))
            lines[at] = chance.choice([
                f"{chance.choice(keys)} = {chance.choice(values)}", lines[chance.randrange(len(lines))],
                lines[at][: chance.randrange(len(lines[at]) + 1)], "",
            ])
        try:
            pin_section(pins_from_toml("\n".join(lines).encode(), "test.toml"), program, board)
        except NeurulaError as error:
            refused += error.code.startswith("P1")
    assert refused > 100


def test_build_puts_pins_into_the_image_and_names_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    genome, out = str(REFLEX / "genome.json"), tmp_path / "brain.nrl"
    assert run_command(["build", genome, "--pins", str(REFLEX / "pins.toml"), "-o", str(out)]) == 0
    assert "pins" in Image(out.read_bytes(), 1 << 20).optional
    (tmp_path / "pins.toml").write_text(MOTOR)
    assert run_command(["build", genome, "--pins", str(tmp_path / "pins.toml")]) == 4
    assert "P104" in "".join(capsys.readouterr())
    assert run_command(["build", genome, "--pins", str(tmp_path / "pins.toml"), "--board", "rpi_pico"]) == 0


def test_areas_that_only_a_pin_needs_are_kept(tmp_path: Path) -> None:
    (tmp_path / "pins.toml").write_text('board = "rpi_pico"\n' + LAMP.replace("o__mot", "_death"))
    out = tmp_path / "brain.nrl"
    assert run_command(["build", str(REFLEX / "genome.json"), "--pins", str(tmp_path / "pins.toml"), "-o", str(out)]) == 0
    assert "_death" in [name for name, _ in Image(out.read_bytes(), 1 << 20).names()]

