"""The passage `integrate` in ARMv6-M: neurons that keep a potential, with what their area shares in registers.

For retentions from 0 to 1, which need no shift; anything else takes the passage as the definition has it.
"""

from __future__ import annotations

import ast

from neurula_codegen.thumb_primitives import PrimitiveCompiler

POTENTIAL_MAX, RETENTION_ONE = 0x3FFFFFFF, 0x400000
SAVED = 32  # bytes of the kernel's registers r4 to r11 on the stack, in front of the words below
WORDS = ("k", "high", "low", "inputs", "fired", "x", "stop", "mask", "gain", "threshold", "limit", "distance", "retention")
# in the loop: r0 input word, r1, r2, r5 free, r3 potential, r4 distance of the potentials, r6 gain, r7 threshold, and
LIMIT, MOST, MASK, ROUND, STOP = 8, 9, 10, 11, 12


class KernelCompiler(PrimitiveCompiler):
    """The compiler with its primitives and its passage."""

    def _integrate(self, *arguments: ast.expr) -> None:
        """The whole passage; falls through to its end."""
        asm = self.asm
        general, end = asm.new_label(), asm.new_label()
        for argument, condition in ((arguments[8], "ne"), (arguments[7], "lt")):  # shift, retention
            self._into(argument, 0)
            asm.compare_constant(0, 0)
            asm.branch(general, condition)
        self._save_registers(arguments)
        leaks, after = asm.new_label(), asm.new_label()
        self._load_word("retention", 1)
        asm.constant(2, RETENTION_ONE)
        asm.compare(1, 2)
        asm.branch(leaks, "ne")
        self._integrate_all(leak=False)
        asm.branch(after)
        asm.label(leaks)
        self._integrate_all(leak=True)
        asm.label(after)
        self._restore_registers()
        asm.branch(end)
        asm.label(general)
        self._body(self.passages["integrate"])
        asm.label(end)

    def _load_word(self, word: str, register: int) -> None:
        self.asm.load_stack(register, SAVED + 4 * WORDS.index(word))

    def _save_registers(self, arguments: tuple[ast.expr, ...]) -> None:
        """Puts the words of the loop and the kernel's registers onto the stack, and loads the loop's own."""
        x, stop, mask, k, gain, threshold, limit, retention, _, potentials, inputs, fired = arguments
        asm, ram = self.asm, ast.Name("ram")
        values: dict[str, ast.expr] = {
            "k": k, "high": ast.BinOp(retention, ast.RShift(), ast.Constant(11)),
            "low": ast.BinOp(retention, ast.BitAnd(), ast.Constant(2047)), "inputs": self._sum(inputs, ram),
            "fired": self._sum(fired, ram), "x": self._sum(x, ram), "stop": self._sum(stop, ram), "mask": mask,
            "gain": gain, "threshold": threshold, "limit": limit, "distance": ast.BinOp(potentials, ast.Sub(), inputs),
            "retention": retention,
        }

        def store() -> None:
            for place, name in enumerate(WORDS):
                self._into(values[name], 0)
                asm.store_stack(0, 4 * place)

        asm.move_stack(-4 * len(WORDS))
        self._shifted_frame(4 * len(WORDS), store)
        asm.push(0xF0)
        for register in (8, 9, 10, 11):
            asm.move(register - 4, register)
        asm.push(0xF0)
        for word, register in (("limit", LIMIT), ("mask", MASK), ("stop", STOP)):
            self._load_word(word, 1)
            asm.move(register, 1)
        for value, register in ((POTENTIAL_MAX, MOST), (1024, ROUND)):
            asm.constant(1, value)
            asm.move(register, 1)
        for word, register in (("x", 0), ("distance", 4), ("gain", 6), ("threshold", 7)):
            self._load_word(word, register)

    def _restore_registers(self) -> None:
        asm = self.asm
        asm.pop(0xF0)
        for register in (8, 9, 10, 11):
            asm.move(register, register - 4)
        asm.pop(0xF0)
        asm.move_stack(4 * len(WORDS))

    def _integrate_all(self, leak: bool) -> None:
        """All neurons of the area: 26 cycles for one that was hit, 46 if it leaks, 5 for a silent one."""
        asm = self.asm
        again, hit, charged, calm, fire, store, end = (asm.new_label() for _ in range(7))
        asm.move(3, MASK)
        asm.label(again)
        self._skip_silent(hit)
        asm.branch(end)
        asm.label(hit)
        asm.constant(2, 0)
        asm.store(4, 2, 0, 0)
        asm.load_indexed(4, 3, 0, 4)
        self._load_word("k", 2)
        asm.alu("asr", 1, 2)
        asm.branch(charged, "mi")  # inhibition does not reach below the resting potential
        asm.alu("mul", 1, 6)
        asm.add(3, 3, 1)
        asm.compare(3, MOST)
        asm.branch(charged, "le")
        asm.move(3, MOST)
        asm.label(charged)
        asm.compare(3, 7)
        asm.branch(calm, "lt")
        asm.compare(3, LIMIT)
        asm.branch(fire, "le")
        asm.label(calm)
        if leak:
            self._leak()
        asm.label(store)
        asm.store_indexed(4, 3, 0, 4)
        asm.add_small(0, 4)
        asm.move(3, MASK)
        self._look(hit, end)
        asm.branch(again)
        asm.label(fire)
        self._mark()
        asm.constant(3, 0)
        asm.branch(store)
        asm.label(end)

    def _leak(self) -> None:
        """r3 = mulq22(r3, retention), in 32-bit pieces; see the formula in the SPEC."""
        asm = self.asm
        asm.shift("asr", 1, 3, 15)
        asm.shift("lsl", 3, 3, 17)
        asm.shift("lsr", 3, 3, 17)
        self._load_word("low", 2)
        asm.move(5, 3)
        asm.alu("mul", 5, 2)
        asm.shift("lsr", 5, 5, 11)
        asm.alu("mul", 2, 1)
        asm.shift("lsl", 2, 2, 4)
        asm.add(5, 5, 2)
        self._load_word("high", 2)
        asm.alu("mul", 3, 2)
        asm.add(3, 3, 5)
        asm.add(3, 3, ROUND)
        asm.shift("asr", 3, 3, 11)
        asm.alu("mul", 1, 2)
        asm.shift("lsl", 1, 1, 4)
        asm.add(3, 3, 1)

    def _mark(self) -> None:
        """Sets the bit of the neuron at r0: half-word (i >> 4) of the area's bits, bit i & 15."""
        asm = self.asm
        self._load_word("inputs", 1)
        asm.subtract(1, 0, 1)
        asm.shift("lsr", 1, 1, 2)
        asm.shift("lsr", 2, 1, 4)
        asm.shift("lsl", 2, 2, 1)
        self._load_word("fired", 5)
        asm.add(5, 5, 2)
        asm.constant(2, 15)
        asm.alu("and", 1, 2)
        asm.constant(2, 1)
        asm.alu("lsl", 2, 1)
        asm.load(2, 1, 5, 0)
        asm.alu("orr", 1, 2)
        asm.store(2, 1, 5, 0)
