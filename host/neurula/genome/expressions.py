"""morphology_scalar: three factors for the vectors of a rule, numbers or expressions in x, y and z such as "2x" or "y^2 - 1"."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

VARIABLES = ("x", "y", "z")
CHARS_MAX = 64  # of an expression; the longest known one has three
_UNWRITTEN_TIMES = re.compile(r"([0-9.)])\s*(?=[xyz(])")
_ALLOWED = re.compile(r"[0-9xyz.+\-*/^() ]+")
_TWO: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow,
}  # fmt: skip
_ONE: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}


@dataclass(frozen=True, slots=True)
class Expression:
    """A factor that depends on a place. variables: those of x, y, z that occur."""

    tree: ast.expr
    variables: frozenset[str]

    def value(self, at: Mapping[str, Any]) -> Any:
        """at: a float, or a float64 array, for every variable that occurs. Raises ArithmeticError where floats do."""
        return _value(self.tree, at)


def read_factor(written: Any) -> float | Expression | None:
    """A factor as a number where it is one, also one in quotes; None if it cannot be read. No factor takes long to read."""
    try:
        if isinstance(written, (int, float)) and not isinstance(written, bool):
            return _finite(float(written))
        if not isinstance(written, str) or len(written) > CHARS_MAX or not _ALLOWED.fullmatch(written):
            return None
        tree = ast.parse(_UNWRITTEN_TIMES.sub(r"\1*", written.strip()).replace("^", "**"), mode="eval").body
        variables = frozenset(_variables(tree))
        return Expression(tree, variables) if variables else _finite(float(_value(tree, {})))
    except (SyntaxError, ValueError, TypeError, ArithmeticError, RecursionError, MemoryError):
        return None


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _variables(tree: ast.expr) -> set[str]:
    """Raises ValueError for anything but x, y, z, numbers and + - * / ** between them."""
    if isinstance(tree, ast.Name) and tree.id in VARIABLES:
        return {tree.id}
    if isinstance(tree, ast.Constant) and type(tree.value) in (int, float):
        return set()
    if isinstance(tree, ast.BinOp) and type(tree.op) in _TWO:
        return _variables(tree.left) | _variables(tree.right)
    if isinstance(tree, ast.UnaryOp) and type(tree.op) in _ONE:
        return _variables(tree.operand)
    raise ValueError(tree)


def _value(tree: ast.expr, at: Mapping[str, Any]) -> Any:
    if isinstance(tree, ast.Name):
        return at[tree.id]
    if isinstance(tree, ast.BinOp):
        return _TWO[type(tree.op)](_value(tree.left, at), _value(tree.right, at))
    if isinstance(tree, ast.UnaryOp):
        return _ONE[type(tree.op)](_value(tree.operand, at))
    assert isinstance(tree, ast.Constant)
    return float(tree.value)  # type: ignore[arg-type]  # _variables let only numbers in
