"""Factors of vectors are numbers or expressions in x, y and z; whatever else is written is no factor, quickly and quietly."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from neurula.genome import parse_genome
from neurula.genome.expressions import Expression, read_factor


@pytest.mark.parametrize(
    ("written", "number"), [(2, 2.0), (-0.5, -0.5), ("3", 3.0), (" -1.5 ", -1.5), ("2^3", 8.0), ("1/4", 0.25), ("2(1 + 2)", 6.0)]
)
def test_numbers_are_numbers_also_in_quotes(written: Any, number: float | None) -> None:
    assert read_factor(written) == number


@pytest.mark.parametrize(
    ("written", "at", "value"),
    [
        ("x", (3, 0, 0), 3), ("2x", (3, 0, 0), 6), ("y^2 - 1", (0, 4, 0), 15), ("-(x + y)z", (1, 2, 5), -15), ("3 x", (2, 0, 0), 6),
        ("x/2", (3, 0, 0), 1.5), ("2*x*y**2", (1, 3, 0), 18), ("(x)(y)", (2, 5, 0), 10), ("+z", (0, 0, 7), 7), ("0.5x", (4, 0, 0), 2),
    ],
)  # fmt: skip
def test_expressions_are_worked_out_as_written(written: str, at: tuple[float, float, float], value: float) -> None:
    factor = read_factor(written)
    assert isinstance(factor, Expression)
    assert factor.variables == {name for name in "xyz" if name in written}
    assert factor.value({name: float(n) for name, n in zip("xyz", at, strict=True)}) == value


@pytest.mark.parametrize(
    "written",
    [
        "", " ", "two", "1e3", "x +", "xy", "x y", "()", "x == y", "x if y else z", "__import__('os')", "x.real", "[x]", "9" * 65, "1 / 0",
        "9^9^9^9^9", "(" * 60, "-" * 60 + "x" * 5, None, True, [2], {"x": 1}, float("inf"), float("nan"), 10**400, "x\x00", "\ud800",
        "1_000", "0x10", "2j",
    ],
)  # fmt: skip
def test_what_is_no_factor_is_none(written: Any) -> None:
    assert read_factor(written) is None


def test_no_text_takes_long_to_read() -> None:
    chance = random.Random(5)
    most = 0.0
    for _ in range(3000):
        text = "".join(chance.choice("xyz0192.+-*/^() ") for _ in range(chance.randint(1, 64)))
        began = time.process_time()
        factor = read_factor(text)
        if isinstance(factor, Expression):
            try:
                factor.value({"x": 3.0, "y": 0.0, "z": -7.0})
            except ArithmeticError:
                pass
            except TypeError as error:
                raise AssertionError(text) from error
        most = max(most, time.process_time() - began)
    assert most < 0.5


def test_a_genome_with_a_factor_that_cannot_be_read_says_where(flat: dict[str, Any]) -> None:
    place = "_____10c-CM0Tim-cx-dstmap-d"
    rules = [["projector", [1, "2x", "two"], 1, False], {"morphology_id": "projector", "morphology_scalar": 7}]
    flat["blueprint"][place] = {"o__mot": rules}
    genome = parse_genome(flat)
    assert [(p.code, p.path, p.fix.value if p.fix else None) for p in genome.problems] == [
        ("G262", f"/blueprint/{place}/o__mot/0/1/2", 1),
        ("G262", f"/blueprint/{place}/o__mot/1/morphology_scalar", [1, 1, 1]),
    ]
    timer = next(area for area in genome.areas if area.id == "CM0Tim")
    assert [rule.scalar for rule in timer.projections[0].rules] == [(1, "2x", "two"), (1, 1, 1)]
