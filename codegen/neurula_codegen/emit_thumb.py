"""Kernels for ARMv6-M: machine code from the kernel language, wrapped in MicroPython's asm_thumb. Every Cortex-M runs it."""

from __future__ import annotations

import ast

from neurula_codegen.language import GENERATED
from neurula_codegen.thumb_assembler import Assembler
from neurula_codegen.thumb_compiler import signature
from neurula_codegen.thumb_integrate import KernelCompiler

PHASES = (("begin", "deliver"), ("update",))  # bits 0 and 1 of the phases to run
HEAD = '''"""A whole burst as ARMv6-M machine code, which every Cortex-M runs.

burst(img, ram, stim, words): addresses; words: [phases, injections, stimulus offset of the forced, forced]. Phase 1 opens the burst and
delivers, phase 2 updates; between them goes what only viper does. Returns the number of the burst.

{generated}
"""

import micropython


@micropython.asm_thumb
def burst(r0, r1, r2, r3):
'''

def emit(functions: list[ast.FunctionDef], passages: list[ast.FunctionDef], source: str) -> str:
    """The text of kernels_thumb.py."""
    code = assemble({f.name: f for f in functions}, {f.name: f.body[1:] for f in passages})
    lines = [", ".join(f"{h:#06x}" for h in code[i : i + 16]) for i in range(0, len(code), 16)]
    return HEAD.format(generated=GENERATED.format(source=source)) + "".join(f"    data(2, {line})\n" for line in lines)


def assemble(kernels: dict[str, ast.FunctionDef], passages: dict[str, list[ast.stmt]]) -> list[int]:
    """All phases in one function: one call of it is a burst."""
    asm = Assembler()
    asm.push(0x0F)
    word = 4
    for bit, names in enumerate(PHASES):
        after = asm.new_label()
        asm.load_stack(3, 12)
        asm.load(4, 0, 3, 0)
        asm.shift("lsl", 0, 0, 31 - bit)
        asm.branch(after, "pl")
        for name in names:
            given = signature(kernels[name])
            for register, base in enumerate(given):
                asm.load_stack(register, 4 * ("img", "ram", "stim", "words").index(base))
                if base == "words":
                    asm.add_small(register, word)
            word += 4 * len(kernels[name].args.args)
            KernelCompiler(kernels[name], asm, passages).compile()
        asm.label(after)
    asm.load_stack(1, 4)
    asm.load(4, 0, 1, 0)
    asm.move_stack(16)
    return asm.halfwords()
