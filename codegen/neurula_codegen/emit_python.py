"""Kernels for CPython in plain Python, where nothing is compiled."""

from __future__ import annotations

import ast

from neurula_codegen.language import GENERATED, literal, memories_of

STEP = '''    def step(self, injections, forced, valued, plastic):
        """One burst. valued, plastic: whether the image has spikes with a value, and learning synapses."""
        self.begin(injections)
        self.deliver()
        if valued:
            self.deliver_valued()
        self.update(12 * injections, forced)
        if plastic:
            self.learn()
        if self.R32[0] % AGE_PERIOD == 0:
            self.age()

    def run(self, bursts, valued, plastic):
        """So many bursts without a stimulus."""
        while bursts > 0:
            self.step(0, 0, valued, plastic)
            bursts -= 1
'''

HEAD = '''"""The burst kernels over flat arrays, in plain Python: R32/R16 the RAM block, I32/I16/I8 the image, S32 the stimulus.

{generated}
"""

from ctypes import c_int32, c_uint16

from neurula_npu.schema import AGE_PERIOD


def mulq22(v, r):
    """round(v * r / 2^22) for |v| < 2^30 and 0 <= r <= 2^22, without leaving 32 bits."""
    vh = v >> 15
    vl = v & 32767
    r1 = r >> 11
    r0 = r & 2047
    return vh * r1 * 16 + ((vh * r0 * 16 + vl * r1 + ((vl * r0) >> 11) + 1024) >> 11)


def hash_below(neuron, burst, chance):
    """1 if the counter hash of (neuron, burst) is below `chance`, all as unsigned 32-bit numbers."""
    s = (neuron * 2654435761 + burst * 1597334677) & 4294967295
    s = (s * 747796405 + 2891336453) & 4294967295
    w = (((s >> ((s >> 28) + 4)) ^ s) * 277803737) & 4294967295
    return 1 if ((w >> 22) ^ w) < (chance & 4294967295) else 0


class Kernels:
    """One brain's memory and the kernels that run on it. The caller keeps the buffers' sizes true.

    Arrays of ctypes wrap at their width, as registers do.
    """

    def __init__(self, ram, image, stimulus, neurons_max):
        data = memoryview(image).cast("B")
        self.R32 = (c_int32 * (len(ram) // 4)).from_buffer(ram)
        self.R16 = (c_uint16 * (len(ram) // 2)).from_buffer(ram)
        self.I32, self.I16, self.I8 = data.cast("i"), data.cast("H"), data
        self.stimulate(stimulus)

    def stimulate(self, stimulus):
        """Takes the room in which a burst's stimulus is written."""
        self.S32 = stimulus

{step}'''

SWEEP = """
o = {0} >> 2
e = {1} >> 2
while o < e:
    a = R32[o]
    if a & {2}:
        R32[o] = 0
        if a >= {3} and a <= {4}:
            i = o - ({0} >> 2)
            y = ({5} >> 1) + (i >> 4)
            R16[y] = R16[y] | 1 << (i & 15)
    o = o + 1
"""

ADD_WEIGHTED = """
o = {at} >> 1
e = o + {size}
y = {base} >> 2
at_weight = {at} + ((({size} + 1) >> 1) << 2)
bias = 1 - ({step} << 7)
while o < e:
    x = y + I16[o]
    R32[x] = R32[x] + (I8[at_weight] * {step} + bias)
    at_weight = at_weight + 1
    o = o + 1
"""

NEXT_HIT = """
o = ({0}) >> 2
e = {1} >> 2
while o < e and R32[o] & {2} == 0:
    o = o + 1
{3} = o << 2
"""


class Elements(ast.NodeTransformer):
    """Byte offsets become element indexes; the primitives become loops."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        shift = 1 if ast.unparse(node.value).endswith("16") else 2
        fixed = literal(node.slice)
        node.slice = ast.BinOp(node.slice, ast.RShift(), ast.Constant(shift)) if fixed is None else ast.Constant(fixed >> shift)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "next_hit":
            return ast.parse(NEXT_HIT.format(*(ast.unparse(a) for a in call.args), ast.unparse(node.targets[0]))).body
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        call = node.value
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return node
        arguments = [ast.unparse(a) for a in call.args]
        if call.func.id == "sweep":
            return ast.parse(SWEEP.format(*arguments)).body
        if call.func.id == "add_run":
            base, size, step = arguments
            return ast.parse(
                f"o = {base} >> 2\ne = o + {size}\nwhile o < e:\n    R32[o] = R32[o] + {step}\n    o = o + 1"
            ).body
        base, at, size, step = arguments
        if call.func.id == "add_weighted":
            return ast.parse(ADD_WEIGHTED.format(base=base, at=at, size=size, step=step)).body
        return ast.parse(
            f"o = {at} >> 1\ne = o + {size}\ny = {base} >> 2\nwhile o < e:\n    x = y + I16[o]\n"
            f"    R32[x] = R32[x] + {step}\n    o = o + 1"
        ).body


def emit(functions: list[ast.FunctionDef], source: str) -> str:
    """The text of kernels.py."""
    generated = GENERATED.format(source=source)
    text = [HEAD.format(generated=generated, step=STEP)]
    for original in functions:
        function = ast.parse(ast.unparse(original)).body[0]
        assert isinstance(function, ast.FunctionDef)
        memories = memories_of(function)
        function = ast.fix_missing_locations(Elements().visit(function))
        loads = ast.parse("\n".join(f"{m} = self.{m}" for m in memories)).body
        function.body[1:1] = loads
        function.args.args.insert(0, ast.arg("self"))
        text.append(indent(ast.unparse(function)))
    return "\n".join(text).rstrip() + "\n"


def indent(block: str) -> str:
    return "\n" + "\n".join("    " + line if line else "" for line in block.splitlines())
