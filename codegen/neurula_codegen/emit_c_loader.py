"""The loader's checks in C: the methods of loader.py, statement by statement, so that both loaders refuse the same images.

Every number is an int64_t, which holds whatever the checks compute from 32-bit fields; a running product stops growing
far beyond them. A method that can refuse returns
the code (0 = passed) and hands a value back through `out`. What deals in bytes is written by hand in c99/loader.c.
"""

from __future__ import annotations

import ast
import struct
from pathlib import Path

from neurula_codegen.emit_tables import LoaderNumbers
from neurula_codegen.language import KernelError
from neurula_codegen.schema import Schema

BY_HAND = ("check_hash", "read_sections", "start", "row_bounds", "names")
SPLIT_AT = "check_hash"  # what __init__ does before it needs the header alone
DROPPED = ("message", "data")  # arguments that the C loader does without
OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.RShift: ">>", ast.LShift: "<<", ast.BitAnd: "&", ast.BitOr: "|", ast.Mod: "%",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}


def read_loader(schema: Schema, source: Path) -> tuple[list[ast.FunctionDef], dict[str, int]]:
    """The methods of class Image with all names resolved, and the module's own numbers."""
    tree = ast.fix_missing_locations(LoaderNumbers(schema).visit(ast.parse(source.read_text(encoding="utf-8"))))
    numbers = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, int):
            numbers[ast.unparse(node.targets[0])] = node.value.value
    image = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Image")
    return [node for node in image.body if isinstance(node, ast.FunctionDef)], numbers


def can_refuse(function: ast.FunctionDef) -> bool:
    calls = {ast.unparse(n.func) for n in ast.walk(function) if isinstance(n, ast.Call)}
    return "require" in calls or any(c.startswith("self.") for c in calls)


def returns_value(function: ast.FunctionDef) -> bool:
    return any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(function))


