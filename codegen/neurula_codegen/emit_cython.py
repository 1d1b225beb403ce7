"""Kernels for CPython, compiled: the statements as Cython over raw pointers, loops and primitives from primitives.h."""

from __future__ import annotations

import ast

from neurula_codegen.emit_python import STEP, Elements
from neurula_codegen.language import GENERATED, MEMORY, KernelError, locals_of, memories_of

POINTERS = {
    "R32": "int *", "R16": "unsigned short *", "I32": "const int *", "I16": "const unsigned short *",
    "I8": "const unsigned char *", "S32": "const int *",
}
# what primitives.h declares: name -> memories that go in front of the arguments, None: the definition's arguments alone
PRIMITIVES = {
    "add_run": ("R32",), "add_list": ("R32", "I16"), "add_weighted": ("R32", "I16", "I8"), "sweep": ("R32", "R16"),
    "integrate": ("R32", "R16"), "next_hit": ("R32",), "mulq22": (), "hash_below": (),
}
# locals of the kernels that a primitive takes behind the definition's arguments
MORE = {"sweep": ("inputs",)}

TYPES = {
    "def step(self, injections, forced, valued, plastic)":
        "cpdef void step(self, int injections, int forced, bint valued, bint plastic) noexcept",
    "def run(self, bursts, valued, plastic)": "def run(self, long bursts, bint valued, bint plastic)",
}


def typed(text: str) -> str:
    for plain, with_types in TYPES.items():
        text = text.replace(plain, with_types)
    return text



HEAD = '''# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
# {generated}
"""The burst kernels, compiled. Same class, same arithmetic as kernels.py."""

from libc.stdlib cimport free, malloc

from neurula_npu import schema

cdef int AGE_PERIOD = schema.AGE_PERIOD

cdef extern from "primitives.h" nogil:
    void add_run(int *R32, int base, int size, int step)
    void add_list(int *R32, const unsigned short *I16, int base, int at, int size, int step)
    void add_weighted(int *R32, const unsigned short *I16, const unsigned char *I8, int base, int at, int size, int step)
    void sweep(int *R32, unsigned short *R16, int x, int stop, int mask, int low, int high, int fired, int inputs)
    void integrate(int *R32, unsigned short *R16, int x, int stop, int mask, int k, int gain, int threshold, int limit,
                   int retention, int shift, int potentials, int inputs, int fired)
    int next_hit(const int *R32, int x, int stop, int mask)
    int mulq22(int v, int r)
    int hash_below(unsigned int neuron, unsigned int burst, unsigned int chance)
    int collect(const unsigned short *R16, int word, int count, int *found)
    ctypedef struct row_place:
        int at
    void find_rows(const int *I32, const unsigned short *I16, int kind, int rows, int directory, const int *found, int spikes,
                   row_place *places)
    void fetch_far(const int *I32, row_place place)
    void fetch_near(const int *I32, row_place place)
    int ROWS_AHEAD


cdef class Kernels:
    """One brain's memory and the kernels that run on it. The views keep the buffers alive; their sizes must be true."""
    cdef int[::1] _ram
    cdef const int[::1] _image
    cdef const int[::1] _stimulus
    cdef int *R32
    cdef unsigned short *R16
    cdef const int *I32
    cdef const unsigned short *I16
    cdef const unsigned char *I8
    cdef const int *S32
    cdef int *found
    cdef row_place *places

    def __cinit__(self, int[::1] ram, const int[::1] image, const int[::1] stimulus, int neurons_max):
        self._ram = ram
        self._image = image
        self.R32 = &ram[0]
        self.R16 = <unsigned short *> self.R32
        self.I32 = &image[0]
        self.I16 = <const unsigned short *> self.I32
        self.I8 = <const unsigned char *> self.I32
        self.found = <int *> malloc(4 * (neurons_max + 16))
        self.places = <row_place *> malloc(sizeof(row_place) * (neurons_max + 16))
        if self.found == NULL or self.places == NULL:
            raise MemoryError
        self.stimulate(stimulus)

    def __dealloc__(self):
        free(self.found)
        free(self.places)

    def stimulate(self, const int[::1] stimulus):
        """Takes the room in which a burst's stimulus is written."""
        self._stimulus = stimulus
        self.S32 = &stimulus[0]

{step}
'''


class Compiled(Elements):
    """Byte offsets become element indexes; primitives become calls of C functions."""

    def __init__(self) -> None:
        self.depth = 0

    def call(self, node: ast.Call) -> ast.Call:
        name = ast.unparse(node.func)
        if name not in PRIMITIVES:
            raise KernelError(f"{name} is no primitive")
        memories: list[ast.expr] = [ast.Name(m, ast.Load()) for m in PRIMITIVES[name]]
        more: list[ast.expr] = [ast.Name(m, ast.Load()) for m in MORE.get(name, ())]
        return ast.Call(node.func, [*memories, *node.args, *more], [])

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
        found = next(i for i, s in enumerate(node.body) if ast.unparse(s).startswith(f"row = I32[{directory} "))
        loop = ast.parse(
            f"spikes = collect(R16, {word}, {count}, found)\n"
            f"find_rows(I32, I16, {kind}, {rows}, {directory}, found, spikes, places)\nspike = 0\n"
            f"while spike < spikes and spike < ROWS_AHEAD:\n    fetch_far(I32, places[spike])\n    spike = spike + 1\n"
            f"spike = 0\nwhile spike < spikes:\n    {j} = found[spike]\n    row = places[spike].at\n    spike = spike + 1\n"
            f"    if spike < spikes:\n        fetch_near(I32, places[spike])\n"
            f"    if spike + ROWS_AHEAD <= spikes:\n        fetch_far(I32, places[spike + ROWS_AHEAD - 1])\n"
        ).body
        assert isinstance(loop[-1], ast.While)
        loop[-1].body += node.body[found + 1 :]
        return loop


def emit(functions: list[ast.FunctionDef], source: str) -> str:
    """The text of compiled.pyx."""
    text = [HEAD.format(generated=GENERATED.format(source=source), step=typed(STEP))]
    for original in functions:
        function = ast.parse(ast.unparse(original)).body[0]
        assert isinstance(function, ast.FunctionDef)
        loops = any(isinstance(n, ast.For) for n in ast.walk(function))
        memories = memories_of(function)
        if loops:
            memories = [m for m in MEMORY if m in {*memories, "R16", "I32", "I16"}]
        function = ast.fix_missing_locations(Compiled().visit(function))
        returns = any(isinstance(n, ast.Return) for n in ast.walk(function))
        arguments = ", ".join(["self", *(f"int {a.arg}" for a in function.args.args)])
        names = [name for name in locals_of(function) if name not in memories]
        lines = [f"cpdef {'int' if returns else 'void'} {function.name}({arguments}) noexcept:"]
        lines.append(f'    """{ast.get_docstring(function)}"""'.replace("\n", "\n    "))
        lines += [f"    cdef {POINTERS[m]}{m} = self.{m}" for m in memories]
        if loops:
            lines += ["    cdef int *found = self.found", "    cdef row_place *places = self.places"]
        lines.append(f"    cdef int {', '.join(names)}")
        for statement in function.body[1:]:
            lines += ["    " + line for line in ast.unparse(statement).splitlines()]
        text.append("\n".join("    " + line if line.strip() else "" for line in lines) + "\n")
    return "\n".join(text)
