"""Kernels for MicroPython's viper: the same statements over raw addresses.

Two forms: 32-bit machine words (every microcontroller), and 64-bit hosts, where loads come out zero-extended and
arithmetic does not wrap, so that each load is sign-extended and the hash is masked.
Only the first two arguments or locals of a viper function live in registers: HOT names them per kernel; a caller passes 0.
"""

from __future__ import annotations

import ast

from neurula_codegen.language import GENERATED, MEMORY, KernelError, memories_of, record_load

HEAD = '''"""The burst kernels in viper for {words}-bit machine words: img, ram and stim are addresses.

{generated}
"""

import micropython
'''

HOT = {
    "deliver": ("p: ptr16", "q: ptr32"),
    "deliver_valued": ("p: ptr16", "q: ptr32"),
    "update": ("q: ptr32", "a: int"),
    "verify": ("q: ptr32", "k: int"),
}
BASE = {"R32": "ram", "R16": "ram", "I32": "img", "I16": "img", "I8": "img", "S32": "stim"}
UNROLL = 8

MULQ22 = """
vh_ = {v} >> 15
vl_ = {v} & 32767
r1_ = {r} >> 11
r0_ = {r} & 2047
vl_ = (vl_ * r1_) + ((vl_ * r0_) >> 11)
vl_ = vl_ + ((vh_ * r0_) << 4) + 1024
{out} = ((vh_ * r1_) << 4) + (vl_ >> 11)
"""

# the counter hash of FEAGI's burst engine
HASH_CONSTANTS = {"k1": 2654435761, "k2": 1597334677, "k3": 747796405, "k4": 2891336453, "k5": 277803737}

HASH = """
{k1}
{k2}
h_ = ({neuron} * h_ + {burst} * w_){mask}
{k3}
h_ = (h_ * w_){mask}
{k4}
h_ = (h_ + w_){mask}
w_ = (h_ >> 28) & 15
w_ = (((h_ >> 4) & 268435455) >> w_) ^ h_
{k5}
w_ = (w_ * h_){mask}
w_ = ((w_ >> 22) & 1023) ^ w_
h_ = (w_ >> 16) & 65535
e_ = ({chance} >> 16) & 65535
{out} = 0
if h_ < e_:
    {out} = 1
if h_ == e_:
    if (w_ & 65535) < ({chance} & 65535):
        {out} = 1
"""

ADD_RUN = """
q = ptr32(ram + {base})
e_ = ram + {base} + (({size} >> 2) << 4)
while int(q) < e_:
    q[0] = q[0] + {step}
    q[1] = q[1] + {step}
    q[2] = q[2] + {step}
    q[3] = q[3] + {step}
    q = ptr32(uint(q) + 16)
e_ = ram + {base} + ({size} << 2)
while int(q) < e_:
    q[0] = q[0] + {step}
    q = ptr32(uint(q) + 4)
"""

ADD_LIST = """
p = ptr16(img + {at})
v_ = ram + {base}
e_ = img + {at} + (({size} >> 3) << 4)
while int(p) < e_:
{unrolled}
    p = ptr16(uint(p) + 16)
e_ = img + {at} + ({size} << 1)
while int(p) < e_:
    q = ptr32((p[0] << 2) + v_)
    q[0] = q[0] + {step}
    p = ptr16(uint(p) + 2)
"""


ADD_WEIGHTED = """
p = ptr16(img + {at})
v_ = ram + {base}
r_ = ptr8(img + {at} + ((({size} + 1) >> 1) << 2))
w_ = 1 - ({step} << 7)
e_ = img + {at} + ({size} << 1)
while int(p) < e_:
    h_ = r_[0]
    q = ptr32((p[0] << 2) + v_)
    q[0] = q[0] + (h_ * {step} + w_)
    r_ = ptr8(uint(r_) + 1)
    p = ptr16(uint(p) + 2)
"""

