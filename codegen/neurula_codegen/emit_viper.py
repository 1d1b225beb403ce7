"""Kernels for MicroPython's viper: the same statements over raw addresses.

Two forms: 32-bit machine words (every microcontroller), and 64-bit hosts, where loads come out zero-extended and
arithmetic does not wrap, so that each load is sign-extended and the hash is masked.
Only the first two arguments or locals of a viper function live in registers: HOT names them per kernel; a caller passes 0.
"""

from __future__ import annotations

import ast

from neurula_codegen.language import GENERATED, MEMORY, KernelError, memories_of

HEAD = '''"""The burst kernels in viper for {words}-bit machine words: img, ram and stim are addresses.

{generated}
"""

import micropython
'''

HOT = {"deliver": ("p: ptr16", "q: ptr32"), "update": ("x: int", "a: int"), "verify": ("k: int", "b: int")}
BASE = {"R32": "ram", "R16": "ram", "I32": "img", "I16": "img", "S32": "stim"}
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
    q = ptr32(p[0] + v_)
    q[0] = q[0] + {step}
    p = ptr16(uint(p) + 2)
"""


def statements(text: str) -> list[ast.stmt]:
    return ast.parse(text.strip("\n")).body


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
        size = 8 * MEMORY[name]
        return f"ptr{size}({BASE[name]} + {ast.unparse(node.slice)})[0]"

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Subscript):
            return statements(f"{self.pointer(target)} = {ast.unparse(value)}")
        out = ast.unparse(target)
        if isinstance(value, ast.Subscript):
            lines = f"{out} = {self.pointer(value)}"
            if self.words == 64 and MEMORY[ast.unparse(value.value)] == 4:
                lines += f"\n{out} = ({out} ^ s_) - s_"
            return statements(lines)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            arguments = [ast.unparse(a) for a in value.args]
            if value.func.id == "mulq22":
                return statements(MULQ22.format(v=arguments[0], r=arguments[1], out=out))
            if value.func.id == "hash_below":
                neuron, burst, chance = arguments
                loads = {k: halves("h_" if k in ("k1", "k5") else "w_", v) for k, v in HASH_CONSTANTS.items()}
                return statements(HASH.format(neuron=neuron, burst=burst, chance=chance, out=out, mask=self.mask, **loads))
            raise KernelError(f"{value.func.id} is no primitive")
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        call = node.value
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return node
        arguments = [ast.unparse(a) for a in call.args]
        if call.func.id == "add_run":
            base, size, step = arguments
            return statements(ADD_RUN.format(base=base, size=size, step=step))
        base, at, size, step = arguments
        unrolled = "\n".join(f"    q = ptr32(p[{i}] + v_)\n    q[0] = q[0] + {step}" for i in range(UNROLL))
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
