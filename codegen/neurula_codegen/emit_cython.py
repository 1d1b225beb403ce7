"""Kernels for CPython, compiled: the statements as Cython over raw pointers, loops and primitives from primitives.h."""

from __future__ import annotations

import ast

from neurula_codegen.emit_python import STEP, Elements
from neurula_codegen.language import GENERATED, MEMORY, KernelError, locals_of, memories_of
from neurula_codegen.schema import HERE, Schema

POINTERS = {
    "R32": "int *", "R16": "unsigned short *", "I32": "const int *", "I16": "const unsigned short *",
    "I8": "const unsigned char *", "S32": "const int *",
}
# what primitives.h declares: name -> memories that go in front of the arguments, None: the definition's arguments alone
PRIMITIVES = {
    "add_run": ("R32",), "add_list": ("R32", "I16"), "add_weighted": ("R32", "I16", "I8"), "sweep": ("R32", "R16"),
    "integrate": ("R32", "R16"), "next_hit": ("R32",), "mulq22": (), "hash_below": (),
    "clear": ("R32",),
}
# locals of the kernels that a primitive takes behind the definition's arguments
MORE = {"sweep": ("inputs",)}

# what stands for a primitive where a thread adds its half only, and what it takes behind the definition's arguments
HALF = {
    "add_run": ("add_half_run", ("border", "upper")),
    "add_list": ("add_half_list", ("border", "upper", "split")),
    "add_weighted": ("add_half_weighted", ("border", "upper", "split")),
}
WHOLE_BURST = """        self.deliver()
        if valued:
            self.deliver_valued()
        self.update(12 * injections, forced)
"""
SHARED_BURST = """        if self.worker != NULL and forced == 0 and self.is_large():
            self.step_in_halves()
        else:
            self.deliver()
            if valued:
                self.deliver_valued()
            self.update_part(12 * injections, forced, WHOLE)
"""
CLEARING = "while x < stop:\n    R32[x] = 0\n    x = x + 4"  # a loop of `update` that has a primitive here
# statements of `update` that a part of it spells otherwise
CLIPS = {
    "x = bits": "x = bits + clear_from",
    "stop = bits + slot_bytes": "stop = bits + clear_to",
    "stop = inputs + (end << 2)": """stop = inputs + (end << 2)
if n >= 0:
    if x < part_low:
        x = part_low
    if stop > part_high:
        stop = part_high
    if stop < x:
        stop = x""",
}

TYPES = {
    "def step(self, injections, forced, valued, plastic)":
        "cpdef void step(self, int injections, int forced, bint valued, bint plastic) noexcept",
    "def run(self, bursts, valued, plastic)": "def run(self, long bursts, bint valued, bint plastic)",
}


def typed(text: str) -> str:
    for plain, with_types in TYPES.items():
        text = text.replace(plain, with_types)
    return text


class Compiled(Elements):
    """Byte offsets become element indexes; primitives become calls of C functions. halved: of one half of the input words."""

    def __init__(self, halved: bool = False) -> None:
        self.halved = halved

    def call(self, node: ast.Call) -> ast.Call:
        name = ast.unparse(node.func)
        if name not in PRIMITIVES:
            raise KernelError(f"{name} is no primitive")
        memories: list[ast.expr] = [ast.Name(m, ast.Load()) for m in PRIMITIVES[name]]
        own, more = HALF[name] if self.halved and name in HALF else (name, MORE.get(name, ()))
        return ast.Call(ast.Name(own, ast.Load()), [*memories, *node.args, *(ast.Name(m, ast.Load()) for m in more)], [])

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        if isinstance(node.value, ast.Call):
            node.value = self.call(node.value)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        if isinstance(node.value, ast.Call):
            node.value = self.call(node.value)
        return node

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        """All spikes of a group first, then where all their rows are, then row after row while the next ones are fetched."""
        self.generic_visit(node)
        assert isinstance(node.iter, ast.Call)
        word, count, kind, rows, directory = (ast.unparse(a) for a in node.iter.args)
        j = ast.unparse(node.target)
        known = next(i for i, s in enumerate(node.body) if ast.unparse(s).startswith(f"row = I32[{directory} "))
        find = f"find_rows(I32, I16, {kind}, {rows}, {directory}, found, spikes, places)"
        place = "row = places[spike].at"
        if self.halved:
            find = f"find_half_rows(I32, I16, {kind}, {rows}, self.cut.rows[upper], found, spikes, places)"
            place += "; row_end = places[spike].end; split = places[spike].split"
            segments = node.body[-1]
            assert isinstance(segments, ast.While)
            segments.body += ast.parse("if row >= row_end:\n    row = 0").body
        loop = ast.parse(
            f"spikes = collect(R16, {word}, {count}, found)\n{find}\nspike = 0\n"
            f"while spike < spikes and spike < ROWS_AHEAD:\n    fetch_far(I32, places[spike])\n    spike = spike + 1\n"
            f"spike = 0\nwhile spike < spikes:\n    {j} = found[spike]\n    {place}\n    spike = spike + 1\n"
            f"    if spike < spikes:\n        fetch_near(I32, places[spike])\n"
            f"    if spike + ROWS_AHEAD <= spikes:\n        fetch_far(I32, places[spike + ROWS_AHEAD - 1])\n"
        ).body
        assert isinstance(loop[-1], ast.While)
        loop[-1].body += node.body[known + 1 :]
        return loop