def is_method(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("self.")


def message_of(node: ast.expr) -> str:
    """The constant part of a message, as a comment."""
    return f" /* {node.value} */" if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def bare(text: str) -> str:
    """Without the parentheses around all of it."""
    if not text.startswith("("):
        return text
    depth = 0
    for at, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return text[1:-1] if at == len(text) - 1 else text
    return text


class LoaderEmitter:
    """Translates the methods of the loader."""

    def __init__(self, functions: list[ast.FunctionDef], numbers: dict[str, int]) -> None:
        self.functions = {f.name: f for f in functions}
        self.numbers = numbers
        self.refusing = {f.name for f in functions if f.name in BY_HAND or can_refuse(f)}
        self.refusing -= {f.name for f in functions if f.name not in BY_HAND and self.is_pure(f)}

    def is_pure(self, function: ast.FunctionDef) -> bool:
        """Only computes a value."""
        return "require(" not in ast.unparse(function) and returns_value(function)

    # --- expressions -----------------------------------------------------------------------------------------

    def expression(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=bool() as value):
                return str(int(value))
            case ast.Constant(value=int() as value):
                return str(value) if abs(value) < 2**31 else f"{value}LL"
            case ast.Constant(value=str() as code):
                return str(int(code[1:]))
            case ast.Name(id=name):
                return str(self.numbers.get(name, name))
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                return f"self->{name}"
            case ast.Subscript(value=ast.Subscript(slice=ast.Constant(value=str() as tag)), slice=ast.Constant(value=int() as index)):
                return f"self->{('first', 'length')[index]}[TAG_{tag}]"
            case ast.UnaryOp(op=ast.USub()):
                return f"-{self.expression(node.operand)}"
            case ast.UnaryOp(op=ast.Not()):
                return f"!{self.expression(node.operand)}"
            case ast.BinOp():
                return f"({self.expression(node.left)} {OPERATORS[type(node.op)]} {self.expression(node.right)})"
            case ast.BoolOp():
                return "(" + {ast.And: " && ", ast.Or: " || "}[type(node.op)].join(map(self.expression, node.values)) + ")"
            case ast.IfExp():
                return f"({self.expression(node.test)} ? {self.expression(node.body)} : {self.expression(node.orelse)})"
            case ast.Compare():
                return self.comparison(node)
            case ast.Call():
                return self.call(node)
        raise KernelError(f"no C for {ast.unparse(node)}")

    def comparison(self, node: ast.Compare) -> str:
        left, right = node.left, node.comparators[0]
        if isinstance(right, ast.Constant) and isinstance(right.value, bytes):
            assert ast.unparse(left) == "bytes(data[0:4])"
            return f"(uword(self, 0) == {struct.unpack('<I', right.value)[0]})"
        operands = [self.expression(n) for n in (left, *node.comparators)]
        pairs = [f"{a} {OPERATORS[type(op)]} {b}" for a, op, b in zip(operands, node.ops, operands[1:], strict=False)]
        return "(" + " && ".join(pairs) + ")"

    def call(self, node: ast.Call) -> str:
        name = ast.unparse(node.func).removeprefix("self.")
        if name == "len":
            return "self->size"
        arguments = [a for a in node.args if ast.unparse(a) not in ("data", "self.data", "message")]
        if name in self.functions:
            parameters = [a.arg for a in self.functions[name].args.args[1:]]
            arguments = [a for a, p in zip(node.args, parameters, strict=True) if p not in DROPPED]
        return f"{name}({', '.join(['self', *(bare(self.expression(a)) for a in arguments)])})"

    # --- statements ------------------------------------------------------------------------------------------

    def block(self, body: list[ast.stmt], depth: int) -> list[str]:
        return [line for statement in body for line in self.statement(statement, "    " * depth, depth)]

    def statement(self, node: ast.stmt, pad: str, depth: int) -> list[str]:
        match node:
            case ast.Expr(value=ast.Constant()):
                return []
            case ast.Expr(value=ast.Call(func=ast.Name(id="require"), args=[condition, code, message, *place])):
                at = self.expression(place[0]) if place else "0"
                return [f"{pad}REQUIRE({bare(self.expression(condition))}, {self.expression(code)}, {bare(at)});{message_of(message)}"]
            case ast.Expr(value=ast.Call(args=[ast.Call() as inner]) as call) if is_method(inner):
                out = self.expression(inner)[:-1] + ", &value_)"
                outer = self.expression(call).replace(self.expression(inner), "value_")
                return [f"{pad}{{", f"{pad}    int64_t value_;", f"{pad}    PASS({out});", f"{pad}    PASS({outer});", f"{pad}}}"] \
                    if self.name_of(inner) in self.refusing else [f"{pad}PASS({self.expression(call)});"]
            case ast.Expr(value=ast.Call() as call):
                return [f"{pad}PASS({self.expression(call)});"]
            case ast.Assign():
                return self.assignment(node.targets[0], node.value, pad)
            case ast.AugAssign():
                into, more = self.expression(node.target), self.expression(node.value)
                if isinstance(node.op, ast.Mult):
                    return [f"{pad}{into} = product({into}, {more});"]
                return [f"{pad}{into} {OPERATORS[type(node.op)]}= {more};"]
            case ast.Return(value=ast.expr() as value):
                return [f"{pad}*out = {bare(self.expression(value))};", f"{pad}return 0;"]
            case ast.If():
                lines = [f"{pad}if ({bare(self.expression(node.test))}) {{", *self.block(node.body, depth + 1)]
                if node.orelse:
                    lines += [pad + "} else {", *self.block(node.orelse, depth + 1)]
                return [*lines, pad + "}"]
            case ast.For():
                return self.loop(node, pad, depth)
        raise KernelError(f"no C for {ast.unparse(node)}")

    def name_of(self, call: ast.Call) -> str:
        return ast.unparse(call.func).removeprefix("self.")

    def assignment(self, target: ast.expr, value: ast.expr, pad: str) -> list[str]:
        if ast.unparse(target) in ("data", "self.data") or isinstance(value, ast.Dict):
            return []
        if isinstance(target, ast.Tuple):
            assert isinstance(value, ast.Subscript)
            assert isinstance(value.slice, ast.Constant)
            tag = str(value.slice.value)
            names = [ast.unparse(t) for t in target.elts]
            return [f"{pad}{n} = self->{f}[TAG_{tag}];" for n, f in zip(names, ("first", "length"), strict=True)]
        out = self.expression(target)
        if isinstance(value, ast.Call) and is_method(value) and self.name_of(value) in self.refusing:
            return [f"{pad}PASS({self.expression(value)[:-1]}, &{out}));"]
        return [f"{pad}{out} = {bare(self.expression(value))};"]

    def loop(self, node: ast.For, pad: str, depth: int) -> list[str]:
        names = [t.id for t in (node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]) if isinstance(t, ast.Name)]
        if isinstance(node.iter, ast.Call):
            stop = self.expression(node.iter.args[0])
            head = [f"{pad}for (int64_t {names[0]} = 0; {names[0]} < {stop}; {names[0]}++) {{"]
            return [*head, *self.block(node.body, depth + 1), pad + "}"]
        assert isinstance(node.iter, ast.Tuple)
        rows = [row.elts if isinstance(row, ast.Tuple) else [row] for row in node.iter.elts]
        constant = all(not isinstance(n, (ast.Name, ast.Attribute)) or ast.unparse(n) in self.numbers for n in ast.walk(node.iter)
                       if isinstance(n, ast.expr) and not isinstance(n, ast.Tuple))
        kind = "static const int32_t" if constant else "const int64_t"
        lines = [f"{pad}{{", f"{pad}    {kind} table_[{len(rows)}][{len(names)}] = {{"]
        lines += [f"{pad}        {{{', '.join(bare(self.expression(n)) for n in row)}}}," for row in rows]
        lines += [f"{pad}    }};", f"{pad}    for (int64_t row_ = 0; row_ < {len(rows)}; row_++) {{"]
        lines += [f"{pad}        int64_t {', '.join(f'{n} = table_[row_][{i}]' for i, n in enumerate(names))};"]
        return [*lines, *self.block(node.body, depth + 2), pad + "    }", pad + "}"]

    # --- functions -------------------------------------------------------------------------------------------

    def signature(self, function: ast.FunctionDef) -> str:
        arguments = [f"int64_t {a.arg}" for a in function.args.args[1:] if a.arg not in DROPPED]
        if function.name not in self.refusing:
            return f"static int64_t {function.name}({', '.join(['const nrl_loader *self', *arguments])})"
        out = ["int64_t *out"] if returns_value(function) else []
        return f"static int {function.name}({', '.join(['nrl_loader *self', *arguments, *out])})"

    def function(self, function: ast.FunctionDef) -> str:
        loops = {n.id for f in ast.walk(function) if isinstance(f, ast.For) for n in ast.walk(f.target) if isinstance(n, ast.Name)}
        stored = [n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        names = [n for n in dict.fromkeys(stored) if n not in loops and n != "data"]
        lines = [f"    int64_t {', '.join(names)};"] if names else []
        if function.name not in self.refusing:
            *before, last = function.body
            assert isinstance(last, ast.Return)
            assert last.value is not None
            lines += [*self.block(before, 1), f"    return {bare(self.expression(last.value))};"]
        else:
            lines += self.block(function.body, 1)
            if not returns_value(function):
                lines.append("    return 0;")
        return "\n".join([self.signature(function), "{", *lines, "}\n"])

    def halves(self) -> list[ast.FunctionDef]:
        """__init__ as two functions: what the header alone tells, and the rest."""
        init = self.functions["__init__"]
        cut = next(i for i, s in enumerate(init.body) if ast.unparse(s) == f"self.{SPLIT_AT}()")
        before, after = init.body[:cut], init.body[cut:]
        used = {n.id for s in after for n in ast.walk(s) if isinstance(n, ast.Name)}
        shared = [s for s in before if isinstance(s, ast.Assign) and ast.unparse(s.targets[0]) in used]
        arguments = init.args.args
        parts = [("check_header", arguments[:1], before), ("check_all", [arguments[0], *arguments[2:]], [*shared, *after])]
        out = []
        for name, args, body in parts:
            half = ast.parse(f"def {name}(): pass").body[0]
            assert isinstance(half, ast.FunctionDef)
            half.args.args, half.body = list(args), body
            out.append(half)
        return out

    def fields(self) -> list[str]:
        """The attributes that the methods assign."""
        assigns = [n for n in ast.walk(self.functions["__init__"]) if isinstance(n, ast.Assign) and not isinstance(n.value, ast.Dict)]
        targets = dict.fromkeys(n.targets[0].attr for n in assigns if isinstance(n.targets[0], ast.Attribute))
        return [name for name in targets if name != "data"]

    def emit(self) -> tuple[list[str], str]:
        """The loader's attributes, and the text of its functions."""
        halves = self.halves()
        self.refusing |= {half.name for half in halves}
        functions = [f for f in self.functions.values() if f.name not in (*BY_HAND, "__init__")] + halves
        prototypes = "\n".join(self.signature(f) + ";" for f in functions)
        return self.fields(), prototypes + "\n\n" + "\n".join(self.function(f) for f in functions)


def emit_loader(schema: Schema, source: Path) -> tuple[list[str], str]:
    """What LoaderEmitter makes of loader.py."""
    return LoaderEmitter(*read_loader(schema, source)).emit()
