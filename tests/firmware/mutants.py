"""The kernels with one thing wrong, as a miscompiling interpreter would have them."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from pathlib import Path

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.Mult: ast.Add, ast.BitAnd: ast.BitOr,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
}


def kernel_functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """All but `verify`, which only refuses."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in ("begin", "deliver", "deliver_valued", "update", "learn", "age"):
            yield node


def places(tree: ast.Module) -> list[tuple[str, ast.AST, str, int]]:
    """Every operator that can be exchanged: (kernel, node, field, index)."""
    found: list[tuple[str, ast.AST, str, int]] = []
    for function in kernel_functions(tree):
        for node in ast.walk(function):
            if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in SWAPS:
                found.append((function.name, node, "op", -1))
            elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
                found.append((function.name, node, "ops", 0))
    return found


class Bounded(ast.NodeTransformer):
    """Every loop asks `tick_()` in every round, which raises when there were too many, and every shift to the left is done by
    `shifted_`, which raises when a number becomes larger than any machine's: Python's own would fill the memory."""

    def visit_While(self, node: ast.While) -> ast.AST:
        self.generic_visit(node)
        tick = ast.Call(ast.Name("tick_", ast.Load()), [], [])
        node.test = ast.BoolOp(ast.And(), [tick, node.test])
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(ast.Name("shifted_", ast.Load()), [node.left, node.right], []) if isinstance(node.op, ast.LShift) else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.LShift):
            return node
        assert isinstance(node.target, ast.Name)
        value = ast.Call(ast.Name("shifted_", ast.Load()), [ast.Name(node.target.id, ast.Load()), node.value], [])
        return ast.Assign([node.target], value)


def bounded(text: str) -> str:
    return ast.unparse(ast.fix_missing_locations(Bounded().visit(ast.parse(text))))


def mutant(source: Path, chance: random.Random) -> tuple[str, str]:
    """(what is wrong, the text with it)."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    kernel, node, field, index = chance.choice(places(tree))
    before = ast.unparse(node)
    if index < 0:
        setattr(node, field, SWAPS[type(getattr(node, field))]())
    else:
        operators = getattr(node, field)
        operators[index] = SWAPS[type(operators[index])]()
    return f"{kernel}: {before} -> {ast.unparse(node)}", ast.unparse(tree)