class Clipped(ast.NodeTransformer):
    """`update` for the input words of one part."""

    def __init__(self) -> None:
        self.left = {*CLIPS, CLEARING}

    def visit_While(self, node: ast.While) -> ast.AST | list[ast.stmt]:
        if ast.unparse(node) == CLEARING:
            self.left.remove(CLEARING)
            return ast.parse("clear(x, stop)").body
        self.generic_visit(node)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        text = ast.unparse(node)
        if text not in self.left:
            return node
        self.left.remove(text)
        return ast.parse(CLIPS[text]).body


def emit(functions: list[ast.FunctionDef], source: str, schema: Schema) -> str:
    """The text of compiled.pyx."""
    ram = {name: str(schema.resolve("RAM", name) >> 2) for name in ("slots", "slot", "slot_bytes", "bits_at")}
    head = (HERE / "compiled_head.pyx").read_text(encoding="utf-8")
    step = typed(STEP).replace(WHOLE_BURST, SHARED_BURST)
    assert SHARED_BURST in step
    text = [head.format(generated=GENERATED.format(source=source), step=step, defines=defines(schema), **ram)]
    for function in functions:
        if function.name == "update":
            clip = Clipped()
            clipped = clip.visit(copy_of(function))
            assert not clip.left, clip.left
            own = {name: f"self.parts[number].{name.removeprefix('part_')}" for name in ("part_low", "part_high", "clear_from", "clear_to")}
            text.append(method(clipped, "cdef void update_part(self, int at, int forced, int number) noexcept nogil:", own))
        elif function.name == "deliver":
            text.append(method(function, "cpdef void deliver(self) noexcept:", room("WHOLE")))
            more = {**room("number"), "upper": "number - LOWER", "border": "self.cut.border"}
            text.append(method(function, "cdef void deliver_half(self, int number) noexcept nogil:", more, halved=True))
        else:
            returns = any(isinstance(n, ast.Return) for n in ast.walk(function))
            arguments = ", ".join(["self", *(f"int {a.arg}" for a in function.args.args)])
            text.append(method(function, f"cpdef {'int' if returns else 'void'} {function.name}({arguments}) noexcept:", {}))
    return "\n".join(text)


def defines(schema: Schema) -> str:
    """The schema's names for C."""
    records = [f"{r.name}_{name} {r.offset(name)}" for r in schema.records.values() for name in (*(f for f, _ in r.fields), "bytes")]
    flags = [f"{f.name}_{name} {value}" for f in schema.flags.values() for name, value, _ in f.values]
    wanted = ("RAM_", "AREA_", "GROUP_", "SEGMENT_FLAG_", "AGE_PERIOD")
    constants = [f"{name} {value}" for name, (value, _) in schema.constants.items()]
    return "\n".join(f"#define {line}" for line in (*records, *flags, *constants) if line.startswith(wanted))


def copy_of(function: ast.FunctionDef) -> ast.FunctionDef:
    copy = ast.parse(ast.unparse(function)).body[0]
    assert isinstance(copy, ast.FunctionDef)
    return copy


def room(number: str) -> dict[str, str]:
    return {"*found": f"self.parts[{number}].found", "*places": f"self.parts[{number}].places"}


def method(original: ast.FunctionDef, head: str, given: dict[str, str], halved: bool = False) -> str:
    """A kernel as a method. given: name of a local (pointers with a star) -> what it holds."""
    function = copy_of(original)
    memories = memories_of(function)
    if any(isinstance(n, ast.For) for n in ast.walk(function)):
        memories = [m for m in MEMORY if m in {*memories, "R16", "I32", "I16"}]
    function = ast.fix_missing_locations(Compiled(halved).visit(function))
    names = [name for name in locals_of(function) if name not in memories]
    lines = [head, f'    """{ast.get_docstring(function)}"""'.replace("\n", "\n    ")]
    lines += [f"    cdef {POINTERS[m]}{m} = self.{m}" for m in memories]
    kinds = {"*found": "int ", "*places": "row_place "}
    lines += [f"    cdef {kinds.get(name, 'int ')}{name} = {value}" for name, value in given.items()]
    lines.append(f"    cdef int {', '.join(names)}")
    for statement in function.body[1:]:
        lines += ["    " + line for line in ast.unparse(statement).splitlines()]
    return "\n".join("    " + line if line.strip() else "" for line in lines) + "\n"