# words without a hit are skipped four at a time: the count bits of all four are looked at together
NEXT_HIT = """
q = ptr32(ram + {x})
e_ = ram + {stop}
while int(q) < e_:
    if q[0] & {mask}:
        break
    q = ptr32(uint(q) + 4)
    while int(q) < e_ - 12:
        if (q[0] | q[1] | q[2] | q[3]) & {mask}:
            break
        q = ptr32(uint(q) + 16)
{out} = int(q) - ram
"""

SWEEP = """
q = ptr32(ram + {x})
e_ = ram + {stop}
while int(q) < e_ - 12:
{unrolled}
    q = ptr32(uint(q) + 16)
while int(q) < e_:
{single}
    q = ptr32(uint(q) + 4)
"""

SWEEP_ONE = """
    a = q[{i}]
    if a & {mask}:
        q[{i}] = 0
        {extend}
        if a >= {low}:
            if a <= {high}:
                i = ((int(q) - ram - {x}) >> 2) + {i}
                v_ = ram + {fired} + ((i >> 4) << 1)
                ptr16(v_)[0] = ptr16(v_)[0] | (1 << (i & 15))
"""


def statements(text: str) -> list[ast.stmt]:
    return ast.parse(text.strip("\n")).body


def shorter(test: ast.expr) -> ast.expr:
    """A comparison with zero as a plain test of the value: viper builds no boolean for it."""
    if isinstance(test, ast.Compare) and isinstance(test.comparators[0], ast.Constant) and test.comparators[0].value == 0:
        if isinstance(test.ops[0], ast.NotEq):
            return test.left
        if isinstance(test.ops[0], ast.Eq):
            return ast.UnaryOp(ast.Not(), test.left)
    return test


def gather(body: list[ast.stmt]) -> list[ast.stmt]:
    """Neighbouring word loads from one base become constant indexes of one pointer."""
    out: list[ast.stmt] = []
    run: list[tuple[str, int]] = []
    owner = ("", "")

    def flush() -> None:
        nonlocal owner
        memory, name = owner
        if len(run) == 1:
            out.extend(statements(f"{run[0][0]} = {memory}[{name} + {run[0][1]}]"))
        elif run:
            out.extend(statements(f"q = ptr32({BASE[memory]} + {name})"))
            out.extend(statements("\n".join(f"{target} = Q32[{offset >> 2}]" for target, offset in run)))
        run.clear()
        owner = ("", "")

    for statement in body:
        for field in ("body", "orelse"):
            if getattr(statement, field, None):
                setattr(statement, field, gather(getattr(statement, field)))
        found = record_load(statement)
        if found is None:
            flush()
            out.append(statement)
            continue
        memory, name, offset, target = found
        if owner != (memory, name):
            flush()
            owner = (memory, name)
        run.append((target, offset))
        if target == name:
            flush()
    flush()
    return out


def halves(name: str, value: int) -> str:
    """Puts a 32-bit constant together: as a literal it would not compile on a 32-bit port."""
    return f"{name} = {value >> 16}\n{name} = ({name} << 16) | {value & 65535}"


