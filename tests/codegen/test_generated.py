"""Generated files are what the definitions give, and the kernel language refuses what a target would get wrong."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from neurula_codegen.__main__ import ROOT, generate
from neurula_codegen.emit_tables import read_errors
from neurula_codegen.language import KernelError, read_kernels
from neurula_codegen.schema import fingerprint_of, read_schema, read_toml


def test_every_generated_file_is_up_to_date() -> None:
    stale = [str(path.relative_to(ROOT)) for path, text in generate().items() if path.read_text(encoding="utf-8") != text]
    assert stale == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a = R32[x] + 1", "alone"),
        ("if R32[x] != 0:\n        a = 1", "condition"),
        ("a = 2147483647", "does not compile"),
        ("a = x // 2", "FloorDiv"),
        ("a = x % 2", "Mod"),
        ("for i in x:\n        a = 1", "For"),
        ("a += 1", "AugAssign"),
        ("if x and y:\n        a = 1", "BoolOp"),
        ("if 0 < x < 4:\n        a = 1", "chained"),
    ],
)
def test_the_kernel_language_refuses(tmp_path: Path, line: str, reason: str) -> None:
    source = tmp_path / "kernels.py"
    source.write_text(f'def kernel(x, y):\n    """Doc."""\n    {line}\n')
    with pytest.raises(KernelError, match=reason):
        read_kernels(read_schema(), source)


def test_the_fingerprint_follows_the_layout_and_not_the_explanations() -> None:
    raw = read_toml(ROOT / "codegen" / "neurula_codegen" / "image.toml")
    before = fingerprint_of(raw)
    raw["record"][0]["fields"][0][1] = "another explanation"
    assert fingerprint_of(raw) == before
    raw["record"][0]["fields"].append(["new", "a new field"])
    assert fingerprint_of(raw) != before


def test_every_error_code_that_is_raised_is_documented_and_the_other_way_round() -> None:
    documented = {entry["code"] for entry in read_errors()}
    used: set[str] = set()
    folders = ["host", "device", "firmware_py", "codegen/neurula_codegen"]
    for path in (p for folder in folders for p in (ROOT / folder).rglob("*.py")):
        if path.name == "error_codes.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                used |= {word for word in node.value.split() if len(word) == 4 and word[0].isupper() and word[1:].isdigit()}
    assert used - documented == set()
    assert documented - used == set()
