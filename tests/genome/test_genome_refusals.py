"""What cannot be used is refused with a stable code, whatever the bytes are; and the codes are documented."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import neurula.genome
from neurula.errors import GenomeError, InvalidInput
from neurula.genome import parse_genome, read_genome
from neurula.genome.document import decode_document
from neurula.genome.limits import AREAS_MAX, FILE_BYTES_MAX, NESTING_MAX, PROBLEMS_MAX
from neurula.genome.problems import REMEDIES, quote

Document = dict[str, Any]
PACKAGE = Path(neurula.genome.__file__).parent
ERRORS_TOML = Path(__file__).parents[2] / "codegen" / "neurula_codegen" / "errors" / "genome.toml"


def code_of(data: bytes) -> str:
    with pytest.raises(GenomeError) as refusal:
        parse_genome(decode_document(data, "genome.json"))
    assert refusal.value.exit_code == InvalidInput.exit_code == 4
    assert refusal.value.remedy
    return refusal.value.code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "G104"),
        (b"{", "G104"),
        (b'{"blueprint": {}', "G104"),
        (b"]" * 1000, "G104"),
        (b'"\\"', "G104"),
        (b"\xff\xfe{\x00}\x00", "G103"),
        (b'{"a": "\xe9"}', "G103"),
        (b'{"blueprint": {"\\ud800": {}}}', "G103"),
        (b"[" * 200_000, "G105"),
        (b"[" * 200_000 + b"]" * 200_000, "G105"),
        (b'{"a":' * 200_000, "G105"),
        (b'{"a":[' * 80 + b"1" + b"]}" * 80, "G105"),
        (b'{"blueprint": NaN}', "G106"),
        (b'{"blueprint": {}, "x": [-Infinity]}', "G106"),
        (b'{"blueprint": 1e999}', "G106"),
        (b'{"blueprint": {"x": 1' + b"0" * 400 + b"}}", "G106"),
        (b'{"blueprint": {"x": 1' + b"0" * 100_000 + b"}}", "G106"),
        (b"[]", "G107"),
        (b"null", "G107"),
        (b"7", "G107"),
        (b"{}", "G107"),
        (b'{"blueprint": null}', "G107"),
        (b'{"blueprint": []}', "G107"),
        (b'{"blueprint": {}}', "G108"),
        (b'{"blueprint": {"CM0Tim": 5}}', "G108"),
        (b'{"blueprint": {"_____10c-": 5}}', "G108"),
    ],
)
def test_unusable_text_is_refused(data: bytes, code: str) -> None:
    assert code_of(data) == code


def test_brackets_inside_text_do_not_nest() -> None:
    key = json.dumps("[{" * 200 + '\\"' * 3).encode()
    data = b'{"version": "2.0", "title": ' + key + b', "blueprint": {"CM0Tim": {"cortical_name": "a"}}}'
    assert len(parse_genome(decode_document(data)).areas) == 1


def test_nesting_up_to_the_limit_is_read(hierarchical: Document) -> None:
    deep: Any = 0
    for _ in range(NESTING_MAX - 1):
        deep = [deep]
    hierarchical["notes"] = deep
    assert parse_genome(decode_document(json.dumps(hierarchical).encode())).areas
    hierarchical["notes"] = [deep]
    with pytest.raises(GenomeError, match="G105"):
        parse_genome(hierarchical)


@pytest.mark.parametrize("size", [10**9, "1000000000", 5e7 + 1, 10**19])
def test_absurd_areas_are_refused(flat: Document, size: Any) -> None:
    flat["blueprint"]["_____10c-CM0Tim-cx-___bbx-i"] = size
    with pytest.raises(GenomeError, match="G111") as refusal:
        parse_genome(flat)
    assert refusal.value.where == "/blueprint/_____10c-CM0Tim-cx-___bbx-i"


def test_absurd_totals_are_refused(flat: Document) -> None:
    for number in range(3):
        flat["blueprint"][f"_____10c-C0000{number}-cx-___bbx-i"] = 20_000_000
    with pytest.raises(GenomeError, match="G111"):
        parse_genome(flat)


@pytest.mark.parametrize("size", [-1, "wide", [], True, -(10**9)])
@pytest.mark.parametrize("code", ["___bbx", "___bbz", "_n_cnt"])
def test_sizes_that_are_none_are_refused(flat: Document, size: Any, code: str) -> None:
    flat["blueprint"][f"_____10c-o__mot-cx-{code}-i"] = size
    with pytest.raises(GenomeError, match="G109"):
        parse_genome(flat)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, -(10**5000)], ids=["nan", "inf", "400", "5000"])
def test_numbers_that_no_file_can_hold_are_refused(flat: Document, value: Any) -> None:
    flat["blueprint"]["_____10c-CM0Tim-nx-fire_t-f"] = value
    with pytest.raises(GenomeError, match="G106"):
        parse_genome(flat)


def test_too_many_areas_are_refused() -> None:
    blueprint = {f"_____10c-C{number:05}-cx-___bbx-i": 1 for number in range(AREAS_MAX)}
    assert len(parse_genome({"blueprint": blueprint}).areas) == AREAS_MAX
    with pytest.raises(GenomeError, match="G110"):
        parse_genome({"blueprint": blueprint | {"_____10c-ClastA-cx-___bbx-i": 1}})


def test_problems_are_listed_up_to_a_limit(flat: Document) -> None:
    flat["blueprint"] |= {f"nonsense {number}": 0 for number in range(PROBLEMS_MAX + 10)}
    problems = parse_genome(flat).problems
    assert len(problems) == PROBLEMS_MAX + 1
    assert (problems[-1].code, problems[-1].message) == ("G299", "10 more problems are not listed")


def test_files_that_cannot_be_opened_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.json", tmp_path, Path("a\0b")):
        with pytest.raises(GenomeError, match="G101") as refusal:
            read_genome(path)
        assert refusal.value.where == str(path)


def test_a_file_above_the_limit_is_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with open(path, "wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)
    with pytest.raises(GenomeError, match="G102"):
        read_genome(path)


def test_the_place_of_a_syntax_error_is_named(tmp_path: Path) -> None:
    path = tmp_path / "genome.json"
    path.write_text('{\n  "blueprint": {,}\n}')
    with pytest.raises(GenomeError) as refusal:
        read_genome(path)
    assert refusal.value.where == f"{path}:2:17"


def test_messages_quote_briefly_and_printably() -> None:
    for written in ("x" * 10_000, "\x1b[31m", list(range(10_000)), 10**5000, {"a": 1}, [["y" * 500] * 8] * 8):
        assert len(quote(written)) <= 60
        assert quote(written).isprintable()


def test_every_code_is_documented_with_the_remedy_that_is_shown() -> None:
    tomllib = pytest.importorskip("tomllib", reason="the standard library reads TOML from Python 3.11 on")
    entries = {entry["code"]: entry for entry in tomllib.loads(ERRORS_TOML.read_text())["error"]}
    raised = set(re.findall(r'"(G1\d\d)"', "".join(path.read_text() for path in PACKAGE.rglob("*.py"))))
    assert raised == {code for code, entry in entries.items() if entry["exit"] == 4 and code not in REMEDIES}
    assert {code: entry["remedy"] for code, entry in entries.items() if code not in raised} == REMEDIES
    assert len({entry["name"] for entry in entries.values()}) == len(entries)
    assert all(entry["summary"].endswith((".", "?")) and entry["remedy"] for entry in entries.values())