class Addresses(ast.NodeTransformer):
    """Byte offsets become pointer loads and stores; primitives are written out in place."""

    def __init__(self, words: int) -> None:
        self.words = words
        self.mask = " & m_" if words == 64 else ""

    def pointer(self, node: ast.Subscript) -> str:
        name = ast.unparse(node.value)
        if name == "Q32":
            return f"q[{ast.unparse(node.slice)}]"
        size = 8 * MEMORY[name]
        return f"ptr{size}({BASE[name]} + {ast.unparse(node.slice)})[0]"

    def sweep(self, x: str, stop: str, mask: str, low: str, high: str, fired: str) -> str:
        extend = "a = (a ^ s_) - s_" if self.words == 64 else ""
        ones = [
            SWEEP_ONE.strip("\n").format(i=i, x=x, mask=mask, low=low, high=high, fired=fired, extend=extend) for i in range(4)
        ]
        return SWEEP.format(x=x, stop=stop, unrolled="\n".join(ones), single=ones[0])

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        node.test = shorter(node.test)
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        self.generic_visit(node)
        node.test = shorter(node.test)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Subscript):
            return statements(f"{self.pointer(target)} = {ast.unparse(value)}")
        out = ast.unparse(target)
        if isinstance(value, ast.Subscript):
            lines = f"{out} = {self.pointer(value)}"
            if self.words == 64 and ast.unparse(value.value) != "R16" and ast.unparse(value.value) != "I16":
                lines += f"\n{out} = ({out} ^ s_) - s_"
            return statements(lines)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            arguments = [ast.unparse(a) for a in value.args]
            if value.func.id == "mulq22":
                return statements(MULQ22.format(v=arguments[0], r=arguments[1], out=out))
            if value.func.id == "next_hit":
                x, stop, mask = arguments
                return statements(NEXT_HIT.format(x=x, stop=stop, mask=mask, out=out))
            if value.func.id == "hash_below":
                neuron, burst, chance = arguments
                loads = {k: halves("h_" if k in ("k1", "k5") else "w_", v) for k, v in HASH_CONSTANTS.items()}
                return statements(HASH.format(neuron=neuron, burst=burst, chance=chance, out=out, mask=self.mask, **loads))
            if value.func.id != "ptr32":
                raise KernelError(f"{value.func.id} is no primitive")
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        call = node.value
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return node
        arguments = [ast.unparse(a) for a in call.args]
        if call.func.id == "sweep":
            return statements(self.sweep(*arguments))
        if call.func.id == "add_run":
            base, size, step = arguments
            return statements(ADD_RUN.format(base=base, size=size, step=step))
        base, at, size, step = arguments
        if call.func.id == "add_weighted":
            return statements(ADD_WEIGHTED.format(base=base, at=at, size=size, step=step))
        unrolled = "\n".join(f"    q = ptr32((p[{i}] << 2) + v_)\n    q[0] = q[0] + {step}" for i in range(UNROLL))
        return statements(ADD_LIST.format(base=base, at=at, size=size, step=step, unrolled=unrolled))


def emit(functions: list[ast.FunctionDef], source: str, words: int) -> str:
    """The text of the viper module for machines with `words`-bit integers (32 or 64)."""
    text = [HEAD.format(words=words, generated=GENERATED.format(source=source))]
    for original in functions:
        function = ast.parse(ast.unparse(original)).body[0]
        assert isinstance(function, ast.FunctionDef)
        memories = memories_of(function)
        bases = [b for b in ("img", "ram", "stim") if any(BASE[m] == b for m in memories)]
        hot = HOT.get(function.name, ())
        arguments = [*hot, *(f"{b}: int" for b in bases), *(f"{a.arg}: int" for a in function.args.args)]
        returns = any(isinstance(n, ast.Return) for n in ast.walk(function))
        if any(name.startswith("q:") for name in hot):
            function.body = gather(function.body)
        function = ast.fix_missing_locations(Addresses(words).visit(function))
        body = function.body[1:]
        if words == 64:
            body = [*statements("s_ = 1\ns_ = s_ << 31\nm_ = s_ + s_ - 1"), *body]
        signature = f"def {function.name}({', '.join(arguments)})" + (" -> int:" if returns else ":")
        lines = "\n".join(ast.unparse(ast.fix_missing_locations(s)) for s in body)
        text.append("\n@micropython.viper\n" + signature + "\n" + "\n".join("    " + x for x in lines.splitlines()) + "\n")
    return "\n".join(text)


def call_shape(function: ast.FunctionDef) -> tuple[int, tuple[str, ...]]:
    """How a caller passes arguments: number of leading zeros for the hot names, then the base addresses."""
    memories = memories_of(function)
    bases = tuple(b for b in ("img", "ram", "stim") if any(BASE[m] == b for m in memories))
    return len(HOT.get(function.name, ())), bases
